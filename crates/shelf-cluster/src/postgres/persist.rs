//! Writes decided rows: the log, and the state folded from it. Many rows go in one statement, as
//! an array a column.

use super::load::{self, ROOT, uuids};
use super::within::Within;
use super::{Bound, damaged};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::listed::{Child, Listed};
use shelf_domain::shelf::Shelf;
use shelf_ports::Fault;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Rows of one statement.
const ROWS_MAX: usize = 1_000;

/// Whether the bookmark `s` stands in a collection that lives; `$3` is the root. The collection is
/// looked up by itself, never joined, for the reason given below.
macro_rules! placed {
    () => {
        "EXISTS (SELECT 1 FROM items c WHERE c.library = $1 AND c.bookmark = s.id AND c.living
            AND c.parent <> $3
            AND (SELECT f.living FROM items f WHERE f.library = $1 AND f.id = c.parent))"
    };
}

const APPEND: &str = "INSERT INTO log SELECT $1, row.* FROM unnest($2::bigint[], $3::bigint[],
    $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::uuid[], $9::uuid[], $10::text[],
    $11::bigint[], $12::uuid[], $13::bigint[], $14::bytea[]) AS row";
const PUT_ACTS: &str = "INSERT INTO acts
    SELECT $1, act.* FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) AS act
    ON CONFLICT (library, id)
    DO UPDATE SET last = excluded.last, rows = acts.rows + excluded.rows";
const PUT_HEAD: &str = "UPDATE libraries SET seq = $2, hlc = $3, at = $4, numbers = $5,
    stirred = pg_current_xact_id()::text::bigint WHERE id = $1";
const PUT_COUNTER: &str = "INSERT INTO counters VALUES ($1, $2, $3)
    ON CONFLICT (library, device) DO UPDATE SET n = excluded.n";
/// The earlier bodies of a purged item, and of those that joined it; the envelopes stay.
const BLANK: &str = "WITH RECURSIVE same (id) AS (
        SELECT $2 UNION
        SELECT a.younger FROM same JOIN aliases a ON a.library = $1 AND a.older = same.id)
    UPDATE log SET body = '' WHERE library = $1 AND seq < $3 AND item IN (SELECT id FROM same)";
const PUT_ITEMS: &str = "INSERT INTO items SELECT $1, item.* FROM unnest($2::uuid[], $3::text[],
        $4::bytea[], $5::bigint[], $6::bigint[], $7::uuid[], $8::text[], $9::uuid[], $10::bool[],
        $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::uuid[], $16::bool[])
        AS item
    ON CONFLICT (library, id) DO UPDATE SET registers = excluded.registers, url = excluded.url,
        name = excluded.name, parent = excluded.parent, ord = excluded.ord,
        bookmark = excluded.bookmark, living = excluded.living, created_at = excluded.created_at,
        number = excluded.number, flags = excluded.flags, trashed_at = excluded.trashed_at,
        about = excluded.about, apart = excluded.apart";
/// The bookmarks that places were places of until now.
const PLACED_BEFORE: &str = "SELECT DISTINCT bookmark FROM items
    WHERE library = $1 AND id = ANY($2) AND bookmark IS NOT NULL";
/// Those of some collections that lived until now.
const LIVED_BEFORE: &str = "SELECT id FROM items WHERE library = $1 AND id = ANY($2) AND living";
/// The bookmarks that stand in some collections.
const STAND_IN: &str = "SELECT DISTINCT bookmark FROM items
    WHERE library = $1 AND parent = ANY($2) AND living AND bookmark IS NOT NULL";
/// Brings the flag of standing in a collection up to date. One table and a look-up beside it, not a
/// join with itself: of a library that is newer than its statistics the server expects a single
/// row, and would walk all of it once for each of its rows.
const REGARD_PLACED: &str = concat!(
    "UPDATE items s SET flags = s.flags & ~8 | CASE WHEN ",
    placed!(),
    " THEN 8 ELSE 0 END
    WHERE s.library = $1 AND s.id = ANY($2) AND s.created_at IS NOT NULL
    AND (s.flags & 8 <> 0) <> ",
    placed!()
);
/// Tags that bookmarks bear no more.
const UNTAG: &str = "DELETE FROM tagged WHERE library = $1 AND bookmark = ANY($2) AND NOT EXISTS (
    SELECT 1 FROM unnest($3::uuid[], $4::uuid[]) AS own (tag, bookmark)
    WHERE own.tag = tagged.tag AND own.bookmark = tagged.bookmark)";
const TAG: &str = "INSERT INTO tagged
    SELECT $1, own.* FROM unnest($2::uuid[], $3::uuid[]) AS own ON CONFLICT DO NOTHING";
/// What joined which item, as the log says it.
const ALIAS: &str = "INSERT INTO aliases
    SELECT $1, pair.* FROM unnest($2::uuid[], $3::uuid[]) AS pair
    ON CONFLICT (library, younger) DO UPDATE SET older = excluded.older";
/// What joined another item: its rows in lists become those of whatever the other goes by now.
const JOIN: [&str; 5] = [
    "INSERT INTO tagged SELECT $1, pair.older, t.bookmark
     FROM unnest($2::uuid[], $3::uuid[]) AS pair (younger, older)
     JOIN tagged t ON t.library = $1 AND t.tag = pair.younger ON CONFLICT DO NOTHING",
    "UPDATE items SET bookmark = pair.older
     FROM unnest($2::uuid[], $3::uuid[]) AS pair (younger, older)
     WHERE items.library = $1 AND items.bookmark = pair.younger",
    "UPDATE items SET about = pair.older
     FROM unnest($2::uuid[], $3::uuid[]) AS pair (younger, older)
     WHERE items.library = $1 AND items.about = pair.younger",
    "DELETE FROM tagged USING unnest($2::uuid[], $3::uuid[]) AS pair (younger, older)
     WHERE tagged.library = $1 AND tagged.tag = pair.younger",
    "DELETE FROM items USING unnest($2::uuid[], $3::uuid[]) AS pair (younger, older)
     WHERE items.library = $1 AND items.id = pair.younger",
];
/// Everything that is folded from the log.
const FORGET: [&str; 3] = [
    "DELETE FROM items WHERE library = $1",
    "DELETE FROM aliases WHERE library = $1",
    "DELETE FROM tagged WHERE library = $1",
];

/// Appends `rows` to the log and brings the folded state to `shelf`, which has them folded in.
pub(super) async fn rows(within: &Within<'_>, rows: &[Change], shelf: &Shelf) -> Result<(), Fault> {
    for rows in rows.chunks(ROWS_MAX) {
        append(within, rows).await?;
    }
    put_acts(within, rows).await?;
    put_head(within, &shelf.head).await?;
    let purges = |row: &&Change| row.set.keys().any(|r| r.as_str() == field::PURGED);
    for row in rows.iter().filter(purges) {
        let (item, seq) = (Uuid::from(row.item), row.seq.cast_signed());
        within.run(BLANK, &[(&item, Type::UUID), (&seq, Type::INT8)]).await?;
    }
    let joined = rows.iter().filter_map(|row| Some((row.joined?, row.item)));
    let touched: BTreeSet<ItemId> = rows.iter().map(|row| shelf.resolve(row.item)).collect();
    let items: Vec<&Item> = touched.iter().filter_map(|id| shelf.item(*id)).collect();
    let oldest = rows.first().map_or(u64::MAX, |row| row.seq);
    fold(within, shelf, joined.collect(), &items, oldest).await
}

/// Folds `shelf` into an empty state: after a refold.
pub(super) async fn whole(within: &Within<'_>, shelf: &Shelf) -> Result<(), Fault> {
    let items: Vec<&Item> = shelf.items().collect();
    fold(within, shelf, shelf.aliases().collect(), &items, 0).await
}

/// Forgets everything that is folded from the log.
pub(super) async fn forget(within: &Within<'_>) -> Result<(), Fault> {
    for sql in FORGET {
        within.run(sql, &[]).await?;
    }
    Ok(())
}

/// Keeps the last counter of a device.
pub(super) async fn put_counter(
    within: &Within<'_>,
    device: DeviceId,
    n: u64,
) -> Result<(), Fault> {
    let (device, n) = (Uuid::from(device), n.cast_signed());
    within.run(PUT_COUNTER, &[(&device, Type::UUID), (&n, Type::INT8)]).await.map(drop)
}

/// `of` each row, as one column.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

pub(super) async fn append(within: &Within<'_>, rows: &[Change]) -> Result<(), Fault> {
    let of: [Bound<'_>; 13] = [
        (&column(rows, |row| row.seq.cast_signed()), Type::INT8_ARRAY),
        (&column(rows, |row| row.at), Type::INT8_ARRAY),
        (&column(rows, |row| Uuid::from(row.device)), Type::UUID_ARRAY),
        (&column(rows, |row| row.n.cast_signed()), Type::INT8_ARRAY),
        (&column(rows, |row| row.hlc.bits().cast_signed()), Type::INT8_ARRAY),
        (&column(rows, |row| row.base.cast_signed()), Type::INT8_ARRAY),
        (&column(rows, |row| Uuid::from(row.act)), Type::UUID_ARRAY),
        (&column(rows, |row| Uuid::from(row.item)), Type::UUID_ARRAY),
        (&column(rows, |row| row.kind.name()), Type::TEXT_ARRAY),
        (&column(rows, |row| row.number.map(i64::from)), Type::INT8_ARRAY),
        (&column(rows, |row| row.joined.map(Uuid::from)), Type::UUID_ARRAY),
        (&column(rows, |row| row.also_hlc.map(|h| h.bits().cast_signed())), Type::INT8_ARRAY),
        (&column(rows, Change::body), Type::BYTEA_ARRAY),
    ];
    within.run(APPEND, &of).await.map(drop)
}

pub(super) async fn put_acts(within: &Within<'_>, rows: &[Change]) -> Result<(), Fault> {
    let mut acts: BTreeMap<ActId, (i64, i64, i64)> = BTreeMap::new();
    for row in rows {
        let seq = row.seq.cast_signed();
        let (_, last, count) = acts.entry(row.act).or_insert((seq, seq, 0));
        (*last, *count) = (seq, *count + 1);
    }
    let acts: Vec<_> = acts.into_iter().collect();
    let of: [Bound<'_>; 4] = [
        (&column(&acts, |(act, _)| Uuid::from(*act)), Type::UUID_ARRAY),
        (&column(&acts, |(_, (first, ..))| *first), Type::INT8_ARRAY),
        (&column(&acts, |(_, (_, last, _))| *last), Type::INT8_ARRAY),
        (&column(&acts, |(_, (.., count))| *count), Type::INT8_ARRAY),
    ];
    within.run(PUT_ACTS, &of).await.map(drop)
}

pub(super) async fn put_head(within: &Within<'_>, head: &Head) -> Result<(), Fault> {
    let numbers = serde_json::to_string(&head.numbers).map_err(|_| damaged("the numbers"))?;
    let of: [Bound<'_>; 4] = [
        (&head.seq.cast_signed(), Type::INT8),
        (&head.hlc.bits().cast_signed(), Type::INT8),
        (&head.at, Type::INT8),
        (&numbers, Type::TEXT),
    ];
    within.run(PUT_HEAD, &of).await.map(drop)
}

/// Puts `items` of `shelf` into the folded state, and what `joined` there (younger, older). An
/// item made at `oldest` or later was not there before.
async fn fold(
    within: &Within<'_>,
    shelf: &Shelf,
    joined: Vec<(ItemId, ItemId)>,
    items: &[&Item],
    oldest: u64,
) -> Result<(), Fault> {
    let names = Names::of(within, shelf, &joined, items).await?;
    let mut placed = join(within, &names, &joined).await?;
    for items in items.chunks(ROWS_MAX) {
        let old: Vec<&Item> =
            items.iter().copied().filter(|item| item.created_seq < oldest).collect();
        placed.extend(placed_before(within, &old).await?);
        let listed: Vec<(&Item, Listed)> =
            items.iter().map(|item| (*item, names.listed(item))).collect();
        placed.extend(in_turned(within, &old, &listed).await?);
        put(within, &listed).await?;
        tag(within, &old, &listed).await?;
        let children = listed.iter().filter_map(|(_, listed)| listed.child.as_ref());
        placed.extend(children.filter_map(|child| child.bookmark));
        placed.extend(old.iter().filter(|item| item.kind == Kind::Bookmark).map(|item| item.id));
    }
    let placed: Vec<Uuid> = uuids(&placed);
    for placed in placed.chunks(ROWS_MAX) {
        let of: [Bound<'_>; 2] = [(&placed, Type::UUID_ARRAY), (&ROOT, Type::UUID)];
        within.run(REGARD_PLACED, &of).await?;
    }
    Ok(())
}

/// The ids that ids go by: lists follow aliases even where the decision did not have to.
struct Names<'a> {
    shelf: &'a Shelf,
    aliases: HashMap<ItemId, ItemId>,
}

impl<'a> Names<'a> {
    /// Knows what `joined` and `items` name.
    async fn of(
        within: &Within<'_>,
        shelf: &'a Shelf,
        joined: &[(ItemId, ItemId)],
        items: &[&Item],
    ) -> Result<Self, Fault> {
        let mut aliases = HashMap::new();
        if load::has_aliases(within).await? {
            let mut named: BTreeSet<ItemId> =
                joined.iter().map(|(_, older)| shelf.resolve(*older)).collect();
            let mut note = |id| {
                named.insert(shelf.resolve(id));
                Ok::<_, Infallible>(id)
            };
            for item in items {
                let Ok(_) = Listed::of(item, &mut note);
            }
            aliases.extend(load::aliases(within, named).await?);
        }
        Ok(Self { shelf, aliases })
    }

    fn resolve(&self, id: ItemId) -> ItemId {
        let mut at = self.shelf.resolve(id);
        // Aliases only ever lead to older items, so this ends; the bound guards hostile stores.
        for _ in 0..=self.aliases.len() {
            let Some(older) = self.aliases.get(&at) else { break };
            at = self.shelf.resolve(*older);
        }
        at
    }

    fn listed(&self, item: &Item) -> Listed {
        let Ok(listed) = Listed::of(item, |id| Ok::<_, Infallible>(self.resolve(id)));
        listed
    }
}

/// What `joined` becomes a part of its older item; the older items.
async fn join(
    within: &Within<'_>,
    names: &Names<'_>,
    joined: &[(ItemId, ItemId)],
) -> Result<BTreeSet<ItemId>, Fault> {
    let mut olders = BTreeSet::new();
    for joined in joined.chunks(ROWS_MAX) {
        let resolved: Vec<ItemId> = column(joined, |(_, older)| names.resolve(*older));
        let younger = uuids(joined.iter().map(|(younger, _)| younger));
        let older = uuids(joined.iter().map(|(_, older)| older));
        let of: [Bound<'_>; 2] = [(&younger, Type::UUID_ARRAY), (&older, Type::UUID_ARRAY)];
        within.run(ALIAS, &of).await?;
        let older = uuids(&resolved);
        for sql in JOIN {
            let of: [Bound<'_>; 2] = [(&younger, Type::UUID_ARRAY), (&older, Type::UUID_ARRAY)];
            within.run(sql, &of).await?;
        }
        olders.extend(resolved);
    }
    Ok(olders)
}

async fn placed_before(within: &Within<'_>, old: &[&Item]) -> Result<Vec<ItemId>, Fault> {
    let places = old.iter().filter(|item| item.kind == Kind::Place);
    let places = uuids(places.map(|item| &item.id));
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let rows = within.rows(PLACED_BEFORE, &[(&places, Type::UUID_ARRAY)]).await?;
    Ok(rows.iter().map(load::id_of).collect())
}

/// The bookmarks in collections among `old` that lived and do not by what is `listed`, or the other
/// way round: where they stand is another question then.
async fn in_turned(
    within: &Within<'_>,
    old: &[&Item],
    listed: &[(&Item, Listed)],
) -> Result<Vec<ItemId>, Fault> {
    let folders = old.iter().filter(|item| item.kind == Kind::Collection);
    let folders: BTreeSet<ItemId> = folders.map(|item| item.id).collect();
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let rows = within.rows(LIVED_BEFORE, &[(&uuids(&folders), Type::UUID_ARRAY)]).await?;
    let lived: BTreeSet<ItemId> = rows.iter().map(load::id_of).collect();
    let lives = |listed: &Listed| listed.child.as_ref().is_some_and(|child| child.is_living);
    let now = listed.iter().filter(|(item, _)| folders.contains(&item.id));
    let turned = now.filter(|(item, listed)| lived.contains(&item.id) != lives(listed));
    let turned: Vec<ItemId> = turned.map(|(item, _)| item.id).collect();
    if turned.is_empty() {
        return Ok(Vec::new());
    }
    let rows = within.rows(STAND_IN, &[(&uuids(&turned), Type::UUID_ARRAY)]).await?;
    Ok(rows.iter().map(load::id_of).collect())
}

async fn put(within: &Within<'_>, items: &[(&Item, Listed)]) -> Result<(), Fault> {
    fn child<T>(items: &[(&Item, Listed)], of: impl Fn(&Child) -> Option<T>) -> Vec<Option<T>> {
        column(items, |(_, listed)| listed.child.as_ref().and_then(&of))
    }
    let shown = |of: fn(&shelf_domain::listed::Shown) -> i64| {
        column(items, |(_, listed)| listed.shown.as_ref().map(of))
    };
    let note = |listed: &Listed| listed.note.map(|note| Uuid::from(note.bookmark));
    let living = column(items, |(_, listed)| {
        let child = listed.child.as_ref().map(|child| child.is_living);
        child.or(listed.note.map(|note| note.is_living))
    });
    let of: [Bound<'_>; 15] = [
        (&column(items, |(item, _)| Uuid::from(item.id)), Type::UUID_ARRAY),
        (&column(items, |(item, _)| item.kind.name()), Type::TEXT_ARRAY),
        (&column(items, |(item, _)| item.pack()), Type::BYTEA_ARRAY),
        (&column(items, |(_, listed)| listed.url), Type::INT8_ARRAY),
        (&column(items, |(_, listed)| listed.name), Type::INT8_ARRAY),
        (&child(items, |child| Some(child.parent.map_or(ROOT, Uuid::from))), Type::UUID_ARRAY),
        (&child(items, |child| Some(child.order.clone())), Type::TEXT_ARRAY),
        (&child(items, |child| child.bookmark.map(Uuid::from)), Type::UUID_ARRAY),
        (&living, Type::BOOL_ARRAY),
        (&shown(|shown| shown.created_at), Type::INT8_ARRAY),
        (&shown(|shown| i64::from(shown.number)), Type::INT8_ARRAY),
        (&shown(|shown| shown.flags), Type::INT8_ARRAY),
        (&column(items, |(_, listed)| listed.trashed_at), Type::INT8_ARRAY),
        (&column(items, |(_, listed)| note(listed)), Type::UUID_ARRAY),
        (&column(items, |(_, listed)| listed.has_copies.then_some(true)), Type::BOOL_ARRAY),
    ];
    within.run(PUT_ITEMS, &of).await.map(drop)
}

/// Says which tags bookmarks bear; `old` ones may have borne others.
async fn tag(within: &Within<'_>, old: &[&Item], listed: &[(&Item, Listed)]) -> Result<(), Fault> {
    let borne = listed.iter().flat_map(|(item, listed)| {
        listed.tags.iter().map(|tag| (Uuid::from(*tag), Uuid::from(item.id)))
    });
    let (tags, bookmarks): (Vec<Uuid>, Vec<Uuid>) = borne.unzip();
    let old = uuids(old.iter().filter(|item| item.kind == Kind::Bookmark).map(|item| &item.id));
    if !old.is_empty() {
        let of: [Bound<'_>; 3] =
            [(&old, Type::UUID_ARRAY), (&tags, Type::UUID_ARRAY), (&bookmarks, Type::UUID_ARRAY)];
        within.run(UNTAG, &of).await?;
    }
    if !tags.is_empty() {
        let of: [Bound<'_>; 2] = [(&tags, Type::UUID_ARRAY), (&bookmarks, Type::UUID_ARRAY)];
        within.run(TAG, &of).await?;
    }
    Ok(())
}
