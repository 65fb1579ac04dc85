//! Put a tag into the trash; bookmarks that bear it bear it again when it is restored.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Trashes the tag `id`.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn delete_tag(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Changed, Failure> {
    let decide = move |turn: &mut Turn| {
        turn.known(id, &Kind::Tag)?;
        let outcomes = turn.trash(id)?;
        Ok(turn.done(outcomes))
    };
    Ok(ctx.write(scope, None, Reads::none().items([id]), Box::new(decide)).await?.into())
}
