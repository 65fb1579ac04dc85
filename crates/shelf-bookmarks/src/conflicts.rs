//! Two versions of one text that were written at the same time: found, and settled.

pub mod list_conflicts;
pub mod resolve_conflict;

pub use list_conflicts::{ConflictRow, ConflictsPage, ListConflicts, conflicts_of, list_conflicts};
pub use resolve_conflict::{Keep, Resolve, resolve_conflict};
