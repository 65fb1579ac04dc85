//! Requests of devices without a browser, while they wait.

use super::allowance;
use crate::postgres::within::Within;
use crate::postgres::{Bound, limit_of};
use shelf_domain::id::{ClientId, PersonId};
use shelf_ports::Fault;
use shelf_ports::oauth::{DEVICE_ASKS_MAX, DeviceAsk, POLL_SLOWER_MS, Polled};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Requests are few and short, so each waits for the one before: none is kept beyond the bound.
const LOCK_ASKS: &str = "LOCK TABLE device_asks IN SHARE ROW EXCLUSIVE MODE";
/// Leaves so many: those that somebody answered, and those that were asked last.
const MAKE_ROOM: &str = "DELETE FROM device_asks WHERE secret IN (SELECT secret FROM device_asks
    ORDER BY answer IS NULL, expires_at DESC OFFSET $1)";
const PUT_ASK: &str = "INSERT INTO device_asks
    (secret, typed, client, scopes, device, place, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING RETURNING typed";
const LOCK_ASK: &str = "SELECT answer, person, allowed, libraries, polled_at, slower
    FROM device_asks WHERE secret = $1 AND client = $2 AND expires_at > $3 FOR UPDATE";
const NOTE_POLL: &str = "UPDATE device_asks SET polled_at = $2, slower = $3 WHERE secret = $1";

pub(super) async fn put_ask(
    within: &Within<'_>,
    secret: &[u8],
    ask: &DeviceAsk,
    now: i64,
) -> Result<bool, Fault> {
    within.plain(LOCK_ASKS, &[]).await?;
    let past = "DELETE FROM device_asks WHERE expires_at <= $1";
    within.plain(past, &[(&now, Type::INT8)]).await?;
    within.plain(MAKE_ROOM, &[(&limit_of(DEVICE_ASKS_MAX - 1), Type::INT8)]).await?;
    let permits: Option<String> = ask.permits.into();
    let of: [Bound<'_>; 7] = [
        (&secret, Type::BYTEA),
        (&ask.typed.0.as_slice(), Type::BYTEA),
        (&Uuid::from(ask.client), Type::UUID),
        (&permits, Type::TEXT),
        (&ask.device, Type::TEXT),
        (&ask.place, Type::TEXT),
        (&ask.expires_at, Type::INT8),
    ];
    within.plain(PUT_ASK, &of).await.map(|rows| !rows.is_empty())
}

pub(super) async fn poll(
    within: &Within<'_>,
    secret: &[u8],
    client: ClientId,
    interval_ms: i64,
    now: i64,
) -> Result<Polled, Fault> {
    let of: [Bound<'_>; 3] =
        [(&secret, Type::BYTEA), (&Uuid::from(client), Type::UUID), (&now, Type::INT8)];
    let rows = within.plain(LOCK_ASK, &of).await?;
    let Some(row) = rows.first() else { return Ok(Polled::Unknown) };
    match (row.get::<_, Option<bool>>(0), row.get::<_, Option<Uuid>>(1)) {
        (Some(true), Some(person)) => {
            return Ok(Polled::Allowed(PersonId::from(person), allowance(row, 2)?));
        }
        (Some(_), _) => return Ok(Polled::Denied),
        (None, _) => {}
    }
    let (polled_at, slower): (Option<i64>, i64) = (row.get(4), row.get(5));
    let too_fast = polled_at.is_some_and(|at| now < at.saturating_add(interval_ms + slower));
    let slower = if too_fast { slower + POLL_SLOWER_MS } else { slower };
    let of: [Bound<'_>; 3] = [(&secret, Type::BYTEA), (&now, Type::INT8), (&slower, Type::INT8)];
    within.plain(NOTE_POLL, &of).await?;
    Ok(if too_fast { Polled::TooFast } else { Polled::Waiting })
}
