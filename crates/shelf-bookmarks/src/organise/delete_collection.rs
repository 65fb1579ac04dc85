//! Put a folder into the trash, with all that stands nowhere else.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Trashes the folder `id`, its subtree, and the bookmarks that stand nowhere else, as one act.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn delete_collection(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Changed, Failure> {
    let decide = move |turn: &mut Turn| {
        turn.known(id, &Kind::Collection)?;
        let outcomes = turn.trash(id)?;
        Ok(turn.done(outcomes))
    };
    // The whole subtree with every place of its bookmarks: only so is it known which of them
    // stand nowhere else.
    let reads = Reads::none().items([id]).under(id);
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
