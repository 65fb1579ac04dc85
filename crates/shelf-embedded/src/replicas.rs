//! What replicas need besides the log: stretches of the folded state, sums, and what waits.

use crate::Embedded;
use crate::imports::{from_json, to_json};
use crate::load::{self, LibraryKey};
use crate::sql::{KindColumn, damaged, signed, unsigned};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::change::Head;
use shelf_domain::id::{DeviceId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::sums::Sums;
use shelf_ports::Fault;
use shelf_ports::replicas::{HeldChange, HeldLine, Replicas, Stretch, Stretched};

/// Items after one of them.
const ITEMS: &str = "SELECT id, kind, registers FROM items
    WHERE library = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
/// The same, of ranges: the last byte of an id, in hexadecimal and between commas.
const ITEMS_OF: &str = "SELECT id, kind, registers FROM items
    WHERE library = ?1 AND id > ?2 AND instr(?4, ',' || hex(substr(id, 16, 1)) || ',') > 0
    ORDER BY id LIMIT ?3";
const ALL_ITEMS: &str = "SELECT id, kind, registers FROM items WHERE library = ?1";
const ALIASES: &str = "SELECT younger, older FROM aliases
    WHERE library = ?1 AND younger > ?2 ORDER BY younger LIMIT ?3";
const ALL_ALIASES: &str = "SELECT younger, older FROM aliases WHERE library = ?1";
const COUNTER: &str = "SELECT n FROM counters c JOIN devices d ON d.key = c.device
    WHERE c.library = ?1 AND d.id = ?2";
const LINES: &str = "SELECT device, count(*), min(at), max(at), max(n) FROM held
    WHERE library = ?1 GROUP BY device ORDER BY device";
const HELD: &str = "SELECT change, at, device FROM held
    WHERE library = ?1 AND device = ?2 AND n > ?3 ORDER BY n LIMIT ?4";
/// Everything that waits in a library.
pub(crate) const ALL: &str = "SELECT change, at, device FROM held
    WHERE library = ?1 ORDER BY device, n";
const LET_GO: &str = "DELETE FROM held WHERE library = ?1 AND device = ?2 AND n = ?3";

fn item_of(row: &Row<'_>) -> rusqlite::Result<Item> {
    let (id, kind) = (ItemId::from_bytes(row.get(0)?), row.get::<_, KindColumn>(1)?.0);
    Item::unpack(id, kind, row.get_ref(2)?.as_blob()?).ok_or_else(|| damaged("an item"))
}

fn pair_of(row: &Row<'_>) -> rusqlite::Result<(ItemId, ItemId)> {
    Ok((ItemId::from_bytes(row.get(0)?), ItemId::from_bytes(row.get(1)?)))
}

/// A change that waits, from the columns of [`ALL`].
pub(crate) fn held_of(row: &Row<'_>) -> rusqlite::Result<HeldChange> {
    let change = from_json(&row.get::<_, String>(0)?)?;
    Ok(HeldChange { device: DeviceId::from_bytes(row.get(2)?), at: row.get(1)?, change })
}

/// Lets a change wait.
pub(crate) fn put_held(
    connection: &Connection,
    library: LibraryKey,
    held: &HeldChange,
) -> rusqlite::Result<()> {
    let (device, n) = (held.device.to_bytes(), signed(held.change.n));
    connection
        .prepare_cached("INSERT OR REPLACE INTO held VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![library, device, n, held.at, to_json(&held.change)?])
        .map(drop)
}

/// The bytes after which the next id comes; none is before every id.
fn after_of(after: Option<ItemId>) -> Vec<u8> {
    after.map_or(Vec::new(), |id| id.to_bytes().to_vec())
}

fn stretch_of(
    connection: &Connection,
    library: LibraryKey,
    stretch: &Stretch,
) -> rusqlite::Result<Stretched> {
    let head = load::head(connection, library)?;
    let (after, limit) = (after_of(stretch.after), stretch.limit);
    let items: rusqlite::Result<Vec<Item>> = match &stretch.ranges {
        None => {
            let mut statement = connection.prepare_cached(ITEMS)?;
            statement.query_map(params![library, after, limit], item_of)?.collect()
        }
        Some(ranges) => {
            let said: Vec<String> = ranges.iter().map(|range| format!("{range:02X}")).collect();
            let said = format!(",{},", said.join(","));
            let mut statement = connection.prepare_cached(ITEMS_OF)?;
            statement.query_map(params![library, after, limit, said], item_of)?.collect()
        }
    };
    Ok(Stretched { head, items: items? })
}

fn sums_of(connection: &Connection, library: LibraryKey) -> rusqlite::Result<(Head, Sums)> {
    let mut sums = Sums::default();
    let mut statement = connection.prepare_cached(ALL_ITEMS)?;
    for item in statement.query_map([library], item_of)? {
        let item = item?;
        sums.add_item(item.id, item.version());
    }
    let mut statement = connection.prepare_cached(ALL_ALIASES)?;
    for pair in statement.query_map([library], pair_of)? {
        let (younger, older) = pair?;
        sums.add_alias(younger, older);
    }
    Ok((load::head(connection, library)?, sums))
}

#[async_trait]
impl Replicas for Embedded {
    async fn stretch(&self, scope: Scope, stretch: &Stretch) -> Result<Stretched, Fault> {
        let stretch = stretch.clone();
        self.read_in(scope, "reading a stretch", move |connection, library| {
            stretch_of(connection, library, &stretch)
        })
        .await
    }

    async fn aliases(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<(ItemId, ItemId)>, Fault> {
        self.read_in(scope, "reading what joined", move |connection, library| {
            let mut statement = connection.prepare_cached(ALIASES)?;
            statement.query_map(params![library, after_of(after), limit], pair_of)?.collect()
        })
        .await
    }

    async fn sums(&self, scope: Scope) -> Result<(Head, Sums), Fault> {
        self.read_in(scope, "summing up", sums_of).await
    }

    async fn counter(&self, scope: Scope, device: DeviceId) -> Result<u64, Fault> {
        self.look_up_in(scope, "reading a counter", |connection, library| {
            let n: Option<i64> = connection
                .prepare_cached(COUNTER)?
                .query_row(params![library, device.to_bytes()], |row| row.get(0))
                .optional()?;
            Ok(n.map_or(0, unsigned))
        })
    }

    async fn hold(&self, scope: Scope, held: &[HeldChange]) -> Result<(), Fault> {
        let held = held.to_vec();
        Embedded::write(self, "holding changes", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            held.iter().try_for_each(|one| put_held(connection, library, one))
        })
        .await
    }

    async fn held_lines(&self, scope: Scope) -> Result<Vec<HeldLine>, Fault> {
        self.read_in(scope, "reading what waits", |connection, library| {
            let mut statement = connection.prepare_cached(LINES)?;
            let lines = statement.query_map([library], |row| {
                Ok(HeldLine {
                    device: DeviceId::from_bytes(row.get(0)?),
                    count: unsigned(row.get(1)?),
                    since: row.get(2)?,
                    latest: row.get(3)?,
                    through: unsigned(row.get(4)?),
                })
            })?;
            lines.collect()
        })
        .await
    }

    async fn held(
        &self,
        scope: Scope,
        device: DeviceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<HeldChange>, Fault> {
        self.read_in(scope, "reading what waits", move |connection, library| {
            let of = params![library, device.to_bytes(), signed(after), limit];
            connection.prepare_cached(HELD)?.query_map(of, held_of)?.collect()
        })
        .await
    }

    async fn let_go(&self, scope: Scope, device: DeviceId, counters: &[u64]) -> Result<(), Fault> {
        let counters = counters.to_vec();
        Embedded::write(self, "letting go of changes", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            let mut statement = connection.prepare_cached(LET_GO)?;
            for n in &counters {
                statement.execute(params![library, device.to_bytes(), signed(*n)])?;
            }
            Ok(())
        })
        .await
    }
}
