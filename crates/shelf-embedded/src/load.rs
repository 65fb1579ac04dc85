//! Loads the part of a library that a decision or an answer has to see.

use crate::known::Known;
use crate::sql::{KindColumn, damaged, unsigned};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::canon::folded;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::listed::hash64;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Hlc;
use std::collections::{BTreeMap, BTreeSet};

/// The columns of a row of the log, for [`change_of`], and where they are from.
macro_rules! change_from {
    ($log:literal) => {
        concat!(
            "seq, at, d.id, n, hlc, base, a.id, item, kind, number, joined, also_hlc, body FROM ",
            $log,
            " JOIN devices d ON d.key = device JOIN acts a ON a.key = act"
        )
    };
}
pub(crate) use change_from;

/// An item as it is folded.
const ITEM: &str = "SELECT kind, registers FROM items WHERE library = ?1 AND id = ?2";
/// What an item joined.
const OLDER: &str = "SELECT older FROM aliases WHERE library = ?1 AND younger = ?2";
/// What joined an item.
const YOUNGER: &str = "SELECT younger FROM aliases WHERE library = ?1 AND older = ?2";
/// Owners of an address.
const URL_OWNERS: &str = "SELECT id FROM urls WHERE library = ?1 AND hash = ?2";
/// Owners of a name.
const NAME_OWNERS: &str = "SELECT id FROM names WHERE library = ?1 AND hash = ?2";
/// Every place of a bookmark.
const PLACES: &str =
    "SELECT id FROM children INDEXED BY children_bookmark WHERE library = ?1 AND bookmark = ?2";
/// Every note about a bookmark.
const NOTES: &str = "SELECT id FROM noted WHERE library = ?1 AND bookmark = ?2";
/// What stands in a collection.
const CHILDREN: &str = "SELECT id FROM children WHERE library = ?1 AND parent = ?2";
/// What stands last in a collection.
const TAIL: &str = "SELECT id FROM children WHERE library = ?1 AND parent = ?2
    ORDER BY ord DESC, id DESC LIMIT 1";
/// The rows of an item.
const ROWS: &str = concat!(
    "SELECT ",
    change_from!("log INDEXED BY log_item"),
    " WHERE log.library = ?1 AND item = ?2"
);
/// Living places of a bookmark.
const USED_BOOKMARK: &str = "SELECT id FROM children INDEXED BY children_bookmark
    WHERE library = ?1 AND bookmark = ?2 AND living";
/// Living bookmarks that bear a tag.
const USED_TAG: &str = "SELECT bookmark FROM tagged WHERE library = ?1 AND tag = ?2";
/// What lives in a collection.
const USED_COLLECTION: &str =
    "SELECT id FROM children WHERE library = ?1 AND parent = ?2 AND living";

/// What decisions are loaded by; a test holds that none walks a library.
#[cfg(test)]
pub(crate) const QUERIES: [(&str, &str); 13] = [
    ("item", ITEM),
    ("older", OLDER),
    ("younger", YOUNGER),
    ("owners of an address", URL_OWNERS),
    ("owners of a name", NAME_OWNERS),
    ("places", PLACES),
    ("notes", NOTES),
    ("children", CHILDREN),
    ("tail", TAIL),
    ("rows of an item", ROWS),
    ("users of a bookmark", USED_BOOKMARK),
    ("users of a tag", USED_TAG),
    ("users of a collection", USED_COLLECTION),
];

/// The small key of a library in this database.
pub(crate) type LibraryKey = i64;

/// The key of the library `scope` names, if it is there and of that tenant.
pub(crate) fn library_key(
    connection: &Connection,
    scope: Scope,
) -> rusqlite::Result<Option<LibraryKey>> {
    connection
        .prepare_cached("SELECT key FROM libraries WHERE id = ?1 AND tenant = ?2")?
        .query_row(params![scope.library.to_bytes(), scope.tenant.to_bytes()], |row| row.get(0))
        .optional()
}

/// Where the log of `library` stands.
pub(crate) fn head(connection: &Connection, library: LibraryKey) -> rusqlite::Result<Head> {
    connection
        .prepare_cached("SELECT epoch, seq, floor, hlc, at, numbers FROM libraries WHERE key = ?1")?
        .query_row([library], |row| {
            let numbers: String = row.get(5)?;
            Ok(Head {
                epoch: row.get(0)?,
                seq: unsigned(row.get(1)?),
                floor: unsigned(row.get(2)?),
                hlc: Hlc::from_bits(unsigned(row.get(3)?)),
                at: row.get(4)?,
                numbers: serde_json::from_str(&numbers).map_err(|_| damaged("the numbers"))?,
            })
        })
}

/// Reads one row of the log in the columns of [`change_from`].
pub(crate) fn change_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Change> {
    let body: Vec<u8> = row.get(12)?;
    let joined: Option<[u8; 16]> = row.get(10)?;
    let also_hlc: Option<i64> = row.get(11)?;
    let change = Change {
        seq: unsigned(row.get(0)?),
        at: row.get(1)?,
        device: DeviceId::from_bytes(row.get(2)?),
        n: unsigned(row.get(3)?),
        hlc: Hlc::from_bits(unsigned(row.get(4)?)),
        base: unsigned(row.get(5)?),
        act: ActId::from_bytes(row.get(6)?),
        item: ItemId::from_bytes(row.get(7)?),
        kind: row.get::<_, KindColumn>(8)?.0,
        number: row.get(9)?,
        joined: joined.map(ItemId::from_bytes),
        set: BTreeMap::new(),
        also: BTreeMap::new(),
        also_hlc: also_hlc.map(|hlc| Hlc::from_bits(unsigned(hlc))),
    };
    change.with_body(&body).ok_or_else(|| damaged("the body of a change"))
}

/// The folded item `id`, not looking through aliases.
pub(crate) fn item(
    connection: &Connection,
    library: LibraryKey,
    id: ItemId,
) -> rusqlite::Result<Option<Item>> {
    connection
        .prepare_cached(ITEM)?
        .query_row(params![library, id.to_bytes()], |row| {
            let kind = row.get::<_, KindColumn>(0)?.0;
            Item::unpack(id, kind, row.get_ref(1)?.as_blob()?).ok_or_else(|| damaged("an item"))
        })
        .optional()
}

/// A collection in `children.parent`; the root is empty.
pub(crate) fn parent_key(parent: Option<ItemId>) -> Vec<u8> {
    parent.map_or(vec![], |id| id.to_bytes().to_vec())
}

/// Whether anything in `library` ever joined something.
pub(crate) fn has_aliases(connection: &Connection, library: LibraryKey) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM aliases WHERE library = ?1)")?
        .query_row([library], |row| row.get(0))
}

/// The item that `younger` joined, one step.
pub(crate) fn older(
    connection: &Connection,
    library: LibraryKey,
    younger: ItemId,
) -> rusqlite::Result<Option<ItemId>> {
    connection
        .prepare_cached(OLDER)?
        .query_row(params![library, younger.to_bytes()], |row| row.get(0).map(ItemId::from_bytes))
        .optional()
}

/// The part of `library` that `reads` names.
pub(crate) fn shelf(
    connection: &Connection,
    library: LibraryKey,
    reads: &Reads,
) -> rusqlite::Result<Shelf> {
    let head = head(connection, library)?;
    Loader::new(connection, library, head, None)?.loaded(reads)
}

/// The same for an answer: tags and collections that are `known` are not read again.
pub(crate) fn shown(
    connection: &Connection,
    library: LibraryKey,
    reads: &Reads,
    known: &Known,
) -> rusqlite::Result<Shelf> {
    let head = head(connection, library)?;
    known.catch_up(connection, library, head.seq)?;
    Loader::new(connection, library, head, Some(known))?.loaded(reads)
}

struct Loader<'a> {
    connection: &'a Connection,
    library: LibraryKey,
    known: Option<&'a Known>,
    shelf: Shelf,
    has_aliases: bool,
    seen: BTreeSet<ItemId>,
}

impl<'a> Loader<'a> {
    fn new(
        connection: &'a Connection,
        library: LibraryKey,
        head: Head,
        known: Option<&'a Known>,
    ) -> rusqlite::Result<Self> {
        let shelf = Shelf::at(head);
        let has_aliases = has_aliases(connection, library)?;
        Ok(Self { connection, library, known, shelf, has_aliases, seen: BTreeSet::new() })
    }

    fn loaded(mut self, reads: &Reads) -> rusqlite::Result<Shelf> {
        self.load(reads)?;
        Ok(self.shelf)
    }

    fn load(&mut self, reads: &Reads) -> rusqlite::Result<()> {
        for id in &reads.items {
            self.item(*id)?;
        }
        for url in &reads.urls {
            for owner in self.owners(URL_OWNERS, url)? {
                self.bookmark(owner)?;
            }
        }
        for name in &reads.tags {
            self.named(name)?;
        }
        for bookmark in &reads.places {
            self.bookmark(*bookmark)?;
        }
        for bookmark in &reads.notes {
            self.notes(*bookmark)?;
        }
        for id in &reads.above {
            self.above(*id)?;
        }
        for parent in &reads.children {
            self.children(*parent)?;
        }
        for parent in &reads.tails {
            self.tail(*parent)?;
        }
        for id in &reads.under {
            self.under(*id)?;
        }
        for id in &reads.history {
            self.history(*id)?;
        }
        for id in &reads.used {
            self.used(*id, &reads.history)?;
        }
        if !reads.history.is_empty() {
            self.load(&Reads::mentioned_in(self.shelf.history.values()))?;
        }
        Ok(())
    }

    /// Loads `id`, or the older item it joined; the id it goes by.
    fn item(&mut self, id: ItemId) -> rusqlite::Result<ItemId> {
        let mut at = id;
        while self.has_aliases {
            let Some(older) = older(self.connection, self.library, at)? else { break };
            self.shelf.alias(at, older);
            at = older;
        }
        if self.seen.insert(at)
            && let Some(item) = self.read(at)?
        {
            // A trashed tag may come back: then whoever has its name now must be in view.
            let name = (item.kind == Kind::Tag && item.is_trashed())
                .then(|| folded(item.text(field::NAME)));
            self.shelf.insert(item);
            if let Some(name) = name {
                self.named(&name)?;
            }
        }
        Ok(at)
    }

    fn read(&self, id: ItemId) -> rusqlite::Result<Option<Item>> {
        let seq = self.shelf.head.seq;
        if let Some(item) = self.known.and_then(|known| known.item(self.library, seq, id)) {
            return Ok(Some(item));
        }
        let item = item(self.connection, self.library, id)?;
        if let (Some(known), Some(item)) = (self.known, &item) {
            known.keep_item(self.library, seq, item);
        }
        Ok(item)
    }

    /// Loads the living tags of a folded name.
    fn named(&mut self, name: &str) -> rusqlite::Result<()> {
        for owner in self.owners(NAME_OWNERS, name)? {
            self.item(owner)?;
        }
        Ok(())
    }

    /// Loads a bookmark with its places and the tags it bears.
    fn bookmark(&mut self, id: ItemId) -> rusqlite::Result<()> {
        let id = self.item(id)?;
        let Some(item) = self.shelf.item(id).filter(|item| item.kind == Kind::Bookmark) else {
            return Ok(());
        };
        let tags: Vec<ItemId> = item.tags().collect();
        for tag in tags {
            self.item(tag)?;
        }
        for place in self.ids(PLACES, &id.to_bytes())? {
            self.item(place)?;
        }
        self.joined(id)
    }

    /// Loads a bookmark and the notes about it.
    fn notes(&mut self, id: ItemId) -> rusqlite::Result<()> {
        let id = self.item(id)?;
        for note in self.ids(NOTES, &id.to_bytes())? {
            self.item(note)?;
        }
        self.joined(id)
    }

    /// Places and notes name their bookmark by the id they were made with; it may have joined this
    /// one, or one that joined this one.
    fn joined(&mut self, id: ItemId) -> rusqlite::Result<()> {
        let mut open = if self.has_aliases { vec![id] } else { Vec::new() };
        while let Some(older) = open.pop() {
            for younger in self.ids(YOUNGER, &older.to_bytes())? {
                self.shelf.alias(younger, older);
                open.push(younger);
            }
        }
        Ok(())
    }

    fn above(&mut self, id: ItemId) -> rusqlite::Result<()> {
        let mut at = Some(id);
        let mut steps = 0;
        while let Some(id) = at {
            let id = self.item(id)?;
            at = self.shelf.item(id).and_then(|item| item.reference(field::PARENT));
            steps += 1;
            if steps > shelf_domain::limits::DEPTH_MAX {
                break;
            }
        }
        Ok(())
    }

    fn children(&mut self, parent: Option<ItemId>) -> rusqlite::Result<Vec<ItemId>> {
        let ids = self.ids(CHILDREN, &parent_key(parent))?;
        for id in &ids {
            self.item(*id)?;
        }
        Ok(ids)
    }

    fn tail(&mut self, parent: Option<ItemId>) -> rusqlite::Result<()> {
        let ids = self.ids(TAIL, &parent_key(parent))?;
        ids.into_iter().try_for_each(|id| self.item(id).map(drop))
    }

    fn under(&mut self, folder: ItemId) -> rusqlite::Result<()> {
        let mut open = vec![self.item(folder)?];
        let mut seen: BTreeSet<ItemId> = open.iter().copied().collect();
        while let Some(parent) = open.pop() {
            for child in self.children(Some(parent))? {
                let Some(item) = self.shelf.item(child) else { continue };
                match item.kind {
                    Kind::Collection if seen.insert(child) => open.push(child),
                    Kind::Place => {
                        if let Some(bookmark) = item.reference(field::BOOKMARK) {
                            self.bookmark(bookmark)?;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn history(&mut self, id: ItemId) -> rusqlite::Result<()> {
        let id = self.item(id)?;
        let mut statement = self.connection.prepare_cached(ROWS)?;
        for row in statement.query_map(params![self.library, id.to_bytes()], change_of)? {
            let row = row?;
            self.shelf.history.insert(row.seq, row);
        }
        Ok(())
    }

    /// Loads one living item that refers to `id` and is not among `asked`, if there is one.
    fn used(&mut self, id: ItemId, asked: &BTreeSet<ItemId>) -> rusqlite::Result<()> {
        let id = self.item(id)?;
        let sql = match self.shelf.item(id).map(|item| &item.kind) {
            Some(Kind::Bookmark) => USED_BOOKMARK,
            Some(Kind::Tag) => USED_TAG,
            Some(Kind::Collection) => USED_COLLECTION,
            _ => return Ok(()),
        };
        let found = {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![self.library, id.to_bytes()])?;
            loop {
                let Some(row) = rows.next()? else { break None };
                let referrer = ItemId::from_bytes(row.get(0)?);
                if !asked.contains(&referrer) {
                    break Some(referrer);
                }
            }
        };
        // Both may be named by an id that joined theirs.
        self.joined(id)?;
        found.map_or(Ok(()), |referrer| self.bookmark(referrer))
    }

    fn owners(&self, sql: &str, text: &str) -> rusqlite::Result<Vec<ItemId>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.library, hash64(text)], |row| {
            row.get(0).map(ItemId::from_bytes)
        })?;
        rows.collect()
    }

    fn ids(&self, sql: &str, key: &[u8]) -> rusqlite::Result<Vec<ItemId>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![self.library, key], |row| row.get(0).map(ItemId::from_bytes))?;
        rows.collect()
    }
}
