//! The plans of tenants, what their people asked for by day, and how much tenants hold.

use super::accounts::library_of;
use super::tenants::tenant_of;
use super::within::Within;
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::TenantId;
use shelf_domain::plan::{Day, Plan};
use shelf_ports::Fault;
use shelf_ports::tenants::Tenant;
use shelf_ports::usage::{Held, HeldLibrary, PAGE_MAX, Spent, Usage};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Every plan that was given, for [`plan_of`].
pub(super) const PLANS: &str = "SELECT tenant, plan FROM plans ORDER BY tenant";
/// All that was spent, for [`spent_of`].
pub(super) const ALL_SPENT: &str = "SELECT tenant, day, tenths FROM spent ORDER BY tenant, day";
const KEEP_PLAN: &str = "INSERT INTO plans VALUES ($1, $2) ON CONFLICT DO NOTHING";
const KEEP_SPENT: &str = "INSERT INTO spent VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const PLAN: &str = "SELECT plan FROM plans WHERE tenant = $1";
/// The tenant, held until the plan is there: none is put for one that is just going.
const HOLD_TENANT: &str = "SELECT FROM tenants WHERE id = $1 FOR SHARE";
const PUT_PLAN: &str = "INSERT INTO plans VALUES ($1, $2)
    ON CONFLICT (tenant) DO UPDATE SET plan = excluded.plan";
const END_PLAN: &str = "DELETE FROM plans WHERE tenant = $1";
/// In the order of the key, so that two processes that add do not wait for each other crosswise.
const SPEND: &str = "INSERT INTO spent
    SELECT n.tenant, n.day, greatest(0, n.tenths)
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS n (tenant, day, tenths)
    JOIN tenants t ON t.id = n.tenant ORDER BY n.tenant, n.day
    ON CONFLICT (tenant, day) DO UPDATE SET tenths = spent.tenths + excluded.tenths
    RETURNING tenant, day, tenths";
const GIVE_BACK: &str = "UPDATE spent SET tenths = greatest(0, spent.tenths + n.tenths)
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS n (tenant, day, tenths)
    WHERE spent.tenant = n.tenant AND spent.day = n.day
    RETURNING spent.tenant, spent.day, spent.tenths";
const OF_TENANT: &str =
    "SELECT tenant, day, tenths FROM spent WHERE tenant = $1 AND day >= $2 ORDER BY day";
const FORGET: &str = "DELETE FROM spent WHERE day < $1";
const COUNTS: &str = "SELECT (SELECT count(*) FROM members WHERE tenant = $1),
    (SELECT count(*) FROM endpoints e JOIN libraries l ON l.id = e.library WHERE l.tenant = $1),
    (SELECT count(*) FROM deliveries d JOIN endpoints e ON e.id = d.endpoint
        JOIN libraries l ON l.id = e.library WHERE l.tenant = $1 AND d.state = 'waiting'),
    (SELECT count(*) FROM deliveries d JOIN endpoints e ON e.id = d.endpoint
        JOIN libraries l ON l.id = e.library WHERE l.tenant = $1 AND d.state = 'failed')";
const LIBRARIES: &str = "SELECT id, tenant, name, created_at, at
    FROM libraries WHERE tenant = $1 ORDER BY created_at, id";
const BOOKMARKS: &str = "SELECT count(created_at) FROM items WHERE library = $1";
const TENANTS: &str = "SELECT id, name, created_at FROM tenants
    WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2";

pub(super) fn plan_of(row: &Row, at: usize) -> Result<Plan, Fault> {
    Plan::named(row.get(at)).ok_or_else(|| damaged("a plan"))
}

pub(super) fn spent_of(row: &Row) -> Spent {
    let tenant = TenantId::from(row.get::<_, Uuid>(0));
    Spent { tenant, day: Day(row.get(1)), tenths: row.get(2) }
}

/// Keeps the plan of a tenant, unless it has one.
pub(super) async fn keep_plan(
    within: &Within<'_>,
    tenant: TenantId,
    plan: Plan,
) -> Result<(), Fault> {
    let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&plan.name(), Type::TEXT)];
    within.plain(KEEP_PLAN, &of).await.map(drop)
}

/// Keeps what was spent on a day, unless that is known.
pub(super) async fn keep_spent(within: &Within<'_>, spent: &Spent) -> Result<(), Fault> {
    let of: [Bound<'_>; 3] = [
        (&Uuid::from(spent.tenant), Type::UUID),
        (&spent.day.0, Type::INT8),
        (&spent.tenths, Type::INT8),
    ];
    within.plain(KEEP_SPENT, &of).await.map(drop)
}

fn count_of(row: &Row, at: usize) -> u64 {
    row.get::<_, i64>(at).cast_unsigned()
}

/// Runs `sql` on these days; what each has come to.
async fn add(store: &Postgres, sql: &str, spent: &[Spent]) -> Result<Vec<Spent>, Fault> {
    if spent.is_empty() {
        return Ok(Vec::new());
    }
    let tenants: Vec<Uuid> = spent.iter().map(|one| Uuid::from(one.tenant)).collect();
    let days: Vec<i64> = spent.iter().map(|one| one.day.0).collect();
    let tenths: Vec<i64> = spent.iter().map(|one| one.tenths).collect();
    let of: [Bound<'_>; 3] =
        [(&tenants, Type::UUID_ARRAY), (&days, Type::INT8_ARRAY), (&tenths, Type::INT8_ARRAY)];
    Ok(store.query("adding up what was spent", sql, &of).await?.iter().map(spent_of).collect())
}

#[async_trait]
impl Usage for Postgres {
    async fn plan(&self, tenant: TenantId) -> Result<Option<Plan>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        let rows = self.query("reading a plan", PLAN, &of).await?;
        rows.first().map(|row| plan_of(row, 0)).transpose()
    }

    async fn give_plan(&self, tenant: TenantId, plan: Option<Plan>) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a plan").await?;
        let id = Uuid::from(tenant);
        let of: [Bound<'_>; 1] = [(&id, Type::UUID)];
        if within.plain(HOLD_TENANT, &of).await?.is_empty() {
            return Ok(false);
        }
        match plan {
            Some(plan) => {
                let of: [Bound<'_>; 2] = [(&id, Type::UUID), (&plan.name(), Type::TEXT)];
                within.plain(PUT_PLAN, &of).await?;
            }
            None => drop(within.plain(END_PLAN, &of).await?),
        }
        within.commit().await?;
        Ok(true)
    }

    async fn spend(&self, spent: &[Spent]) -> Result<Vec<Spent>, Fault> {
        let (more, less): (Vec<Spent>, Vec<Spent>) =
            spent.iter().copied().partition(|one| one.tenths >= 0);
        let mut all = add(self, SPEND, &more).await?;
        // A day that is not there yet begins with nothing.
        let begun: Vec<Spent> = less.iter().map(|one| Spent { tenths: 0, ..*one }).collect();
        add(self, SPEND, &begun).await?;
        all.extend(add(self, GIVE_BACK, &less).await?);
        let place = |one: &Spent| {
            spent.iter().position(|asked| (asked.tenant, asked.day) == (one.tenant, one.day))
        };
        all.sort_by_key(place);
        Ok(all)
    }

    async fn spent(&self, tenant: TenantId, since: Day) -> Result<Vec<Spent>, Fault> {
        let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&since.0, Type::INT8)];
        let rows = self.query("reading what was spent", OF_TENANT, &of).await?;
        Ok(rows.iter().map(spent_of).collect())
    }

    async fn forget_spent(&self, day: Day) -> Result<(), Fault> {
        let of: [Bound<'_>; 1] = [(&day.0, Type::INT8)];
        self.execute("forgetting what was spent", FORGET, &of).await.map(drop)
    }

    async fn held(&self, tenant: TenantId) -> Result<Held, Fault> {
        let mut connection = self.connection().await?;
        let mut within = Within::nowhere(&mut connection, "counting what a tenant holds").await?;
        let id = Uuid::from(tenant);
        let of: [Bound<'_>; 1] = [(&id, Type::UUID)];
        let counts = within.plain(COUNTS, &of).await?;
        let number = |at| counts.first().map_or(0, |row| count_of(row, at));
        let (members, webhooks, waiting, failed) = (number(0), number(1), number(2), number(3));
        let mut libraries = Vec::new();
        for row in within.plain(LIBRARIES, &of).await? {
            let (info, written_at) = (library_of(&row), row.get(4));
            // Rows of a library are seen by who has named it.
            within.turn_to(info.scope()).await?;
            let rows = within.rows(BOOKMARKS, &[]).await?;
            let bookmarks = rows.first().map_or(0, |row| count_of(row, 0));
            libraries.push(HeldLibrary { info, bookmarks, written_at });
        }
        within.commit().await?;
        Ok(Held { members, webhooks, waiting, failed, libraries })
    }

    async fn tenants_after(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<Tenant>, Fault> {
        let (after, limit) = (after.map(Uuid::from), limit_of(limit.min(PAGE_MAX)));
        let of: [Bound<'_>; 2] = [(&after, Type::UUID), (&limit, Type::INT8)];
        let rows = self.query("reading tenants", TENANTS, &of).await?;
        Ok(rows.iter().map(tenant_of).collect())
    }
}
