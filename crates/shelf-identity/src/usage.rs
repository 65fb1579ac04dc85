//! What a tenant uses and may use: for its admins, and for whoever runs the server.

use crate::doors::Doors;
use crate::quotas::{Quotas, Standing};
use crate::tenants::governor_in;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::plan::{Day, Plan, Stock};
use shelf_ports::usage::{Held, Spent};
use shelf_ports::{Failure, Fault};

/// Days that are told.
pub const DAYS: i64 = 30;

/// What a tenant uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUse {
    /// The plan it is on.
    pub plan: Plan,
    /// How much it holds.
    pub held: Held,
    /// Whole units of cost of the last [`DAYS`] days, today last.
    pub days: Vec<(Day, u64)>,
    /// What the plan bounds: what, how much of it there is, and how much there may be.
    pub bounds: Vec<(Stock, u64, Option<u64>)>,
}

impl TenantUse {
    /// Whole units of cost of today.
    pub fn today(&self) -> u64 {
        self.days.last().map_or(0, |(_, units)| *units)
    }
}

/// What `tenant` uses; for its admins.
#[tracing::instrument(skip_all)]
pub async fn usage_of(
    doors: &Doors,
    quotas: &Quotas,
    by: PersonId,
    tenant: TenantId,
) -> Result<TenantUse, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(used(quotas, tenant).await?)
}

/// The same without asking who asks.
pub(crate) async fn used(quotas: &Quotas, tenant: TenantId) -> Result<TenantUse, Fault> {
    let standing = quotas.standing(tenant).await;
    let held = quotas.held(tenant).await?;
    let spent = quotas.spent_since(tenant, standing.day.before(DAYS - 1)).await?;
    let days = days(&standing, &spent);
    let bounds = bounds(&standing, &held);
    Ok(TenantUse { plan: standing.plan, held, days, bounds })
}

/// What was spent on each of the last days, also on those without; of today, with what the store was
/// not told yet.
fn days(standing: &Standing, spent: &[Spent]) -> Vec<(Day, u64)> {
    let of = |day: Day| {
        let told = spent.iter().find(|spent| spent.day == day);
        told.map_or(0, |spent| spent.tenths.max(0).unsigned_abs() / 10)
    };
    let all = (0..DAYS).rev().map(|ago| standing.day.before(ago));
    all.map(|day| (day, if day == standing.day { standing.spent } else { of(day) })).collect()
}

fn bounds(standing: &Standing, held: &Held) -> Vec<(Stock, u64, Option<u64>)> {
    let fullest = held.libraries.iter().map(|library| library.bookmarks).max().unwrap_or(0);
    // How many tokens somebody has is theirs to know, and bytes are told library by library.
    let untold = [Stock::Tokens, Stock::WaitingBytes, Stock::CaptureBytes];
    let told = Stock::ALL.into_iter().filter(|stock| !untold.contains(stock));
    told.map(|stock| {
        let there_is = match stock {
            Stock::Cost => standing.spent,
            Stock::BookmarksALibrary => fullest,
            _ => held.of(stock),
        };
        (stock, there_is, standing.most(stock))
    })
    .collect()
}
