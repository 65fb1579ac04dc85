//! Files that are kept with bookmarks: what somebody brought, and pages as their programs saved them.
//!
//! A file is no part of the log: it goes where its bookmark goes, and devices do not carry it.

mod name;
pub(crate) mod all_files;
pub mod keep_file;
pub mod list_files;
pub mod open_file;
pub mod remove_file;
pub mod copy_files;
pub mod sweep_files;

pub use copy_files::copy_files;
pub use keep_file::{KeepFile, keep_file};
pub use list_files::list_files;
pub use open_file::{get_file, open_file};
pub use remove_file::remove_file;
pub use sweep_files::{forget_captures, sweep_files};
