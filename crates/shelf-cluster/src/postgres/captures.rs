//! What is known of files that are kept with bookmarks.

use super::within::{For, Within};
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::{CaptureId, ItemId, LibraryId, Scope};
use shelf_ports::Fault;
use shelf_ports::captures::{Capture, Captures, Claim};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Everything whose content is there, for a telling.
pub(super) const ALL: &str =
    "SELECT capture FROM captures WHERE library = {} AND state = 'kept' ORDER BY id";
const PUT: &str = "INSERT INTO captures VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (library, id) DO UPDATE SET item = excluded.item, made_at = excluded.made_at,
        state = excluded.state, capture = excluded.capture
    WHERE captures.state = 'coming' OR (captures.state = 'going' AND excluded.state = 'kept')";
/// Whoever begins a file of a tenant holds this until the row is there.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const LIBRARIES: &str = "SELECT id FROM libraries WHERE tenant = $1";
const HELD: &str = "SELECT coalesce(sum((capture::json->>'bytes')::bigint), 0)::bigint
    FROM captures WHERE library = $1 AND id <> $2";
const SETTLE: &str = "UPDATE captures SET state = 'kept'
    WHERE library = $1 AND id = $2 AND state = 'coming' RETURNING id";
const ONE: &str = "SELECT capture FROM captures WHERE library = $1 AND id = $2 AND state = 'kept'";
/// The files of an item and of all that joined it.
const OF_ITEM: &str = "WITH RECURSIVE same (id) AS (
        SELECT $2 UNION
        SELECT a.younger FROM same JOIN aliases a ON a.library = $1 AND a.older = same.id)
    SELECT c.capture FROM captures c
    WHERE c.library = $1 AND c.state = 'kept' AND c.item IN (SELECT id FROM same) ORDER BY c.id";
const AFTER: &str = "SELECT capture FROM captures
    WHERE library = $1 AND id > $2 AND state = 'kept' ORDER BY id LIMIT $3";
const ITEMS: &str = "SELECT DISTINCT item FROM captures
    WHERE library = $1 AND item > $2 ORDER BY item LIMIT $3";
const LET_GO: &str = "UPDATE captures SET state = 'going'
    WHERE library = $1 AND id = $2 AND state = 'kept' RETURNING id";
/// What is given up is not seen as such by the other half of the statement.
const LEFT_OVER: &str = "WITH late AS (UPDATE captures SET state = 'going'
        WHERE library = $1 AND state = 'coming' AND made_at < $2 RETURNING id)
    SELECT id FROM late UNION
    SELECT id FROM captures WHERE library = $1 AND state <> 'kept' AND state = 'going'
    ORDER BY id LIMIT $3";
const FORGET: &str = "DELETE FROM captures
    WHERE library = $1 AND id = $2 AND state <> 'kept' RETURNING id";

/// A file, from the column of [`ALL`].
pub(super) fn capture_of(row: &Row) -> Result<Capture, Fault> {
    serde_json::from_str(row.get(0)).map_err(|_| damaged("what is known of a file"))
}

async fn put(within: &Within<'_>, capture: &Capture, state: &str) -> Result<(), Fault> {
    let text = serde_json::to_string(capture).map_err(|_| damaged("what is known of a file"))?;
    let of: [Bound<'_>; 5] = [
        (&Uuid::from(capture.id), Type::UUID),
        (&Uuid::from(capture.item), Type::UUID),
        (&capture.made_at, Type::INT8),
        (&state, Type::TEXT),
        (&text, Type::TEXT),
    ];
    within.run(PUT, &of).await.map(drop)
}

/// How many bytes the files of the tenant have without that of `id` in the library of `scope`, if it is
/// there. Nobody begins one meanwhile.
async fn held(within: &mut Within<'_>, scope: Scope, id: CaptureId) -> Result<u64, Fault> {
    let (lock, tenant) = (format!("captures/{}", scope.tenant), Uuid::from(scope.tenant));
    let of: [Bound<'_>; 1] = [(&lock, Type::TEXT)];
    within.plain(LOCK, &of).await?;
    let of: [Bound<'_>; 1] = [(&tenant, Type::UUID)];
    let mut held = 0_u64;
    for row in within.plain(LIBRARIES, &of).await? {
        let library = LibraryId::from(row.get::<_, Uuid>(0));
        // Rows of a library are seen by who has named it.
        if !within.turn_to(Scope { library, ..scope }).await? {
            continue;
        }
        // The same id elsewhere is a copy. The id of zeros none has.
        let but = if library == scope.library { Uuid::from(id) } else { Uuid::nil() };
        let of: [Bound<'_>; 1] = [(&but, Type::UUID)];
        let rows = within.rows(HELD, &of).await?;
        let bytes = rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned());
        held = held.saturating_add(bytes);
    }
    Ok(held)
}

/// Takes in a file that another store told of.
pub(super) async fn take_in(within: &Within<'_>, capture: &Capture) -> Result<(), Fault> {
    put(within, capture, "kept").await
}

impl Postgres {
    /// Runs a statement about the file `id` that returns what it touched; whether it did.
    async fn touch_capture(
        &self,
        scope: Scope,
        id: CaptureId,
        sql: &'static str,
    ) -> Result<bool, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(id), Type::UUID)];
        let touched = self.query_in(scope, "changing what is known of a file", sql, &of).await?;
        Ok(!touched.is_empty())
    }
}

#[async_trait]
impl Captures for Postgres {
    async fn begin(
        &self,
        scope: Scope,
        capture: &Capture,
        most: Option<u64>,
    ) -> Result<Claim, Fault> {
        let mut connection = self.connection().await?;
        let doing = "beginning to keep a file";
        let entered = Within::enter(&mut connection, scope, doing, For::Writing).await?;
        let Some(mut within) = entered else { return Ok(Claim::Begun) };
        if let Some(most) = most {
            let held = held(&mut within, scope, capture.id).await?;
            if held.saturating_add(capture.bytes) > most {
                return Ok(Claim::Full { held });
            }
            if !within.turn_to(scope).await? {
                return Ok(Claim::Begun);
            }
        }
        put(&within, capture, "coming").await?;
        within.commit().await?;
        Ok(Claim::Begun)
    }

    async fn settle(&self, scope: Scope, id: CaptureId) -> Result<bool, Fault> {
        self.touch_capture(scope, id, SETTLE).await
    }

    async fn capture(&self, scope: Scope, id: CaptureId) -> Result<Option<Capture>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(id), Type::UUID)];
        let rows = self.query_in(scope, "reading of a file", ONE, &of).await?;
        rows.first().map(capture_of).transpose()
    }

    async fn captures_of(&self, scope: Scope, item: ItemId) -> Result<Vec<Capture>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(item), Type::UUID)];
        let rows = self.query_in(scope, "listing files", OF_ITEM, &of).await?;
        rows.iter().map(capture_of).collect()
    }

    async fn captures_after(
        &self,
        scope: Scope,
        after: Option<CaptureId>,
        limit: usize,
    ) -> Result<Vec<Capture>, Fault> {
        // The id of zeros, which none has, is before every id.
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let of: [Bound<'_>; 2] = [(&after, Type::UUID), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "listing all files", AFTER, &of).await?;
        rows.iter().map(capture_of).collect()
    }

    async fn captured_items(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault> {
        // The id of zeros, which none has, is before every id.
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let of: [Bound<'_>; 2] = [(&after, Type::UUID), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "listing what has files", ITEMS, &of).await?;
        Ok(rows.iter().map(|row| ItemId::from(row.get::<_, Uuid>(0))).collect())
    }

    async fn let_go(&self, scope: Scope, id: CaptureId) -> Result<bool, Fault> {
        self.touch_capture(scope, id, LET_GO).await
    }

    async fn left_over(
        &self,
        scope: Scope,
        before: i64,
        limit: usize,
    ) -> Result<Vec<CaptureId>, Fault> {
        let of: [Bound<'_>; 2] = [(&before, Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "listing files that are left over", LEFT_OVER, &of).await?;
        Ok(rows.iter().map(|row| CaptureId::from(row.get::<_, Uuid>(0))).collect())
    }

    async fn forget(&self, scope: Scope, id: CaptureId) -> Result<(), Fault> {
        self.touch_capture(scope, id, FORGET).await.map(drop)
    }
}
