//! Whole answers under idempotency keys.

use super::{Postgres, damaged};
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::replies::{Replies, Reply};
use tokio_postgres::types::Type;

/// Status, headers and body, as they are stored.
type Stored = (u16, Vec<(String, String)>, String);

#[async_trait]
impl Replies for Postgres {
    async fn reply(&self, key: &str, since: i64) -> Result<Option<Reply>, Fault> {
        let rows = self
            .query(
                "reading a reply",
                "SELECT fingerprint, reply FROM replies WHERE key = $1 AND at >= $2",
                &[(&key, Type::TEXT), (&since, Type::INT8)],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let text: String = row.get(1);
        let stored: Stored = serde_json::from_str(&text).map_err(|_| damaged("a reply"))?;
        let (status, headers, body) = stored;
        Ok(Some(Reply { fingerprint: row.get(0), status, headers, body }))
    }

    async fn keep_reply(&self, key: &str, reply: &Reply, now: i64) -> Result<(), Fault> {
        let stored = (reply.status, &reply.headers, &reply.body);
        let text = serde_json::to_string(&stored).map_err(|_| damaged("a reply"))?;
        self.execute(
            "keeping a reply",
            "INSERT INTO replies VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
             SET fingerprint = excluded.fingerprint, reply = excluded.reply, at = excluded.at",
            &[
                (&key, Type::TEXT),
                (&reply.fingerprint, Type::TEXT),
                (&text, Type::TEXT),
                (&now, Type::INT8),
            ],
        )
        .await
        .map(drop)
    }

    async fn forget_replies(&self, until: i64) -> Result<(), Fault> {
        self.execute(
            "forgetting replies",
            "DELETE FROM replies WHERE at < $1",
            &[(&until, Type::INT8)],
        )
        .await
        .map(drop)
    }
}
