//! Bookmark Service: save, organise, search, import, export, trash, history.
//!
//! Each use case is one file: request, answer, the function, private helpers, tests. The rules are
//! in `shelf-domain`; a use case says what its decision has to see and hands it to the one door.

pub mod ctx;
mod held;
mod gesture;
mod answer;
pub mod save_bookmark;
pub mod edit_bookmark;
pub mod get_bookmark;
pub mod list_bookmarks;
pub mod bulk_edit;
pub mod counts;
pub mod organise;
pub mod tags;
pub mod comments;
pub mod captures;
pub mod conflicts;
pub mod trash;
pub mod history;
pub mod activity;
pub mod search;
pub mod sample;
pub mod import;
pub mod export;
pub mod archive;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use answer::Changed;
pub use bulk_edit::bulk_edit;
pub use counts::counts;
pub use ctx::{Ctx, Replica, Stores};
pub use edit_bookmark::edit_bookmark;
pub use get_bookmark::{get_bookmark, get_bookmarks};
pub use held::Held;
pub use list_bookmarks::list_bookmarks;
pub use save_bookmark::save_bookmark;
