//! What is known of files that are kept with bookmarks.

use crate::Embedded;
use crate::imports::{from_json, to_json};
use crate::load::{self, LibraryKey};
use crate::sql::unsigned;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{CaptureId, ItemId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::captures::{Capture, Captures, Claim};

/// Everything whose content is there, for a telling.
pub(crate) const ALL: &str =
    "SELECT capture FROM captures WHERE library = ?1 AND state = 'kept' ORDER BY id";
const PUT: &str = "INSERT INTO captures VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (library, id) DO UPDATE SET item = excluded.item, made_at = excluded.made_at,
        state = excluded.state, capture = excluded.capture
    WHERE captures.state = 'coming' OR (captures.state = 'going' AND excluded.state = 'kept')";
/// Bytes of all files of a tenant but one. The library comes first, or the planner would walk the files
/// of everybody.
const HELD: &str = "SELECT coalesce(sum(json_extract(c.capture, '$.bytes')), 0)
    FROM libraries l CROSS JOIN captures c ON c.library = l.key
    WHERE l.tenant = ?1 AND NOT (c.library = ?2 AND c.id = ?3)";
const SETTLE: &str = "UPDATE captures SET state = 'kept'
    WHERE library = ?1 AND id = ?2 AND state = 'coming'";
const ONE: &str = "SELECT capture FROM captures WHERE library = ?1 AND id = ?2 AND state = 'kept'";
/// The files of an item and of all that joined it. Without statistics the planner would walk all files
/// of the library instead of the index; so it would for what is left over.
const OF_ITEM: &str = "WITH RECURSIVE same (id) AS (
        SELECT ?2 UNION
        SELECT younger FROM same JOIN aliases ON library = ?1 AND older = same.id)
    SELECT capture FROM captures INDEXED BY captures_item
    WHERE library = ?1 AND state = 'kept' AND item IN (SELECT id FROM same) ORDER BY captures.id";
const AFTER: &str = "SELECT capture FROM captures
    WHERE library = ?1 AND id > ?2 AND state = 'kept' ORDER BY id LIMIT ?3";
const ITEMS: &str = "SELECT DISTINCT item FROM captures
    WHERE library = ?1 AND item > ?2 ORDER BY item LIMIT ?3";
const LET_GO: &str = "UPDATE captures SET state = 'going'
    WHERE library = ?1 AND id = ?2 AND state = 'kept'";
const GIVE_UP: &str = "UPDATE captures INDEXED BY captures_left SET state = 'going'
    WHERE library = ?1 AND state <> 'kept' AND state = 'coming' AND made_at < ?2";
const LEFT_OVER: &str = "SELECT id FROM captures INDEXED BY captures_left
    WHERE library = ?1 AND state <> 'kept' AND state = 'going' ORDER BY id LIMIT ?2";
const FORGET: &str = "DELETE FROM captures WHERE library = ?1 AND id = ?2 AND state <> 'kept'";

/// A file, from the column of [`ALL`].
pub(crate) fn capture_of(row: &Row<'_>) -> rusqlite::Result<Capture> {
    from_json(&row.get::<_, String>(0)?)
}

fn put(
    connection: &Connection,
    library: LibraryKey,
    capture: &Capture,
    state: &str,
) -> rusqlite::Result<()> {
    let (id, item, text) = (capture.id.to_bytes(), capture.item.to_bytes(), to_json(capture)?);
    connection
        .prepare_cached(PUT)?
        .execute(params![library, id, item, capture.made_at, state, text])
        .map(drop)
}

/// How many bytes the files of `tenant` have without that of `id` in `library`, if it is there.
fn held(
    connection: &Connection,
    tenant: TenantId,
    library: LibraryKey,
    id: CaptureId,
) -> rusqlite::Result<u64> {
    let of = params![tenant.to_bytes(), library, id.to_bytes()];
    connection.prepare_cached(HELD)?.query_row(of, |row| row.get(0).map(unsigned))
}

/// Takes in a file that another store told of.
pub(crate) fn take_in(
    connection: &Connection,
    library: LibraryKey,
    capture: &Capture,
) -> rusqlite::Result<()> {
    put(connection, library, capture, "kept")
}

impl Embedded {
    /// Runs a statement about the file `id`; whether it touched it.
    async fn touch_capture(
        &self,
        scope: Scope,
        id: CaptureId,
        sql: &'static str,
    ) -> Result<bool, Fault> {
        Embedded::write(self, "changing what is known of a file", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(false) };
            let touched =
                connection.prepare_cached(sql)?.execute(params![library, id.to_bytes()])?;
            Ok(touched > 0)
        })
        .await
    }
}

#[async_trait]
impl Captures for Embedded {
    async fn begin(
        &self,
        scope: Scope,
        capture: &Capture,
        most: Option<u64>,
    ) -> Result<Claim, Fault> {
        let capture = capture.clone();
        Embedded::write(self, "beginning to keep a file", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else {
                return Ok(Claim::Begun);
            };
            if let Some(most) = most {
                let held = held(connection, scope.tenant, library, capture.id)?;
                if held.saturating_add(capture.bytes) > most {
                    return Ok(Claim::Full { held });
                }
            }
            put(connection, library, &capture, "coming")?;
            Ok(Claim::Begun)
        })
        .await
    }

    async fn settle(&self, scope: Scope, id: CaptureId) -> Result<bool, Fault> {
        self.touch_capture(scope, id, SETTLE).await
    }

    async fn capture(&self, scope: Scope, id: CaptureId) -> Result<Option<Capture>, Fault> {
        self.read_in(scope, "reading of a file", move |connection, library| {
            let of = params![library, id.to_bytes()];
            connection.prepare_cached(ONE)?.query_row(of, capture_of).optional()
        })
        .await
    }

    async fn captures_of(&self, scope: Scope, item: ItemId) -> Result<Vec<Capture>, Fault> {
        self.read_in(scope, "listing files", move |connection, library| {
            let of = params![library, item.to_bytes()];
            connection.prepare_cached(OF_ITEM)?.query_map(of, capture_of)?.collect()
        })
        .await
    }

    async fn captures_after(
        &self,
        scope: Scope,
        after: Option<CaptureId>,
        limit: usize,
    ) -> Result<Vec<Capture>, Fault> {
        self.read_in(scope, "listing all files", move |connection, library| {
            // No bytes are before every id.
            let after = after.map_or(Vec::new(), |id| id.to_bytes().to_vec());
            let of = params![library, after, limit];
            connection.prepare_cached(AFTER)?.query_map(of, capture_of)?.collect()
        })
        .await
    }

    async fn captured_items(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault> {
        self.read_in(scope, "listing what has files", move |connection, library| {
            // No bytes are before every id.
            let after = after.map_or(Vec::new(), |id| id.to_bytes().to_vec());
            let item = |row: &Row<'_>| row.get(0).map(ItemId::from_bytes);
            let of = params![library, after, limit];
            connection.prepare_cached(ITEMS)?.query_map(of, item)?.collect()
        })
        .await
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
        Embedded::write(self, "listing files that are left over", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else {
                return Ok(Vec::new());
            };
            connection.prepare_cached(GIVE_UP)?.execute(params![library, before])?;
            let id = |row: &Row<'_>| row.get(0).map(CaptureId::from_bytes);
            let mut left = connection.prepare_cached(LEFT_OVER)?;
            let ids = left.query_map(params![library, limit], id)?;
            ids.collect()
        })
        .await
    }

    async fn forget(&self, scope: Scope, id: CaptureId) -> Result<(), Fault> {
        self.touch_capture(scope, id, FORGET).await.map(drop)
    }
}
