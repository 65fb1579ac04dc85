//! Comments on bookmarks: who said what, and who may change it.

pub mod list_comments;
pub mod get_comment;
pub mod add_comment;
pub mod edit_comment;
pub mod remove_comment;
pub mod count_comments;
mod shown;

pub use add_comment::{AddComment, add_comment};
pub use count_comments::count_comments;
pub use edit_comment::{EditComment, edit_comment};
pub use get_comment::get_comment;
pub use list_comments::{CommentsPage, ListComments, list_comments};
pub use remove_comment::remove_comment;
pub use shown::CommentRow;
