//! The components: one partial each, used by every page and shown in all states at `/design`.

pub mod icon;
pub mod button;
pub mod field;
pub mod chip;
pub mod row;
pub mod menu;
pub mod dialog;
pub mod toast;
pub mod when;
pub mod empty;
pub mod progress;
