//! Quotas over longer than minutes: what a tenant asked for today, and how much more it may keep.
//!
//! What is asked for is added up in this process and told to the store every few seconds, for all
//! processes together: a process that is killed forgets those seconds, and several let through what
//! they do not know of each other yet. Nobody is refused because the store does not answer.

use async_trait::async_trait;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::plan::{Day, Plan, Plans, Room, Stock};
use shelf_domain::rate::Cost;
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::tenants::Tenant;
use shelf_ports::usage::{Held, Rooms, Spent, Usage};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often what was asked for is told to the store, milliseconds.
pub const FLUSH_MS: u64 = 5_000;
/// How long it is believed what the store said of a tenant, milliseconds.
const BELIEVED_MS: i64 = 30_000;
/// How long it is believed how many bookmarks there are, milliseconds.
const COUNTED_MS: i64 = 60_000;
/// Tenants of which something is remembered.
const KNOWN_MAX: usize = 16_384;
/// Bookmarks one turn at the log may add.
const TURN_MAX: u64 = BATCH_MAX as u64;

/// What tenants asked for and may keep. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Quotas {
    usage: Option<Arc<dyn Usage>>,
    plans: Arc<Plans>,
    clock: Arc<dyn Clock>,
    book: Arc<Mutex<Book>>,
}

/// What this process knows.
#[derive(Debug, Default)]
struct Book {
    /// What the store said of each tenant.
    known: HashMap<TenantId, Known>,
    /// What it was not told yet, tenths of units.
    untold: HashMap<(TenantId, Day), i64>,
    /// How many bookmarks each tenant had when they were counted, with what may have come since.
    counted: HashMap<TenantId, Counted>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    plan: Plan,
    day: Day,
    tenths: i64,
    at: i64,
}

/// How a tenant stands today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The tenant.
    pub tenant: TenantId,
    /// The plan it is on.
    pub plan: Plan,
    /// Today.
    pub day: Day,
    /// Whole units of cost it spent today.
    pub spent: u64,
    plans: Plans,
    counts_days: bool,
}

impl Standing {
    /// How much of `stock` there may be; `None` is any amount, and for what is not counted.
    pub fn most(&self, stock: Stock) -> Option<u64> {
        let is_counted = stock != Stock::Cost || self.counts_days;
        self.plans.most(self.plan, stock).filter(|_| is_counted)
    }
}

impl Quotas {
    /// Quotas of an installation with these plans, kept by `usage`.
    pub fn new(usage: Arc<dyn Usage>, plans: Plans, clock: Arc<dyn Clock>) -> Self {
        Self { usage: Some(usage), plans: Arc::new(plans), clock, book: Arc::default() }
    }

    /// The same where nothing is kept: every tenant is on the plan of the installation, and no days
    /// are counted.
    pub fn alone(plans: Plans, clock: Arc<dyn Clock>) -> Self {
        Self { usage: None, plans: Arc::new(plans), clock, book: Arc::default() }
    }

    /// What the plans mean here.
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How `tenant` stands now.
    pub async fn standing(&self, tenant: TenantId) -> Standing {
        let now = self.clock.now_ms();
        let day = Day::of(now);
        let known = self.lock().known.get(&tenant).copied();
        let fresh = known
            .filter(|known| known.day == day && now.saturating_sub(known.at).abs() < BELIEVED_MS);
        let known = match (fresh, &self.usage) {
            (Some(known), _) => known,
            (None, None) => Known { plan: self.plans.default, day, tenths: 0, at: now },
            (None, Some(usage)) => self.ask(&**usage, tenant, known, now).await,
        };
        let untold = self.lock().untold.get(&(tenant, day)).copied().unwrap_or(0);
        let tenths = known.tenths.saturating_add(untold).max(0);
        Standing {
            tenant,
            plan: known.plan,
            day,
            spent: tenths.unsigned_abs() / 10,
            plans: *self.plans,
            counts_days: self.usage.is_some(),
        }
    }

    /// What the store says; what it said last, where it does not answer.
    async fn ask(
        &self,
        usage: &dyn Usage,
        tenant: TenantId,
        before: Option<Known>,
        now: i64,
    ) -> Known {
        let day = Day::of(now);
        let said = async {
            let plan = usage.plan(tenant).await?.unwrap_or(self.plans.default);
            let today = usage.spent(tenant, day).await?;
            let today = today.iter().find(|spent| spent.day == day);
            let tenths = today.map_or(0, |spent| spent.tenths);
            Ok::<_, Fault>(Known { plan, day, tenths, at: now })
        };
        let known = match said.await {
            Ok(known) => known,
            Err(fault) => {
                tracing::debug!(error = &fault as &dyn Error, "quotas are not known");
                let plan = before.map_or(self.plans.default, |before| before.plan);
                let tenths = before.filter(|before| before.day == day).map_or(0, |one| one.tenths);
                Known { plan, day, tenths, at: now }
            }
        };
        let mut book = self.lock();
        if book.known.len() >= KNOWN_MAX {
            book.known.clear();
        }
        book.known.insert(tenant, known);
        known
    }

    /// How much `tenant` holds.
    pub(crate) async fn held(&self, tenant: TenantId) -> Result<Held, Fault> {
        match &self.usage {
            Some(usage) => usage.held(tenant).await,
            None => Ok(Held::default()),
        }
    }

    /// What `tenant` spent since `day`, as far as the store was told.
    pub(crate) async fn spent_since(
        &self,
        tenant: TenantId,
        day: Day,
    ) -> Result<Vec<Spent>, Fault> {
        match &self.usage {
            Some(usage) => usage.spent(tenant, day).await,
            None => Ok(Vec::new()),
        }
    }

    /// A page of tenants, by id.
    pub(crate) async fn tenants_after(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<Tenant>, Fault> {
        match &self.usage {
            Some(usage) => usage.tenants_after(after, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// Gives `tenant` a plan or takes it back; whether it is there. This process goes by it at once,
    /// others within half a minute.
    pub(crate) async fn give_plan(
        &self,
        tenant: TenantId,
        plan: Option<Plan>,
    ) -> Result<bool, Fault> {
        let Some(usage) = &self.usage else { return Ok(false) };
        let is_there = usage.give_plan(tenant, plan).await?;
        self.forget(tenant);
        Ok(is_there)
    }

    /// Forgets what is believed of `tenant`: its plan was changed here.
    fn forget(&self, tenant: TenantId) {
        let mut book = self.lock();
        book.known.remove(&tenant);
        book.counted.remove(&tenant);
    }

    /// Adds `cost` to what `tenant` asked for today.
    pub(crate) fn spend(&self, tenant: TenantId, cost: Cost) {
        self.add(tenant, cost.in_tenths().cast_signed());
    }

    /// Takes `cost` back.
    pub(crate) fn give_back(&self, tenant: TenantId, cost: Cost) {
        self.add(tenant, cost.in_tenths().cast_signed().saturating_neg());
    }

    fn add(&self, tenant: TenantId, tenths: i64) {
        if self.usage.is_none() || tenths == 0 {
            return;
        }
        let day = Day::of(self.clock.now_ms());
        let mut book = self.lock();
        // Whoever comes while the store does not take that many any more is not counted.
        if book.untold.len() < KNOWN_MAX || book.untold.contains_key(&(tenant, day)) {
            let untold = book.untold.entry((tenant, day)).or_default();
            *untold = untold.saturating_add(tenths);
        }
    }

    /// Tells the store what was asked for since it was told last; what it does not take waits for
    /// the next time.
    pub async fn flush(&self) -> Result<(), Fault> {
        let Some(usage) = &self.usage else { return Ok(()) };
        let untold = std::mem::take(&mut self.lock().untold);
        if untold.is_empty() {
            return Ok(());
        }
        let spent = untold.iter().map(|((tenant, day), tenths)| {
            let (tenant, day, tenths) = (*tenant, *day, *tenths);
            Spent { tenant, day, tenths }
        });
        let spent: Vec<Spent> = spent.collect();
        let told = usage.spend(&spent).await;
        let mut book = self.lock();
        match told {
            Ok(told) => {
                for Spent { tenant, day, tenths } in told {
                    if let Some(known) = book.known.get_mut(&tenant)
                        && known.day == day
                    {
                        known.tenths = tenths;
                    }
                }
                Ok(())
            }
            Err(fault) => {
                for (at, tenths) in untold {
                    let untold = book.untold.entry(at).or_default();
                    *untold = untold.saturating_add(tenths);
                }
                Err(fault)
            }
        }
    }

    /// The room in a library as it was counted of late, if that is enough for one more turn whatever
    /// was added since.
    fn counted(&self, standing: &Standing, library: LibraryId, now: i64) -> Option<Room> {
        let mut book = self.lock();
        let counted = book.counted.get_mut(&standing.tenant)?;
        let room = counted.room(standing, library)?;
        if now.saturating_sub(counted.at).abs() >= COUNTED_MS || room.left < TURN_MAX {
            return None;
        }
        counted.may_have_grown(library);
        Some(room)
    }
}

/// How many bookmarks there are at most.
#[derive(Debug, Default)]
struct Counted {
    at: i64,
    all: u64,
    each: HashMap<LibraryId, u64>,
}

impl Counted {
    fn of(held: &Held, at: i64) -> Self {
        let each = held.libraries.iter().map(|library| (library.info.id, library.bookmarks));
        Self { at, all: held.bookmarks(), each: each.collect() }
    }

    /// The least of the room in the library and in its tenant; `None` where neither is bounded.
    fn room(&self, standing: &Standing, library: LibraryId) -> Option<Room> {
        let here = self.each.get(&library).copied().unwrap_or(0);
        let held = [(Stock::Bookmarks, self.all), (Stock::BookmarksALibrary, here)];
        let rooms = held.into_iter().filter_map(|(stock, held)| {
            standing.most(stock).map(|most| Room::of(stock, most, held))
        });
        rooms.min_by_key(|room| room.left)
    }

    /// One more turn may have added as much as a turn may.
    fn may_have_grown(&mut self, library: LibraryId) {
        self.all = self.all.saturating_add(TURN_MAX);
        let here = self.each.entry(library).or_default();
        *here = here.saturating_add(TURN_MAX);
    }
}

#[async_trait]
impl Rooms for Quotas {
    async fn most(&self, tenant: TenantId, stock: Stock) -> Result<Option<u64>, Fault> {
        Ok(self.standing(tenant).await.most(stock))
    }

    async fn room(&self, tenant: TenantId, stock: Stock) -> Result<Option<Room>, Fault> {
        let (most, usage) = (self.standing(tenant).await.most(stock), &self.usage);
        let (Some(most), Some(usage)) = (most, usage) else { return Ok(None) };
        let held = usage.held(tenant).await?;
        Ok(Some(Room::of(stock, most, held.of(stock))))
    }

    async fn bookmarks(&self, scope: Scope) -> Result<Option<Room>, Fault> {
        let Some(usage) = &self.usage else { return Ok(None) };
        let Scope { tenant, library } = scope;
        let standing = self.standing(tenant).await;
        if [Stock::Bookmarks, Stock::BookmarksALibrary].map(|of| standing.most(of)) == [None; 2] {
            return Ok(None);
        }
        let now = self.clock.now_ms();
        if let Some(room) = self.counted(&standing, library, now) {
            return Ok(Some(room));
        }
        let mut counted = Counted::of(&usage.held(tenant).await?, now);
        let room = counted.room(&standing, library);
        counted.may_have_grown(library);
        let mut book = self.lock();
        if book.counted.len() >= KNOWN_MAX {
            book.counted.clear();
        }
        book.counted.insert(tenant, counted);
        Ok(room)
    }
}
