//! The trash: nothing typed is lost for thirty days.

mod beneath;
mod in_turns;
pub mod list_trash;
pub mod trash_items;
pub mod restore_items;
pub mod purge_items;

pub use list_trash::{ListTrash, TrashPage, list_trash};
pub use purge_items::{empty_trash, purge_items, purge_overdue};
pub use restore_items::restore_items;
pub use trash_items::trash_items;

use shelf_domain::id::ItemId;
use shelf_domain::limits;
use shelf_domain::refusal::Refused;

/// The ids without repeats, 1 to [`limits::BATCH_MAX`].
fn checked_ids(mut ids: Vec<ItemId>) -> Result<Vec<ItemId>, Refused> {
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() || ids.len() > limits::BATCH_MAX {
        return Err(Refused::invalid("ids", format!("name 1 to {} items", limits::BATCH_MAX)));
    }
    Ok(ids)
}
