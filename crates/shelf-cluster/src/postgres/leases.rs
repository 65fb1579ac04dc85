//! Leases in one table, by the server's own clock.

use super::{Postgres, limit_of};
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::leases::{Fence, Lease, Leases};
use std::time::Duration;
use tokio_postgres::types::Type;

/// A row that is held by another is left alone, and then there is no answer.
const TAKE: &str = "INSERT INTO leases AS old (name, holder, until)
    VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
        fence = CASE old.holder WHEN excluded.holder THEN old.fence ELSE excluded.fence END
    WHERE old.holder = excluded.holder OR old.until <= clock_timestamp()
    RETURNING fence";
/// The same for many. Rows are locked in the order of their names by all who take or give back
/// many, so that none waits for another in a ring.
const TAKE_ALL: &str = "INSERT INTO leases AS old (name, holder, until)
    SELECT name, $2, clock_timestamp() + make_interval(secs => $3)
    FROM unnest($1::text[]) AS of (name) ORDER BY name COLLATE \"C\"
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
        fence = CASE old.holder WHEN excluded.holder THEN old.fence ELSE excluded.fence END
    WHERE old.holder = excluded.holder OR old.until <= clock_timestamp()
    RETURNING name";
const GIVE_BACK: &str = "DELETE FROM leases WHERE name = $1 AND holder = $2";
const GIVE_BACK_ALL: &str = "DELETE FROM leases WHERE name IN (SELECT name FROM leases
    WHERE name = ANY($1) AND holder = $2 ORDER BY name FOR UPDATE)";
const LEFT: &str = "SELECT name FROM leases
    WHERE starts_with(name, $1) AND name >= $1 AND until <= clock_timestamp()
    ORDER BY name LIMIT $2";
const HELD: &str = "SELECT name, holder FROM leases
    WHERE starts_with(name, $1) AND name >= $1 AND until > clock_timestamp()
    ORDER BY name LIMIT $2";

#[async_trait]
impl Leases for Postgres {
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault> {
        let seconds = term.as_secs_f64();
        let of =
            [(&name as _, Type::TEXT), (&holder as _, Type::TEXT), (&seconds as _, Type::FLOAT8)];
        let rows = self.query("taking a lease", TAKE, &of).await?;
        Ok(rows.first().map(|row| row.get::<_, i64>(0).cast_unsigned()))
    }

    async fn take_all(
        &self,
        names: &[String],
        holder: &str,
        term: Duration,
    ) -> Result<Vec<String>, Fault> {
        let seconds = term.as_secs_f64();
        let of = [
            (&names as _, Type::TEXT_ARRAY),
            (&holder as _, Type::TEXT),
            (&seconds as _, Type::FLOAT8),
        ];
        let rows = self.query("taking leases", TAKE_ALL, &of).await?;
        let mut taken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        taken.sort_unstable();
        Ok(taken)
    }

    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        let of = [(&name as _, Type::TEXT), (&holder as _, Type::TEXT)];
        self.execute("giving a lease back", GIVE_BACK, &of).await.map(drop)
    }

    async fn give_back_all(&self, names: &[String], holder: &str) -> Result<(), Fault> {
        let of = [(&names as _, Type::TEXT_ARRAY), (&holder as _, Type::TEXT)];
        self.execute("giving leases back", GIVE_BACK_ALL, &of).await.map(drop)
    }

    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault> {
        let of = [(&prefix as _, Type::TEXT), (&limit_of(limit) as _, Type::INT8)];
        let rows = self.query("asking what was left undone", LEFT, &of).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn held(&self, prefix: &str, limit: usize) -> Result<Vec<Lease>, Fault> {
        let of = [(&prefix as _, Type::TEXT), (&limit_of(limit) as _, Type::INT8)];
        let rows = self.query("asking who holds leases", HELD, &of).await?;
        Ok(rows.iter().map(|row| Lease { name: row.get(0), holder: row.get(1) }).collect())
    }
}
