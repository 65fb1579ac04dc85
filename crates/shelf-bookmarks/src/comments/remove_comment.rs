//! Put a comment into the trash: for who wrote it, and whoever manages the library.

use super::get_comment::get_comment;
use super::shown::must;
use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::trash::trash_items;
use shelf_domain::id::{ItemId, Scope};
use shelf_ports::Failure;

/// Removes the comment `id`; refused `forbidden` for others.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn remove_comment(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Changed, Failure> {
    ctx.to_write()?;
    let (row, _) = get_comment(ctx, scope, id).await?;
    let detail = "only who wrote a comment, or manages the library, removes it";
    must(row.may_remove, detail)?;
    trash_items(ctx, scope, vec![id]).await
}
