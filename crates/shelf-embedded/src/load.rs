//! Loads the part of a library that a decision or an answer has to see.

use crate::sql::{KindColumn, damaged, hash64, unsigned};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::canon::folded;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Hlc;
use std::collections::{BTreeMap, BTreeSet};

/// The small key of a library in this database.
pub(crate) type LibraryKey = i64;

macro_rules! change_from {
    ($log:literal) => {
        concat!(
            "seq, at, d.id, n, hlc, base, a.id, item, kind, number, joined, also_hlc, body FROM ",
            $log,
            " JOIN devices d ON d.key = device JOIN acts a ON a.key = act"
        )
    };
}

/// The columns of a row of the log, for [`change_of`].
pub(crate) const CHANGE: &str = change_from!("log");
/// The same, found by item: without statistics the planner would walk the whole log instead.
pub(crate) const CHANGE_OF_ITEM: &str = change_from!("log INDEXED BY log_item");

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

/// Reads one row of the log in the columns of [`CHANGE`].
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
        .prepare_cached("SELECT kind, registers FROM items WHERE library = ?1 AND id = ?2")?
        .query_row(params![library, id.to_bytes()], |row| {
            let kind = row.get::<_, KindColumn>(0)?.0;
            Item::unpack(id, kind, row.get_ref(1)?.as_blob()?).ok_or_else(|| damaged("an item"))
        })
        .optional()
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
        .prepare_cached("SELECT older FROM aliases WHERE library = ?1 AND younger = ?2")?
        .query_row(params![library, younger.to_bytes()], |row| row.get(0).map(ItemId::from_bytes))
        .optional()
}

/// The part of `library` that `reads` names.
pub(crate) fn shelf(
    connection: &Connection,
    library: LibraryKey,
    reads: &Reads,
) -> rusqlite::Result<Shelf> {
    let shelf = Shelf::at(head(connection, library)?);
    let mut loader =
        Loader { connection, library, shelf, has_aliases: false, seen: BTreeSet::new() };
    loader.has_aliases = has_aliases(connection, library)?;
    loader.load(reads)?;
    Ok(loader.shelf)
}

struct Loader<'a> {
    connection: &'a Connection,
    library: LibraryKey,
    shelf: Shelf,
    has_aliases: bool,
    seen: BTreeSet<ItemId>,
}

impl Loader<'_> {
    fn load(&mut self, reads: &Reads) -> rusqlite::Result<()> {
        for id in &reads.items {
            self.item(*id)?;
        }
        for url in &reads.urls {
            for owner in self.owners("SELECT id FROM urls WHERE library = ?1 AND hash = ?2", url)? {
                self.bookmark(owner)?;
            }
        }
        for name in &reads.tags {
            self.named(name)?;
        }
        for bookmark in &reads.places {
            self.bookmark(*bookmark)?;
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
            && let Some(item) = item(self.connection, self.library, at)?
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

    /// Loads the living tags of a folded name.
    fn named(&mut self, name: &str) -> rusqlite::Result<()> {
        for owner in self.owners("SELECT id FROM names WHERE library = ?1 AND hash = ?2", name)? {
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
        for place in self
            .ids("SELECT id FROM children WHERE library = ?1 AND bookmark = ?2", &id.to_bytes())?
        {
            self.item(place)?;
        }
        // Places name their bookmark by the id they were made with; it may have joined this one.
        if self.has_aliases {
            let joined = self.ids(
                "SELECT younger FROM aliases WHERE library = ?1 AND older = ?2",
                &id.to_bytes(),
            )?;
            for younger in joined {
                self.shelf.alias(younger, id);
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
        let key = parent.map_or(vec![], |id| id.to_bytes().to_vec());
        let ids = self.ids("SELECT id FROM children WHERE library = ?1 AND parent = ?2", &key)?;
        for id in &ids {
            self.item(*id)?;
        }
        Ok(ids)
    }

    fn tail(&mut self, parent: Option<ItemId>) -> rusqlite::Result<()> {
        let key = parent.map_or(vec![], |id| id.to_bytes().to_vec());
        let last = self.ids(
            "SELECT id FROM children WHERE library = ?1 AND parent = ?2
             ORDER BY ord DESC, id DESC LIMIT 1",
            &key,
        )?;
        last.into_iter().try_for_each(|id| self.item(id).map(drop))
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
        self.bookmark(id)?;
        let mut ids = vec![id];
        if self.shelf.item(id).is_some_and(|item| item.kind == Kind::Collection) {
            ids.extend(self.children(Some(id))?);
        } else {
            ids.extend(self.shelf.places_of(id).into_iter().map(|place| place.id));
        }
        for id in ids {
            let sql = format!("SELECT {CHANGE_OF_ITEM} WHERE log.library = ?1 AND item = ?2");
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![self.library, id.to_bytes()], change_of)?;
            for row in rows {
                let row = row?;
                self.shelf.history.insert(row.seq, row);
            }
        }
        Ok(())
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
