//! The plans of tenants, what their people asked for by day, and how much tenants hold.

use crate::Embedded;
use crate::accounts::library_of;
use crate::sql::{damaged, unsigned};
use crate::tenants::tenant_of;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::TenantId;
use shelf_domain::plan::{Day, Plan};
use shelf_ports::Fault;
use shelf_ports::tenants::Tenant;
use shelf_ports::usage::{Held, HeldLibrary, PAGE_MAX, Spent, Usage};

/// Every plan that was given, for [`plan_of`].
pub(crate) const PLANS: &str = "SELECT tenant, plan FROM plans ORDER BY tenant";
/// All that was spent, for [`spent_of`].
pub(crate) const ALL_SPENT: &str = "SELECT tenant, day, tenths FROM spent ORDER BY tenant, day";
const SPEND: &str = "INSERT INTO spent SELECT ?1, ?2, max(0, ?3)
        WHERE EXISTS (SELECT 1 FROM tenants WHERE id = ?1)
    ON CONFLICT (tenant, day) DO UPDATE SET tenths = max(0, tenths + ?3)
    RETURNING tenant, day, tenths";
const OF_TENANT: &str =
    "SELECT tenant, day, tenths FROM spent WHERE tenant = ?1 AND day >= ?2 ORDER BY day";
const COUNTS: &str = "SELECT (SELECT count(*) FROM members WHERE tenant = ?1),
    (SELECT count(*) FROM endpoints e JOIN libraries l ON l.id = e.library WHERE l.tenant = ?1)";
const DELIVERIES: &str = "SELECT count(*) FROM deliveries d JOIN endpoints e ON e.id = d.endpoint
    JOIN libraries l ON l.id = e.library WHERE l.tenant = ?1 AND d.state = ?2";
const LIBRARIES: &str = "SELECT id, tenant, name, created_at, at,
        (SELECT count(*) FROM shown s WHERE s.library = l.key)
    FROM libraries l WHERE tenant = ?1 ORDER BY created_at, id";
const TENANTS: &str = "SELECT id, name, created_at FROM tenants
    WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2";

pub(crate) fn plan_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Plan> {
    Plan::named(&row.get::<_, String>(at)?).ok_or_else(|| damaged("a plan"))
}

pub(crate) fn spent_of(row: &Row<'_>) -> rusqlite::Result<Spent> {
    let tenant = TenantId::from_bytes(row.get(0)?);
    Ok(Spent { tenant, day: Day(row.get(1)?), tenths: row.get(2)? })
}

/// Keeps the plan of a tenant, unless it has one.
pub(crate) fn keep_plan(
    connection: &Connection,
    tenant: TenantId,
    plan: Plan,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO plans VALUES (?1, ?2)")?
        .execute(params![tenant.to_bytes(), plan.name()])
        .map(drop)
}

/// Keeps what was spent on a day, unless that is known.
pub(crate) fn keep_spent(connection: &Connection, spent: &Spent) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO spent VALUES (?1, ?2, ?3)")?
        .execute(params![spent.tenant.to_bytes(), spent.day.0, spent.tenths])
        .map(drop)
}

fn held(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Held> {
    let id = tenant.to_bytes();
    let (members, webhooks) = connection
        .prepare_cached(COUNTS)?
        .query_row([id], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))?;
    let mut deliveries = connection.prepare_cached(DELIVERIES)?;
    let mut in_state =
        |state: &str| deliveries.query_row(params![id, state], |row| row.get(0).map(unsigned));
    let (waiting, failed) = (in_state("waiting")?, in_state("failed")?);
    let libraries = connection
        .prepare_cached(LIBRARIES)?
        .query_map([id], |row| {
            let (info, written_at) = (library_of(row)?, row.get(4)?);
            Ok(HeldLibrary { info, bookmarks: unsigned(row.get(5)?), written_at })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Held { members, webhooks, waiting, failed, libraries })
}

#[async_trait]
impl Usage for Embedded {
    async fn plan(&self, tenant: TenantId) -> Result<Option<Plan>, Fault> {
        self.look_up("reading a plan", |connection| {
            connection
                .prepare_cached("SELECT plan FROM plans WHERE tenant = ?1")?
                .query_row([tenant.to_bytes()], |row| plan_of(row, 0))
                .optional()
        })
    }

    async fn give_plan(&self, tenant: TenantId, plan: Option<Plan>) -> Result<bool, Fault> {
        self.write("keeping a plan", move |connection| {
            let id = tenant.to_bytes();
            let known = "SELECT 1 FROM tenants WHERE id = ?1";
            if !connection.prepare_cached(known)?.exists([id])? {
                return Ok(false);
            }
            match plan {
                Some(plan) => connection
                    .prepare_cached("INSERT OR REPLACE INTO plans VALUES (?1, ?2)")?
                    .execute(params![id, plan.name()])?,
                None => connection
                    .prepare_cached("DELETE FROM plans WHERE tenant = ?1")?
                    .execute([id])?,
            };
            Ok(true)
        })
        .await
    }

    async fn spend(&self, spent: &[Spent]) -> Result<Vec<Spent>, Fault> {
        let spent = spent.to_vec();
        self.write("adding up what was spent", move |connection| {
            let mut add = connection.prepare_cached(SPEND)?;
            let mut all = Vec::with_capacity(spent.len());
            for Spent { tenant, day, tenths } in spent {
                let of = params![tenant.to_bytes(), day.0, tenths];
                all.extend(add.query_row(of, spent_of).optional()?);
            }
            Ok(all)
        })
        .await
    }

    async fn spent(&self, tenant: TenantId, since: Day) -> Result<Vec<Spent>, Fault> {
        self.look_up("reading what was spent", |connection| {
            connection
                .prepare_cached(OF_TENANT)?
                .query_map(params![tenant.to_bytes(), since.0], spent_of)?
                .collect()
        })
    }

    async fn forget_spent(&self, day: Day) -> Result<(), Fault> {
        self.write("forgetting what was spent", move |connection| {
            let sql = "DELETE FROM spent WHERE day < ?1";
            connection.prepare_cached(sql)?.execute([day.0]).map(drop)
        })
        .await
    }

    async fn held(&self, tenant: TenantId) -> Result<Held, Fault> {
        self.read("counting what a tenant holds", move |connection| held(connection, tenant)).await
    }

    async fn tenants_after(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<Tenant>, Fault> {
        self.read("reading tenants", move |connection| {
            connection
                .prepare_cached(TENANTS)?
                .query_map(params![after.map(TenantId::to_bytes), limit.min(PAGE_MAX)], tenant_of)?
                .collect()
        })
        .await
    }
}
