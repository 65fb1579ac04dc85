//! Requests of devices without a browser, while they wait.

use super::{allowance, permits_of, put_app};
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{ClientId, PersonId};
use shelf_ports::accounts::SecretHash;
use shelf_ports::oauth::{DEVICE_ASKS_MAX, DeviceAsk, NewApp, POLL_SLOWER_MS, Polled};

pub(super) const ASK: &str =
    "SELECT client, typed, scopes, device, place, expires_at FROM device_asks
    WHERE typed = ?1 AND expires_at > ?2 AND answer IS NULL";
const POLL: &str = "SELECT answer, person, allowed, libraries, polled_at, slower FROM device_asks
    WHERE secret = ?1 AND client = ?2 AND expires_at > ?3";

pub(super) fn ask_of(row: &Row<'_>) -> rusqlite::Result<DeviceAsk> {
    Ok(DeviceAsk {
        client: ClientId::from_bytes(row.get(0)?),
        typed: SecretHash(row.get(1)?),
        permits: permits_of(row.get(2)?)?,
        device: row.get(3)?,
        place: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

pub(super) fn put_ask(
    connection: &Connection,
    secret: SecretHash,
    ask: &DeviceAsk,
    now: i64,
) -> rusqlite::Result<bool> {
    connection.prepare_cached("DELETE FROM device_asks WHERE expires_at <= ?1")?.execute([now])?;
    make_room(connection, DEVICE_ASKS_MAX)?;
    let permits: Option<String> = ask.permits.into();
    let put = connection
        .prepare_cached(
            "INSERT INTO device_asks (secret, typed, client, scopes, device, place, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            secret.0,
            ask.typed.0,
            ask.client.to_bytes(),
            permits,
            ask.device,
            ask.place,
            ask.expires_at,
        ])?;
    Ok(put > 0)
}

/// Leaves room for one more than there may be `most` of: what nobody answered goes before what somebody
/// did, and what was asked first before all else.
fn make_room(connection: &Connection, most: usize) -> rusqlite::Result<()> {
    let sql = "DELETE FROM device_asks WHERE secret IN (SELECT secret FROM device_asks
        ORDER BY answer IS NULL, expires_at DESC LIMIT -1 OFFSET ?1)";
    connection.prepare_cached(sql)?.execute([most.saturating_sub(1)]).map(drop)
}

pub(super) fn poll(
    connection: &Connection,
    secret: SecretHash,
    client: ClientId,
    interval_ms: i64,
    now: i64,
) -> rusqlite::Result<Polled> {
    let found = connection
        .prepare_cached(POLL)?
        .query_row(params![secret.0, client.to_bytes(), now], |row| {
            let answer: Option<bool> = row.get(0)?;
            let person: Option<[u8; 16]> = row.get(1)?;
            let (polled_at, slower): (Option<i64>, i64) = (row.get(4)?, row.get(5)?);
            Ok((answer, person, allowance(row, 2)?, polled_at, slower))
        })
        .optional()?;
    let Some((answer, person, allows, polled_at, slower)) = found else {
        return Ok(Polled::Unknown);
    };
    match (answer, person) {
        (Some(true), Some(person)) => {
            return Ok(Polled::Allowed(PersonId::from_bytes(person), allows));
        }
        (Some(_), _) => return Ok(Polled::Denied),
        (None, _) => {}
    }
    let too_fast = polled_at.is_some_and(|at| now < at.saturating_add(interval_ms + slower));
    let slower = if too_fast { slower + POLL_SLOWER_MS } else { slower };
    connection
        .prepare_cached("UPDATE device_asks SET polled_at = ?2, slower = ?3 WHERE secret = ?1")?
        .execute(params![secret.0, now, slower])?;
    Ok(if too_fast { Polled::TooFast } else { Polled::Waiting })
}

pub(super) fn redeem_ask(
    connection: &Connection,
    secret: SecretHash,
    app: &NewApp,
    now: i64,
) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached(
            "DELETE FROM device_asks
             WHERE secret = ?1 AND client = ?2 AND expires_at > ?3 AND answer",
        )?
        .execute(params![secret.0, app.client.to_bytes(), now])?;
    if gone > 0 {
        put_app(connection, app)?;
    }
    Ok(gone > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::permit::Permits;

    #[test]
    fn where_too_many_devices_wait_the_oldest_nobody_answered_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let connection = crate::sql::open_writer(&dir.path().join("a.db")).unwrap();
        for (byte, ends) in [(1, 10), (2, 20), (3, 30), (4, 40)] {
            let ask = DeviceAsk {
                client: ClientId::from_bytes([9; 16]),
                typed: SecretHash([byte; 32]),
                permits: Permits::EVERY,
                device: String::new(),
                place: String::new(),
                expires_at: ends,
            };
            assert!(put_ask(&connection, SecretHash([byte; 32]), &ask, 1).unwrap());
            connection
                .execute("UPDATE device_asks SET answer = 1 WHERE expires_at = 10", [])
                .unwrap();
        }
        make_room(&connection, 3).unwrap();
        let mut left = connection.prepare("SELECT expires_at FROM device_asks ORDER BY 1").unwrap();
        let left = left.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(left.map(Result::unwrap).collect::<Vec<_>>(), [10, 40]);
    }
}
