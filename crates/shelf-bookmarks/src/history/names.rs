//! Names for what history mentions by id: devices, tags, folders.

use crate::ctx::Ctx;
use shelf_domain::id::{DeviceId, ItemId, Scope};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::view::name_of;
use shelf_ports::Failure;
use std::collections::{BTreeSet, HashMap};

/// The names the person gave to their grants, ended ones too.
pub(crate) async fn devices(ctx: &Ctx) -> Result<HashMap<DeviceId, String>, Failure> {
    // A grant ends at a moment; as of the first moment none has.
    let grants = ctx.stores.accounts.grants(ctx.person, 0).await?;
    Ok(grants.into_iter().map(|grant| (grant.id, grant.name)).collect())
}

/// The items with these ids, as of now.
pub(crate) async fn items(
    ctx: &Ctx,
    scope: Scope,
    ids: BTreeSet<ItemId>,
) -> Result<Shelf, Failure> {
    Ok(ctx.stores.library.read(scope, Reads::none().items(ids)).await?)
}

/// The name of the item `id`; none when it has none or was purged.
pub(super) fn of(shelf: &Shelf, id: ItemId) -> Option<String> {
    shelf.item(id).map(name_of).filter(|name| !name.is_empty())
}
