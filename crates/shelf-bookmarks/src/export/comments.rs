//! What people said of bookmarks, as an export carries it.

use shelf_domain::id::{ItemId, Scope};
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;

use super::ExportComment;
use crate::comments::list_comments::LIMIT_MAX;
use crate::comments::{ListComments, count_comments, list_comments};
use crate::ctx::Ctx;

/// The living comments on `bookmarks`, bookmark by bookmark, in the order they were made.
pub(super) async fn on(
    ctx: &Ctx,
    scope: Scope,
    bookmarks: &[Bookmark],
) -> Result<Vec<ExportComment>, Failure> {
    let ids: Vec<ItemId> = bookmarks.iter().map(|bookmark| bookmark.id).collect();
    let counts = count_comments(ctx, scope, &ids).await?;
    let mut all = Vec::new();
    for bookmark in bookmarks.iter().filter(|bookmark| counts.contains_key(&bookmark.id)) {
        let mut after = None;
        loop {
            let ask = ListComments { bookmark: bookmark.id, after, limit: LIMIT_MAX };
            let page = list_comments(ctx, scope, ask).await?;
            all.extend(page.rows.into_iter().map(|row| ExportComment {
                id: row.comment.id.to_string(),
                url: bookmark.url.clone(),
                body: row.comment.body,
                created_at: row.comment.created_at,
                author: row.author_name.unwrap_or_default(),
            }));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}
