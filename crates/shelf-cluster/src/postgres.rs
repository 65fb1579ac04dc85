//! Records on PostgreSQL.
//!
//! Every statement is sent with its types and without a name, so that a pooler which gives each
//! transaction another connection may stand between. What belongs to a library is read and written
//! in a transaction that has named the library: row-level security, forced on the owner of the
//! tables too, hides every other one.

mod within;
mod schema;
mod load;
mod persist;
mod library;
mod views;
mod news;
mod accounts;
mod activity;
mod imports;
mod replies;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use shelf_ports::{Fault, NoRoom};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};

/// Connections of one process.
const CONNECTIONS_MAX: usize = 16;
/// How long a caller waits for a free connection, and a connection for the server.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// A value with its type, as a statement without a name needs it.
type Bound<'a> = (&'a (dyn ToSql + Sync), Type);

/// Stores on one PostgreSQL database. Cloning shares the connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    stirred: Arc<Notify>,
}

impl std::fmt::Debug for Postgres {
    /// Nothing of the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres(..)")
    }
}

impl Postgres {
    /// Opens the database `url` names and brings its tables up to date.
    ///
    /// Refuses a role that row-level security does not bind (a superuser, or one with BYPASSRLS):
    /// the second lock would not hold.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        let mut config: Config =
            url.parse().map_err(|error| fault("reading the address of PostgreSQL", error))?;
        config.connect_timeout(WAIT_MAX);
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, how))
            .max_size(CONNECTIONS_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_MAX))
            .create_timeout(Some(WAIT_MAX))
            .build()
            .map_err(|error| Fault::new("preparing connections to PostgreSQL", error))?;
        let store = Self { pool, stirred: Arc::new(Notify::new()) };
        schema::prepare(&store).await?;
        Ok(store)
    }

    async fn connection(&self) -> Result<Object, Fault> {
        self.pool.get().await.map_err(|error| Fault::new("reaching PostgreSQL", error))
    }

    /// The rows of one statement about no library.
    async fn query(
        &self,
        doing: &'static str,
        sql: &str,
        of: &[Bound<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let connection = self.connection().await?;
        connection.query_typed(sql, of).await.map_err(|error| fault(doing, error))
    }

    /// Runs one statement about no library; how many rows it touched.
    async fn execute(
        &self,
        doing: &'static str,
        sql: &str,
        of: &[Bound<'_>],
    ) -> Result<u64, Fault> {
        let connection = self.connection().await?;
        connection.execute_typed(sql, of).await.map_err(|error| fault(doing, error))
    }
}

/// The fault a database error is, met while `doing` something.
fn fault(doing: &'static str, error: tokio_postgres::Error) -> Fault {
    if error.code() == Some(&SqlState::DISK_FULL) {
        return Fault::new(doing, NoRoom(error.into()));
    }
    Fault::new(doing, error)
}

/// A failure to understand what the database holds.
fn damaged(what: &'static str) -> Fault {
    Fault::new("reading what PostgreSQL holds", what)
}

/// A page's size as PostgreSQL counts.
fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
