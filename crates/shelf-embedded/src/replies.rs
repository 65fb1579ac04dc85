//! Whole answers under idempotency keys, beside the replies of the write door: those belong to a
//! library, these to no library (0).

use crate::Embedded;
use crate::sql::damaged;
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use shelf_ports::Fault;
use shelf_ports::replies::{Replies, Reply};

/// What stands in place of a library.
const NO_LIBRARY: i64 = 0;

/// Status, headers and body, as they are stored.
type Stored = (u16, Vec<(String, String)>, String);

#[async_trait]
impl Replies for Embedded {
    async fn reply(&self, key: &str, since: i64) -> Result<Option<Reply>, Fault> {
        let key = key.to_owned();
        self.read("reading a reply", move |connection| {
            let known: Option<(String, String)> = connection
                .prepare_cached(
                    "SELECT fingerprint, reply FROM replies
                     WHERE library = ?1 AND key = ?2 AND at >= ?3",
                )?
                .query_row(params![NO_LIBRARY, key, since], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((fingerprint, text)) = known else { return Ok(None) };
            let stored: Stored = serde_json::from_str(&text).map_err(|_| damaged("a reply"))?;
            let (status, headers, body) = stored;
            Ok(Some(Reply { fingerprint, status, headers, body }))
        })
        .await
    }

    async fn keep_reply(&self, key: &str, reply: &Reply, now: i64) -> Result<(), Fault> {
        let (key, reply) = (key.to_owned(), reply.clone());
        self.write("keeping a reply", move |connection| {
            let stored: Stored = (reply.status, reply.headers, reply.body);
            let text = serde_json::to_string(&stored).map_err(|_| damaged("a reply"))?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO replies VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![NO_LIBRARY, key, reply.fingerprint, text, now])?;
            Ok(())
        })
        .await
    }

    async fn forget_replies(&self, until: i64) -> Result<(), Fault> {
        self.write("forgetting replies", move |connection| {
            connection
                .prepare_cached("DELETE FROM replies WHERE library = ?1 AND at < ?2")?
                .execute(params![NO_LIBRARY, until])?;
            Ok(())
        })
        .await
    }
}
