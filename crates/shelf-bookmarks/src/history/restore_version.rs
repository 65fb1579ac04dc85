//! Put one item back to how it was: everything later is taken back, as an ordinary act.

use super::take_back::these;
use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;

/// Which item, and how it was after which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreVersion {
    /// The item.
    pub item: ItemId,
    /// The last row that shall still hold.
    pub seq: Seq,
}

/// Puts an item back to a version, a bookmark together with its places.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn restore_version(
    ctx: &Ctx,
    scope: Scope,
    ask: RestoreVersion,
) -> Result<Changed, Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().places([ask.item])).await?;
    let Some(item) = shelf.item(ask.item).filter(|item| !item.is_purged()) else {
        return Err(Refused::not_found(format!("item {}", ask.item)).into());
    };
    if ask.seq < item.created_seq {
        return Err(Refused::invalid("seq", "the item did not exist then").into());
    }
    let mut ids = vec![item.id];
    if item.kind == Kind::Bookmark {
        ids.extend(shelf.places_of(item.id).iter().map(|place| place.id));
    }
    let mut gesture = Gesture::begin(ctx, scope);
    these(&mut gesture, ids, move |row| row.seq > ask.seq).await?;
    gesture.ended().ok_or_else(|| Refused::not_found(format!("item {}", ask.item)).into())
}
