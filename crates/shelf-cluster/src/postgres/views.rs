//! Lists over the folded state.

use super::load::{self, ROOT, id_of, item_of, uuids};
use super::within::{For, Within};
use super::{Bound, Postgres, limit_of};
use async_trait::async_trait;
use shelf_domain::comment::Comment;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::shelf::Reads;
use shelf_domain::view::{Bookmark, Collection, Tag, by_name, lost_at_the_top};
use shelf_ports::Fault;
use shelf_ports::views::{Apart, Counts, Filter, Page, Position, Sort, Trashed, Views};
use std::collections::HashMap;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Bookmarks that bear one of some tags or stand in one of some collections, after one of them.
const BEARING: &str = "SELECT bookmark FROM (
        (SELECT t.bookmark FROM tagged t
            WHERE t.library = $1 AND t.tag = ANY($2) AND t.bookmark > $4)
        UNION
        (SELECT c.bookmark FROM items c
            WHERE c.library = $1 AND c.parent = ANY($3) AND c.bookmark > $4)) AS found
    ORDER BY bookmark LIMIT $5";
/// What is in the trash before a position, without places and without what went with a folder.
const TRASH: &str = "SELECT t.id, t.kind, t.registers FROM items t
    WHERE t.library = $1 AND t.trashed_at IS NOT NULL AND (t.trashed_at, t.id) < ($2, $3)
    AND t.kind <> 'place'
    AND NOT EXISTS (SELECT 1 FROM items p WHERE p.library = $1 AND p.id = t.parent
        AND p.trashed_at = t.trashed_at)
    AND NOT EXISTS (SELECT 1 FROM items c
        JOIN items p ON p.library = $1 AND p.id = c.parent AND p.trashed_at = t.trashed_at
        WHERE c.library = $1 AND c.bookmark = t.id)
    ORDER BY t.trashed_at DESC, t.id DESC LIMIT $4";
/// How many bookmarks went into the trash with folders, by folder.
const WENT_BENEATH: &str = "WITH RECURSIVE gone (folder, id, at) AS (
        SELECT i.id, i.id, i.trashed_at FROM items i
        WHERE i.library = $1 AND i.id = ANY($2) AND i.kind = 'collection'
        UNION
        SELECT g.folder, c.id, g.at FROM gone g JOIN items c ON c.library = $1
            AND c.parent = g.id AND c.kind = 'collection' AND c.trashed_at = g.at)
    SELECT g.folder, count(DISTINCT b.id) FROM gone g
    JOIN items c ON c.library = $1 AND c.parent = g.id
    JOIN items b ON b.library = $1 AND b.id = c.bookmark AND b.trashed_at = g.at
    GROUP BY g.folder";
/// No place of the same bookmark comes before this one in its collection.
const FIRST_PLACE: &str = "NOT EXISTS (SELECT 1 FROM items e
    WHERE e.library = $1 AND e.bookmark = c.bookmark AND e.parent = c.parent AND e.living
    AND (e.ord, e.id) < (c.ord, c.id))";
/// Counts and lists of a whole library: they walk all of it.
const COUNT: &str = "SELECT count(created_at), count(*) FILTER (WHERE flags & 8 = 0),
        count(*) FILTER (WHERE flags & 1 <> 0), count(*) FILTER (WHERE flags & 2 <> 0),
        count(*) FILTER (WHERE flags & 4 <> 0),
        count(*) FILTER (WHERE kind = 'collection' AND living), count(name),
        count(trashed_at) FILTER (WHERE kind <> 'place'), count(*) FILTER (WHERE apart)
    FROM items WHERE library = $1";
const COLLECTIONS: &str = "SELECT f.id, f.kind, f.registers, coalesce(size.bookmarks, 0)
    FROM items f LEFT JOIN (
        SELECT c.parent, count(DISTINCT s.id) AS bookmarks FROM items c
        JOIN items s ON s.library = $1 AND s.id = c.bookmark AND s.created_at IS NOT NULL
        WHERE c.library = $1 AND c.living GROUP BY c.parent) size ON size.parent = f.id
    WHERE f.library = $1 AND f.kind = 'collection' AND f.living
    ORDER BY nullif(f.parent, $2) NULLS FIRST, f.ord, f.id";
const TAGS: &str = "SELECT n.id, n.kind, n.registers, coalesce(size.bookmarks, 0)
    FROM items n LEFT JOIN (
        SELECT t.tag, count(*) AS bookmarks FROM tagged t
        JOIN items s ON s.library = $1 AND s.id = t.bookmark AND s.created_at IS NOT NULL
        WHERE t.library = $1 GROUP BY t.tag) size ON size.tag = n.id
    WHERE n.library = $1 AND n.name IS NOT NULL";

/// A value bound to a query under construction.
type Value = (Box<dyn ToSql + Sync + Send>, Type);

/// A query under construction: its conditions and what is bound to them, from `$2` on.
struct Query {
    from: String,
    wheres: Vec<String>,
    values: Vec<Value>,
}

impl Query {
    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, of: Type) -> String {
        self.values.push((Box::new(value), of));
        format!("${}", self.values.len() + 1)
    }

    fn of(filter: &Filter) -> Self {
        let listed = ["s.library = $1".to_owned(), "s.created_at IS NOT NULL".to_owned()];
        let mut query = Self { from: "items s".into(), wheres: listed.into(), values: vec![] };
        if let Some(collection) = filter.collection {
            let parent = query.bind(Uuid::from(collection), Type::UUID);
            query.from = "items c JOIN items s ON s.id = c.bookmark".into();
            query.wheres.push(format!("c.library = $1 AND c.parent = {parent} AND c.living"));
            // Where a bookmark has two places there, it is shown at the first.
            query.wheres.push(FIRST_PLACE.to_owned());
        }
        for (at, tag) in filter.tags.iter().enumerate() {
            let tag = query.bind(Uuid::from(*tag), Type::UUID);
            let join = format!(" JOIN tagged t{at} ON t{at}.bookmark = s.id");
            query.from.push_str(&join);
            query.wheres.push(format!("t{at}.library = $1 AND t{at}.tag = {tag}"));
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
            Sort::Place if self.from.starts_with("items c") => ("c.ord", "ASC"),
            Sort::Place | Sort::Number => ("s.number", "ASC"),
        };
        if let Some(after) = after {
            let bound = match key {
                "c.ord" => self.bind(after.key.clone(), Type::TEXT),
                _ => self.bind(after.key.parse::<i64>().unwrap_or_default(), Type::INT8),
            };
            let id = self.bind(Uuid::from(after.id), Type::UUID);
            let is = if direction == "DESC" { "<" } else { ">" };
            self.wheres.push(format!("({key}, s.id) {is} ({bound}, {id})"));
        }
        (key, direction)
    }
}

/// The query for one page, with one row more than `limit`, and what is bound to it from `$2` on.
fn page_query(
    filter: &Filter,
    (sort, after): (Sort, Option<&Position>),
    limit: usize,
) -> (String, Vec<Value>) {
    let mut query = Query::of(filter);
    let (key, direction) = query.sort(sort, after);
    let limit = query.bind(limit_of(limit.saturating_add(1)), Type::INT8);
    let sql = format!(
        "SELECT s.id, {key}::text FROM {} WHERE {} ORDER BY {key} {direction}, s.id {direction}
         LIMIT {limit}",
        query.from,
        query.wheres.join(" AND "),
    );
    (sql, query.values)
}

async fn shown(within: &Within<'_>, ids: &[ItemId]) -> Result<Vec<Bookmark>, Fault> {
    let head = load::head(within).await?;
    let reads = Reads::none().places(ids.iter().copied());
    let shelf = load::shelf(within, head, &reads).await?;
    let items = ids.iter().filter_map(|id| shelf.item(*id));
    let items = items.filter(|item| !item.is_purged() && !item.has_moved());
    Ok(items.map(|item| Bookmark::of(&shelf, item)).collect())
}

fn counted(row: &Row) -> Result<(Item, u64), Fault> {
    Ok((item_of(row)?, count_of(row, 3)))
}

fn count_of(row: &Row, at: usize) -> u64 {
    row.get::<_, i64>(at).cast_unsigned()
}

fn trashed(item: &Item, beneath: &HashMap<ItemId, u64>) -> Trashed {
    Trashed::of(item, beneath.get(&item.id).copied().unwrap_or_default())
}

#[async_trait]
impl Views for Postgres {
    async fn bookmarks(
        &self,
        scope: Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let (sql, values) = page_query(filter, (sort, after), limit);
        let mut connection = self.connection().await?;
        let doing = "listing bookmarks";
        let entered = Within::enter(&mut connection, scope, doing, For::OneMoment).await?;
        let Some(within) = entered else { return Ok(Page::default()) };
        let of: Vec<Bound<'_>> =
            values.iter().map(|(value, of)| (&**value as _, of.clone())).collect();
        let rows = within.rows(&sql, &of).await?;
        let mut at: Vec<Position> =
            rows.iter().map(|row| Position { id: id_of(row), key: row.get(1) }).collect();
        let has_more = at.len() > limit;
        at.truncate(limit);
        let ids: Vec<ItemId> = at.iter().map(|at| at.id).collect();
        let next = at.pop().filter(|_| has_more);
        Ok(Page { bookmarks: shown(&within, &ids).await?, next })
    }

    async fn bookmarks_by_id(&self, scope: Scope, ids: &[ItemId]) -> Result<Vec<Bookmark>, Fault> {
        let mut connection = self.connection().await?;
        let doing = "reading bookmarks";
        let entered = Within::enter(&mut connection, scope, doing, For::OneMoment).await?;
        let Some(within) = entered else { return Ok(Vec::new()) };
        let mut all = shown(&within, ids).await?;
        all.retain(|bookmark| !bookmark.url.is_empty());
        Ok(all)
    }

    async fn collections(&self, scope: Scope) -> Result<Vec<(Collection, u64)>, Fault> {
        self.kept(scope, &self.lists.collections, self.list_collections(scope)).await
    }

    async fn tags(&self, scope: Scope) -> Result<Vec<(Tag, u64)>, Fault> {
        self.kept(scope, &self.lists.tags, self.list_tags(scope)).await
    }

    async fn bearing(
        &self,
        scope: Scope,
        tags: &[ItemId],
        collections: &[ItemId],
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault> {
        let of: [Bound<'_>; 4] = [
            (&uuids(tags), Type::UUID_ARRAY),
            (&uuids(collections), Type::UUID_ARRAY),
            (&after.map_or(Uuid::nil(), Uuid::from), Type::UUID),
            (&limit_of(limit), Type::INT8),
        ];
        let rows = self.query_in(scope, "reading bearers", BEARING, &of).await?;
        Ok(rows.iter().map(id_of).collect())
    }

    async fn trash(
        &self,
        scope: Scope,
        after: Option<(i64, ItemId)>,
        limit: usize,
    ) -> Result<Vec<Trashed>, Fault> {
        let (at, id) = after.map_or((i64::MAX, Uuid::max()), |(at, id)| (at, Uuid::from(id)));
        let mut connection = self.connection().await?;
        let doing = "listing the trash";
        let entered = Within::enter(&mut connection, scope, doing, For::OneMoment).await?;
        let Some(within) = entered else { return Ok(Vec::new()) };
        let of: [Bound<'_>; 3] =
            [(&at, Type::INT8), (&id, Type::UUID), (&limit_of(limit), Type::INT8)];
        let items = within.rows(TRASH, &of).await?;
        let items: Vec<Item> = items.iter().map(item_of).collect::<Result<_, _>>()?;
        let ids = uuids(items.iter().map(|item| &item.id));
        let beneath = within.rows(WENT_BENEATH, &[(&ids, Type::UUID_ARRAY)]).await?;
        let beneath = beneath.iter().map(|row| (id_of(row), count_of(row, 1))).collect();
        Ok(items.iter().map(|item| trashed(item, &beneath)).collect())
    }

    async fn comments(
        &self,
        scope: Scope,
        bookmark: ItemId,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<Comment>, Fault> {
        self.list_comments(scope, bookmark, after, limit).await
    }

    async fn comment_counts(
        &self,
        scope: Scope,
        bookmarks: &[ItemId],
    ) -> Result<HashMap<ItemId, u64>, Fault> {
        self.count_comments(scope, bookmarks).await
    }

    async fn conflicts(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Apart, Fault> {
        self.list_apart(scope, after, limit).await
    }

    async fn counts(&self, scope: Scope) -> Result<Counts, Fault> {
        self.kept(scope, &self.lists.counts, self.count(scope)).await
    }
}

impl Postgres {
    async fn count(&self, scope: Scope) -> Result<Counts, Fault> {
        let rows = self.query_in(scope, "counting", COUNT, &[]).await?;
        let Some(row) = rows.first() else { return Ok(Counts::default()) };
        Ok(Counts {
            bookmarks: count_of(row, 0),
            unsorted: count_of(row, 1),
            unread: count_of(row, 2),
            favourite: count_of(row, 3),
            archived: count_of(row, 4),
            collections: count_of(row, 5),
            tags: count_of(row, 6),
            trashed: count_of(row, 7),
            conflicts: count_of(row, 8),
        })
    }

    async fn list_collections(&self, scope: Scope) -> Result<Vec<(Collection, u64)>, Fault> {
        let of: [Bound<'_>; 1] = [(&ROOT, Type::UUID)];
        let rows = self.query_in(scope, "listing folders", COLLECTIONS, &of).await?;
        let all = rows.iter().map(counted);
        let all = all.map(|one| one.map(|(item, count)| (Collection::of(&item), count)));
        all.collect::<Result<_, _>>().map(lost_at_the_top)
    }

    async fn list_tags(&self, scope: Scope) -> Result<Vec<(Tag, u64)>, Fault> {
        let rows = self.query_in(scope, "listing tags", TAGS, &[]).await?;
        let all = rows.iter().map(counted);
        let all = all.map(|one| one.map(|(item, count)| (Tag::of(&item), count)));
        all.collect::<Result<_, _>>().map(by_name)
    }
}
