//! Endpoints and deliveries as rows.

use crate::sql::{damaged, signed, unsigned};
use rusqlite::{Connection, Row, params};
use shelf_domain::event::EventTypes;
use shelf_domain::id::{ActId, DeliveryId, EndpointId, LibraryId, PersonId};
use shelf_domain::stamp::Seq;
use shelf_ports::webhooks::{Delivery, DeliveryState, Endpoint, EndpointState, SigningKey};

/// The columns an endpoint is read from, in [`endpoint_of`]'s order.
macro_rules! endpoint {
    () => {
        "e.id, e.url, e.description, e.types, e.state, e.made_by, e.created_at, e.secret,
         e.old_secret, e.old_until, e.failures, e.rest_until, e.succeeded_at, e.missed"
    };
}
pub(super) use endpoint;

/// The columns a delivery is read from, in [`delivery_of`]'s order.
macro_rules! delivery {
    () => {
        "d.id, d.endpoint, d.act, d.part, d.first, d.last, d.types, d.created_at, d.state,
         d.attempts, d.next_at, d.tried_at, d.status, d.trouble, d.took_ms"
    };
}
pub(super) use delivery;

const PUT_ENDPOINT: &str = "INSERT OR IGNORE INTO endpoints VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const PUT_DELIVERY: &str = "INSERT OR REPLACE INTO deliveries VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
pub(crate) const ALL: &str = concat!(
    "SELECT ",
    endpoint!(),
    " FROM endpoints e JOIN libraries l ON l.id = e.library WHERE l.key = ?1
     ORDER BY e.created_at, e.id"
);

pub(super) fn types_of(row: &Row<'_>, at: usize) -> rusqlite::Result<EventTypes> {
    Ok(EventTypes::from_bits(row.get(at)?))
}

pub(super) fn state_of(row: &Row<'_>, at: usize) -> rusqlite::Result<EndpointState> {
    EndpointState::named(&row.get::<_, String>(at)?).ok_or_else(|| damaged("a state"))
}

/// An endpoint, from the columns that begin at `at`.
pub(crate) fn endpoint_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Endpoint> {
    let old: Option<Vec<u8>> = row.get(at + 8)?;
    let until: Option<i64> = row.get(at + 9)?;
    Ok(Endpoint {
        id: EndpointId::from_bytes(row.get(at)?),
        url: row.get(at + 1)?,
        description: row.get(at + 2)?,
        types: types_of(row, at + 3)?,
        state: state_of(row, at + 4)?,
        made_by: PersonId::from_bytes(row.get(at + 5)?),
        created_at: row.get(at + 6)?,
        key: SigningKey(row.get(at + 7)?),
        old_key: old.map(SigningKey).zip(until),
        failures: row.get(at + 10)?,
        rest_until: row.get(at + 11)?,
        succeeded_at: row.get(at + 12)?,
        missed: row.get(at + 13)?,
    })
}

pub(super) fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get(8)?;
    Ok(Delivery {
        id: DeliveryId::from_bytes(row.get(0)?),
        endpoint: EndpointId::from_bytes(row.get(1)?),
        act: ActId::from_bytes(row.get(2)?),
        part: row.get(3)?,
        first: unsigned(row.get(4)?),
        last: unsigned(row.get(5)?),
        types: types_of(row, 6)?,
        created_at: row.get(7)?,
        state: DeliveryState::named(&state).ok_or_else(|| damaged("a state"))?,
        attempts: row.get(9)?,
        next_at: row.get(10)?,
        tried_at: row.get(11)?,
        status: row.get(12)?,
        trouble: row.get(13)?,
        took_ms: row.get(14)?,
    })
}

/// Keeps an endpoint that is not there, followed to `followed`; at its head where that is nothing.
pub(crate) fn put_endpoint(
    connection: &Connection,
    library: LibraryId,
    endpoint: &Endpoint,
    followed: Option<Seq>,
) -> rusqlite::Result<()> {
    let (old, until) = endpoint.old_key.as_ref().map(|(key, until)| (&key.0, *until)).unzip();
    connection
        .prepare_cached(PUT_ENDPOINT)?
        .execute(params![
            endpoint.id.to_bytes(),
            library.to_bytes(),
            endpoint.url,
            endpoint.description,
            endpoint.types.bits(),
            endpoint.state.name(),
            endpoint.made_by.to_bytes(),
            endpoint.created_at,
            endpoint.key.0,
            old,
            until,
            endpoint.failures,
            endpoint.rest_until,
            endpoint.succeeded_at,
            endpoint.missed,
            followed.map(signed),
        ])
        .map(drop)
}

pub(super) fn put_delivery(connection: &Connection, one: &Delivery) -> rusqlite::Result<()> {
    connection
        .prepare_cached(PUT_DELIVERY)?
        .execute(params![
            one.id.to_bytes(),
            one.endpoint.to_bytes(),
            one.act.to_bytes(),
            one.part,
            signed(one.first),
            signed(one.last),
            one.types.bits(),
            one.created_at,
            one.state.name(),
            one.attempts,
            one.next_at,
            one.tried_at,
            one.status,
            one.trouble,
            one.took_ms,
        ])
        .map(drop)
}
