//! What stands beside a bookmark: comments on it, and second versions of its texts.

use super::load::{id_of, item_of, uuids};
use super::{Bound, Postgres, limit_of};
use shelf_domain::change::Head;
use shelf_domain::comment::Comment;
use shelf_domain::conflict::Conflict;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::shelf::Shelf;
use shelf_ports::Fault;
use shelf_ports::views::Apart;
use std::collections::HashMap;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Living notes about a bookmark, after one of them.
const COMMENTS: &str = "SELECT id, kind, registers FROM items
    WHERE library = $1 AND about = $2 AND id > $3 AND living ORDER BY id LIMIT $4";
/// How many there are, by bookmark.
const COUNT_COMMENTS: &str = "SELECT about, count(*) FROM items
    WHERE library = $1 AND about = ANY($2) AND living GROUP BY about";
/// What holds two versions of a text, after one of it.
const APART: &str = "SELECT id, kind, registers FROM items
    WHERE library = $1 AND apart AND id > $2 ORDER BY id LIMIT $3";

/// An id in a condition that goes on after it; none comes before all.
fn after_key(after: Option<ItemId>) -> Uuid {
    after.map_or(Uuid::nil(), Uuid::from)
}

impl Postgres {
    pub(super) async fn list_comments(
        &self,
        scope: Scope,
        bookmark: ItemId,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<Comment>, Fault> {
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(bookmark), Type::UUID),
            (&after_key(after), Type::UUID),
            (&limit_of(limit), Type::INT8),
        ];
        let rows = self.query_in(scope, "listing comments", COMMENTS, &of).await?;
        let shelf = Shelf::at(Head::default());
        let mut comments = Vec::with_capacity(rows.len());
        for row in &rows {
            // It may name the bookmark by an id that joined this one.
            let comment = Comment::of(&shelf, &item_of(row)?);
            comments.extend(comment.map(|comment| Comment { bookmark, ..comment }));
        }
        Ok(comments)
    }

    pub(super) async fn count_comments(
        &self,
        scope: Scope,
        bookmarks: &[ItemId],
    ) -> Result<HashMap<ItemId, u64>, Fault> {
        if bookmarks.is_empty() {
            return Ok(HashMap::new());
        }
        let of: [Bound<'_>; 1] = [(&uuids(bookmarks), Type::UUID_ARRAY)];
        let rows = self.query_in(scope, "counting comments", COUNT_COMMENTS, &of).await?;
        Ok(rows.iter().map(|row| (id_of(row), row.get::<_, i64>(1).cast_unsigned())).collect())
    }

    pub(super) async fn list_apart(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Apart, Fault> {
        let of: [Bound<'_>; 2] =
            [(&after_key(after), Type::UUID), (&limit_of(limit.saturating_add(1)), Type::INT8)];
        let rows = self.query_in(scope, "listing conflicts", APART, &of).await?;
        let has_more = rows.len() > limit;
        let shown = rows.get(..limit).unwrap_or(&rows);
        let next = shown.last().map(id_of).filter(|_| has_more);
        let mut conflicts = Vec::new();
        for row in shown {
            conflicts.extend(Conflict::all_of(&item_of(row)?));
        }
        Ok(Apart { conflicts, next })
    }
}
