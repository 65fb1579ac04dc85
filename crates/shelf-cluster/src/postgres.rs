//! Records on PostgreSQL.
//!
//! Every statement is sent with its types and without a name, so that a pooler which gives each
//! transaction another connection may stand between. What belongs to a library is read and written
//! in a transaction that has named the library: row-level security, forced on the owner of the
//! tables too, hides every other one.

mod tls;
mod within;
mod schema;
mod load;
mod persist;
mod library;
mod replicas;
mod views;
mod beside;
mod news;
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
mod lists;
mod archive;
mod replica;

pub(crate) use within::{For, Within};

use crate::bell::Bell;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolBuilder, PoolError, RecyclingMethod, Runtime,
};
use shelf_ports::{Away, Fault, NoRoom};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

/// Connections of one process.
const CONNECTIONS_MAX: usize = 16;
/// How long a caller waits for a free connection, and a connection for the server.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long the server may take to answer a statement. It ends statements of its own accord before
/// (see [`within`]), unless it is not there to do so.
const ANSWER_MAX: Duration = Duration::from_secs(15);

const DURABILITY: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync')";

/// How commits are made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// `synchronous_commit`; all but `off` answer after the commit is on the disk.
    pub synchronous_commit: String,
    /// `fsync`; `off` loses what was committed when the power fails.
    pub fsync: String,
}

/// A value with its type, as a statement without a name needs it.
pub(crate) type Bound<'a> = (&'a (dyn ToSql + Sync), Type);

/// Stores on one PostgreSQL database. Cloning shares the connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    bell: Arc<Bell>,
    lists: Arc<lists::Lists>,
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
    /// Whether connections are encrypted, `sslmode` in `url` says, as for libpq, and `sslrootcert`
    /// whom to trust; where TLS is demanded, the certificate and the host's name are always checked.
    ///
    /// Refuses a role that row-level security does not bind (a superuser, or one with BYPASSRLS):
    /// the second lock would not hold.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        let pool = connections(url, WAIT_MAX).await?.build();
        let pool =
            pool.map_err(|error| Fault::new("preparing connections to PostgreSQL", error))?;
        let store = Self { pool, bell: Arc::default(), lists: Arc::default() };
        schema::prepare(&store).await?;
        Ok(store)
    }

    /// What is rung when this process wrote, for a bus to carry.
    pub fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// How the server makes commits durable, asked of the server itself.
    pub async fn durability(&self) -> Result<Durability, Fault> {
        let rows = self.query("asking for durability", DURABILITY, &[]).await?;
        let text = |at| rows.first().map(|row| row.get(at)).unwrap_or_default();
        Ok(Durability { synchronous_commit: text(0), fsync: text(1) })
    }

    pub(crate) async fn connection(&self) -> Result<Object, Fault> {
        let doing = "reaching PostgreSQL";
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => fault(doing, error),
            error => Fault::new(doing, Away(error.into())),
        })
    }

    /// The rows of one statement about no library.
    pub(crate) async fn query(
        &self,
        doing: &'static str,
        sql: &str,
        of: &[Bound<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let connection = self.connection().await?;
        bounded(doing, ANSWER_MAX, connection.query_typed(sql, of)).await
    }

    /// Runs one statement about no library; how many rows it touched.
    async fn execute(
        &self,
        doing: &'static str,
        sql: &str,
        of: &[Bound<'_>],
    ) -> Result<u64, Fault> {
        let connection = self.connection().await?;
        bounded(doing, ANSWER_MAX, connection.execute_typed(sql, of)).await
    }
}

/// Connections to the database `url` names, each of them waited for as long as `wait`.
async fn connections(url: &str, wait: Duration) -> Result<PoolBuilder, Fault> {
    let (mut config, tls) = tls::read(url).await?;
    config.connect_timeout(wait);
    let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match tls {
        Some(tls) => Manager::from_config(config, tls, how),
        None => Manager::from_config(config, NoTls, how),
    };
    let pool = Pool::builder(manager).max_size(CONNECTIONS_MAX).runtime(Runtime::Tokio1);
    Ok(pool.wait_timeout(Some(wait)).create_timeout(Some(wait)))
}

/// What the server answers, if it does so within `limit`.
async fn bounded<T>(
    doing: &'static str,
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|error| fault(doing, error)),
        Err(late) => Err(Fault::new(doing, Away(late.into()))),
    }
}

/// The fault a database error is, met while `doing` something.
fn fault(doing: &'static str, error: tokio_postgres::Error) -> Fault {
    if error.code() == Some(&SqlState::DISK_FULL) {
        return Fault::new(doing, NoRoom(error.into()));
    }
    if is_away(&error) {
        tracing::warn!(doing, error = &error as &dyn Error, "PostgreSQL is away");
        return Fault::new(doing, Away(error.into()));
    }
    Fault::new(doing, error)
}

/// Whether `error` ends by itself: the connection is gone, or the server stops, starts, follows
/// another one, or is asked for more than it has.
fn is_away(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        return error.is_closed() || causes.any(<dyn Error>::is::<std::io::Error>);
    };
    let passing = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::QUERY_CANCELED,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    passing.contains(code) || ["08", "53"].iter().any(|class| code.code().starts_with(class))
}

/// A failure to understand what the database holds.
fn damaged(what: &'static str) -> Fault {
    Fault::new("reading what PostgreSQL holds", what)
}

/// A page's size as PostgreSQL counts.
pub(crate) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
