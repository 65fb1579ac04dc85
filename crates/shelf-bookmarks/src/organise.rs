//! Organising: folders, their order, and the places bookmarks have in them.

pub mod list_collections;
pub mod create_collection;
pub mod edit_collection;
pub mod delete_collection;
pub mod move_item;
pub mod add_place;
pub mod remove_place;
pub mod mount_library;
pub mod share_folder;
mod carry;

pub use add_place::{AddPlace, add_place};
pub use create_collection::{CreateCollection, create_collection};
pub use delete_collection::delete_collection;
pub use edit_collection::{EditCollection, edit_collection};
pub use list_collections::{Branch, get_collection, list_collections};
pub use mount_library::mount_library;
pub use move_item::{MoveItem, Spot, move_item};
pub use remove_place::remove_place;
pub use share_folder::{SharedFolder, ToShare, share_folder, to_share};
