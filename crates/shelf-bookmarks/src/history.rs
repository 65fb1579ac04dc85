//! History and time machine: what was changed, by whom, and how it is taken back.

pub mod item_history;
pub mod library_history;
pub mod acts_of_others;
pub mod steps;
pub mod take_back;
pub mod undo_act;
pub mod restore_version;
pub mod restore_library;
pub(crate) mod names;

pub use acts_of_others::{ActsOfOthers, OfOthers, acts_of_others};
pub use item_history::{FieldChange, HistoryPage, HistoryRow, ItemHistory, item_history};
pub use library_history::{ActRow, LibraryHistory, library_history};
pub use names::Writer;
pub use restore_library::restore_library;
pub use restore_version::{RestoreVersion, restore_version};
pub use steps::{Step, StepPut};
pub use undo_act::undo_act;
