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

use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::limits;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_ports::Failure;

/// The ids without repeats, 1 to [`limits::BATCH_MAX`].
fn checked_ids(mut ids: Vec<ItemId>) -> Result<Vec<ItemId>, Refused> {
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() || ids.len() > limits::BATCH_MAX {
        return Err(Refused::invalid("ids", format!("name 1 to {} items", limits::BATCH_MAX)));
    }
    Ok(ids)
}

/// What `ids` are, and what to read to see them again; refused `not_found` where one is not there
/// or was removed for good.
async fn there(ctx: &Ctx, scope: Scope, ids: &[ItemId]) -> Result<(Reads, Shelf), Failure> {
    let named = Reads::none().items(ids.iter().copied());
    let shelf = ctx.stores.library.read(scope, named.clone()).await?;
    if let Some(id) = ids.iter().find(|id| shelf.item(**id).is_none_or(Item::is_purged)) {
        return Err(Refused::not_found(format!("item {id}")).into());
    }
    Ok((named, shelf))
}
