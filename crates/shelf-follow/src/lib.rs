//! The follower: who has news, read after cursor, batch, apply, back off, rebuild, measure.
//!
//! One loop for every projection; what differs is the projection alone. A follower only reads the
//! log, never writes to it, and does not know what it carries. Hints make it earlier, never right.
//! Where several processes follow for all, each follows the libraries of the groups it holds.
#![warn(missing_docs)]

mod pace;
mod track;
mod follower;
mod report;
mod share;
mod turns;
mod seen;

pub use follower::{Follower, Source};
pub use pace::Pace;
pub use report::{Parked, Report};
pub use seen::shares;
pub use turns::Turns;
