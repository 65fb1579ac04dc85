//! Count the comments on bookmarks, for lists.

use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_ports::Failure;
use std::collections::HashMap;

/// How many living comments each of `bookmarks` has; those without one are left out.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn count_comments(
    ctx: &Ctx,
    scope: Scope,
    bookmarks: &[ItemId],
) -> Result<HashMap<ItemId, u64>, Failure> {
    Ok(ctx.stores.views.comment_counts(scope, bookmarks).await?)
}
