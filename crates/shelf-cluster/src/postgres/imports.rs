//! Import jobs and their ledgers.

use super::within::{For, Within};
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::{ActId, Scope};
use shelf_ports::Fault;
use shelf_ports::imports::{ImportJob, Imports, LedgerRow, RowOutcome};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const PUT_JOB: &str = "INSERT INTO imports VALUES ($1, $2, $3, $4)
    ON CONFLICT (library, id) DO UPDATE SET started_at = excluded.started_at, job = excluded.job";
/// Rows of a ledger arrive as one array a column.
const PUT_ROWS: &str = "INSERT INTO ledger
    SELECT $1, $2, line.row, line.outcome, line.line
    FROM unnest($3::bigint[], $4::text[], $5::text[]) AS line (row, outcome, line)
    ON CONFLICT (library, import, row, outcome) DO UPDATE SET line = excluded.line";

pub(super) fn from_json<T: serde::de::DeserializeOwned>(row: &Row) -> Result<T, Fault> {
    serde_json::from_str(row.get(0)).map_err(|_| damaged("an import"))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| damaged("an import"))
}

pub(super) async fn put_job(within: &Within<'_>, job: &ImportJob) -> Result<(), Fault> {
    let (id, text) = (Uuid::from(job.id), to_json(job)?);
    let of: [Bound<'_>; 3] =
        [(&id, Type::UUID), (&job.started_at, Type::INT8), (&text, Type::TEXT)];
    within.run(PUT_JOB, &of).await.map(drop)
}

pub(super) async fn put_rows(
    within: &Within<'_>,
    import: ActId,
    rows: &[LedgerRow],
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = rows.iter().map(|row| row.row.cast_signed()).collect();
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.name()).collect();
    let lines: Vec<String> = rows.iter().map(to_json).collect::<Result<_, _>>()?;
    let of: [Bound<'_>; 4] = [
        (&Uuid::from(import), Type::UUID),
        (&numbers, Type::INT8_ARRAY),
        (&outcomes, Type::TEXT_ARRAY),
        (&lines, Type::TEXT_ARRAY),
    ];
    within.run(PUT_ROWS, &of).await.map(drop)
}

#[async_trait]
impl Imports for Postgres {
    async fn put(&self, scope: Scope, job: &ImportJob, rows: &[LedgerRow]) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let doing = "keeping an import";
        let entered = Within::enter(&mut connection, scope, doing, For::Writing).await?;
        let Some(within) = entered else { return Ok(()) };
        put_job(&within, job).await?;
        put_rows(&within, job.id, rows).await?;
        within.commit().await
    }

    async fn job(&self, scope: Scope, id: ActId) -> Result<Option<ImportJob>, Fault> {
        let id = Uuid::from(id);
        let rows = self
            .query_in(
                scope,
                "reading an import",
                "SELECT job FROM imports WHERE library = $1 AND id = $2",
                &[(&id, Type::UUID)],
            )
            .await?;
        rows.first().map(from_json).transpose()
    }

    async fn jobs(&self, scope: Scope, limit: usize) -> Result<Vec<ImportJob>, Fault> {
        let rows = self
            .query_in(
                scope,
                "reading imports",
                "SELECT job FROM imports WHERE library = $1
                 ORDER BY started_at DESC, id DESC LIMIT $2",
                &[(&limit_of(limit), Type::INT8)],
            )
            .await?;
        rows.iter().map(from_json).collect()
    }

    async fn rows(
        &self,
        scope: Scope,
        id: ActId,
        outcome: Option<RowOutcome>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, Fault> {
        let (id, outcome) = (Uuid::from(id), outcome.map(RowOutcome::name));
        let rows = self
            .query_in(
                scope,
                "reading a ledger",
                "SELECT line FROM ledger WHERE library = $1 AND import = $2 AND row > $3
                 AND ($4 IS NULL OR outcome = $4) ORDER BY row LIMIT $5",
                &[
                    (&id, Type::UUID),
                    (&after.cast_signed(), Type::INT8),
                    (&outcome, Type::TEXT),
                    (&limit_of(limit), Type::INT8),
                ],
            )
            .await?;
        rows.iter().map(from_json).collect()
    }
}
