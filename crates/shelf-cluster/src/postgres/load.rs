//! Loads the part of a library that a decision or an answer has to see: whole rounds of ids at
//! once, because each statement is a way to the server and back.

use super::within::Within;
use super::{Bound, damaged};
use shelf_domain::canon::folded;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::limits::DEPTH_MAX;
use shelf_domain::listed::hash64;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Hlc;
use shelf_ports::Fault;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The root, where `items.parent` names a collection.
pub(super) const ROOT: Uuid = Uuid::nil();

/// The columns of a row of the log, for [`change_of`].
macro_rules! change_columns {
    () => {
        "seq, at, device, n, hlc, base, act, item, kind, number, joined, also_hlc, body"
    };
}
pub(super) use change_columns;

/// Where the log stands.
const HEAD: &str = "SELECT epoch, seq, floor, hlc, at, numbers FROM libraries WHERE id = $1";
/// The same, for one writer at a time.
const HEAD_ALONE: &str =
    "SELECT epoch, seq, floor, hlc, at, numbers FROM libraries WHERE id = $1 FOR UPDATE";
/// Items as they are folded.
pub(super) const ITEMS: &str =
    "SELECT id, kind, registers FROM items WHERE library = $1 AND id = ANY($2)";
/// Whether anything ever joined something. In the order of the index: asked for any row, the server
/// walks the partition, to its end where the library has none.
const HAS_ALIASES: &str = "SELECT younger FROM aliases WHERE library = $1 ORDER BY younger LIMIT 1";
/// What items joined.
const OLDER: &str = "SELECT younger, older FROM aliases WHERE library = $1 AND younger = ANY($2)";
/// What joined items.
const YOUNGER: &str = "SELECT younger, older FROM aliases WHERE library = $1 AND older = ANY($2)";
/// Owners of addresses.
const URL_OWNERS: &str = "SELECT id FROM items WHERE library = $1 AND url = ANY($2)";
/// Owners of names.
const NAME_OWNERS: &str = "SELECT id FROM items WHERE library = $1 AND name = ANY($2)";
/// Every place of bookmarks.
const PLACES: &str =
    "SELECT id, kind, registers FROM items WHERE library = $1 AND bookmark = ANY($2)";
/// Every note about bookmarks.
const NOTES: &str = "SELECT id, kind, registers FROM items WHERE library = $1 AND about = ANY($2)";
/// What stands in collections.
const CHILDREN: &str =
    "SELECT id, kind, registers FROM items WHERE library = $1 AND parent = ANY($2)";
/// What stands last in collections.
const TAILS: &str = "SELECT last.id, last.kind, last.registers FROM unnest($2) AS own (id)
    CROSS JOIN LATERAL (SELECT i.id, i.kind, i.registers FROM items i
        WHERE i.library = $1 AND i.parent = own.id ORDER BY i.ord DESC, i.id DESC LIMIT 1) last";
/// The rows of items.
const ROWS: &str =
    concat!("SELECT ", change_columns!(), " FROM log WHERE library = $1 AND item = ANY($2)");
/// One living place of each bookmark, not among `$3`.
const USED_BOOKMARKS: &str = "SELECT used.id FROM unnest($2) AS own (id) CROSS JOIN LATERAL (
        SELECT i.id FROM items i WHERE i.library = $1 AND i.bookmark = own.id AND i.living
        AND i.id <> ALL($3) LIMIT 1) used";
/// One living bookmark that bears each tag, not among `$3`.
const USED_TAGS: &str = "SELECT used.id FROM unnest($2) AS own (id) CROSS JOIN LATERAL (
        SELECT t.bookmark AS id FROM tagged t WHERE t.library = $1 AND t.tag = own.id
        AND t.bookmark <> ALL($3) LIMIT 1) used";
/// One thing that lives in each collection, not among `$3`.
const USED_COLLECTIONS: &str = "SELECT used.id FROM unnest($2) AS own (id) CROSS JOIN LATERAL (
        SELECT i.id FROM items i WHERE i.library = $1 AND i.parent = own.id AND i.living
        AND i.id <> ALL($3) LIMIT 1) used";

/// Where the log of the library stands.
pub(super) async fn head(within: &Within<'_>) -> Result<Head, Fault> {
    head_of(&within.rows(HEAD, &[]).await?)
}

/// The same, and no other writer until the transaction ends.
pub(super) async fn head_alone(within: &Within<'_>) -> Result<Head, Fault> {
    head_of(&within.rows(HEAD_ALONE, &[]).await?)
}

fn head_of(rows: &[Row]) -> Result<Head, Fault> {
    let Some(row) = rows.first() else { return Ok(Head::default()) };
    Ok(Head {
        epoch: u32::try_from(row.get::<_, i64>(0)).map_err(|_| damaged("an epoch"))?,
        seq: row.get::<_, i64>(1).cast_unsigned(),
        floor: row.get::<_, i64>(2).cast_unsigned(),
        hlc: Hlc::from_bits(row.get::<_, i64>(3).cast_unsigned()),
        at: row.get(4),
        numbers: serde_json::from_str(row.get(5)).map_err(|_| damaged("the numbers"))?,
    })
}

/// Reads one row of the log in the columns of [`change_columns`].
pub(super) fn change_of(row: &Row) -> Result<Change, Fault> {
    let number: Option<i64> = row.get(9);
    let change = Change {
        seq: row.get::<_, i64>(0).cast_unsigned(),
        at: row.get(1),
        device: DeviceId::from(row.get::<_, Uuid>(2)),
        n: row.get::<_, i64>(3).cast_unsigned(),
        hlc: Hlc::from_bits(row.get::<_, i64>(4).cast_unsigned()),
        base: row.get::<_, i64>(5).cast_unsigned(),
        act: ActId::from(row.get::<_, Uuid>(6)),
        item: ItemId::from(row.get::<_, Uuid>(7)),
        kind: Kind::named(row.get(8)),
        number: number.map(small).transpose()?,
        joined: row.get::<_, Option<Uuid>>(10).map(ItemId::from),
        set: BTreeMap::new(),
        also: BTreeMap::new(),
        also_hlc: row.get::<_, Option<i64>>(11).map(|hlc| Hlc::from_bits(hlc.cast_unsigned())),
    };
    change.with_body(row.get(12)).ok_or_else(|| damaged("the body of a change"))
}

fn small(number: i64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| damaged("a small number"))
}

/// Reads an item in the columns `id, kind, registers`.
pub(super) fn item_of(row: &Row) -> Result<Item, Fault> {
    let (id, kind) = (ItemId::from(row.get::<_, Uuid>(0)), Kind::named(row.get(1)));
    Item::unpack(id, kind, row.get(2)).ok_or_else(|| damaged("an item"))
}

/// The id in the first column.
pub(super) fn id_of(row: &Row) -> ItemId {
    ItemId::from(row.get::<_, Uuid>(0))
}

/// Ids as an array for the server.
pub(super) fn uuids<'a>(ids: impl IntoIterator<Item = &'a ItemId>) -> Vec<Uuid> {
    ids.into_iter().map(|id| Uuid::from(*id)).collect()
}

/// Whether anything in the library ever joined something.
pub(super) async fn has_aliases(within: &Within<'_>) -> Result<bool, Fault> {
    Ok(!within.rows(HAS_ALIASES, &[]).await?.is_empty())
}

/// What `ids` joined, step by step: younger and older ids.
pub(super) async fn aliases(
    within: &Within<'_>,
    ids: impl IntoIterator<Item = ItemId>,
) -> Result<Vec<(ItemId, ItemId)>, Fault> {
    let mut known = Vec::new();
    let mut open: Vec<Uuid> = ids.into_iter().map(Uuid::from).collect();
    while !open.is_empty() {
        let rows = within.rows(OLDER, &[(&open, Type::UUID_ARRAY)]).await?;
        let found: Vec<(ItemId, ItemId)> = rows.iter().map(pair_of).collect();
        open = found.iter().map(|(_, older)| Uuid::from(*older)).collect();
        known.extend(found);
    }
    Ok(known)
}

pub(super) fn pair_of(row: &Row) -> (ItemId, ItemId) {
    (ItemId::from(row.get::<_, Uuid>(0)), ItemId::from(row.get::<_, Uuid>(1)))
}

/// The part of the library that `reads` names, whose log stands at `head`.
pub(super) async fn shelf(within: &Within<'_>, head: Head, reads: &Reads) -> Result<Shelf, Fault> {
    let has_aliases = has_aliases(within).await?;
    let mut loader = Loader { within, shelf: Shelf::at(head), has_aliases, seen: BTreeSet::new() };
    loader.load(reads).await?;
    if !reads.history.is_empty() {
        let mentioned = Reads::mentioned_in(loader.shelf.history.values());
        loader.load(&mentioned).await?;
    }
    Ok(loader.shelf)
}

struct Loader<'a> {
    within: &'a Within<'a>,
    shelf: Shelf,
    has_aliases: bool,
    seen: BTreeSet<ItemId>,
}

impl Loader<'_> {
    async fn load(&mut self, reads: &Reads) -> Result<(), Fault> {
        let mut items = reads.items.clone();
        items.extend(self.owners(NAME_OWNERS, &reads.tags).await?);
        self.items(items).await?;
        let mut bookmarks = reads.places.clone();
        bookmarks.extend(self.owners(URL_OWNERS, &reads.urls).await?);
        self.bookmarks(bookmarks).await?;
        self.notes(&reads.notes).await?;
        self.above(&reads.above).await?;
        self.standing(CHILDREN, &reads.children).await?;
        self.standing(TAILS, &reads.tails).await?;
        self.under(&reads.under).await?;
        self.history(&reads.history).await?;
        self.used(&reads.used, &reads.history).await
    }

    /// Loads `ids`, or the older items they joined; the ids they go by.
    async fn items(&mut self, ids: BTreeSet<ItemId>) -> Result<BTreeSet<ItemId>, Fault> {
        let ids = self.resolved(ids).await?;
        let mut wanted = ids.clone();
        loop {
            wanted.retain(|id| !self.seen.contains(id));
            if wanted.is_empty() {
                return Ok(ids);
            }
            let rows = self.rows(ITEMS, &uuids(&wanted)).await?;
            self.seen.extend(wanted);
            // A trashed tag may come back: then whoever has its name now must be in view.
            let mut names = BTreeSet::new();
            for row in &rows {
                let item = item_of(row)?;
                if item.kind == Kind::Tag && item.is_trashed() {
                    names.insert(folded(item.text(field::NAME)));
                }
                self.shelf.insert(item);
            }
            wanted = self.owners(NAME_OWNERS, &names).await?;
        }
    }

    async fn resolved(&mut self, ids: BTreeSet<ItemId>) -> Result<BTreeSet<ItemId>, Fault> {
        if !self.has_aliases {
            return Ok(ids);
        }
        for (younger, older) in aliases(self.within, ids.iter().copied()).await? {
            self.shelf.alias(younger, older);
        }
        Ok(ids.into_iter().map(|id| self.shelf.resolve(id)).collect())
    }

    /// Loads bookmarks with their places and the tags they bear.
    async fn bookmarks(&mut self, ids: BTreeSet<ItemId>) -> Result<(), Fault> {
        let mut ids = self.items(ids).await?;
        ids.retain(|id| self.shelf.item(*id).is_some_and(|item| item.kind == Kind::Bookmark));
        let items = ids.iter().filter_map(|id| self.shelf.item(*id));
        let tags: BTreeSet<ItemId> = items.flat_map(Item::tags).collect();
        self.items(tags).await?;
        let places = self.rows(PLACES, &uuids(&ids)).await?;
        self.take(&places)?;
        self.joined(&ids).await
    }

    /// Loads bookmarks and the notes about them.
    async fn notes(&mut self, ids: &BTreeSet<ItemId>) -> Result<(), Fault> {
        let ids = self.items(ids.clone()).await?;
        let notes = self.rows(NOTES, &uuids(&ids)).await?;
        self.take(&notes)?;
        self.joined(&ids).await
    }

    /// Places and notes name their bookmark by the id they were made with; it may have joined one of
    /// `ids`, or one that joined one of those.
    async fn joined(&mut self, ids: &BTreeSet<ItemId>) -> Result<(), Fault> {
        let mut open = if self.has_aliases { uuids(ids) } else { Vec::new() };
        while !open.is_empty() {
            let rows = self.rows(YOUNGER, &open).await?;
            open.clear();
            for (younger, older) in rows.iter().map(pair_of) {
                self.shelf.alias(younger, older);
                open.push(Uuid::from(younger));
            }
        }
        Ok(())
    }

    async fn above(&mut self, ids: &BTreeSet<ItemId>) -> Result<(), Fault> {
        let mut open = ids.clone();
        for _ in 0..=DEPTH_MAX {
            if open.is_empty() {
                break;
            }
            let level = self.items(open).await?;
            let items = level.iter().filter_map(|id| self.shelf.item(*id));
            open = items.filter_map(|item| item.reference(field::PARENT)).collect();
        }
        Ok(())
    }

    /// Loads what `sql` finds standing in `parents`; all of it, met before or not.
    async fn standing(
        &mut self,
        sql: &str,
        parents: &BTreeSet<Option<ItemId>>,
    ) -> Result<Vec<ItemId>, Fault> {
        let keys: Vec<Uuid> =
            parents.iter().map(|parent| parent.map_or(ROOT, Uuid::from)).collect();
        let rows = self.rows(sql, &keys).await?;
        self.take(&rows)?;
        Ok(rows.iter().map(id_of).collect())
    }

    async fn under(&mut self, folders: &BTreeSet<ItemId>) -> Result<(), Fault> {
        let mut open = self.items(folders.clone()).await?;
        let mut seen = open.clone();
        let mut bookmarks = BTreeSet::new();
        while !open.is_empty() {
            let parents = open.into_iter().map(Some).collect();
            open = BTreeSet::new();
            for child in self.standing(CHILDREN, &parents).await? {
                let Some(item) = self.shelf.item(child) else { continue };
                match item.kind {
                    Kind::Collection if seen.insert(child) => drop(open.insert(child)),
                    Kind::Place => bookmarks.extend(item.reference(field::BOOKMARK)),
                    _ => {}
                }
            }
        }
        self.bookmarks(bookmarks).await
    }

    async fn history(&mut self, ids: &BTreeSet<ItemId>) -> Result<(), Fault> {
        let ids = self.items(ids.clone()).await?;
        for row in &self.rows(ROWS, &uuids(&ids)).await? {
            let change = change_of(row)?;
            self.shelf.history.insert(change.seq, change);
        }
        Ok(())
    }

    /// Loads one living item that refers to each of `ids` and is not among `asked`, if there is
    /// one.
    async fn used(
        &mut self,
        ids: &BTreeSet<ItemId>,
        asked: &BTreeSet<ItemId>,
    ) -> Result<(), Fault> {
        let ids = self.items(ids.clone()).await?;
        let asked = uuids(asked);
        let mut found = BTreeSet::new();
        for (kind, sql) in [
            (Kind::Bookmark, USED_BOOKMARKS),
            (Kind::Tag, USED_TAGS),
            (Kind::Collection, USED_COLLECTIONS),
        ] {
            let is_kind = |id: &&ItemId| self.shelf.item(**id).is_some_and(|i| i.kind == kind);
            let own = uuids(ids.iter().filter(is_kind));
            if own.is_empty() {
                continue;
            }
            let of: [Bound<'_>; 2] = [(&own, Type::UUID_ARRAY), (&asked, Type::UUID_ARRAY)];
            found.extend(self.within.rows(sql, &of).await?.iter().map(id_of));
        }
        // Both may be named by an id that joined theirs.
        self.joined(&ids).await?;
        self.bookmarks(found).await
    }

    async fn owners(&self, sql: &str, texts: &BTreeSet<String>) -> Result<BTreeSet<ItemId>, Fault> {
        if texts.is_empty() {
            return Ok(BTreeSet::new());
        }
        let hashes: Vec<i64> = texts.iter().map(|text| hash64(text)).collect();
        let rows = self.within.rows(sql, &[(&hashes, Type::INT8_ARRAY)]).await?;
        Ok(rows.iter().map(id_of).collect())
    }

    async fn rows(&self, sql: &str, ids: &[Uuid]) -> Result<Vec<Row>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.within.rows(sql, &[(&ids, Type::UUID_ARRAY)]).await
    }

    fn take(&mut self, rows: &[Row]) -> Result<(), Fault> {
        for row in rows {
            if self.seen.insert(id_of(row)) {
                self.shelf.insert(item_of(row)?);
            }
        }
        Ok(())
    }
}
