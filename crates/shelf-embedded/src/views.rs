//! Lists over the folded state; counts are kept until the library moves.

mod beside;

use crate::Embedded;
use crate::known::Known;
use crate::library::FEW_MAX;
use crate::load::{self, LibraryKey};
use crate::sql::KindColumn;
use async_trait::async_trait;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params, params_from_iter};
use shelf_domain::comment::Comment;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::stamp::Seq;
use shelf_domain::view::{Bookmark, Collection, Tag, by_name, lost_at_the_top};
use shelf_ports::Fault;
use shelf_ports::views::{Apart, Counts, Filter, Page, Position, Sort, Trashed, Views};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bookmarks that bear a tag, after one of them.
pub(crate) const BEARING_TAG: &str = "SELECT bookmark FROM tagged
    WHERE library = ?1 AND tag = ?2 AND bookmark > ?3 ORDER BY bookmark LIMIT ?4";
/// Bookmarks that stand in a collection, after one of them. The plus signs keep the planner from
/// walking all places of the library in the order of bookmarks.
pub(crate) const STANDING_IN: &str = "SELECT DISTINCT +bookmark FROM children
    WHERE library = ?1 AND parent = ?2 AND +bookmark > ?3 ORDER BY +bookmark LIMIT ?4";
/// What is in the trash before a position, without places and without bookmarks that went with a
/// folder of theirs.
pub(crate) const TRASH: &str = "SELECT t.id FROM trashed t
    CROSS JOIN items i ON i.library = t.library AND i.id = t.id
    WHERE t.library = ?1 AND (t.at, t.id) < (?2, ?3) AND i.kind <> ?4 AND NOT EXISTS (
        SELECT 1 FROM children c INDEXED BY children_bookmark
        CROSS JOIN trashed f ON f.library = c.library AND f.at = t.at AND f.id = c.parent
        WHERE c.library = t.library AND c.bookmark = t.id)
    ORDER BY t.at DESC, t.id DESC";
/// Whether an item went into the trash at a moment.
pub(crate) const WENT: &str = "SELECT 1 FROM trashed WHERE library = ?1 AND at = ?2 AND id = ?3";
/// How many bookmarks went into the trash with a folder.
pub(crate) const WENT_BENEATH: &str = "WITH RECURSIVE gone (id) AS (
        VALUES (?3) UNION
        SELECT c.id FROM gone CROSS JOIN children c ON c.library = ?1 AND c.parent = gone.id
        CROSS JOIN trashed f ON f.library = ?1 AND f.at = ?2 AND f.id = c.id
        WHERE c.bookmark IS NULL)
    SELECT count(DISTINCT c.bookmark) FROM gone
    CROSS JOIN children c ON c.library = ?1 AND c.parent = gone.id
    CROSS JOIN trashed b ON b.library = ?1 AND b.at = ?2 AND b.id = c.bookmark";
/// No place of the same bookmark comes before this one in its collection.
const FIRST_PLACE: &str = "NOT EXISTS (SELECT 1 FROM children e INDEXED BY children_bookmark
    WHERE e.library = c.library AND e.bookmark = c.bookmark AND e.parent = c.parent AND e.living
    AND (e.ord, e.id) < (c.ord, c.id))";
/// Counts and lists of a whole library, kept until it moves: they may walk all of it, once.
const COUNT_SHOWN: &str = "SELECT count(*), total(flags & 8 = 0), total(flags & 1 <> 0),
    total(flags & 2 <> 0), total(flags & 4 <> 0) FROM shown WHERE library = ?1";
const COUNT_COLLECTIONS: &str =
    "SELECT count(*) FROM children WHERE library = ?1 AND bookmark IS NULL AND living";
const COUNT_TAGS: &str = "SELECT count(*) FROM names WHERE library = ?1";
const COUNT_APART: &str = "SELECT count(*) FROM apart WHERE library = ?1";
const COUNT_TRASHED: &str = "SELECT count(*) FROM trashed t
    CROSS JOIN items i ON i.library = t.library AND i.id = t.id
    WHERE t.library = ?1 AND i.kind <> ?2";
const COLLECTION_SIZES: &str = "SELECT c.parent, count(DISTINCT s.id) FROM children c
    JOIN shown s ON s.library = c.library AND s.id = c.bookmark
    WHERE c.library = ?1 AND c.living GROUP BY c.parent";
const COLLECTIONS: &str = "SELECT id FROM children
    WHERE library = ?1 AND bookmark IS NULL AND living ORDER BY parent, ord, id";
const TAG_SIZES: &str = "SELECT n.id, (SELECT count(*) FROM tagged t JOIN shown s
        ON s.library = t.library AND s.id = t.bookmark
        WHERE t.library = n.library AND t.tag = n.id) FROM names n WHERE n.library = ?1";

/// Libraries whose counted lists are kept.
const CACHED_MAX: usize = 16;

/// One list by library, with the seq it is good for.
type Kept<T> = Mutex<HashMap<LibraryKey, (Seq, T)>>;

/// Counted lists by library, each good for one seq of its log.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    counts: Kept<Counts>,
    collections: Kept<Arc<Vec<(Collection, u64)>>>,
    tags: Kept<Arc<Vec<(Tag, u64)>>>,
}

fn cached<T: Clone>(
    cache: &Kept<T>,
    library: LibraryKey,
    seq: Seq,
    make: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let known = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&library).cloned();
    if let Some((_, value)) = known.filter(|(at, _)| *at == seq) {
        return Ok(value);
    }
    let value = make()?;
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= CACHED_MAX && !cache.contains_key(&library) {
        cache.clear();
    }
    cache.insert(library, (seq, value.clone()));
    Ok(value)
}

/// A query under construction: its conditions and what is bound to them.
struct Query {
    from: String,
    wheres: Vec<String>,
    bound: Vec<Sql>,
}

impl Query {
    fn bind(&mut self, value: impl Into<Sql>) -> String {
        self.bound.push(value.into());
        format!("?{}", self.bound.len())
    }

    fn of(library: LibraryKey, filter: &Filter) -> Self {
        let mut query = Self { from: "shown s".into(), wheres: vec![], bound: vec![] };
        let library = query.bind(library);
        query.wheres.push(format!("s.library = {library}"));
        if let Some(collection) = filter.collection {
            let parent = query.bind(collection.to_bytes().to_vec());
            query.from =
                "children c JOIN shown s ON s.library = c.library AND s.id = c.bookmark".into();
            query
                .wheres
                .push(format!("c.library = {library} AND c.parent = {parent} AND c.living"));
            // Where a bookmark has two places there, it is shown at the first.
            query.wheres.push(FIRST_PLACE.to_owned());
        }
        for (at, tag) in filter.tags.iter().enumerate() {
            let tag = query.bind(tag.to_bytes().to_vec());
            let join = format!(
                " JOIN tagged t{at} ON t{at}.library = s.library AND t{at}.bookmark = s.id"
            );
            query.from.push_str(&join);
            query.wheres.push(format!("t{at}.tag = {tag}"));
        }
        for (wanted, bit) in filter.flags() {
            let is = if wanted { "<>" } else { "=" };
            query.wheres.push(format!("s.flags & {bit} {is} 0"));
        }
        query
    }

    /// The sort key, its direction, and the condition that goes on after a position.
    fn sort(&mut self, sort: Sort, after: Option<&Position>) -> (&'static str, &'static str) {
        let (key, direction) = match sort {
            Sort::Newest => ("s.created_at", "DESC"),
            Sort::Oldest => ("s.created_at", "ASC"),
            Sort::Place if self.from.starts_with("children") => ("c.ord", "ASC"),
            Sort::Place | Sort::Number => ("s.number", "ASC"),
        };
        if let Some(after) = after {
            let bound = match key {
                "c.ord" => Sql::Text(after.key.clone()),
                _ => Sql::Integer(after.key.parse().unwrap_or_default()),
            };
            let (bound, id) = (self.bind(bound), self.bind(after.id.to_bytes().to_vec()));
            let is = if direction == "DESC" { "<" } else { ">" };
            self.wheres.push(format!("({key}, s.id) {is} ({bound}, {id})"));
        }
        (key, direction)
    }
}

/// The query for one page, with one row more than `limit`, and what is bound to it.
fn page_query(
    library: LibraryKey,
    filter: &Filter,
    (sort, after): (Sort, Option<&Position>),
    limit: usize,
) -> (String, Vec<Sql>) {
    let mut query = Query::of(library, filter);
    let (key, direction) = query.sort(sort, after);
    let limit = query.bind(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT s.id, {key} FROM {} WHERE {} ORDER BY {key} {direction}, s.id {direction}
         LIMIT {limit}",
        query.from,
        query.wheres.join(" AND "),
    );
    (sql, query.bound)
}

/// The positions of a page and the one after which the next begins.
fn rows(
    connection: &Connection,
    library: LibraryKey,
    filter: &Filter,
    (sort, after): (Sort, Option<&Position>),
    limit: usize,
) -> rusqlite::Result<(Vec<Position>, Option<Position>)> {
    let (sql, bound) = page_query(library, filter, (sort, after), limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(bound), |row| {
        let key = match row.get(1)? {
            Sql::Integer(number) => number.to_string(),
            Sql::Text(text) => text,
            _ => String::new(),
        };
        Ok(Position { id: ItemId::from_bytes(row.get(0)?), key })
    })?;
    let mut rows: Vec<Position> = rows.collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().cloned() } else { None };
    Ok((rows, next))
}

fn shown(
    connection: &Connection,
    library: LibraryKey,
    ids: &[ItemId],
    known: &Known,
) -> rusqlite::Result<Vec<Bookmark>> {
    let seq = load::head(connection, library)?.seq;
    known.catch_up(connection, library, seq)?;
    let mut found = known.bookmarks(library, seq, ids);
    let missing: Vec<ItemId> = ids.iter().filter(|id| !found.contains_key(id)).copied().collect();
    if !missing.is_empty() {
        let reads = Reads::none().places(missing.iter().copied());
        let shelf = load::shown(connection, library, &reads, known)?;
        let items = missing.iter().filter_map(|id| Some((*id, shelf.item(*id)?)));
        let items = items.filter(|(_, item)| !item.is_purged() && !item.has_moved());
        let read: Vec<(ItemId, Bookmark)> =
            items.map(|(id, item)| (id, Bookmark::of(&shelf, item))).collect();
        let under_own_id = read.iter().filter(|(id, bookmark)| *id == bookmark.id);
        let keep: Vec<Bookmark> = under_own_id.map(|(_, bookmark)| bookmark.clone()).collect();
        known.keep_bookmarks(library, seq, &keep);
        found.extend(read);
    }
    Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
}

fn count(connection: &Connection, library: LibraryKey) -> rusqlite::Result<Counts> {
    let mut counts = connection.prepare_cached(COUNT_SHOWN)?.query_row([library], |row| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let number = |at| row.get::<_, f64>(at).map(|total| total as u64);
        Ok(Counts {
            bookmarks: row.get(0)?,
            unsorted: number(1)?,
            unread: number(2)?,
            favourite: number(3)?,
            archived: number(4)?,
            ..Counts::default()
        })
    })?;
    let one = |sql: &str| -> rusqlite::Result<u64> {
        connection.prepare_cached(sql)?.query_row([library], |row| row.get(0))
    };
    counts.collections = one(COUNT_COLLECTIONS)?;
    counts.tags = one(COUNT_TAGS)?;
    counts.conflicts = one(COUNT_APART)?;
    counts.trashed = connection
        .prepare_cached(COUNT_TRASHED)?
        .query_row(params![library, KindColumn(Kind::Place)], |row| row.get(0))?;
    Ok(counts)
}

fn collections(
    connection: &Connection,
    library: LibraryKey,
) -> rusqlite::Result<Vec<(Collection, u64)>> {
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut statement = connection.prepare_cached(COLLECTION_SIZES)?;
    for row in statement.query_map([library], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (parent, count): (Vec<u8>, u64) = row?;
        counts.insert(parent, count);
    }
    let mut statement = connection.prepare_cached(COLLECTIONS)?;
    let ids = statement.query_map([library], |row| row.get(0).map(ItemId::from_bytes))?;
    let mut all = Vec::new();
    for id in ids {
        if let Some(item) = load::item(connection, library, id?)? {
            let count = counts.get(item.id.to_bytes().as_slice()).copied().unwrap_or_default();
            all.push((Collection::of(&item), count));
        }
    }
    Ok(lost_at_the_top(all))
}

fn tags(connection: &Connection, library: LibraryKey) -> rusqlite::Result<Vec<(Tag, u64)>> {
    let mut statement = connection.prepare_cached(TAG_SIZES)?;
    let rows = statement
        .query_map([library], |row| Ok((ItemId::from_bytes(row.get(0)?), row.get::<_, u64>(1)?)))?;
    let mut all = Vec::new();
    for row in rows {
        let (id, count) = row?;
        if let Some(item) = load::item(connection, library, id)? {
            all.push((Tag::of(&item), count));
        }
    }
    Ok(by_name(all))
}

/// An item as the trash lists it; `None` for a folder that went with the one it lies in.
fn trashed(
    connection: &Connection,
    library: LibraryKey,
    item: &Item,
) -> rusqlite::Result<Option<Trashed>> {
    let at = item.int(field::TRASHED_AT).unwrap_or_default();
    let mut beneath = 0;
    if item.kind == Kind::Collection {
        if let Some(parent) = item.reference(field::PARENT) {
            let went =
                connection.prepare_cached(WENT)?.exists(params![library, at, parent.to_bytes()])?;
            if went {
                return Ok(None);
            }
        }
        beneath = connection
            .prepare_cached(WENT_BENEATH)?
            .query_row(params![library, at, item.id.to_bytes()], |row| row.get(0))?;
    }
    Ok(Some(Trashed::of(item, beneath)))
}

#[async_trait]
impl Views for Embedded {
    async fn bookmarks(
        &self,
        scope: Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let (filter, after) = (filter.clone(), after.cloned());
        let inner = Arc::clone(&self.inner);
        self.read_in(scope, "listing bookmarks", move |connection, library| {
            let (rows, next) = rows(connection, library, &filter, (sort, after.as_ref()), limit)?;
            let ids: Vec<ItemId> = rows.iter().map(|row| row.id).collect();
            Ok(Page { bookmarks: shown(connection, library, &ids, &inner.known)?, next })
        })
        .await
    }

    async fn bookmarks_by_id(&self, scope: Scope, ids: &[ItemId]) -> Result<Vec<Bookmark>, Fault> {
        let inner = Arc::clone(&self.inner);
        let (ids, few) = (ids.to_vec(), ids.len() <= FEW_MAX);
        let work = move |connection: &Connection, library| {
            let all = shown(connection, library, &ids, &inner.known)?;
            Ok(all.into_iter().filter(|bookmark| !bookmark.url.is_empty()).collect())
        };
        if few {
            self.look_up_in(scope, "reading bookmarks", work)
        } else {
            self.read_in(scope, "reading bookmarks", work).await
        }
    }

    async fn collections(&self, scope: Scope) -> Result<Vec<(Collection, u64)>, Fault> {
        let inner = Arc::clone(&self.inner);
        self.read_in(scope, "listing folders", move |connection, library| {
            let seq = load::head(connection, library)?.seq;
            let make = || collections(connection, library).map(Arc::new);
            Ok(cached(&inner.lists.collections, library, seq, make)?.to_vec())
        })
        .await
    }

    async fn tags(&self, scope: Scope) -> Result<Vec<(Tag, u64)>, Fault> {
        let inner = Arc::clone(&self.inner);
        self.read_in(scope, "listing tags", move |connection, library| {
            let seq = load::head(connection, library)?.seq;
            let make = || tags(connection, library).map(Arc::new);
            Ok(cached(&inner.lists.tags, library, seq, make)?.to_vec())
        })
        .await
    }

    async fn bearing(
        &self,
        scope: Scope,
        tags: &[ItemId],
        collections: &[ItemId],
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault> {
        let (tags, collections) = (tags.to_vec(), collections.to_vec());
        self.read_in(scope, "reading bearers", move |connection, library| {
            let after = after.map_or(vec![], |id| id.to_bytes().to_vec());
            let mut found = Vec::new();
            let mut ask = |sql: &str, ids: &[ItemId]| -> rusqlite::Result<()> {
                let mut statement = connection.prepare_cached(sql)?;
                for id in ids {
                    let of = params![library, id.to_bytes(), after, limit];
                    let rows = statement.query_map(of, |row| row.get(0).map(ItemId::from_bytes))?;
                    found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
                }
                Ok(())
            };
            ask(BEARING_TAG, &tags)?;
            ask(STANDING_IN, &collections)?;
            found.sort_unstable();
            found.dedup();
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    async fn trash(
        &self,
        scope: Scope,
        after: Option<(i64, ItemId)>,
        limit: usize,
    ) -> Result<Vec<Trashed>, Fault> {
        self.read_in(scope, "listing the trash", move |connection, library| {
            let (at, id) =
                after.map_or((i64::MAX, vec![0xff; 17]), |(at, id)| (at, id.to_bytes().to_vec()));
            let mut statement = connection.prepare_cached(TRASH)?;
            let place = KindColumn(Kind::Place);
            let mut rows = statement.query(params![library, at, id, place])?;
            let mut all = Vec::new();
            while all.len() < limit {
                let Some(row) = rows.next()? else { break };
                let id = ItemId::from_bytes(row.get(0)?);
                let Some(item) = load::item(connection, library, id)? else { continue };
                all.extend(trashed(connection, library, &item)?);
            }
            Ok(all)
        })
        .await
    }

    async fn comments(
        &self,
        scope: Scope,
        bookmark: ItemId,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<Comment>, Fault> {
        self.read_in(scope, "listing comments", move |connection, library| {
            beside::comments(connection, library, (bookmark, after), limit)
        })
        .await
    }

    async fn comment_counts(
        &self,
        scope: Scope,
        bookmarks: &[ItemId],
    ) -> Result<HashMap<ItemId, u64>, Fault> {
        let bookmarks = bookmarks.to_vec();
        self.read_in(scope, "counting comments", move |connection, library| {
            beside::comment_counts(connection, library, &bookmarks)
        })
        .await
    }

    async fn conflicts(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Apart, Fault> {
        self.read_in(scope, "listing conflicts", move |connection, library| {
            beside::apart(connection, library, after, limit)
        })
        .await
    }

    async fn counts(&self, scope: Scope) -> Result<Counts, Fault> {
        let inner = Arc::clone(&self.inner);
        self.read_in(scope, "counting", move |connection, library| {
            let seq = load::head(connection, library)?.seq;
            cached(&inner.lists.counts, library, seq, || count(connection, library))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
