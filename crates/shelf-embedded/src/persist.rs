//! Writes decided rows: the log, and the state folded from it.

use crate::load::{self, LibraryKey};
use crate::sql::{KindColumn, hash64, signed};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::{Shelf, canon_of, tag_name_of};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Bits of `shown.flags`.
pub(crate) mod flag {
    /// Still to be read.
    pub(crate) const UNREAD: i64 = 1;
    /// A favourite.
    pub(crate) const FAVOURITE: i64 = 2;
    /// Archived.
    pub(crate) const ARCHIVED: i64 = 4;
    /// Stands in a collection.
    pub(crate) const PLACED: i64 = 8;
}

/// Appends `rows` to the log and brings the folded state to `shelf`, which has them folded in.
pub(crate) fn rows(
    connection: &Connection,
    library: LibraryKey,
    rows: &[Change],
    shelf: &Shelf,
) -> rusqlite::Result<()> {
    append(connection, library, rows)?;
    put_head(connection, library, &shelf.head)?;
    for row in rows.iter().filter(|row| row.set.keys().any(|r| r.as_str() == field::PURGED)) {
        blank(connection, library, row)?;
    }
    let state = State::of(connection, library, shelf)?;
    for row in rows {
        if let Some(younger) = row.joined {
            state.alias(younger, row.item)?;
        }
    }
    let touched: BTreeSet<ItemId> = rows.iter().map(|row| shelf.resolve(row.item)).collect();
    let oldest = rows.first().map_or(u64::MAX, |row| row.seq);
    let mut regarded = BTreeSet::new();
    for id in touched {
        if let Some(item) = shelf.item(id) {
            let is_new = item.created_seq >= oldest;
            let before = if is_new { None } else { load::item(connection, library, id)? };
            state.put(before.as_ref(), item, &mut regarded)?;
        }
    }
    regarded.into_iter().try_for_each(|bookmark| state.regard_placed(bookmark))
}

/// Folds `shelf` into an empty state: after a refold.
pub(crate) fn whole(
    connection: &Connection,
    library: LibraryKey,
    shelf: &Shelf,
) -> rusqlite::Result<()> {
    let state = State::of(connection, library, shelf)?;
    for (younger, older) in shelf.aliases() {
        state.alias(younger, older)?;
    }
    let mut regarded = BTreeSet::new();
    for item in shelf.items() {
        state.put(None, item, &mut regarded)?;
    }
    regarded.into_iter().try_for_each(|bookmark| state.regard_placed(bookmark))
}

/// Forgets everything that is folded from the log.
pub(crate) fn forget(connection: &Connection, library: LibraryKey) -> rusqlite::Result<()> {
    for table in ["items", "aliases", "urls", "names", "shown", "tagged", "children", "trashed"] {
        connection.execute(&format!("DELETE FROM {table} WHERE library = ?1"), [library])?;
    }
    Ok(())
}

fn append(connection: &Connection, library: LibraryKey, rows: &[Change]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    let mut devices = BTreeMap::new();
    let mut acts: BTreeMap<ActId, (i64, u64, u64, i64)> = BTreeMap::new();
    for row in rows {
        if let Entry::Vacant(entry) = devices.entry(row.device) {
            entry.insert(device_key(connection, row.device)?);
        }
        if let Entry::Vacant(entry) = acts.entry(row.act) {
            let key = act_key(connection, library, row.act, row.seq)?;
            entry.insert((key, row.seq, row.seq, 0));
        }
        let act = acts.get_mut(&row.act).map_or(0, |(key, _, last, rows)| {
            *last = row.seq;
            *rows += 1;
            *key
        });
        insert.execute(params![
            library,
            signed(row.seq),
            row.at,
            devices.get(&row.device),
            signed(row.n),
            signed(row.hlc.bits()),
            signed(row.base),
            act,
            row.item.to_bytes(),
            KindColumn(row.kind.clone()),
            row.number,
            row.joined.map(ItemId::to_bytes),
            row.also_hlc.map(|hlc| signed(hlc.bits())),
            row.body(),
        ])?;
    }
    let mut update =
        connection.prepare_cached("UPDATE acts SET last = ?2, rows = rows + ?3 WHERE key = ?1")?;
    for (key, _, last, rows) in acts.into_values() {
        update.execute(params![key, signed(last), rows])?;
    }
    Ok(())
}

/// The small key of a device, given at its first row.
pub(crate) fn device_key(connection: &Connection, device: DeviceId) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT key FROM devices WHERE id = ?1")?
        .query_row([device.to_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    connection
        .prepare_cached("INSERT INTO devices (id) VALUES (?1)")?
        .execute([device.to_bytes()])?;
    Ok(connection.last_insert_rowid())
}

fn act_key(
    connection: &Connection,
    library: LibraryKey,
    act: ActId,
    first: u64,
) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT key FROM acts WHERE library = ?1 AND id = ?2")?
        .query_row(params![library, act.to_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    connection
        .prepare_cached(
            "INSERT INTO acts (library, id, first, last, rows) VALUES (?1, ?2, ?3, ?3, 0)",
        )?
        .execute(params![library, act.to_bytes(), signed(first)])?;
    Ok(connection.last_insert_rowid())
}

fn put_head(connection: &Connection, library: LibraryKey, head: &Head) -> rusqlite::Result<()> {
    let numbers = serde_json::to_string(&head.numbers)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    connection
        .prepare_cached(
            "UPDATE libraries SET seq = ?2, hlc = ?3, at = ?4, numbers = ?5,
             stirred = 1 + (SELECT max(stirred) FROM libraries) WHERE key = ?1",
        )?
        .execute(params![library, signed(head.seq), signed(head.hlc.bits()), head.at, numbers])?;
    Ok(())
}

/// The earlier bodies of a purged item, and of those that joined it, are blanked; the envelopes
/// stay.
fn blank(connection: &Connection, library: LibraryKey, row: &Change) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "WITH RECURSIVE same(id) AS (
                 VALUES (?2) UNION
                 SELECT younger FROM same JOIN aliases ON library = ?1 AND older = same.id)
             UPDATE log SET body = x'' WHERE library = ?1 AND seq < ?3 AND item IN same",
        )?
        .execute(params![library, row.item.to_bytes(), signed(row.seq)])?;
    Ok(())
}

/// Parent (empty at the root), order, bookmark of a place, whether it lives.
type Child = (Vec<u8>, String, Option<[u8; 16]>, bool);

/// The rows of lists and look-ups one item stands for.
#[derive(Default, PartialEq, Eq)]
struct Entries {
    url: Option<i64>,
    name: Option<i64>,
    child: Option<Child>,
    shown: Option<(i64, u32, i64)>,
    tagged: BTreeSet<[u8; 16]>,
    trashed: Option<i64>,
}

struct State<'a> {
    connection: &'a Connection,
    library: LibraryKey,
    shelf: &'a Shelf,
    has_aliases: bool,
}

impl<'a> State<'a> {
    fn of(
        connection: &'a Connection,
        library: LibraryKey,
        shelf: &'a Shelf,
    ) -> rusqlite::Result<Self> {
        let has_aliases = load::has_aliases(connection, library)?;
        Ok(Self { connection, library, shelf, has_aliases })
    }

    /// The id `id` goes by: lists follow aliases even where the decision did not have to.
    fn resolve(&self, id: ItemId) -> rusqlite::Result<[u8; 16]> {
        let mut at = self.shelf.resolve(id);
        if self.has_aliases {
            while let Some(older) = load::older(self.connection, self.library, at)? {
                at = self.shelf.resolve(older);
            }
        }
        Ok(at.to_bytes())
    }

    fn put(
        &self,
        before: Option<&Item>,
        item: &Item,
        regarded: &mut BTreeSet<[u8; 16]>,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO items VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                self.library,
                item.id.to_bytes(),
                KindColumn(item.kind.clone()),
                item.pack()
            ])?;
        let was = before.map(|before| self.entries(before)).transpose()?.unwrap_or_default();
        let is = self.entries(item)?;
        if was == is {
            return Ok(());
        }
        for child in [&was.child, &is.child].into_iter().flatten() {
            regarded.extend(child.2);
        }
        if item.kind == Kind::Bookmark && before.is_some() {
            regarded.insert(item.id.to_bytes());
        }
        self.take_out(item.id, &was, &is)?;
        self.put_in(item.id, &was, &is)
    }

    fn entries(&self, item: &Item) -> rusqlite::Result<Entries> {
        let mut entries = Entries::default();
        match item.kind {
            Kind::Bookmark => {
                entries.url = canon_of(item).map(|url| hash64(&url));
                if item.is_living() {
                    let flags = i64::from(item.flag(field::UNREAD)) * flag::UNREAD
                        + i64::from(item.flag(field::FAVOURITE)) * flag::FAVOURITE
                        + i64::from(item.get(field::ARCHIVED_AT).is_some()) * flag::ARCHIVED;
                    let created = item.int(field::CREATED_AT).unwrap_or_default();
                    entries.shown = Some((created, item.number, flags));
                    entries.tagged =
                        item.tags().map(|tag| self.resolve(tag)).collect::<Result<_, _>>()?;
                }
            }
            Kind::Tag => entries.name = tag_name_of(item).map(|name| hash64(&name)),
            Kind::Place | Kind::Collection if !item.is_purged() => {
                let resolved = |name| item.reference(name).map(|id| self.resolve(id)).transpose();
                let parent = resolved(field::PARENT)?;
                let bookmark = resolved(field::BOOKMARK)?;
                let order = item.text(field::ORDER).to_owned();
                let parent = parent.map_or(vec![], |id| id.to_vec());
                entries.child = Some((parent, order, bookmark, item.is_living()));
            }
            _ => {}
        }
        if !item.is_purged() {
            entries.trashed = item.int(field::TRASHED_AT);
        }
        Ok(entries)
    }

    fn take_out(&self, id: ItemId, was: &Entries, is: &Entries) -> rusqlite::Result<()> {
        let (library, id) = (self.library, id.to_bytes());
        let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            self.connection.prepare_cached(sql)?.execute(params).map(drop)
        };
        if let Some(hash) = was.url.filter(|_| was.url != is.url) {
            run(
                "DELETE FROM urls WHERE library = ?1 AND hash = ?2 AND id = ?3",
                params![library, hash, id],
            )?;
        }
        if let Some(hash) = was.name.filter(|_| was.name != is.name) {
            run(
                "DELETE FROM names WHERE library = ?1 AND hash = ?2 AND id = ?3",
                params![library, hash, id],
            )?;
        }
        if let Some((parent, order, ..)) = was.child.as_ref().filter(|_| was.child != is.child) {
            run(
                "DELETE FROM children WHERE library = ?1 AND parent = ?2 AND ord = ?3 AND id = ?4",
                params![library, parent, order, id],
            )?;
        }
        if was.shown.is_some() && is.shown.is_none() {
            run("DELETE FROM shown WHERE library = ?1 AND id = ?2", params![library, id])?;
        }
        for tag in was.tagged.difference(&is.tagged) {
            run(
                "DELETE FROM tagged WHERE library = ?1 AND tag = ?2 AND bookmark = ?3",
                params![library, tag, id],
            )?;
        }
        if let Some(at) = was.trashed.filter(|_| was.trashed != is.trashed) {
            run(
                "DELETE FROM trashed WHERE library = ?1 AND at = ?2 AND id = ?3",
                params![library, at, id],
            )?;
        }
        Ok(())
    }

    fn put_in(&self, id: ItemId, was: &Entries, is: &Entries) -> rusqlite::Result<()> {
        let (library, id) = (self.library, id.to_bytes());
        let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            self.connection.prepare_cached(sql)?.execute(params).map(drop)
        };
        if let Some(hash) = is.url.filter(|_| was.url != is.url) {
            run("INSERT OR IGNORE INTO urls VALUES (?1, ?2, ?3)", params![library, hash, id])?;
        }
        if let Some(hash) = is.name.filter(|_| was.name != is.name) {
            run("INSERT OR IGNORE INTO names VALUES (?1, ?2, ?3)", params![library, hash, id])?;
        }
        if let Some((parent, order, bookmark, living)) =
            is.child.as_ref().filter(|_| was.child != is.child)
        {
            run(
                "INSERT OR REPLACE INTO children VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![library, parent, order, id, bookmark, living],
            )?;
        }
        if let Some((created, number, flags)) = is.shown.filter(|_| was.shown != is.shown) {
            run(
                "INSERT OR REPLACE INTO shown VALUES (?1, ?2, ?3, ?4, ?5)",
                params![library, id, created, number, flags],
            )?;
        }
        for tag in is.tagged.difference(&was.tagged) {
            run("INSERT OR IGNORE INTO tagged VALUES (?1, ?2, ?3)", params![library, tag, id])?;
        }
        if let Some(at) = is.trashed.filter(|_| was.trashed != is.trashed) {
            run("INSERT OR IGNORE INTO trashed VALUES (?1, ?2, ?3)", params![library, at, id])?;
        }
        Ok(())
    }

    /// Brings the "in a collection" flag of a bookmark up to date.
    fn regard_placed(&self, bookmark: [u8; 16]) -> rusqlite::Result<()> {
        let placed = flag::PLACED;
        self.connection
            .prepare_cached(&format!(
                "UPDATE shown SET flags = (flags & ~{placed}) | (CASE WHEN EXISTS (
                    SELECT 1 FROM children c INDEXED BY children_bookmark
                    WHERE c.library = ?1 AND c.bookmark = ?2
                    AND c.living AND c.parent <> x'') THEN {placed} ELSE 0 END)
                 WHERE library = ?1 AND id = ?2"
            ))?
            .execute(params![self.library, bookmark])?;
        Ok(())
    }

    /// `younger` joined `older`: its rows in lists become the other's.
    fn alias(&self, younger: ItemId, older: ItemId) -> rusqlite::Result<()> {
        let older = self.resolve(older)?;
        if let Some(item) = load::item(self.connection, self.library, younger)? {
            self.take_out(younger, &self.entries(&item)?, &Entries::default())?;
        }
        let younger = younger.to_bytes();
        let ids = params![self.library, younger, older];
        for sql in [
            "INSERT OR REPLACE INTO aliases VALUES (?1, ?2, ?3)",
            "INSERT OR IGNORE INTO tagged
             SELECT library, ?3, bookmark FROM tagged WHERE library = ?1 AND tag = ?2",
            "UPDATE children SET bookmark = ?3 WHERE library = ?1 AND bookmark = ?2",
        ] {
            self.connection.prepare_cached(sql)?.execute(ids)?;
        }
        for sql in [
            "DELETE FROM tagged WHERE library = ?1 AND tag = ?2",
            "DELETE FROM items WHERE library = ?1 AND id = ?2",
        ] {
            self.connection.prepare_cached(sql)?.execute(params![self.library, younger])?;
        }
        self.regard_placed(older)
    }
}
