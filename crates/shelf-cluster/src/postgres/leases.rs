//! Leases in one table, by the server's own clock.

use super::{Postgres, limit_of};
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::leases::{Fence, Leases};
use std::time::Duration;
use tokio_postgres::types::Type;

/// A row that is held by another is left alone, and then there is no answer.
const TAKE: &str = "INSERT INTO leases AS old (name, holder, until)
    VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
        fence = CASE old.holder WHEN excluded.holder THEN old.fence ELSE excluded.fence END
    WHERE old.holder = excluded.holder OR old.until <= clock_timestamp()
    RETURNING fence";
const GIVE_BACK: &str = "DELETE FROM leases WHERE name = $1 AND holder = $2";
const LEFT: &str = "SELECT name FROM leases
    WHERE starts_with(name, $1) AND name >= $1 AND until <= clock_timestamp()
    ORDER BY name LIMIT $2";
const HELD: &str = "SELECT count(*) FROM leases
    WHERE starts_with(name, $1) AND name >= $1 AND until > clock_timestamp()";

#[async_trait]
impl Leases for Postgres {
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault> {
        let seconds = term.as_secs_f64();
        let of =
            [(&name as _, Type::TEXT), (&holder as _, Type::TEXT), (&seconds as _, Type::FLOAT8)];
        let rows = self.query("taking a lease", TAKE, &of).await?;
        Ok(rows.first().map(|row| row.get::<_, i64>(0).cast_unsigned()))
    }

    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        let of = [(&name as _, Type::TEXT), (&holder as _, Type::TEXT)];
        self.execute("giving a lease back", GIVE_BACK, &of).await.map(drop)
    }

    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault> {
        let of = [(&prefix as _, Type::TEXT), (&limit_of(limit) as _, Type::INT8)];
        let rows = self.query("asking what was left undone", LEFT, &of).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn held(&self, prefix: &str) -> Result<u64, Fault> {
        let rows = self.query("counting leases", HELD, &[(&prefix, Type::TEXT)]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
    }
}
