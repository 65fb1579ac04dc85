//! List the comments on a bookmark, in the order they were made, page by page.

use super::shown::CommentRow;
use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

/// Most rows of one page.
pub const LIMIT_MAX: usize = 200;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListComments {
    /// The bookmark, living or in the trash.
    pub bookmark: ItemId,
    /// The last comment of the page before.
    pub after: Option<ItemId>,
    /// Rows, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// One page of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentsPage {
    /// The rows.
    pub rows: Vec<CommentRow>,
    /// The comment after which the next page begins, if there is one.
    pub next: Option<ItemId>,
    /// Where the log stood.
    pub head: Head,
}

/// One page of the living comments on a bookmark.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_comments(
    ctx: &Ctx,
    scope: Scope,
    ask: ListComments,
) -> Result<CommentsPage, Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("a page has 1 to {LIMIT_MAX} rows");
        return Err(Refused::invalid("limit", detail).into());
    }
    let known = get_bookmark(ctx, scope, ask.bookmark).await?;
    let (views, limit) = (&ctx.stores.views, ask.limit + 1);
    let mut comments = views.comments(scope, known.bookmark.id, ask.after, limit).await?;
    let more = comments.len() > ask.limit;
    comments.truncate(ask.limit);
    let next = comments.last().map(|comment| comment.id).filter(|_| more);
    let rows = CommentRow::all(ctx, comments).await?;
    Ok(CommentsPage { rows, next, head: known.head })
}
