//! List the files that are kept with a bookmark.

use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::captures::Capture;

/// The files of `bookmark`, oldest first; refused `not_found` where that is in the trash.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_files(
    ctx: &Ctx,
    scope: Scope,
    bookmark: ItemId,
) -> Result<Vec<Capture>, Failure> {
    let found = get_bookmark(ctx, scope, bookmark).await?.bookmark;
    if found.trashed_at.is_some() {
        return Err(Refused::not_found(format!("bookmark {bookmark}")).into());
    }
    Ok(ctx.stores.captures.captures_of(scope, found.id).await?)
}
