//! What stands beside a bookmark: comments on it, and second versions of its texts.

use crate::load::{self, LibraryKey};
use rusqlite::{Connection, params};
use shelf_domain::comment::Comment;
use shelf_domain::conflict::Conflict;
use shelf_domain::id::ItemId;
use shelf_domain::shelf::Reads;
use shelf_ports::views::Apart;
use std::collections::HashMap;

/// Living notes about a bookmark, after one of them.
pub(crate) const COMMENTS: &str = "SELECT id FROM noted
    WHERE library = ?1 AND bookmark = ?2 AND id > ?3 AND living ORDER BY id LIMIT ?4";
/// How many there are.
pub(crate) const COUNT_COMMENTS: &str =
    "SELECT count(*) FROM noted WHERE library = ?1 AND bookmark = ?2 AND living";
/// What holds two versions of a text, after one of it.
pub(crate) const APART: &str =
    "SELECT id FROM apart WHERE library = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// An id in a condition that goes on after it; none comes before all.
fn after_key(after: Option<ItemId>) -> Vec<u8> {
    after.map_or(vec![], |id| id.to_bytes().to_vec())
}

pub(super) fn comments(
    connection: &Connection,
    library: LibraryKey,
    (bookmark, after): (ItemId, Option<ItemId>),
    limit: usize,
) -> rusqlite::Result<Vec<Comment>> {
    let ids: Vec<ItemId> = {
        let mut statement = connection.prepare_cached(COMMENTS)?;
        let of = params![library, bookmark.to_bytes(), after_key(after), limit];
        let rows = statement.query_map(of, |row| row.get(0).map(ItemId::from_bytes))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let shelf = load::shelf(connection, library, &Reads::none().items(ids.iter().copied()))?;
    let comments = ids.iter().filter_map(|id| Comment::of(&shelf, shelf.item(*id)?));
    // It may name the bookmark by an id that joined this one.
    Ok(comments.map(|comment| Comment { bookmark, ..comment }).collect())
}

pub(super) fn comment_counts(
    connection: &Connection,
    library: LibraryKey,
    bookmarks: &[ItemId],
) -> rusqlite::Result<HashMap<ItemId, u64>> {
    let mut statement = connection.prepare_cached(COUNT_COMMENTS)?;
    let mut counts = HashMap::new();
    for bookmark in bookmarks {
        let of = params![library, bookmark.to_bytes()];
        let count: u64 = statement.query_row(of, |row| row.get(0))?;
        if count > 0 {
            counts.insert(*bookmark, count);
        }
    }
    Ok(counts)
}

pub(super) fn apart(
    connection: &Connection,
    library: LibraryKey,
    after: Option<ItemId>,
    limit: usize,
) -> rusqlite::Result<Apart> {
    let mut ids: Vec<ItemId> = {
        let mut statement = connection.prepare_cached(APART)?;
        let of = params![library, after_key(after), limit.saturating_add(1)];
        let rows = statement.query_map(of, |row| row.get(0).map(ItemId::from_bytes))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let has_more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().copied().filter(|_| has_more);
    let mut conflicts = Vec::new();
    for id in ids {
        if let Some(item) = load::item(connection, library, id)? {
            conflicts.extend(Conflict::all_of(&item));
        }
    }
    Ok(Apart { conflicts, next })
}
