//! Tags: made by naming them, merged by renaming one into another.

pub mod list_tags;
pub mod create_tag;
pub mod edit_tag;
pub mod delete_tag;

pub use create_tag::{CreateTag, create_tag};
pub use delete_tag::delete_tag;
pub use edit_tag::{EditTag, edit_tag};
pub use list_tags::{get_tag, list_tags};
