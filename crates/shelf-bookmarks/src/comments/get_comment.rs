//! Read one comment, living or in the trash.

use super::shown::CommentRow;
use crate::ctx::Ctx;
use shelf_domain::change::Head;
use shelf_domain::comment::Comment;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;

/// The comment `id`, and where the log stood; refused `not_found` where there is none or it was
/// removed for good.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_comment(
    ctx: &Ctx,
    scope: Scope,
    id: ItemId,
) -> Result<(CommentRow, Head), Failure> {
    let missing = || Refused::not_found(format!("comment {id}"));
    let shelf = ctx.stores.library.read(scope, Reads::none().items([id])).await?;
    let comment = shelf.item(id).and_then(|item| Comment::of(&shelf, item)).ok_or_else(missing)?;
    // What it names may have joined another bookmark since.
    let named = comment.bookmark;
    let above = ctx.stores.library.read(scope, Reads::none().items([named])).await?;
    let comment = Comment { bookmark: above.resolve(named), ..comment };
    let row = CommentRow::all(ctx, vec![comment]).await?.pop().ok_or_else(missing)?;
    Ok((row, shelf.head))
}
