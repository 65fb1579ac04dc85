//! Connections: how they are opened, shared and asked about themselves.

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use shelf_domain::kind::Kind;
use shelf_ports::{Fault, NoRoom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i64 = 18;
/// What leads from each version of the schema to the next.
const MIGRATIONS: [(i64, &str); 17] = [
    (1, include_str!("migrations/1.sql")),
    (2, include_str!("migrations/2.sql")),
    (3, include_str!("migrations/3.sql")),
    (4, include_str!("migrations/4.sql")),
    (5, include_str!("migrations/5.sql")),
    (6, include_str!("migrations/6.sql")),
    (7, include_str!("migrations/7.sql")),
    (8, include_str!("migrations/8.sql")),
    (9, include_str!("migrations/9.sql")),
    (10, include_str!("migrations/10.sql")),
    (11, include_str!("migrations/11.sql")),
    (12, include_str!("migrations/12.sql")),
    (13, include_str!("migrations/13.sql")),
    (14, include_str!("migrations/14.sql")),
    (15, include_str!("migrations/15.sql")),
    (16, include_str!("migrations/16.sql")),
    (17, include_str!("migrations/17.sql")),
];
/// What the journal keeps of its size once it was written back.
const JOURNAL_BYTES_MAX: i64 = 1 << 20;
/// Connections kept open for reading.
const READERS_MAX: usize = 3;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 96;

/// How commits are made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// The journal mode; `wal`.
    pub journal_mode: String,
    /// The sync mode; 2 is `FULL`.
    pub synchronous: i64,
}

/// Opens the writing connection and brings the schema up to date.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, Fault> {
    only_for_owner(file).map_err(|error| Fault::new("making the database", error))?;
    let connection = Connection::open(file).map_err(|e| Fault::new("opening the database", e))?;
    let prepare = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -8_000)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "journal_size_limit", JOURNAL_BYTES_MAX)?;
        keep_statements(&connection)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            ))?;
        } else {
            for (from, sql) in MIGRATIONS.iter().filter(|(from, _)| *from >= version) {
                connection.execute_batch(&format!(
                    "BEGIN IMMEDIATE; {sql} PRAGMA user_version = {}; COMMIT;",
                    from + 1
                ))?;
            }
        }
        Ok(())
    };
    prepare().map_err(|error| Fault::new("preparing the database", error))?;
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| Fault::new("reading the schema version", error))?;
    if version > SCHEMA_VERSION {
        let detail =
            format!("the data is of version {version}; this program knows {SCHEMA_VERSION}");
        return Err(Fault::new("opening the database", detail));
    }
    Ok(connection)
}

/// Opens a connection that only reads a database of the version known here.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, Fault> {
    let doing = "opening the database";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(file, flags).map_err(|error| Fault::new(doing, error))?;
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| Fault::new(doing, error))?;
    if version != SCHEMA_VERSION {
        let detail = format!(
            "the data is of version {version}, this program of {SCHEMA_VERSION}; start its server \
             on the data first"
        );
        return Err(Fault::new(doing, detail));
    }
    Ok(connection)
}

/// Makes `file` where there is none, for its owner alone; SQLite gives its journal the same mode.
fn only_for_owner(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.append(true).create(true).open(file)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

/// The fault a database error is, met while `doing` something.
pub(crate) fn fault(doing: &'static str, error: rusqlite::Error) -> Fault {
    if is_no_room(&error) {
        tracing::error!(doing, %error, "there is no room left on the disk");
        return Fault::new(doing, NoRoom(error.into()));
    }
    Fault::new(doing, error)
}

/// Whether the file system took no more: it is full, or a limit on the size of files was met.
pub(crate) fn is_no_room(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let rusqlite::Error::SqliteFailure(error, _) = error else { return false };
    error.code == rusqlite::ErrorCode::DiskFull
        || matches!(
            error.extended_code,
            ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_TRUNCATE
        )
}

/// Writes the journal of the database `file` back and empties it.
pub(crate) fn empty_journal(file: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Writes the whole database `file` anew and empties its journal, so that nothing of what was
/// deleted is left: what is deleted is overwritten, but pages that are split or joined keep copies
/// where no row stands. Whether the journal is empty. Nobody may write meanwhile.
pub(crate) fn write_anew(file: &Path) -> rusqlite::Result<bool> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.execute_batch("VACUUM")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(!row.get::<_, bool>(0)?))
}

/// Asks the connection for its journal and sync mode.
pub(crate) fn durability(connection: &Connection) -> rusqlite::Result<Durability> {
    Ok(Durability {
        journal_mode: connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
        synchronous: connection.pragma_query_value(None, "synchronous", |row| row.get(0))?,
    })
}

/// What the database finds wrong with itself; "ok" alone when nothing.
pub(crate) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get(0))?;
    lines.collect()
}

/// A few connections that only read.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, idle: Mutex::new(Vec::new()) }
    }

    /// Runs `work` in one read transaction.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| self.open(), Ok)?;
        connection.prepare_cached("BEGIN DEFERRED")?.execute([])?;
        let result = work(&connection);
        connection.prepare_cached("COMMIT")?.execute([])?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS_MAX {
            idle.push(connection);
        }
        result
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.pragma_update(None, "query_only", "ON")?;
        connection.pragma_update(None, "cache_size", -4_000)?;
        keep_statements(&connection)?;
        Ok(connection)
    }
}

/// Lets a connection wait for a lock, and keep each statement as it was planned once.
///
/// Without the planner's stability guarantee SQLite parses and plans a statement anew whenever a
/// bound value it may have looked at differs, which cost a tenth of a save.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// A kind in a column: a small number for the known ones, its name for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KindColumn(pub(crate) Kind);

impl ToSql for KindColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match Kind::ALL.iter().position(|kind| *kind == self.0) {
            Some(at) => Ok(ToSqlOutput::from(i64::try_from(at).unwrap_or(i64::MAX))),
            None => Ok(ToSqlOutput::from(self.0.name())),
        }
    }
}

impl FromSql for KindColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        use rusqlite::types::FromSqlError;
        match value {
            ValueRef::Integer(at) => usize::try_from(at)
                .ok()
                .and_then(|at| Kind::ALL.get(at).cloned())
                .map(Self)
                .ok_or(FromSqlError::OutOfRange(at)),
            ValueRef::Text(name) => Ok(Self(Kind::named(&String::from_utf8_lossy(name)))),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A seq, counter or stamp as SQLite's signed number; the sign bit is carried over.
pub(crate) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The other way round.
pub(crate) fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A failure to understand what the database holds.
pub(crate) fn damaged(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::{DeviceId, ItemId};
    use shelf_domain::item::{Held, Item};
    use shelf_domain::kind::{Register, field};
    use shelf_domain::stamp::{Hlc, Stamp};
    use shelf_domain::value::Value;

    /// Everything the database is made of, as SQLite keeps it.
    fn made_of(connection: &Connection) -> Vec<(String, Option<String>)> {
        let sql = "SELECT name, sql FROM sqlite_master ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[cfg(unix)]
    #[test]
    fn the_database_and_its_journal_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shelf.db");
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let _open = open_writer(&file).unwrap();
        for name in ["shelf.db", "shelf.db-wal", "shelf.db-shm"] {
            let mode = dir.path().join(name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn comments_and_second_versions_in_older_data_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("older.db");
        let older = open_writer(&file).unwrap();
        let (id, device) = (|byte| ItemId::from_bytes([byte; 16]), DeviceId::from_bytes([9; 16]));
        let put = |kind: Kind, item: ItemId, registers: Vec<(Register, Value)>| {
            let mut made = Item::new(item, kind.clone(), 1, 1);
            for (register, value) in registers {
                let stamp = Stamp { hlc: Hlc::at(1), device };
                made.registers.insert(register, Held { stamp, seq: 1, value: Some(value) });
            }
            let sql = "INSERT INTO items VALUES (1, ?1, ?2, ?3)";
            let of = rusqlite::params![item.to_bytes(), KindColumn(kind), made.pack()];
            older.execute(sql, of).unwrap();
        };
        let url = |url: &str| (Register::from(field::URL), Value::from(url));
        put(Kind::Bookmark, id(1), vec![url("https://a.example/copy/")]);
        let copy = (Register::copy(field::NOTES, device), Value::from("the other one"));
        put(Kind::Bookmark, id(2), vec![url("https://b.example"), copy]);
        let about = (Register::from(field::BOOKMARK), Value::from(id(1)));
        let body = (Register::from(field::BODY), Value::from("So it is."));
        put(Kind::Note, id(3), vec![about, body.clone()]);
        // The bookmark of this one joined another, and that the first.
        put(Kind::Note, id(4), vec![(Register::from(field::BOOKMARK), Value::from(id(6))), body]);
        older
            .execute_batch(
                "INSERT INTO aliases VALUES (1, x'06060606060606060606060606060606',
                 x'05050505050505050505050505050505'), (1, x'05050505050505050505050505050505',
                 x'01010101010101010101010101010101');",
            )
            .unwrap();
        older
            .execute_batch(
                "DROP TABLE noted; DROP TABLE apart; DROP TABLE captures; PRAGMA user_version = 16;",
            )
            .unwrap();
        drop(older);
        let brought = open_writer(&file).unwrap();
        let one = |sql: &str| -> Vec<[u8; 16]> {
            let mut statement = brought.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(one("SELECT bookmark FROM noted WHERE living"), [[1; 16], [1; 16]]);
        assert_eq!(one("SELECT id FROM noted"), [[3; 16], [4; 16]]);
        assert_eq!(one("SELECT id FROM apart"), [[2; 16]]);
    }

    #[test]
    fn older_data_is_brought_to_the_schema_new_data_has() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = open_writer(&dir.path().join("fresh.db")).unwrap();
        let file = dir.path().join("older.db");
        let older = open_writer(&file).unwrap();
        let before = "DROP TABLE leases; DROP INDEX shown_number; DROP INDEX libraries_tenant;
             DROP TABLE tenants; DROP TABLE members; DROP TABLE groups; DROP TABLE grouped;
             DROP TABLE shares; DROP TABLE invitations; DROP TABLE audit;
             DROP TABLE credentials; DROP TABLE recovery_codes; DROP TABLE tries;
             DROP TABLE passkeys; DROP TABLE answered;
             DROP TABLE endpoints; DROP TABLE deliveries;
             DROP TABLE clients; DROP TABLE auth_codes; DROP TABLE apps; DROP TABLE app_secrets;
             DROP TABLE device_asks;
             DROP TABLE server_keys; DROP TABLE consents; DROP TABLE erasures; DROP TABLE receipts;
             DROP TABLE owner_keys; DROP TABLE sso_providers; DROP TABLE sso_domains;
             DROP TABLE sso_identities; DROP TABLE sso_flows; DROP TABLE held;
             DROP TABLE plans; DROP TABLE spent; DROP TABLE authors;
             DROP TABLE noted; DROP TABLE apart; DROP TABLE captures;
             ALTER TABLE grants DROP COLUMN scopes; ALTER TABLE grants DROP COLUMN libraries;
             ALTER TABLE grants DROP COLUMN bound; ALTER TABLE grants DROP COLUMN provided_by;
             INSERT INTO grants VALUES (x'04', x'01', 'token', 'old', x'05', 9, NULL, NULL);
             DROP INDEX children_bookmark;
             CREATE INDEX children_bookmark ON children (library, bookmark)
                 WHERE bookmark IS NOT NULL;
             INSERT INTO people VALUES (x'01', x'02', 'Ada', 7);
             INSERT INTO libraries (id, tenant, owner, name, created_at)
                 VALUES (x'03', x'02', x'01', 'Books', 8);
             PRAGMA user_version = 1;";
        older.execute_batch(before).unwrap();
        drop(older);
        let brought = open_writer(&file).unwrap();
        assert_eq!(made_of(&brought), made_of(&fresh));
        let version: i64 = brought.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
        assert_eq!(version, SCHEMA_VERSION);
        let whose = "SELECT t.name || m.role || s.may FROM tenants t JOIN members m ON m.tenant = t.id
            JOIN libraries l ON l.tenant = t.id JOIN shares s ON s.library = l.id AND s.holder = m.person";
        let whose: String = brought.query_row(whose, [], |row| row.get(0)).unwrap();
        assert_eq!(whose, "Adaownermanage", "a person of before owns their tenant and library");
        let old = "SELECT scopes IS NULL AND libraries IS NULL FROM grants WHERE name = 'old'";
        let unlimited: bool = brought.query_row(old, [], |row| row.get(0)).unwrap();
        assert!(unlimited, "a token of before keeps all it could do");
    }
}
