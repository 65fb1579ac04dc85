//! Brings the tables up to date, and refuses a role the second lock would not bind.

use super::{Postgres, fault};
use shelf_ports::Fault;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

/// What a fresh database begins with: version 1.
const SCHEMA: &str = include_str!("../schema.sql");
/// What leads from each version to the next one, in order, and fresh databases too.
const MIGRATIONS: [(i32, &str); 16] = [
    (2, include_str!("../migrations/0002_search.sql")),
    (3, include_str!("../migrations/0003_tenants.sql")),
    (4, include_str!("../migrations/0004_audit.sql")),
    (5, include_str!("../migrations/0005_credentials.sql")),
    (6, include_str!("../migrations/0006_scopes.sql")),
    (7, include_str!("../migrations/0007_webhooks.sql")),
    (8, include_str!("../migrations/0008_oauth.sql")),
    (9, include_str!("../migrations/0009_privacy.sql")),
    (10, include_str!("../migrations/0010_keys.sql")),
    (11, include_str!("../migrations/0011_sso.sql")),
    (12, include_str!("../migrations/0012_passkeys.sql")),
    (13, include_str!("../migrations/0013_usage.sql")),
    (14, include_str!("../migrations/0014_held.sql")),
    (15, include_str!("../migrations/0015_authors.sql")),
    (16, include_str!("../migrations/0016_beside.sql")),
    (17, include_str!("../migrations/0017_captures.sql")),
];
/// The version of the tables this program knows.
const VERSION: i32 = 17;
/// Held while one process prepares the tables, so that several may start at once.
const LOCK: i64 = 0x6d69_6e64_7368;

/// Checks the role, then makes the tables where there are none and brings older ones up to date.
pub(super) async fn prepare(store: &Postgres) -> Result<(), Fault> {
    let doing = "preparing the tables on PostgreSQL";
    let mut connection = store.connection().await?;
    let within = connection.transaction().await.map_err(|error| fault(doing, error))?;
    refuse_unbound(&*within).await?;
    let brought = async {
        within.query_typed("SELECT pg_advisory_xact_lock($1)", &[(&LOCK, Type::INT8)]).await?;
        let version = version(&*within).await?;
        if version == 0 {
            within.batch_execute(SCHEMA).await?;
            within.execute_typed("INSERT INTO shelf_version VALUES (1)", &[]).await?;
        }
        for (to, sql) in MIGRATIONS.iter().filter(|(to, _)| *to > version) {
            within.batch_execute(sql).await?;
            let put = "UPDATE shelf_version SET version = $1";
            within.execute_typed(put, &[(to, Type::INT4)]).await?;
        }
        Ok(version)
    };
    let version = brought.await.map_err(|error| fault(doing, error))?;
    if version > VERSION {
        let detail = format!("the tables are of version {version}; this program knows {VERSION}");
        return Err(Fault::new(doing, detail));
    }
    within.commit().await.map_err(|error| fault(doing, error))
}

/// Checks the role and that the tables are those this program knows, where nothing is written.
pub(super) async fn check(within: &(impl GenericClient + Sync)) -> Result<(), Fault> {
    let doing = "looking at the tables on PostgreSQL";
    refuse_unbound(within).await?;
    let version = version(within).await.map_err(|error| fault(doing, error))?;
    if version != VERSION {
        let detail = format!("the tables are of version {version}; this program knows {VERSION}");
        return Err(Fault::new(doing, detail));
    }
    Ok(())
}

async fn refuse_unbound(within: &(impl GenericClient + Sync)) -> Result<(), Fault> {
    let doing = "asking for the role on PostgreSQL";
    let row = within
        .query_typed(
            "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_roles
             WHERE rolname = current_user",
            &[],
        )
        .await
        .map_err(|error| fault(doing, error))?;
    let Some(row) = row.first() else { return Err(Fault::new(doing, "it is not there")) };
    let (name, unbound): (String, bool) = (row.get(0), row.get(1));
    if unbound {
        return Err(Fault::new(
            doing,
            format!(
                "the role {name:?} passes by row-level security; connect as one that is neither \
                 superuser nor BYPASSRLS and owns the database"
            ),
        ));
    }
    Ok(())
}

/// The version of the tables that are there; 0 for none.
async fn version(within: &(impl GenericClient + Sync)) -> Result<i32, tokio_postgres::Error> {
    let there = within.query_typed("SELECT to_regclass('shelf_version') IS NOT NULL", &[]).await?;
    if !there.first().is_some_and(|row| row.get(0)) {
        return Ok(0);
    }
    let rows = within.query_typed("SELECT version FROM shelf_version", &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
