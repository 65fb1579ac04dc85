//! Count what a library holds, for its navigation.

use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_ports::Failure;

pub use shelf_ports::views::Counts;

/// How many living bookmarks, collections and tags there are, and how much is in the trash.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn counts(ctx: &Ctx, scope: Scope) -> Result<Counts, Failure> {
    Ok(ctx.stores.views.counts(scope).await?)
}
