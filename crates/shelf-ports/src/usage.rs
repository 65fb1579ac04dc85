//! What tenants use: the plan each is on, what its people asked for day by day, and how much it
//! holds.

use crate::Fault;
use crate::accounts::LibraryInfo;
use crate::tenants::Tenant;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{Scope, TenantId};
use shelf_domain::plan::{Day, Plan, Room, Stock};
use std::fmt;

/// Most tenants of one page.
pub const PAGE_MAX: usize = 256;

/// What the people of a tenant asked for on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Whose.
    pub tenant: TenantId,
    /// When.
    pub day: Day,
    /// Tenths of units of cost; below zero where more was given back than taken since.
    pub tenths: i64,
}

/// A library and how much is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLibrary {
    /// The library.
    pub info: LibraryInfo,
    /// Its living bookmarks.
    pub bookmarks: u64,
    /// When something was written to it last, milliseconds; 0 where nothing was.
    pub written_at: i64,
}

/// How much a tenant holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its members.
    pub members: u64,
    /// Endpoints of webhooks in its libraries.
    pub webhooks: u64,
    /// Deliveries of webhooks that wait.
    pub waiting: u64,
    /// Deliveries of webhooks that were given up.
    pub failed: u64,
    /// Its libraries, oldest first.
    pub libraries: Vec<HeldLibrary>,
}

impl Held {
    /// Living bookmarks of all its libraries.
    pub fn bookmarks(&self) -> u64 {
        self.libraries.iter().map(|library| library.bookmarks).sum()
    }

    /// When something was written to any of its libraries last, milliseconds.
    pub fn written_at(&self) -> Option<i64> {
        self.libraries.iter().map(|library| library.written_at).max().filter(|at| *at > 0)
    }

    /// How much it holds of `stock`; nothing of what is not counted here.
    pub fn of(&self, stock: Stock) -> u64 {
        match stock {
            Stock::Bookmarks => self.bookmarks(),
            Stock::Members => self.members,
            Stock::Libraries => self.libraries.len() as u64,
            Stock::Webhooks => self.webhooks,
            Stock::Cost
            | Stock::BookmarksALibrary
            | Stock::Tokens
            | Stock::WaitingBytes
            | Stock::CaptureBytes => 0,
        }
    }
}

/// Plans and use of tenants. Effects are durable when a call answers.
///
/// - A tenant that is not there has no plan, holds nothing, and nothing is kept of it.
/// - What is spent is added up: of several at once, none is lost. A day never comes below zero.
/// - What is kept of a tenant goes with it.
#[async_trait]
pub trait Usage: fmt::Debug + Send + Sync {
    /// The plan `tenant` was given; `None` where it was given none.
    async fn plan(&self, tenant: TenantId) -> Result<Option<Plan>, Fault>;

    /// Gives `tenant` a plan, or takes it back; whether the tenant is there.
    async fn give_plan(&self, tenant: TenantId, plan: Option<Plan>) -> Result<bool, Fault>;

    /// Adds to what was spent; what each of those days has come to then, in the same order, without
    /// those of tenants that are not there.
    async fn spend(&self, spent: &[Spent]) -> Result<Vec<Spent>, Fault>;

    /// What `tenant` spent on the day `since` and after it, day by day; not on days without.
    async fn spent(&self, tenant: TenantId, since: Day) -> Result<Vec<Spent>, Fault>;

    /// Forgets what was spent on days before `day`.
    async fn forget_spent(&self, day: Day) -> Result<(), Fault>;

    /// How much `tenant` holds.
    async fn held(&self, tenant: TenantId) -> Result<Held, Fault>;

    /// Tenants with an id above `after`, by id, at most `limit`; for whoever runs the server.
    async fn tenants_after(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<Tenant>, Fault>;
}

/// How much more a tenant may keep, as its plan says.
#[async_trait]
pub trait Rooms: fmt::Debug + Send + Sync {
    /// How much of `stock` the plan of `tenant` lets there be; `None` is any amount.
    async fn most(&self, tenant: TenantId, stock: Stock) -> Result<Option<u64>, Fault>;

    /// The room `tenant` has for more of `stock`; `None` is any amount.
    async fn room(&self, tenant: TenantId, stock: Stock) -> Result<Option<Room>, Fault>;

    /// The room for more bookmarks in a library: the least of its own and its tenant's.
    async fn bookmarks(&self, scope: Scope) -> Result<Option<Room>, Fault>;
}

/// Room for any amount of everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyRoom;

#[async_trait]
impl Rooms for AnyRoom {
    async fn most(&self, _: TenantId, _: Stock) -> Result<Option<u64>, Fault> {
        Ok(None)
    }

    async fn room(&self, _: TenantId, _: Stock) -> Result<Option<Room>, Fault> {
        Ok(None)
    }

    async fn bookmarks(&self, _: Scope) -> Result<Option<Room>, Fault> {
        Ok(None)
    }
}
