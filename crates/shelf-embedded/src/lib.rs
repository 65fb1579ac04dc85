//! Every storage port inside one process and one directory: SQLite for what is true and for
//! lists, Tantivy and an exact vector scan for search.

mod sql;
mod writer;
mod load;
mod known;
mod persist;
mod library;
mod replicas;
mod views;
mod accounts;
mod tenants;
mod audit;
mod credentials;
mod passkeys;
mod oauth;
mod sso;
mod activity;
mod imports;
mod captures;
mod replies;
mod leases;
mod webhooks;
mod privacy;
mod keys;
mod usage;
mod archive;
mod blobs;
mod limits;
mod presence;
mod news;
pub mod search;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use blobs::DirectoryBlobs;
pub use limits::LocalLimits;
pub use presence::LocalPresence;
pub use sql::Durability;

use shelf_ports::Fault;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writer::Writer;

/// What each column says about a person, and what each table is for (TOML).
pub const PRIVACY: &str = include_str!("../privacy.toml");
/// The database within the directory.
const FILE: &str = "shelf.db";

/// The embedded stores of one data directory. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    writer: Writer,
    readers: sql::Readers,
    lists: views::Cache,
    known: known::Known,
    stirred: tokio::sync::Notify,
    leases: leases::Held,
}

impl Embedded {
    /// Opens or makes the stores in `dir`, which must exist. One process at a time.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let file = dir.join(FILE);
        let connection = sql::open_writer(&file)?;
        Self::over(dir, connection)
    }

    /// The stores in `dir` to be read alone, also beside a process that has them open; writing to
    /// them is a fault.
    pub fn open_to_read(dir: &Path) -> Result<Self, Fault> {
        let connection = sql::open_reader(&dir.join(FILE))?;
        Self::over(dir, connection)
    }

    fn over(dir: &Path, connection: rusqlite::Connection) -> Result<Self, Fault> {
        let file = dir.join(FILE);
        let inner = Inner {
            dir: dir.to_owned(),
            writer: Writer::start(connection)?,
            readers: sql::Readers::new(file),
            lists: views::Cache::default(),
            known: known::Known::default(),
            stirred: tokio::sync::Notify::new(),
            leases: leases::Held::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The directory everything is in.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// How the writing connection makes commits durable, asked of the connection itself.
    pub async fn durability(&self) -> Result<Durability, Fault> {
        self.write("asking for durability", sql::durability).await
    }

    /// Writes the journal back and empties it, for the end of the process. Nothing depends on it:
    /// what is only in the journal is as safe.
    pub async fn settle(&self) -> Result<(), Fault> {
        let file = self.inner.dir.join(FILE);
        let work = move || sql::empty_journal(&file);
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|join| Fault::new("emptying the journal", join))?
            .map_err(|error| sql::fault("emptying the journal", error))
    }

    /// Writes the whole database anew, so that nothing of what was deleted is left in its files.
    async fn write_anew(&self) -> Result<(), Fault> {
        let (file, doing) = (self.inner.dir.join(FILE), "writing the database anew");
        if self.inner.writer.between(doing, move || sql::write_anew(&file)).await? {
            return Ok(());
        }
        Err(Fault::new(doing, "somebody reads from its journal all the while"))
    }

    /// Whether the database finds itself whole (`PRAGMA integrity_check`).
    pub async fn integrity(&self) -> Result<Vec<String>, Fault> {
        self.read("checking integrity", sql::integrity).await
    }

    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || inner.readers.with(work)).await;
        match done {
            Ok(result) => result.map_err(|error| sql::fault(doing, error)),
            Err(join) => Err(Fault::new(doing, join)),
        }
    }

    /// Reads what a few look-ups by key answer, on the caller's thread: to wake another one costs
    /// more than the read does.
    fn look_up<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        self.inner.readers.with(work).map_err(|error| sql::fault(doing, error))
    }

    async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        self.inner.writer.run(doing, work).await
    }
}
