//! The file: SQLite with a journal, durable at every commit; whoever writes sees first whether
//! somebody else did meanwhile.

use crate::failure::ReplicaFailure;
use crate::queue::{Aside, Queued, Why};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shelf_client::sync::PushRefused;
use shelf_domain::change::{Head, Pushed};
use shelf_domain::id::{ActId, DeviceId, ItemId, LibraryId};
use shelf_domain::item::Item;
use shelf_domain::kind::Kind;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{Hlc, Seq};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");
/// The version of the schema; a replica of another one is made anew from its server.
const SCHEMA_VERSION: i64 = 1;
/// What marks the file as ours, so that no other database is taken for a replica.
const APPLICATION: i64 = 0x4d53_4852;
/// How long another program may write.
const BUSY_MAX: Duration = Duration::from_secs(10);

/// A moment between two steps, at which a crash may come. Tests stop there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An edit is written and not committed.
    Queueing,
    /// An edit is committed.
    Queued,
    /// A push is about to be sent.
    Sending,
    /// A push was answered, and nobody noted it.
    Answered,
    /// The answers are written and not committed.
    Noting,
    /// Rows came in.
    Pulled,
    /// They are folded and not committed.
    Folding,
    /// They are committed.
    Folded,
    /// A library was loaded anew and its taking over is not committed.
    Restarting,
    /// It is committed.
    Restarted,
    /// The queue has other numbers, not committed.
    Renumbering,
    /// What a repair brought is written and not committed.
    Repairing,
}

/// Says at each step whether to stop as a crash would: for tests.
pub type Stops = Box<dyn FnMut(Step) -> bool + Send>;

/// Whose replica it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The server, as whoever made the replica calls it.
    pub server: String,
    /// The library.
    pub library: LibraryId,
    /// What the library is called there.
    pub name: String,
    /// What this device is called there.
    pub device_name: String,
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// How often the file was written: who holds an older count was overtaken.
    pub(crate) turn: u64,
    /// The device it pushes as; none before the first sync.
    pub(crate) device: Option<DeviceId>,
    /// The devices it pushed as before.
    #[serde(default)]
    pub(crate) was: BTreeSet<DeviceId>,
    /// What to pull with next.
    pub(crate) cursor: Option<String>,
    /// Where the folded log stands.
    pub(crate) head: Head,
    /// The last counter that was given.
    pub(crate) n: u64,
    /// The highest stamp that was given or heard of.
    pub(crate) hlc: Hlc,
    /// The epoch of the rows that queued changes were answered with, where the base is not of it yet.
    #[serde(default)]
    pub(crate) answered_in: Option<u32>,
    /// Gestures by which what others put, and a restored server lost, waits to be put again.
    #[serde(default)]
    pub(crate) healing: BTreeSet<ActId>,
    /// When all was level last, milliseconds.
    pub(crate) level_at: Option<i64>,
    /// When sums were compared last, milliseconds.
    pub(crate) verified_at: Option<i64>,
    /// Ranges that ever differed: stays 0 unless there is a mistake in a program.
    pub(crate) mismatches: u64,
}

impl Position {
    /// From now on it pushes as `device`.
    pub(crate) fn pushes_as(&mut self, device: DeviceId) {
        let before = self.device.replace(device);
        self.was.extend(before.filter(|before| *before != device));
    }

    /// Whether it pushes as `device`, or did.
    pub(crate) fn is_own(&self, device: DeviceId) -> bool {
        self.device == Some(device) || self.was.contains(&device)
    }
}

/// All a file holds.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) at: Position,
    pub(crate) base: Shelf,
    pub(crate) queue: Vec<Queued>,
}

/// An open file.
pub(crate) struct File {
    connection: Connection,
    stops: Option<Stops>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl File {
    /// Makes a replica at `path`, where there must be none, for its owner alone.
    pub(crate) fn make(path: &Path, about: &About) -> Result<Self, ReplicaFailure> {
        let mut options = std::fs::OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let made = options.append(true).create(true).open(path);
        made.map_err(|error| {
            ReplicaFailure::Unusable(format!("cannot make {}: {error}", path.display()))
        })?;
        let mut file = Self::connect(path)?;
        // A crash may have left a file without anything in it.
        if file.marks()? != (0, 0) {
            let text = format!("there is a database at {} already", path.display());
            return Err(ReplicaFailure::Unusable(text));
        }
        let fail = || ReplicaFailure::file("making it");
        let tx = file.connection.transaction().map_err(fail())?;
        let fill = || -> rusqlite::Result<()> {
            tx.execute_batch(SCHEMA)?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            keep(&tx, "about", about)?;
            keep(&tx, "position", &Position::default())
        };
        fill().map_err(fail())?;
        tx.commit().map_err(fail())?;
        Ok(file)
    }

    /// Opens the replica at `path`.
    pub(crate) fn open(path: &Path) -> Result<(Self, About), ReplicaFailure> {
        if !path.is_file() {
            let text = format!("there is no replica at {}", path.display());
            return Err(ReplicaFailure::Unusable(text));
        }
        let file = Self::connect(path)?;
        if file.marks()? != (APPLICATION, SCHEMA_VERSION) {
            let text = format!("{} is no replica this program reads", path.display());
            return Err(ReplicaFailure::Unusable(text));
        }
        let about = kept(&file.connection, "about")?;
        Ok((file, about))
    }

    /// Says whose replica it is from now on.
    pub(crate) fn say_about(&mut self, about: &About) -> Result<(), ReplicaFailure> {
        let fail = || ReplicaFailure::file("saying whose it is");
        let tx = self.connection.transaction().map_err(fail())?;
        keep(&tx, "about", about).map_err(fail())?;
        tx.commit().map_err(fail())
    }

    /// What the file says it is, and of which version.
    fn marks(&self) -> Result<(i64, i64), ReplicaFailure> {
        let ask = |name: &str| -> rusqlite::Result<i64> {
            self.connection.pragma_query_value(None, name, |row| row.get(0))
        };
        let marks = ask("application_id").and_then(|mark| Ok((mark, ask("user_version")?)));
        marks.map_err(ReplicaFailure::file("opening it"))
    }

    fn connect(path: &Path) -> Result<Self, ReplicaFailure> {
        let connection = Connection::open(path).map_err(ReplicaFailure::file("opening it"))?;
        let prepare = || -> rusqlite::Result<()> {
            connection.busy_timeout(BUSY_MAX)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "secure_delete", "ON")
        };
        prepare().map_err(ReplicaFailure::file("opening it"))?;
        Ok(Self { connection, stops: None })
    }

    /// From now on `stops` is asked at every step.
    pub(crate) fn stop_at(&mut self, stops: Stops) {
        self.stops = Some(stops);
    }

    /// Stops here if a test says so.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), ReplicaFailure> {
        if let Some(stops) = &mut self.stops
            && stops(step)
        {
            return Err(ReplicaFailure::Stopped(step));
        }
        Ok(())
    }

    /// How often the file was written.
    pub(crate) fn turn(&self) -> Result<u64, ReplicaFailure> {
        Ok(kept::<Position>(&self.connection, "position")?.turn)
    }

    /// Reads everything.
    pub(crate) fn load(&self) -> Result<Loaded, ReplicaFailure> {
        let fail = || ReplicaFailure::file("reading it");
        // One transaction: what is read is of one moment.
        let tx = self.connection.unchecked_transaction().map_err(fail())?;
        let at: Position = kept(&tx, "position")?;
        let mut base = Shelf::at(at.head.clone());
        for (younger, older) in aliases(&tx).map_err(fail())? {
            base.alias(younger, older);
        }
        each_item(&tx, |item| base.insert(item))?;
        let queue = queue(&tx)?;
        drop(tx);
        Ok(Loaded { at, base, queue })
    }

    /// Runs `work` in one transaction that moves on from `before` to `after`; nothing of it is there
    /// unless all is. Refused where somebody else wrote since `before`.
    pub(crate) fn write(
        &mut self,
        step: Step,
        (before, after): (&Position, &mut Position),
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), ReplicaFailure> {
        let fail = || ReplicaFailure::file("writing it");
        let behavior = TransactionBehavior::Immediate;
        let tx = Transaction::new(&mut self.connection, behavior).map_err(fail())?;
        if kept::<Position>(&tx, "position")?.turn != before.turn {
            return Err(ReplicaFailure::Overtaken);
        }
        after.turn = before.turn + 1;
        let done = work(&tx).and_then(|()| keep(&tx, "position", &*after));
        done.map_err(fail())?;
        if let Some(stops) = &mut self.stops
            && stops(step)
        {
            return Err(ReplicaFailure::Stopped(step));
        }
        tx.commit().map_err(fail())
    }

    /// What stands aside, oldest first.
    pub(crate) fn aside(&self) -> Result<Vec<Aside>, ReplicaFailure> {
        let sql = "SELECT id, device, n, why, refused, change FROM aside ORDER BY id";
        let mut found = Vec::new();
        let mut statement =
            self.connection.prepare(sql).map_err(ReplicaFailure::file("reading"))?;
        let mut rows = statement.query([]).map_err(ReplicaFailure::file("reading"))?;
        while let Some(row) = rows.next().map_err(ReplicaFailure::file("reading"))? {
            let read = || -> rusqlite::Result<_> {
                let words: [Option<String>; 3] = [row.get(3)?, row.get(4)?, row.get(5)?];
                Ok((row.get(0)?, DeviceId::from_bytes(row.get(1)?), words))
            };
            let (id, device, [why, refused, change]) =
                read().map_err(ReplicaFailure::file("reading"))?;
            let why = if why.as_deref() == Some("held") { Why::Held } else { Why::Refused };
            let refused = refused.as_deref().map(from_json::<PushRefused>).transpose()?;
            let change = from_json(&change.unwrap_or_default())?;
            found.push(Aside { id, device, why, refused, change });
        }
        Ok(found)
    }

    /// The own copy of an item that was removed for good, and what it was made anew as.
    pub(crate) fn copy(
        &self,
        item: ItemId,
    ) -> Result<Option<(Item, Option<ItemId>)>, ReplicaFailure> {
        let sql = "SELECT kind, packed, renewed FROM copies WHERE item = ?1";
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<_> {
            let kind = Kind::named(&row.get::<_, String>(0)?);
            let renewed: Option<[u8; 16]> = row.get(2)?;
            Ok((kind, row.get::<_, Vec<u8>>(1)?, renewed.map(ItemId::from_bytes)))
        };
        let found = self.connection.query_row(sql, [item.to_bytes()], read).optional();
        let found = found.map_err(ReplicaFailure::file("reading"))?;
        Ok(found.and_then(|(kind, packed, renewed)| {
            Some((Item::unpack(item, kind, &packed)?, renewed))
        }))
    }
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, ReplicaFailure> {
    serde_json::from_str(text)
        .map_err(|error| ReplicaFailure::Unusable(format!("the replica is damaged: {error}")))
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn kept<T: DeserializeOwned>(connection: &Connection, name: &str) -> Result<T, ReplicaFailure> {
    let sql = "SELECT value FROM kept WHERE name = ?1";
    let text: rusqlite::Result<String> = connection.query_row(sql, [name], |row| row.get(0));
    from_json(&text.map_err(ReplicaFailure::file("reading it"))?)
}

fn keep(tx: &Transaction<'_>, name: &str, value: &impl Serialize) -> rusqlite::Result<()> {
    let sql = "INSERT INTO kept (name, value) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.prepare_cached(sql)?.execute(params![name, json(value)?]).map(drop)
}

fn aliases(connection: &Connection) -> rusqlite::Result<Vec<(ItemId, ItemId)>> {
    let mut statement = connection.prepare("SELECT younger, older FROM aliases")?;
    let rows = statement.query_map([], |row| {
        Ok((ItemId::from_bytes(row.get(0)?), ItemId::from_bytes(row.get(1)?)))
    })?;
    rows.collect()
}

fn each_item(connection: &Connection, mut with: impl FnMut(Item)) -> Result<(), ReplicaFailure> {
    let fail = || ReplicaFailure::file("reading it");
    let sql = "SELECT id, kind, packed FROM items";
    let mut statement = connection.prepare(sql).map_err(fail())?;
    let mut rows = statement.query([]).map_err(fail())?;
    while let Some(row) = rows.next().map_err(fail())? {
        let read = || -> rusqlite::Result<(ItemId, String, Vec<u8>)> {
            Ok((ItemId::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?))
        };
        let (id, kind, packed) = read().map_err(fail())?;
        let item = Item::unpack(id, Kind::named(&kind), &packed);
        with(item.ok_or_else(|| ReplicaFailure::Unusable(format!("item {id} is damaged")))?);
    }
    Ok(())
}

fn queue(connection: &Connection) -> Result<Vec<Queued>, ReplicaFailure> {
    let fail = || ReplicaFailure::file("reading it");
    let sql = "SELECT change, seq, came FROM queue ORDER BY n";
    let mut statement = connection.prepare(sql).map_err(fail())?;
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, Option<Seq>, bool)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    };
    let rows = statement.query_map([], read).map_err(fail())?;
    let rows: rusqlite::Result<Vec<(String, Option<Seq>, bool)>> = rows.collect();
    let opened = |(change, seq, came): (String, Option<Seq>, bool)| -> Result<_, ReplicaFailure> {
        Ok(Queued { change: from_json::<Pushed>(&change)?, seq, came })
    };
    rows.map_err(fail())?.into_iter().map(opened).collect()
}

/// Writes an item.
pub(crate) fn put_item(tx: &Transaction<'_>, item: &Item) -> rusqlite::Result<()> {
    let sql = "INSERT INTO items (id, kind, packed) VALUES (?1, ?2, ?3)
               ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, packed = excluded.packed";
    let values = params![item.id.to_bytes(), item.kind.name(), item.pack()];
    tx.prepare_cached(sql)?.execute(values).map(drop)
}

/// Takes an item out.
pub(crate) fn drop_item(tx: &Transaction<'_>, item: ItemId) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM items WHERE id = ?1", [item.to_bytes()]).map(drop)
}

/// Writes that an id joined.
pub(crate) fn put_alias(
    tx: &Transaction<'_>,
    younger: ItemId,
    older: ItemId,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO aliases (younger, older) VALUES (?1, ?2)
               ON CONFLICT (younger) DO UPDATE SET older = excluded.older";
    tx.prepare_cached(sql)?.execute([younger.to_bytes(), older.to_bytes()]).map(drop)
}

/// Writes a queued change.
pub(crate) fn put_queued(tx: &Transaction<'_>, queued: &Queued) -> rusqlite::Result<()> {
    let sql = "INSERT INTO queue (n, change, seq, came) VALUES (?1, ?2, ?3, ?4)";
    let values = params![queued.change.n, json(&queued.change)?, queued.seq, queued.came];
    tx.prepare_cached(sql)?.execute(values).map(drop)
}

/// Writes the queue as it is now.
pub(crate) fn put_queue(tx: &Transaction<'_>, queue: &[Queued]) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM queue", [])?;
    queue.iter().try_for_each(|queued| put_queued(tx, queued))
}

/// Writes what stands aside; its id is given.
pub(crate) fn put_aside(
    tx: &Transaction<'_>,
    (device, why): (DeviceId, Why),
    refused: Option<&PushRefused>,
    change: &Pushed,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO aside (device, n, why, refused, change) VALUES (?1, ?2, ?3, ?4, ?5)";
    let why = match why {
        Why::Refused => "refused",
        Why::Held => "held",
    };
    let refused = refused.map(json).transpose()?;
    tx.execute(sql, params![device.to_bytes(), change.n, why, refused, json(change)?]).map(drop)
}

/// Keeps the own copy of an item, unless there is one.
pub(crate) fn put_copy(tx: &Transaction<'_>, item: &Item) -> rusqlite::Result<()> {
    let sql = "INSERT INTO copies (item, kind, packed) VALUES (?1, ?2, ?3)
               ON CONFLICT (item) DO NOTHING";
    tx.execute(sql, params![item.id.to_bytes(), item.kind.name(), item.pack()]).map(drop)
}
