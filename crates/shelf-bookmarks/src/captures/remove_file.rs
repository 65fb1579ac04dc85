//! Remove a file that is kept with a bookmark. It does not go through the trash.

use super::open_file::get_file;
use crate::ctx::{Ctx, Stores};
use shelf_domain::id::{CaptureId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::captures::content_of;
use shelf_ports::{Failure, Fault};

/// Removes the file `id`, for good; refused `not_found` where there is none.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn remove_file(ctx: &Ctx, scope: Scope, id: CaptureId) -> Result<(), Failure> {
    ctx.to_write()?;
    get_file(ctx, scope, id).await?;
    if !ctx.stores.captures.let_go(scope, id).await? {
        return Err(Refused::not_found(format!("file {id}")).into());
    }
    Ok(drop_content(&ctx.stores, scope, id).await?)
}

/// Removes the content of a file that was let go or never settled, and then its row.
pub(super) async fn drop_content(
    stores: &Stores,
    scope: Scope,
    id: CaptureId,
) -> Result<(), Fault> {
    stores.blobs.remove(&content_of(scope, id)).await?;
    stores.captures.forget(scope, id).await
}
