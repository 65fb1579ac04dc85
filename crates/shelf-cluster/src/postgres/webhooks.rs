//! Endpoints of webhooks, and the deliveries on their way to them.
//!
//! They hold no content, so they stand beside accounts and not behind row-level security: what is
//! due is asked for many libraries at once.

mod rows;

pub(super) use rows::{ALL, endpoint_of, put_endpoint};

use super::within::Within;
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use rows::{delivery, delivery_of, endpoint, put_new, small, state_of, types_of};
use shelf_domain::id::{ActId, DeliveryId, EndpointId, LibraryId, Scope, TenantId};
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_ports::webhooks::{
    Delivery, DeliveryPage, DeliveryState, Due, ENDPOINTS_MAX, Endpoint, EndpointEdit,
    EndpointState, Queue, Queued, Replay, Told, Tried, Webhooks, queued,
};
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const ENDPOINTS: &str = concat!(
    "SELECT ",
    endpoint!(),
    " FROM endpoints e JOIN libraries l ON l.id = e.library
     WHERE e.library = $1 AND l.tenant = $2 ORDER BY e.created_at, e.id"
);
/// Whoever adds an endpoint does it one after the other.
const LOCK_LIBRARY: &str = "SELECT seq FROM libraries WHERE id = $1 AND tenant = $2 FOR UPDATE";
const LOCK_ENDPOINT: &str = concat!(
    "SELECT ",
    endpoint!(),
    " FROM endpoints e JOIN libraries l ON l.id = e.library
     WHERE e.library = $1 AND l.tenant = $2 AND e.id = $3 FOR UPDATE OF e"
);
const EDIT: &str = "UPDATE endpoints SET url = $2, description = $3, types = $4, state = $5,
    secret = $6, old_secret = $7, old_until = $8, failures = $9, rest_until = $10, missed = $11
    WHERE id = $1";
const WATCHED: &str = "SELECT DISTINCT l.tenant, l.id FROM endpoints e
    JOIN libraries l ON l.id = e.library ORDER BY l.id";
const FOLLOWED: &str =
    "SELECT min(followed), count(*) - count(followed) FROM endpoints WHERE library = $1";
const BEGIN_FOLLOWING: &str = "UPDATE endpoints SET followed =
    (SELECT seq FROM libraries WHERE id = $1) WHERE library = $1 AND followed IS NULL";
/// Locked in one order by all who tell, before any delivery.
const QUEUES: &str =
    "SELECT id, types, state, followed FROM endpoints WHERE library = $1 ORDER BY id FOR UPDATE";
const WAITING: &str = "SELECT d.endpoint, count(*) FROM deliveries d
    JOIN endpoints e ON e.id = d.endpoint JOIN libraries l ON l.id = e.library
    WHERE e.library = $1 AND l.tenant = $2 AND d.state = 'waiting' GROUP BY d.endpoint";
const KNOWN: &str = concat!("SELECT ", delivery!(), " FROM deliveries d WHERE d.id = ANY($1)");
const LONGER: &str = "UPDATE deliveries SET last = $2, types = $3, next_at = $4
    WHERE id = $1 AND attempts = 0 AND state = 'waiting'";
const PUT_DELIVERY: &str = "INSERT INTO deliveries
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
    FROM endpoints e JOIN libraries l ON l.id = e.library
    WHERE e.id = $2 AND l.id = $16 AND l.tenant = $17
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
        next_at = excluded.next_at";
/// The delivery that is due longest of each endpoint that may be tried.
const DUE: &str = concat!(
    "SELECT ",
    delivery!(),
    ", ",
    endpoint!(),
    " FROM endpoints e CROSS JOIN LATERAL (SELECT * FROM deliveries
        WHERE endpoint = e.id AND state = 'waiting' AND next_at <= $2
        ORDER BY next_at, id LIMIT 1) d
     WHERE e.library = ANY($1) AND e.state = 'active' AND (e.rest_until <= $2 OR d.next_at = 0)
     ORDER BY d.next_at, d.id LIMIT $3"
);
const BEGIN: &str = "UPDATE deliveries SET attempts = attempts + 1, next_at = $3
    WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
const END: &str = "UPDATE deliveries SET state = $3, next_at = $4, tried_at = $5, status = $6,
    trouble = $7, took_ms = $8 WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
const TAKEN: &str =
    "UPDATE endpoints SET failures = 0, rest_until = 0, succeeded_at = $2 WHERE id = $1";
const NOT_TAKEN: &str =
    "UPDATE endpoints SET failures = failures + 1, rest_until = $2, state = coalesce($3, state)
    WHERE id = $1";
const GIVE_UP: &str =
    "UPDATE deliveries SET state = 'failed' WHERE endpoint = $1 AND state = 'waiting'";
const PAGE: &str = concat!(
    "SELECT ",
    delivery!(),
    " FROM deliveries d JOIN endpoints e ON e.id = d.endpoint JOIN libraries l ON l.id = e.library
     WHERE d.endpoint = $1 AND e.library = $2 AND l.tenant = $3 AND ($4 IS NULL OR d.state = $4)
     AND (d.created_at, d.id) < ($5, $6) ORDER BY d.created_at DESC, d.id DESC LIMIT $7"
);
const ONE: &str = concat!(
    "SELECT ",
    delivery!(),
    " FROM deliveries d JOIN endpoints e ON e.id = d.endpoint JOIN libraries l ON l.id = e.library
     WHERE d.endpoint = $1 AND e.library = $2 AND l.tenant = $3 AND d.id = $4"
);
const REPLAY: &str = "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = $4
    WHERE endpoint = (SELECT e.id FROM endpoints e JOIN libraries l ON l.id = e.library
        WHERE e.id = $3 AND e.library = $1 AND l.tenant = $2)
    AND (id = $5 OR ($5 IS NULL AND created_at >= $6 AND state = 'failed'))";
const FORGET: &str = "DELETE FROM deliveries WHERE endpoint IN (SELECT id FROM endpoints)
    AND created_at < $1 AND state <> 'waiting'";

/// The last part that is kept of each act that is told.
async fn known(
    within: &Within<'_>,
    queues: &[Queue],
    told: &[Told],
) -> Result<Vec<Delivery>, Fault> {
    let mut last: BTreeMap<(EndpointId, ActId), Delivery> = BTreeMap::new();
    let all = queues.iter().flat_map(|queue| told.iter().map(|act| (queue.endpoint, act.act)));
    let mut wanted: Vec<Uuid> =
        all.map(|(endpoint, act)| DeliveryId::of(endpoint, act, 1).into()).collect();
    while !wanted.is_empty() {
        let rows = within.plain(KNOWN, &[(&wanted, Type::UUID_ARRAY)]).await?;
        let found: Vec<Delivery> = rows.iter().map(delivery_of).collect::<Result<_, _>>()?;
        let next = |one: &Delivery| DeliveryId::of(one.endpoint, one.act, one.part + 1).into();
        wanted = found.iter().map(next).collect();
        last.extend(found.into_iter().map(|one| ((one.endpoint, one.act), one)));
    }
    Ok(last.into_values().collect())
}

async fn queues(within: &Within<'_>, scope: Scope) -> Result<Vec<Queue>, Fault> {
    let (library, tenant) = (Uuid::from(scope.library), Uuid::from(scope.tenant));
    let rows = within.plain(QUEUES, &[(&library, Type::UUID)]).await?;
    let counts = within.plain(WAITING, &[(&library, Type::UUID), (&tenant, Type::UUID)]).await?;
    let counts = waiting_of(&counts)?;
    let queue = |row: &Row| {
        let endpoint = EndpointId::from(row.get::<_, Uuid>(0));
        Ok(Queue {
            endpoint,
            types: types_of(row, 1)?,
            state: state_of(row, 2)?,
            followed: row.get::<_, Option<i64>>(3).map_or(0, i64::cast_unsigned),
            waiting: counts.get(&endpoint).copied().unwrap_or_default(),
        })
    };
    rows.iter().map(queue).collect()
}

fn waiting_of(rows: &[Row]) -> Result<BTreeMap<EndpointId, u64>, Fault> {
    rows.iter().map(|row| Ok((row.get::<_, Uuid>(0).into(), small(row, 1)?))).collect()
}

impl Postgres {
    /// Begins to follow for endpoints that were brought in from elsewhere.
    async fn begin_following(&self, scope: Scope) -> Result<(), Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(scope.library), Type::UUID)];
        self.execute("beginning to follow for endpoints", BEGIN_FOLLOWING, &of).await.map(drop)
    }
}

#[async_trait]
impl Webhooks for Postgres {
    async fn add_endpoint(&self, scope: Scope, endpoint: &Endpoint) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "adding an endpoint").await?;
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.library), Type::UUID), (&Uuid::from(scope.tenant), Type::UUID)];
        let library = within.plain(LOCK_LIBRARY, &of).await?;
        let Some(head) = library.first().map(|row| row.get::<_, i64>(0)) else { return Ok(false) };
        if within.plain(ENDPOINTS, &of).await?.len() >= ENDPOINTS_MAX {
            return Ok(false);
        }
        put_endpoint(&within, scope.library.into(), endpoint, Some(head)).await?;
        within.commit().await?;
        Ok(true)
    }

    async fn endpoints(&self, scope: Scope) -> Result<Vec<Endpoint>, Fault> {
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.library), Type::UUID), (&Uuid::from(scope.tenant), Type::UUID)];
        let rows = self.query("reading endpoints", ENDPOINTS, &of).await?;
        rows.iter().map(|row| endpoint_of(row, 0)).collect()
    }

    async fn edit_endpoint(
        &self,
        scope: Scope,
        id: EndpointId,
        edit: &EndpointEdit,
    ) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "changing an endpoint").await?;
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
            (&Uuid::from(id), Type::UUID),
        ];
        let rows = within.plain(LOCK_ENDPOINT, &of).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let after = edit.clone().of(endpoint_of(row, 0)?);
        let old = after.old_key.as_ref().map(|(key, until)| (key.0.as_slice(), *until));
        let (old, until) = old.unzip();
        let of: [Bound<'_>; 11] = [
            (&Uuid::from(id), Type::UUID),
            (&after.url, Type::TEXT),
            (&after.description, Type::TEXT),
            (&i64::from(after.types.bits()), Type::INT8),
            (&after.state.name(), Type::TEXT),
            (&after.key.0.as_slice(), Type::BYTEA),
            (&old, Type::BYTEA),
            (&until, Type::INT8),
            (&i64::from(after.failures), Type::INT8),
            (&after.rest_until, Type::INT8),
            (&after.missed.cast_signed(), Type::INT8),
        ];
        within.plain(EDIT, &of).await?;
        within.commit().await?;
        Ok(true)
    }

    async fn remove_endpoint(&self, scope: Scope, id: EndpointId) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing an endpoint").await?;
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
            (&Uuid::from(id), Type::UUID),
        ];
        if within.plain(LOCK_ENDPOINT, &of).await?.is_empty() {
            return Ok(false);
        }
        for sql in
            ["DELETE FROM deliveries WHERE endpoint = $1", "DELETE FROM endpoints WHERE id = $1"]
        {
            within.plain(sql, &[(&Uuid::from(id), Type::UUID)]).await?;
        }
        within.commit().await?;
        Ok(true)
    }

    async fn watched(&self) -> Result<Vec<Scope>, Fault> {
        let rows = self.query("asking who is told", WATCHED, &[]).await?;
        let scope = |row: &Row| Scope {
            tenant: TenantId::from(row.get::<_, Uuid>(0)),
            library: LibraryId::from(row.get::<_, Uuid>(1)),
        };
        Ok(rows.iter().map(scope).collect())
    }

    async fn followed(&self, scope: Scope) -> Result<Option<Seq>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(scope.library), Type::UUID)];
        let ask = || self.query("asking how far endpoints were followed", FOLLOWED, &of);
        let mut rows = ask().await?;
        if rows.first().is_some_and(|row| row.get::<_, i64>(1) > 0) {
            self.begin_following(scope).await?;
            rows = ask().await?;
        }
        let least = rows.first().and_then(|row| row.get::<_, Option<i64>>(0));
        Ok(least.map(i64::cast_unsigned))
    }

    async fn tell_acts(
        &self,
        scope: Scope,
        (after, to): (Seq, Seq),
        told: &[Told],
        now: i64,
    ) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "telling endpoints").await?;
        let queues = queues(&within, scope).await?;
        if queues.iter().map(|queue| queue.followed).min() != Some(after) {
            return Ok(());
        }
        let known = known(&within, &queues, told).await?;
        let Queued { new, longer, missed } = queued(&queues, &known, told, now);
        put_new(&within, &new, now).await?;
        for one in longer {
            let of: [Bound<'_>; 4] = [
                (&Uuid::from(one.id), Type::UUID),
                (&one.last.cast_signed(), Type::INT8),
                (&i64::from(one.types.bits()), Type::INT8),
                (&one.next_at, Type::INT8),
            ];
            within.plain(LONGER, &of).await?;
        }
        for (endpoint, acts) in missed {
            let sql = "UPDATE endpoints SET missed = missed + $2 WHERE id = $1";
            let of: [Bound<'_>; 2] =
                [(&Uuid::from(endpoint), Type::UUID), (&acts.cast_signed(), Type::INT8)];
            within.plain(sql, &of).await?;
        }
        let sql = "UPDATE endpoints SET followed = greatest(followed, $2) WHERE library = $1";
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.library), Type::UUID), (&to.cast_signed(), Type::INT8)];
        within.plain(sql, &of).await?;
        within.commit().await
    }

    async fn put_delivery(&self, scope: Scope, one: &Delivery) -> Result<bool, Fault> {
        let of: [Bound<'_>; 17] = [
            (&Uuid::from(one.id), Type::UUID),
            (&Uuid::from(one.endpoint), Type::UUID),
            (&Uuid::from(one.act), Type::UUID),
            (&i64::from(one.part), Type::INT8),
            (&one.first.cast_signed(), Type::INT8),
            (&one.last.cast_signed(), Type::INT8),
            (&i64::from(one.types.bits()), Type::INT8),
            (&one.created_at, Type::INT8),
            (&one.state.name(), Type::TEXT),
            (&i64::from(one.attempts), Type::INT8),
            (&one.next_at, Type::INT8),
            (&one.tried_at, Type::INT8),
            (&one.status.map(i64::from), Type::INT8),
            (&one.trouble, Type::TEXT),
            (&one.took_ms.map(i64::from), Type::INT8),
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
        ];
        Ok(self.execute("keeping a delivery", PUT_DELIVERY, &of).await? > 0)
    }

    async fn due(&self, scopes: &[Scope], now: i64, limit: usize) -> Result<Vec<Due>, Fault> {
        let libraries: Vec<Uuid> = scopes.iter().map(|scope| scope.library.into()).collect();
        let of: [Bound<'_>; 3] =
            [(&libraries, Type::UUID_ARRAY), (&now, Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query("asking what is due", DUE, &of).await?;
        let due = |row: &Row| {
            let library = LibraryId::from(row.get::<_, Uuid>(29));
            let scope = scopes.iter().find(|scope| scope.library == library);
            let scope = *scope.ok_or_else(|| damaged("the library of an endpoint"))?;
            Ok(Due { scope, endpoint: endpoint_of(row, 15)?, delivery: delivery_of(row)? })
        };
        rows.iter().map(due).collect()
    }

    async fn begin_try(&self, due: &Due, until: i64) -> Result<bool, Fault> {
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(due.delivery.id), Type::UUID),
            (&i64::from(due.delivery.attempts), Type::INT8),
            (&until, Type::INT8),
        ];
        Ok(self.execute("beginning a try", BEGIN, &of).await? > 0)
    }

    async fn end_try(&self, due: &Due, tried: &Tried) -> Result<(), Fault> {
        let state = match (&tried.trouble, tried.again_at) {
            (None, _) => DeliveryState::Delivered,
            (Some(_), Some(_)) => DeliveryState::Waiting,
            (Some(_), None) => DeliveryState::Failed,
        };
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "ending a try").await?;
        let endpoint = Uuid::from(due.endpoint.id);
        // The endpoint before its deliveries, as whoever tells locks them.
        let lock = "SELECT FROM endpoints WHERE id = $1 FOR UPDATE";
        within.plain(lock, &[(&endpoint, Type::UUID)]).await?;
        let of: [Bound<'_>; 8] = [
            (&Uuid::from(due.delivery.id), Type::UUID),
            (&i64::from(due.delivery.attempts + 1), Type::INT8),
            (&state.name(), Type::TEXT),
            (&tried.again_at.unwrap_or(tried.at), Type::INT8),
            (&tried.at, Type::INT8),
            (&tried.status.map(i64::from), Type::INT8),
            (&tried.trouble, Type::TEXT),
            (&i64::from(tried.took_ms), Type::INT8),
        ];
        let end = format!("{END} RETURNING id");
        if within.plain(&end, &of).await?.is_empty() {
            return Ok(());
        }
        if tried.trouble.is_none() {
            let of: [Bound<'_>; 2] = [(&endpoint, Type::UUID), (&tried.at, Type::INT8)];
            within.plain(TAKEN, &of).await?;
            return within.commit().await;
        }
        let ends = tried.ends.map(EndpointState::name);
        let of: [Bound<'_>; 3] =
            [(&endpoint, Type::UUID), (&tried.rest_until, Type::INT8), (&ends, Type::TEXT)];
        within.plain(NOT_TAKEN, &of).await?;
        if ends.is_some() {
            within.plain(GIVE_UP, &[(&endpoint, Type::UUID)]).await?;
        }
        within.commit().await
    }

    async fn deliveries(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, Fault> {
        let (at, id) = page.before.map_or((i64::MAX, Uuid::max()), |(at, id)| (at, id.into()));
        let of: [Bound<'_>; 7] = [
            (&Uuid::from(endpoint), Type::UUID),
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
            (&page.state.map(DeliveryState::name), Type::TEXT),
            (&at, Type::INT8),
            (&id, Type::UUID),
            (&limit_of(page.limit), Type::INT8),
        ];
        let rows = self.query("reading deliveries", PAGE, &of).await?;
        rows.iter().map(delivery_of).collect()
    }

    async fn delivery(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, Fault> {
        let of: [Bound<'_>; 4] = [
            (&Uuid::from(endpoint), Type::UUID),
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
            (&Uuid::from(id), Type::UUID),
        ];
        let rows = self.query("reading a delivery", ONE, &of).await?;
        rows.first().map(delivery_of).transpose()
    }

    async fn replay(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        which: Replay,
        now: i64,
    ) -> Result<u64, Fault> {
        let (one, since, from) = match which {
            Replay::One(id) => (Some(Uuid::from(id)), i64::MAX, 0),
            Replay::FailedSince(at) => (None, at, now),
        };
        let of: [Bound<'_>; 6] = [
            (&Uuid::from(scope.library), Type::UUID),
            (&Uuid::from(scope.tenant), Type::UUID),
            (&Uuid::from(endpoint), Type::UUID),
            (&from, Type::INT8),
            (&one, Type::UUID),
            (&since, Type::INT8),
        ];
        self.execute("sending again", REPLAY, &of).await
    }

    async fn waiting(&self, scope: Scope) -> Result<BTreeMap<EndpointId, u64>, Fault> {
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.library), Type::UUID), (&Uuid::from(scope.tenant), Type::UUID)];
        waiting_of(&self.query("counting what waits", WAITING, &of).await?)
    }

    async fn forget_deliveries(&self, until: i64) -> Result<(), Fault> {
        let of: [Bound<'_>; 1] = [(&until, Type::INT8)];
        self.execute("forgetting deliveries", FORGET, &of).await.map(drop)
    }
}
