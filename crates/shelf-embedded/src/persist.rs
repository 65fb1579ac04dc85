//! Writes decided rows: the log, and the state folded from it.

use crate::load::{self, LibraryKey};
use crate::sql::{KindColumn, signed};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::listed::{Listed, flag};
use shelf_domain::shelf::Shelf;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

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

/// The collections a bookmark stands in.
const STANDS_IN: &str = "SELECT parent FROM children INDEXED BY children_bookmark
    WHERE library = ?1 AND bookmark = ?2 AND living AND parent <> x''";
/// The bookmarks that stand in a collection.
const STAND_IN: &str = "SELECT bookmark FROM children
    WHERE library = ?1 AND parent = ?2 AND living AND bookmark IS NOT NULL";

/// What is folded from the log.
const FOLDED: [&str; 10] = [
    "items", "aliases", "urls", "names", "shown", "tagged", "children", "trashed", "noted", "apart",
];

/// Forgets everything that is folded from the log.
pub(crate) fn forget(connection: &Connection, library: LibraryKey) -> rusqlite::Result<()> {
    for table in FOLDED {
        connection.execute(&format!("DELETE FROM {table} WHERE library = ?1"), [library])?;
    }
    Ok(())
}

pub(crate) fn append(
    connection: &Connection,
    library: LibraryKey,
    rows: &[Change],
) -> rusqlite::Result<()> {
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

pub(crate) fn put_head(
    connection: &Connection,
    library: LibraryKey,
    head: &Head,
) -> rusqlite::Result<()> {
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
    fn resolve(&self, id: ItemId) -> rusqlite::Result<ItemId> {
        let mut at = self.shelf.resolve(id);
        if self.has_aliases {
            while let Some(older) = load::older(self.connection, self.library, at)? {
                at = self.shelf.resolve(older);
            }
        }
        Ok(at)
    }

    fn put(
        &self,
        before: Option<&Item>,
        item: &Item,
        regarded: &mut BTreeSet<ItemId>,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO items VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                self.library,
                item.id.to_bytes(),
                KindColumn(item.kind.clone()),
                item.pack()
            ])?;
        let was = before.map(|before| self.listed(before)).transpose()?.unwrap_or_default();
        let is = self.listed(item)?;
        if was == is {
            return Ok(());
        }
        for child in [&was.child, &is.child].into_iter().flatten() {
            regarded.extend(child.bookmark);
        }
        if item.kind == Kind::Bookmark && before.is_some() {
            regarded.insert(item.id);
        }
        let lives = |listed: &Listed| listed.child.as_ref().is_some_and(|child| child.is_living);
        if item.kind == Kind::Collection && before.is_some() && lives(&was) != lives(&is) {
            regarded.extend(self.standing_in(item.id)?);
        }
        self.take_out(item.id, &was, &is)?;
        self.put_in(item.id, &was, &is)
    }

    fn listed(&self, item: &Item) -> rusqlite::Result<Listed> {
        Listed::of(item, |id| self.resolve(id))
    }

    fn take_out(&self, id: ItemId, was: &Listed, is: &Listed) -> rusqlite::Result<()> {
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
        if let Some(child) = was.child.as_ref().filter(|_| was.child != is.child) {
            run(
                "DELETE FROM children WHERE library = ?1 AND parent = ?2 AND ord = ?3 AND id = ?4",
                params![library, load::parent_key(child.parent), child.order, id],
            )?;
        }
        if was.shown.is_some() && is.shown.is_none() {
            run("DELETE FROM shown WHERE library = ?1 AND id = ?2", params![library, id])?;
        }
        for tag in was.tags.difference(&is.tags) {
            run(
                "DELETE FROM tagged WHERE library = ?1 AND tag = ?2 AND bookmark = ?3",
                params![library, tag.to_bytes(), id],
            )?;
        }
        if let Some(at) = was.trashed_at.filter(|_| was.trashed_at != is.trashed_at) {
            run(
                "DELETE FROM trashed WHERE library = ?1 AND at = ?2 AND id = ?3",
                params![library, at, id],
            )?;
        }
        if let Some(note) = was.note.filter(|_| was.note != is.note) {
            run(
                "DELETE FROM noted WHERE library = ?1 AND bookmark = ?2 AND id = ?3",
                params![library, note.bookmark.to_bytes(), id],
            )?;
        }
        if was.has_copies && !is.has_copies {
            run("DELETE FROM apart WHERE library = ?1 AND id = ?2", params![library, id])?;
        }
        Ok(())
    }

    fn put_in(&self, id: ItemId, was: &Listed, is: &Listed) -> rusqlite::Result<()> {
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
        if let Some(child) = is.child.as_ref().filter(|_| was.child != is.child) {
            let (parent, bookmark) =
                (load::parent_key(child.parent), child.bookmark.map(ItemId::to_bytes));
            run(
                "INSERT OR REPLACE INTO children VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![library, parent, child.order, id, bookmark, child.is_living],
            )?;
        }
        if let Some(shown) = is.shown.filter(|_| was.shown != is.shown) {
            run(
                "INSERT OR REPLACE INTO shown VALUES (?1, ?2, ?3, ?4, ?5)",
                params![library, id, shown.created_at, shown.number, shown.flags],
            )?;
        }
        for tag in is.tags.difference(&was.tags) {
            run(
                "INSERT OR IGNORE INTO tagged VALUES (?1, ?2, ?3)",
                params![library, tag.to_bytes(), id],
            )?;
        }
        if let Some(at) = is.trashed_at.filter(|_| was.trashed_at != is.trashed_at) {
            run("INSERT OR IGNORE INTO trashed VALUES (?1, ?2, ?3)", params![library, at, id])?;
        }
        if let Some(note) = is.note.filter(|_| was.note != is.note) {
            run(
                "INSERT OR REPLACE INTO noted VALUES (?1, ?2, ?3, ?4)",
                params![library, note.bookmark.to_bytes(), id, note.is_living],
            )?;
        }
        if is.has_copies && !was.has_copies {
            run("INSERT OR IGNORE INTO apart VALUES (?1, ?2)", params![library, id])?;
        }
        Ok(())
    }

    /// Brings the "in a collection" flag of a bookmark up to date: what stands in collections that
    /// do not live is as unsorted as what stands in none.
    fn regard_placed(&self, bookmark: ItemId) -> rusqlite::Result<()> {
        let id = bookmark.to_bytes();
        let mut statement = self.connection.prepare_cached(STANDS_IN)?;
        let mut folders = statement.query(params![self.library, id])?;
        let mut is = 0;
        while let Some(row) = folders.next()? {
            if self.lives(ItemId::from_bytes(row.get(0)?))? {
                is = flag::PLACED;
                break;
            }
        }
        self.connection
            .prepare_cached(
                "UPDATE shown SET flags = (flags & ~?3) | ?4 WHERE library = ?1 AND id = ?2",
            )?
            .execute(params![self.library, id, flag::PLACED, is])?;
        Ok(())
    }

    /// Whether a collection lives; most are in view, as what was put into them had to see them.
    fn lives(&self, folder: ItemId) -> rusqlite::Result<bool> {
        if let Some(item) = self.shelf.item(folder) {
            return Ok(item.is_living());
        }
        let item = load::item(self.connection, self.library, folder)?;
        Ok(item.is_some_and(|item| item.is_living()))
    }

    /// The bookmarks that stand in a collection.
    fn standing_in(&self, folder: ItemId) -> rusqlite::Result<Vec<ItemId>> {
        let mut statement = self.connection.prepare_cached(STAND_IN)?;
        let rows = statement.query_map(params![self.library, folder.to_bytes()], |row| {
            row.get(0).map(ItemId::from_bytes)
        })?;
        rows.collect()
    }

    /// `younger` joined that item, as the log says it: its rows in lists become those of whatever the
    /// other goes by now.
    fn alias(&self, younger: ItemId, joined: ItemId) -> rusqlite::Result<()> {
        let older = self.resolve(joined)?;
        if let Some(item) = load::item(self.connection, self.library, younger)? {
            self.take_out(younger, &self.listed(&item)?, &Listed::default())?;
        }
        let younger = younger.to_bytes();
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO aliases VALUES (?1, ?2, ?3)")?
            .execute(params![self.library, younger, joined.to_bytes()])?;
        let ids = params![self.library, younger, older.to_bytes()];
        for sql in [
            "INSERT OR IGNORE INTO tagged
             SELECT library, ?3, bookmark FROM tagged WHERE library = ?1 AND tag = ?2",
            "UPDATE children SET bookmark = ?3 WHERE library = ?1 AND bookmark = ?2",
            "UPDATE noted SET bookmark = ?3 WHERE library = ?1 AND bookmark = ?2",
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
