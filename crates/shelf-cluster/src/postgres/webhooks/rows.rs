//! Endpoints and deliveries as rows.

use crate::postgres::within::Within;
use crate::postgres::{Bound, damaged};
use shelf_domain::event::EventTypes;
use shelf_domain::id::{ActId, DeliveryId, EndpointId, PersonId};
use shelf_ports::Fault;
use shelf_ports::webhooks::{Delivery, DeliveryState, Endpoint, EndpointState, SigningKey};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The columns an endpoint is read from, in [`endpoint_of`]'s order.
macro_rules! endpoint {
    () => {
        "e.id, e.url, e.description, e.types, e.state, e.made_by, e.created_at, e.secret,
         e.old_secret, e.old_until, e.failures, e.rest_until, e.succeeded_at, e.missed, e.library"
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

const PUT_ENDPOINT: &str = "INSERT INTO endpoints VALUES
    ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING";
/// Deliveries that nobody has tried arrive as one array a column.
const PUT_NEW: &str = "INSERT INTO deliveries (id, endpoint, act, part, first, last, types,
        created_at, state, attempts, next_at)
    SELECT id, endpoint, act, part, first, last, types, $8, 'waiting', 0, next_at
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::bigint[], $9::bigint[])
        AS of (id, endpoint, act, part, first, last, types, next_at)
    ON CONFLICT DO NOTHING";
pub(in crate::postgres) const ALL: &str =
    concat!("SELECT ", endpoint!(), " FROM endpoints e WHERE library = {} ORDER BY created_at, id");

pub(super) fn types_of(row: &Row, at: usize) -> Result<EventTypes, Fault> {
    let bits = u32::try_from(row.get::<_, i64>(at)).map_err(|_| damaged("types of events"))?;
    Ok(EventTypes::from_bits(bits))
}

pub(super) fn state_of(row: &Row, at: usize) -> Result<EndpointState, Fault> {
    EndpointState::named(row.get(at)).ok_or_else(|| damaged("the state of an endpoint"))
}

pub(super) fn small<T: TryFrom<i64>>(row: &Row, at: usize) -> Result<T, Fault> {
    T::try_from(row.get::<_, i64>(at)).map_err(|_| damaged("a number of a webhook"))
}

pub(super) fn maybe<T: TryFrom<i64>>(row: &Row, at: usize) -> Result<Option<T>, Fault> {
    let read = |number| T::try_from(number).map_err(|_| damaged("a number of a webhook"));
    row.get::<_, Option<i64>>(at).map(read).transpose()
}

/// An endpoint, from the columns that begin at `at`.
pub(in crate::postgres) fn endpoint_of(row: &Row, at: usize) -> Result<Endpoint, Fault> {
    let old = row.get::<_, Option<Vec<u8>>>(at + 8).map(SigningKey);
    Ok(Endpoint {
        id: EndpointId::from(row.get::<_, Uuid>(at)),
        url: row.get(at + 1),
        description: row.get(at + 2),
        types: types_of(row, at + 3)?,
        state: state_of(row, at + 4)?,
        made_by: PersonId::from(row.get::<_, Uuid>(at + 5)),
        created_at: row.get(at + 6),
        key: SigningKey(row.get(at + 7)),
        old_key: old.zip(row.get(at + 9)),
        failures: small(row, at + 10)?,
        rest_until: row.get(at + 11),
        succeeded_at: row.get(at + 12),
        missed: small(row, at + 13)?,
    })
}

pub(super) fn delivery_of(row: &Row) -> Result<Delivery, Fault> {
    Ok(Delivery {
        id: DeliveryId::from(row.get::<_, Uuid>(0)),
        endpoint: EndpointId::from(row.get::<_, Uuid>(1)),
        act: ActId::from(row.get::<_, Uuid>(2)),
        part: small(row, 3)?,
        first: small(row, 4)?,
        last: small(row, 5)?,
        types: types_of(row, 6)?,
        created_at: row.get(7),
        state: DeliveryState::named(row.get(8))
            .ok_or_else(|| damaged("the state of a delivery"))?,
        attempts: small(row, 9)?,
        next_at: row.get(10),
        tried_at: row.get(11),
        status: maybe(row, 12)?,
        trouble: row.get(13),
        took_ms: maybe(row, 14)?,
    })
}

/// Keeps an endpoint that is not there, followed to `followed`; to its head where that is nothing.
pub(in crate::postgres) async fn put_endpoint(
    within: &Within<'_>,
    library: Uuid,
    endpoint: &Endpoint,
    followed: Option<i64>,
) -> Result<(), Fault> {
    let (old, until) =
        endpoint.old_key.as_ref().map(|(key, until)| (key.0.as_slice(), *until)).unzip();
    let of: [Bound<'_>; 16] = [
        (&Uuid::from(endpoint.id), Type::UUID),
        (&library, Type::UUID),
        (&endpoint.url, Type::TEXT),
        (&endpoint.description, Type::TEXT),
        (&i64::from(endpoint.types.bits()), Type::INT8),
        (&endpoint.state.name(), Type::TEXT),
        (&Uuid::from(endpoint.made_by), Type::UUID),
        (&endpoint.created_at, Type::INT8),
        (&endpoint.key.0.as_slice(), Type::BYTEA),
        (&old, Type::BYTEA),
        (&until, Type::INT8),
        (&i64::from(endpoint.failures), Type::INT8),
        (&endpoint.rest_until, Type::INT8),
        (&endpoint.succeeded_at, Type::INT8),
        (&endpoint.missed.cast_signed(), Type::INT8),
        (&followed, Type::INT8),
    ];
    within.plain(PUT_ENDPOINT, &of).await.map(drop)
}

pub(super) async fn put_new(within: &Within<'_>, new: &[Delivery], now: i64) -> Result<(), Fault> {
    if new.is_empty() {
        return Ok(());
    }
    let uuids = |of: fn(&Delivery) -> Uuid| new.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: fn(&Delivery) -> i64| new.iter().map(of).collect::<Vec<_>>();
    let of: [Bound<'_>; 9] = [
        (&uuids(|one| one.id.into()), Type::UUID_ARRAY),
        (&uuids(|one| one.endpoint.into()), Type::UUID_ARRAY),
        (&uuids(|one| one.act.into()), Type::UUID_ARRAY),
        (&numbers(|one| one.part.into()), Type::INT8_ARRAY),
        (&numbers(|one| one.first.cast_signed()), Type::INT8_ARRAY),
        (&numbers(|one| one.last.cast_signed()), Type::INT8_ARRAY),
        (&numbers(|one| one.types.bits().into()), Type::INT8_ARRAY),
        (&now, Type::INT8),
        (&numbers(|one| one.next_at), Type::INT8_ARRAY),
    ];
    within.plain(PUT_NEW, &of).await.map(drop)
}
