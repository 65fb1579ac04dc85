//! Import jobs and their ledgers.

use crate::Embedded;
use crate::load;
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use shelf_domain::id::{ActId, Scope};
use shelf_ports::Fault;
use shelf_ports::imports::{ImportJob, Imports, LedgerRow, RowOutcome};

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    let text_column = rusqlite::types::Type::Text;
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, text_column, Box::new(e)))
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

#[async_trait]
impl Imports for Embedded {
    async fn put(&self, scope: Scope, job: &ImportJob, rows: &[LedgerRow]) -> Result<(), Fault> {
        let (job, rows) = (job.clone(), rows.to_vec());
        self.write("keeping an import", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            let id = job.id.to_bytes();
            connection
                .prepare_cached("INSERT OR REPLACE INTO imports VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![library, id, job.started_at, to_json(&job)?])?;
            let mut insert = connection
                .prepare_cached("INSERT OR REPLACE INTO ledger VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for row in &rows {
                let outcome = row.outcome.name();
                insert.execute(params![library, id, row.row, outcome, to_json(row)?])?;
            }
            Ok(())
        })
        .await
    }

    async fn job(&self, scope: Scope, id: ActId) -> Result<Option<ImportJob>, Fault> {
        self.read("reading an import", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(None) };
            let job: Option<String> = connection
                .prepare_cached("SELECT job FROM imports WHERE library = ?1 AND id = ?2")?
                .query_row(params![library, id.to_bytes()], |row| row.get(0))
                .optional()?;
            job.as_deref().map(from_json).transpose()
        })
        .await
    }

    async fn jobs(&self, scope: Scope, limit: usize) -> Result<Vec<ImportJob>, Fault> {
        self.read("reading imports", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(vec![]) };
            let mut statement = connection.prepare_cached(
                "SELECT job FROM imports WHERE library = ?1
                 ORDER BY started_at DESC, id DESC LIMIT ?2",
            )?;
            let rows =
                statement.query_map(params![library, limit], |row| row.get::<_, String>(0))?;
            rows.map(|job| from_json(&job?)).collect()
        })
        .await
    }

    async fn rows(
        &self,
        scope: Scope,
        id: ActId,
        outcome: Option<RowOutcome>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, Fault> {
        self.read("reading a ledger", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(vec![]) };
            let mut statement = connection.prepare_cached(
                "SELECT line FROM ledger WHERE library = ?1 AND import = ?2 AND row > ?3
                 AND (?4 IS NULL OR outcome = ?4) ORDER BY row LIMIT ?5",
            )?;
            let outcome = outcome.map(RowOutcome::name);
            let of = params![library, id.to_bytes(), after, outcome, limit];
            let rows = statement.query_map(of, |row| row.get::<_, String>(0))?;
            rows.map(|line| from_json(&line?)).collect()
        })
        .await
    }
}
