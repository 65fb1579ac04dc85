//! Endpoints of webhooks, and the deliveries on their way to them.

mod rows;

pub(crate) use rows::{ALL, endpoint_of, put_endpoint};

use crate::sql::{signed, unsigned};
use crate::{Embedded, load};
use async_trait::async_trait;
use rows::{delivery, delivery_of, endpoint, put_delivery, state_of, types_of};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::id::{DeliveryId, EndpointId, LibraryId, Scope, TenantId};
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_ports::webhooks::{
    Delivery, DeliveryPage, DeliveryState, Due, ENDPOINTS_MAX, Endpoint, EndpointEdit, Queue,
    Queued, Replay, Told, Tried, Webhooks, queued,
};
use std::collections::BTreeMap;

const ENDPOINTS: &str = concat!(
    "SELECT ",
    endpoint!(),
    " FROM endpoints e WHERE e.library = ?1 ORDER BY e.created_at, e.id"
);
const EDIT: &str = "UPDATE endpoints SET url = ?3, description = ?4, types = ?5, state = ?6,
    secret = ?7, old_secret = ?8, old_until = ?9, failures = ?10, rest_until = ?11, missed = ?12
    WHERE library = ?1 AND id = ?2";
const WATCHED: &str = "SELECT DISTINCT l.tenant, l.id FROM endpoints e
    JOIN libraries l ON l.id = e.library ORDER BY l.id";
const QUEUES: &str = "SELECT e.id, e.types, e.state, e.followed, (SELECT COUNT(*) FROM deliveries d
        WHERE d.endpoint = e.id AND d.state = 'waiting')
    FROM endpoints e WHERE e.library = ?1";
const DELIVERY: &str = concat!("SELECT ", delivery!(), " FROM deliveries d WHERE d.id = ?1");
/// The delivery that is due longest of each endpoint that may be tried.
const DUE: &str = concat!(
    "SELECT ",
    delivery!(),
    ", ",
    endpoint!(),
    " FROM endpoints e JOIN deliveries d ON d.id = (SELECT id FROM deliveries
        WHERE endpoint = e.id AND state = 'waiting' AND next_at <= ?2
        ORDER BY next_at, id LIMIT 1)
     WHERE e.library = ?1 AND e.state = 'active' AND (e.rest_until <= ?2 OR d.next_at = 0)"
);
const BEGIN: &str = "UPDATE deliveries SET attempts = attempts + 1, next_at = ?3
    WHERE id = ?1 AND attempts = ?2 AND state = 'waiting'";
const END: &str = "UPDATE deliveries SET state = ?3, next_at = ?4, tried_at = ?5, status = ?6,
    trouble = ?7, took_ms = ?8 WHERE id = ?1 AND attempts = ?2 AND state = 'waiting'";
const PAGE: &str = concat!(
    "SELECT ",
    delivery!(),
    " FROM deliveries d WHERE d.endpoint = ?1 AND (?2 IS NULL OR d.state = ?2)
     AND (d.created_at, d.id) < (?3, ?4) ORDER BY d.created_at DESC, d.id DESC LIMIT ?5"
);
const REPLAY_ONE: &str = "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = 0
    WHERE endpoint = ?1 AND id = ?2";
const REPLAY_FAILED: &str = "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = ?3
    WHERE endpoint = ?1 AND created_at >= ?2 AND state = 'failed'";
const FORGET: &str = "DELETE FROM deliveries WHERE endpoint IN (SELECT id FROM endpoints)
    AND created_at < ?1 AND state <> 'waiting'";

fn delivery(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    let mut statement = connection.prepare_cached(DELIVERY)?;
    statement.query_row([id.to_bytes()], delivery_of).optional()
}

/// Whether the library of `scope` is there and has this endpoint.
fn has(connection: &Connection, scope: Scope, endpoint: EndpointId) -> rusqlite::Result<bool> {
    if load::library_key(connection, scope)?.is_none() {
        return Ok(false);
    }
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM endpoints WHERE library = ?1 AND id = ?2")?;
    statement.exists(params![scope.library.to_bytes(), endpoint.to_bytes()])
}

fn endpoints(connection: &Connection, scope: Scope) -> rusqlite::Result<Vec<Endpoint>> {
    if load::library_key(connection, scope)?.is_none() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(ENDPOINTS)?;
    let rows = statement.query_map([scope.library.to_bytes()], |row| endpoint_of(row, 0))?;
    rows.collect()
}

/// How far the endpoints of a library were followed; those that were brought in begin now.
fn followed(connection: &Connection, scope: Scope) -> rusqlite::Result<Option<Seq>> {
    let library = scope.library.to_bytes();
    connection
        .prepare_cached(
            "UPDATE endpoints SET followed = (SELECT seq FROM libraries WHERE id = ?1)
             WHERE library = ?1 AND followed IS NULL",
        )?
        .execute([library])?;
    let sql = "SELECT MIN(followed) FROM endpoints WHERE library = ?1";
    let least: Option<i64> =
        connection.prepare_cached(sql)?.query_row([library], |row| row.get(0))?;
    Ok(least.map(unsigned))
}

fn queues(connection: &Connection, scope: Scope) -> rusqlite::Result<Vec<Queue>> {
    let mut statement = connection.prepare_cached(QUEUES)?;
    let rows = statement.query_map([scope.library.to_bytes()], |row| {
        Ok(Queue {
            endpoint: EndpointId::from_bytes(row.get(0)?),
            types: types_of(row, 1)?,
            state: state_of(row, 2)?,
            followed: row.get::<_, Option<i64>>(3)?.map_or(0, unsigned),
            waiting: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// The last part that is kept of each act that is told.
fn known(
    connection: &Connection,
    queues: &[Queue],
    told: &[Told],
) -> rusqlite::Result<Vec<Delivery>> {
    let mut all = Vec::new();
    for queue in queues {
        for act in told {
            let (mut last, mut part) = (None, 1);
            while let Some(next) =
                delivery(connection, DeliveryId::of(queue.endpoint, act.act, part))?
            {
                last = Some(next);
                part += 1;
            }
            all.extend(last);
        }
    }
    Ok(all)
}

fn tell(
    connection: &Connection,
    scope: Scope,
    (after, to): (Seq, Seq),
    told: &[Told],
    now: i64,
) -> rusqlite::Result<()> {
    if followed(connection, scope)? != Some(after) {
        return Ok(());
    }
    let queues = queues(connection, scope)?;
    let known = known(connection, &queues, told)?;
    let Queued { new, longer, missed } = queued(&queues, &known, told, now);
    new.iter().chain(&longer).try_for_each(|one| put_delivery(connection, one))?;
    let mut miss =
        connection.prepare_cached("UPDATE endpoints SET missed = missed + ?2 WHERE id = ?1")?;
    for (endpoint, acts) in missed {
        miss.execute(params![endpoint.to_bytes(), acts])?;
    }
    connection
        .prepare_cached("UPDATE endpoints SET followed = MAX(followed, ?2) WHERE library = ?1")?
        .execute(params![scope.library.to_bytes(), signed(to)])
        .map(drop)
}

fn end_try(connection: &Connection, due: &Due, tried: &Tried) -> rusqlite::Result<()> {
    let state = match (&tried.trouble, tried.again_at) {
        (None, _) => DeliveryState::Delivered,
        (Some(_), Some(_)) => DeliveryState::Waiting,
        (Some(_), None) => DeliveryState::Failed,
    };
    let (id, endpoint) = (due.delivery.id.to_bytes(), due.endpoint.id.to_bytes());
    let ended = connection.prepare_cached(END)?.execute(params![
        id,
        due.delivery.attempts + 1,
        state.name(),
        tried.again_at.unwrap_or(tried.at),
        tried.at,
        tried.status,
        tried.trouble,
        tried.took_ms,
    ])?;
    if ended == 0 {
        return Ok(());
    }
    if tried.trouble.is_none() {
        let sql = "UPDATE endpoints SET failures = 0, rest_until = 0, succeeded_at = ?2
            WHERE id = ?1";
        return connection.prepare_cached(sql)?.execute(params![endpoint, tried.at]).map(drop);
    }
    let sql = "UPDATE endpoints SET failures = failures + 1, rest_until = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![endpoint, tried.rest_until])?;
    if let Some(ends) = tried.ends {
        let sql = "UPDATE endpoints SET state = ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![endpoint, ends.name()])?;
        let sql =
            "UPDATE deliveries SET state = 'failed' WHERE endpoint = ?1 AND state = 'waiting'";
        connection.prepare_cached(sql)?.execute([endpoint])?;
    }
    Ok(())
}

fn edit(
    connection: &Connection,
    scope: Scope,
    id: EndpointId,
    edit: &EndpointEdit,
) -> rusqlite::Result<bool> {
    let all = endpoints(connection, scope)?;
    let Some(before) = all.into_iter().find(|one| one.id == id) else { return Ok(false) };
    let after = edit.clone().of(before);
    let (old, until) = after.old_key.as_ref().map(|(key, until)| (&key.0, *until)).unzip();
    connection.prepare_cached(EDIT)?.execute(params![
        scope.library.to_bytes(),
        id.to_bytes(),
        after.url,
        after.description,
        after.types.bits(),
        after.state.name(),
        after.key.0,
        old,
        until,
        after.failures,
        after.rest_until,
        after.missed,
    ])?;
    Ok(true)
}

#[async_trait]
impl Webhooks for Embedded {
    async fn add_endpoint(&self, scope: Scope, endpoint: &Endpoint) -> Result<bool, Fault> {
        let endpoint = endpoint.clone();
        self.write("adding an endpoint", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(false) };
            if endpoints(connection, scope)?.len() >= ENDPOINTS_MAX {
                return Ok(false);
            }
            let head = load::head(connection, library)?.seq;
            put_endpoint(connection, scope.library, &endpoint, Some(head))?;
            Ok(true)
        })
        .await
    }

    async fn endpoints(&self, scope: Scope) -> Result<Vec<Endpoint>, Fault> {
        self.read("reading endpoints", move |connection| endpoints(connection, scope)).await
    }

    async fn edit_endpoint(
        &self,
        scope: Scope,
        id: EndpointId,
        change: &EndpointEdit,
    ) -> Result<bool, Fault> {
        let change = change.clone();
        self.write("changing an endpoint", move |connection| edit(connection, scope, id, &change))
            .await
    }

    async fn remove_endpoint(&self, scope: Scope, id: EndpointId) -> Result<bool, Fault> {
        self.write("removing an endpoint", move |connection| {
            if !has(connection, scope, id)? {
                return Ok(false);
            }
            for sql in [
                "DELETE FROM deliveries WHERE endpoint = ?1",
                "DELETE FROM endpoints WHERE id = ?1",
            ] {
                connection.prepare_cached(sql)?.execute([id.to_bytes()])?;
            }
            Ok(true)
        })
        .await
    }

    async fn watched(&self) -> Result<Vec<Scope>, Fault> {
        self.look_up("asking who is told", |connection| {
            let mut statement = connection.prepare_cached(WATCHED)?;
            let rows = statement.query_map([], |row| {
                let tenant = TenantId::from_bytes(row.get(0)?);
                Ok(Scope { tenant, library: LibraryId::from_bytes(row.get(1)?) })
            })?;
            rows.collect()
        })
    }

    async fn followed(&self, scope: Scope) -> Result<Option<Seq>, Fault> {
        let (known, open) =
            self.look_up("asking how far endpoints were followed", |connection| {
                let sql = "SELECT MIN(followed), COUNT(*) - COUNT(followed) FROM endpoints
                WHERE library = ?1";
                connection.prepare_cached(sql)?.query_row([scope.library.to_bytes()], |row| {
                    Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, u64>(1)?))
                })
            })?;
        if open == 0 {
            return Ok(known.map(unsigned));
        }
        self.write("beginning to follow for endpoints", move |c| followed(c, scope)).await
    }

    async fn tell_acts(
        &self,
        scope: Scope,
        span: (Seq, Seq),
        told: &[Told],
        now: i64,
    ) -> Result<(), Fault> {
        let told = told.to_vec();
        self.write("telling endpoints", move |c| tell(c, scope, span, &told, now)).await
    }

    async fn put_delivery(&self, scope: Scope, delivery: &Delivery) -> Result<bool, Fault> {
        let delivery = delivery.clone();
        self.write("keeping a delivery", move |connection| {
            let has = has(connection, scope, delivery.endpoint)?;
            if has {
                put_delivery(connection, &delivery)?;
            }
            Ok(has)
        })
        .await
    }

    async fn due(&self, scopes: &[Scope], now: i64, limit: usize) -> Result<Vec<Due>, Fault> {
        let mut all = self.look_up("asking what is due", |connection| {
            let mut statement = connection.prepare_cached(DUE)?;
            let mut all = Vec::new();
            for scope in scopes {
                let rows = statement.query_map(params![scope.library.to_bytes(), now], |row| {
                    let (delivery, endpoint) = (delivery_of(row)?, endpoint_of(row, 15)?);
                    Ok(Due { scope: *scope, endpoint, delivery })
                })?;
                for due in rows {
                    all.push(due?);
                }
            }
            Ok(all)
        })?;
        all.sort_by_key(|due| (due.delivery.next_at, due.delivery.id));
        all.truncate(limit);
        Ok(all)
    }

    async fn begin_try(&self, due: &Due, until: i64) -> Result<bool, Fault> {
        let (id, attempts) = (due.delivery.id.to_bytes(), due.delivery.attempts);
        self.write("beginning a try", move |connection| {
            let of = params![id, attempts, until];
            Ok(connection.prepare_cached(BEGIN)?.execute(of)? > 0)
        })
        .await
    }

    async fn end_try(&self, due: &Due, tried: &Tried) -> Result<(), Fault> {
        let (due, tried) = (due.clone(), tried.clone());
        self.write("ending a try", move |connection| end_try(connection, &due, &tried)).await
    }

    async fn deliveries(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, Fault> {
        self.read("reading deliveries", move |connection| {
            if !has(connection, scope, endpoint)? {
                return Ok(Vec::new());
            }
            let (at, id) =
                page.before.map_or((i64::MAX, [0xff; 16]), |(at, id)| (at, id.to_bytes()));
            let state = page.state.map(DeliveryState::name);
            let mut statement = connection.prepare_cached(PAGE)?;
            let of = params![endpoint.to_bytes(), state, at, id, page.limit];
            let rows = statement.query_map(of, delivery_of)?;
            rows.collect()
        })
        .await
    }

    async fn delivery(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, Fault> {
        self.read("reading a delivery", move |connection| {
            if !has(connection, scope, endpoint)? {
                return Ok(None);
            }
            Ok(delivery(connection, id)?.filter(|one| one.endpoint == endpoint))
        })
        .await
    }

    async fn replay(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        which: Replay,
        now: i64,
    ) -> Result<u64, Fault> {
        self.write("sending again", move |connection| {
            if !has(connection, scope, endpoint)? {
                return Ok(0);
            }
            let endpoint = endpoint.to_bytes();
            let again = match which {
                Replay::One(id) => connection
                    .prepare_cached(REPLAY_ONE)?
                    .execute(params![endpoint, id.to_bytes()])?,
                Replay::FailedSince(at) => {
                    connection.prepare_cached(REPLAY_FAILED)?.execute(params![endpoint, at, now])?
                }
            };
            Ok(u64::try_from(again).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn waiting(&self, scope: Scope) -> Result<BTreeMap<EndpointId, u64>, Fault> {
        self.read("counting what waits", move |connection| {
            if load::library_key(connection, scope)?.is_none() {
                return Ok(BTreeMap::new());
            }
            let queues = queues(connection, scope)?;
            Ok(queues.into_iter().map(|queue| (queue.endpoint, queue.waiting)).collect())
        })
        .await
    }

    async fn forget_deliveries(&self, until: i64) -> Result<(), Fault> {
        self.write("forgetting deliveries", move |connection| {
            connection.prepare_cached(FORGET)?.execute([until]).map(drop)
        })
        .await
    }
}
