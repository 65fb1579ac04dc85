//! Put items of any kind into the trash, as one act.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Trashes `ids`; folders take along what stands nowhere else. What is in the trash already stays
/// as it is; refused `not_found` where one is not there.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn trash_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    // What is no folder has nothing under it, so all can be asked for in the same way.
    let reads = ids.iter().fold(Reads::none().items(ids.iter().copied()), |all, id| all.under(*id));
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            if turn.shelf.item(*id).is_some_and(|item| !item.is_purged() && item.is_trashed()) {
                continue;
            }
            done.outcomes.extend(turn.trash(*id)?);
        }
        Ok(done)
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
