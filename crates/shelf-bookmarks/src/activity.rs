//! Activity: what a person opened, remembered only while they want it.

pub mod activity_switch;
pub mod record_opened;
pub mod recent_activity;

pub use activity_switch::{forget_activity, is_activity_on, switch_activity};
pub use recent_activity::{Recent, recent_activity};
pub use record_opened::record_opened;
