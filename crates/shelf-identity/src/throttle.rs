//! Whether a request may be worked on now: who is counted, by which buckets, and what answers cost.
//!
//! Whoever is signed in is counted by grant and tenant, as the plan says; whoever opens nothing by
//! address. A right secret is never refused for its address's sake: it cannot be guessed, and a
//! person behind the same address as a scanner must get in. Whoever asks like one that takes
//! everything there is, or tries everything there may be, pays more for it.

use crate::address::Address;
use crate::authenticate::Signed;
use crate::downloads::{Download, Downloads};
use crate::habits::Habits;
use crate::quotas::{Quotas, Standing};
use sha2::{Digest, Sha256};
use shelf_domain::habit::Way;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::plan::{Plan, Plans, Stock};
use shelf_domain::rate::{Cost, Quota};
use shelf_domain::refusal::Refused;
use shelf_ports::chance::Clock;
use shelf_ports::limits::{BucketKey, Draw, Drawn, Limits};
use shelf_ports::{Away, Fault};
use std::sync::Arc;

/// What one address may ask for without opening anything.
const STRANGERS: Quota = Quota::new(120, 60);
/// What one grant may be answered with "not yours" or "not there": people mistype, scanners do
/// nothing else.
const FAILURES: Quota = Quota::new(300, 60);
/// How often one address may try to come in.
const ATTEMPTS: Quota = Quota::new(12, 6);
/// How often all addresses together may fail to come in by one door.
const DOOR: Quota = Quota::new(60, 30);
/// What works once: a bucket that is emptied by one use and full again after eleven minutes,
/// which is longer than a proof lives.
const ONCE: Quota = Quota::new(11, 1);
/// What a failed answer costs besides.
const FAILED: Cost = Cost::units(4);
/// Seconds of a day.
const DAY_S: u64 = 86_400;
/// What an answer costs that had little work: the reader has it already, or got it before.
const LITTLE: Cost = Cost::tenths(2);

/// What a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// One token, session or device.
    Grant,
    /// All grants of a tenant.
    Tenant,
    /// All grants of a tenant, from midnight to midnight.
    Day,
    /// Failed answers to one grant.
    Failures,
    /// What an address asks for without opening anything.
    Address,
    /// How often an address tries to come in.
    Attempts,
    /// How often anybody fails to come in by one door.
    Door,
    /// What works once.
    Proof,
}

impl Counted {
    /// The word for it in answers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Tenant => "tenant",
            Self::Day => "day",
            Self::Failures => "failures",
            Self::Address => "address",
            Self::Attempts => "attempts",
            Self::Door => "door",
            Self::Proof => "proof",
        }
    }

    /// What there was too much of, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Grant => "this token or session asked for more than it may",
            Self::Tenant => "all of your tokens and sessions together asked for more than they may",
            Self::Day => "all of your tokens and sessions asked for all they may on one day",
            Self::Failures => "too much was asked for that is not there or not yours",
            Self::Address => "too much was asked from your address without signing in",
            Self::Attempts => "your address tried to get in too often",
            Self::Door => "too many tried to get in and failed",
            Self::Proof => "this proof was used before",
        }
    }
}

/// Who asks, as far as that is known before the work.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// Somebody signed in.
    Signed(&'a Signed),
    /// Somebody who opens nothing.
    Stranger,
    /// Somebody who tries to come in: by the door of this account, or the one for all (empty).
    Knocks(&'a str),
}

/// What is asked for, as far as it is known before the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// What it costs.
    pub cost: Cost,
    /// In which way it is asked for.
    pub way: Way,
}

impl From<Cost> for Work {
    fn from(cost: Cost) -> Self {
        Self { cost, way: Way::Plain }
    }
}

/// How an answer turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It cost what it was to cost.
    Done,
    /// It cost so much more.
    More(Cost),
    /// The reader had it already, or got it before.
    Little,
    /// Not yours, or not there.
    Failed,
    /// Whoever knocked came in.
    Opened,
}

/// One bound a request counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What it counts.
    pub counted: Counted,
    /// Units there may be.
    pub most: u64,
    /// Within how many seconds.
    pub window_s: u64,
    /// Whole units that are left.
    pub left: u64,
    /// Seconds until it is full again, rounded up.
    pub full_in_s: u64,
}

/// A request that may be worked on.
#[derive(Clone, Debug, Default)]
pub struct Admitted {
    /// The bounds it counts by; none where there is none.
    pub bounds: Vec<Bound>,
    took: Vec<(Counted, Draw)>,
    /// Whose habit it is, and in which way it was asked for.
    habit: Option<(BucketKey, Way)>,
    /// How many times as much it cost for that.
    factor: u32,
    /// Whose day it was taken from, and how much.
    spent: Option<(TenantId, Cost)>,
}

/// A request that may not be worked on yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dry {
    /// What there was too much of.
    pub counted: Counted,
    /// Seconds to wait, rounded up; at least one.
    pub wait_s: u64,
    /// The bounds it counts by.
    pub bounds: Vec<Bound>,
    /// How many times as much everything costs who asked so; 1 for whoever asks as people do.
    pub factor: u32,
}

/// What bounds requests. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Throttle {
    limits: Arc<dyn Limits>,
    clock: Arc<dyn Clock>,
    quotas: Quotas,
    habits: Habits,
    downloads: Downloads,
    files: Downloads,
}

impl Throttle {
    /// Bounds of an installation on `plan`, counted by `limits`; no tenant has a plan of its own.
    pub fn new(limits: Arc<dyn Limits>, clock: Arc<dyn Clock>, plan: Plan) -> Self {
        let quotas = Quotas::alone(Plans::of(plan), clock.clone());
        Self::with(limits, clock, quotas)
    }

    /// The same where tenants have plans of their own, and days are counted.
    pub fn with(limits: Arc<dyn Limits>, clock: Arc<dyn Clock>, quotas: Quotas) -> Self {
        let (downloads, files) = (Downloads::default(), Downloads::default());
        Self { limits, clock, quotas, habits: Habits::default(), downloads, files }
    }

    /// What tenants asked for and may keep.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// A download of everything `person` may have under way beside others; refused `slow_down` where
    /// they have as many as one may.
    pub fn download(&self, person: PersonId) -> Result<Download, Refused> {
        self.downloads.begin(person)
    }

    /// A file of a bookmark that comes in or goes out for `person`; refused `slow_down` where they have
    /// as many under way as one may.
    pub fn file(&self, person: PersonId) -> Result<Download, Refused> {
        self.files.begin_file(person)
    }

    /// Whether `asker`, at `address` where one is known, may have something done.
    pub async fn admit(
        &self,
        asker: Asker<'_>,
        address: Option<Address>,
        work: impl Into<Work> + Send,
    ) -> Result<Admitted, Dry> {
        let work = work.into();
        let admitted = self.admit_work(asker, address, work).await;
        admitted.inspect_err(|dry| {
            metrics::counter!("mindshelf_limited_total", "limit" => dry.counted.name())
                .increment(1);
        })
    }

    async fn admit_work(
        &self,
        asker: Asker<'_>,
        address: Option<Address>,
        Work { cost, way }: Work,
    ) -> Result<Admitted, Dry> {
        let standing = match asker {
            Asker::Signed(signed) => Some(self.quotas.standing(signed.person.tenant).await),
            _ => None,
        };
        let now = self.clock.now_ms();
        let habit = habit_of(asker, address, standing.as_ref());
        let factor = habit.map_or(1, |key| self.habits.factor(key, now));
        let cost = cost.times(factor);
        let day = standing.as_ref().and_then(|standing| day_of(standing, now));
        if let Some(dry) = day.and_then(over) {
            return Err(Dry { factor, ..dry });
        }
        let mut wanted = wanted(asker, address, cost, standing.as_ref().map(|one| one.plan));
        let taken = match self.take(&wanted).await {
            Err(dry) if dry.counted == Counted::Door => {
                // Many fail at this door. Whoever did not fail before may still knock once, which
                // is all their address has.
                wanted.retain(|(counted, _)| *counted != Counted::Door);
                for (_, draw) in wanted.iter_mut().filter(|(at, _)| *at == Counted::Attempts) {
                    draw.cost = Cost::units(ATTEMPTS.burst());
                }
                self.take(&wanted).await.map_err(|_| dry)
            }
            taken => taken,
        };
        let spent = standing.map(|standing| (standing.tenant, cost));
        let habit = habit.map(|key| (key, way));
        let mut admitted = taken.map_err(|dry| Dry { factor, ..dry })?;
        if let Some((tenant, cost)) = spent {
            self.quotas.spend(tenant, cost);
        }
        admitted.bounds.extend(day);
        Ok(Admitted { habit, factor, spent, ..admitted })
    }

    /// Whether anything is left of the day of `tenant`, which is asked for something of its own by
    /// somebody who came with another.
    pub async fn has_day(&self, tenant: TenantId) -> Result<(), Dry> {
        let standing = self.quotas.standing(tenant).await;
        day_of(&standing, self.clock.now_ms()).and_then(over).map_or(Ok(()), Err)
    }

    /// Has `tenant`, whose library it was about, pay for what was admitted.
    pub fn paid_by(&self, admitted: &mut Admitted, tenant: TenantId) {
        if let Some((payer, cost)) = admitted.spent
            && payer != tenant
        {
            self.quotas.give_back(payer, cost);
            self.quotas.spend(tenant, cost);
            admitted.spent = Some((tenant, cost));
        }
    }

    /// Whether `what` was not used within the last minutes: it works once. Whoever cannot be
    /// counted is let through.
    pub async fn once(&self, what: [u8; 32]) -> bool {
        let (key, cost) = (key(Counted::Proof, &what), Cost::units(ONCE.burst()));
        let draw = Draw { key, quota: ONCE, cost };
        match self.limits.take(&[draw], self.clock.now_ms()).await {
            Ok(drawn) => drawn.short.is_none(),
            Err(fault) => {
                noted(Err(fault));
                true
            }
        }
    }

    /// Counts how the answer turned out.
    pub async fn answered(&self, admitted: &Admitted, outcome: Outcome) {
        let of = |kinds: &[Counted], cost: Cost| -> Vec<Draw> {
            let those = admitted.took.iter().filter(|(counted, _)| kinds.contains(counted));
            those.map(|(_, draw)| Draw { cost, ..*draw }).collect()
        };
        let now = self.clock.now_ms();
        if let Some((key, way)) = admitted.habit {
            self.habits.note(key, way, outcome == Outcome::Failed, now);
        }
        let counted = match outcome {
            Outcome::Done => Ok(()),
            Outcome::More(cost) => {
                if let Some((tenant, _)) = admitted.spent {
                    self.quotas.spend(tenant, cost);
                }
                self.owe(&of(&[Counted::Grant, Counted::Tenant], cost), now).await
            }
            Outcome::Failed => {
                let cost = FAILED.times(admitted.factor.max(1));
                self.owe(&of(&[Counted::Failures, Counted::Address], cost), now).await
            }
            Outcome::Little => {
                if let Some((tenant, cost)) = admitted.spent {
                    self.quotas.give_back(tenant, cost.less(LITTLE));
                }
                let asked = [Counted::Grant, Counted::Tenant, Counted::Address];
                let took = admitted.took.iter().filter(|(counted, _)| asked.contains(counted));
                let back = took.map(|(_, draw)| Draw { cost: draw.cost.less(LITTLE), ..*draw });
                self.give_back(&back.collect::<Vec<_>>(), now).await
            }
            Outcome::Opened => {
                let knocked = [Counted::Attempts, Counted::Door];
                let took = admitted.took.iter().filter(|(counted, _)| knocked.contains(counted));
                self.give_back(&took.map(|(_, draw)| *draw).collect::<Vec<_>>(), now).await
            }
        };
        noted(counted);
    }

    async fn owe(&self, draws: &[Draw], now: i64) -> Result<(), Fault> {
        if draws.is_empty() { Ok(()) } else { self.limits.owe(draws, now).await }
    }

    async fn give_back(&self, draws: &[Draw], now: i64) -> Result<(), Fault> {
        if draws.is_empty() { Ok(()) } else { self.limits.give_back(draws, now).await }
    }

    async fn take(&self, wanted: &[(Counted, Draw)]) -> Result<Admitted, Dry> {
        if wanted.is_empty() {
            return Ok(Admitted::default());
        }
        let draws: Vec<Draw> = wanted.iter().map(|(_, draw)| *draw).collect();
        let now = self.clock.now_ms();
        let drawn = match self.limits.take(&draws, now).await {
            Ok(drawn) => drawn,
            Err(fault) => {
                // Nobody is refused because counting failed.
                noted(Err(fault));
                return Ok(Admitted::default());
            }
        };
        let bounds = bounds(wanted, &drawn, now);
        match drawn.short.and_then(|short| Some((wanted.get(short.draw)?.0, short.wait_ms))) {
            Some((counted, wait_ms)) => {
                let wait_s = wait_ms.div_ceil(1_000).max(1);
                Err(Dry { counted, wait_s, bounds, factor: 1 })
            }
            None => Ok(Admitted { bounds, took: wanted.to_vec(), ..Admitted::default() }),
        }
    }
}

/// Whose habit is watched: that of who opens something by their grant, where the plan bounds it, and
/// of who opens nothing by their address. At a door there are bounds enough.
fn habit_of(
    asker: Asker<'_>,
    address: Option<Address>,
    standing: Option<&Standing>,
) -> Option<BucketKey> {
    match asker {
        Asker::Signed(signed) => {
            standing?.plan.quotas()?;
            Some(key(Counted::Grant, &signed.grant.id.to_bytes()))
        }
        Asker::Stranger => Some(key(Counted::Address, &address?.bytes())),
        Asker::Knocks(_) => None,
    }
}

/// What is told where nothing is left of a day.
fn over(day: Bound) -> Option<Dry> {
    let (counted, wait_s) = (Counted::Day, day.full_in_s.max(1));
    (day.left == 0).then(|| Dry { counted, wait_s, bounds: vec![day], factor: 1 })
}

/// What is left of the day of a tenant whose plan bounds days.
fn day_of(standing: &Standing, now: i64) -> Option<Bound> {
    let most = standing.most(Stock::Cost)?;
    let full_in_s = standing.day.left_ms(now).div_ceil(1_000);
    let left = most.saturating_sub(standing.spent);
    Some(Bound { counted: Counted::Day, most, window_s: DAY_S, left, full_in_s })
}

/// What the request draws from.
fn wanted(
    asker: Asker<'_>,
    address: Option<Address>,
    cost: Cost,
    plan: Option<Plan>,
) -> Vec<(Counted, Draw)> {
    let mut wanted = Vec::with_capacity(3);
    let mut want = |counted, what: &[u8], quota, cost| {
        wanted.push((counted, Draw { key: key(counted, what), quota, cost }));
    };
    let from = address.map(Address::bytes);
    match (asker, &from) {
        (Asker::Signed(signed), _) => {
            let (grant, tenant) = (signed.grant.id, signed.person.tenant);
            if let Some((one, all)) = plan.and_then(Plan::quotas) {
                want(Counted::Grant, &grant.to_bytes(), one, cost);
                want(Counted::Tenant, &tenant.to_bytes(), all, cost);
                want(Counted::Failures, &grant.to_bytes(), FAILURES, Cost::ZERO);
            }
        }
        (Asker::Stranger, Some(from)) => want(Counted::Address, from, STRANGERS, cost),
        (Asker::Knocks(door), Some(from)) => {
            want(Counted::Address, from, STRANGERS, cost);
            want(Counted::Attempts, from, ATTEMPTS, Cost::units(1));
            want(Counted::Door, door.as_bytes(), DOOR, Cost::units(1));
        }
        // What comes from within the process has no address, and is nobody's to bound.
        (Asker::Stranger | Asker::Knocks(_), None) => {}
    }
    wanted
}

/// What a caller is told of the buckets; not of those that take nothing while all goes well.
fn bounds(wanted: &[(Counted, Draw)], drawn: &Drawn, now: i64) -> Vec<Bound> {
    let pairs = wanted.iter().zip(&drawn.standings);
    let told = pairs.filter(|((counted, _), standing)| {
        matches!(counted, Counted::Grant | Counted::Tenant | Counted::Address) || standing.left < 0
    });
    told.map(|((counted, draw), standing)| Bound {
        counted: *counted,
        most: u64::from(draw.quota.burst()),
        window_s: draw.quota.window_s(),
        left: u64::try_from(standing.left).unwrap_or(0),
        full_in_s: standing.full_at_ms.saturating_sub(now).max(0).unsigned_abs().div_ceil(1_000),
    })
    .collect()
}

/// What tells of `bounds`, by the fields of draft-ietf-httpapi-ratelimit-headers-10; nothing where
/// there is none.
pub fn fields(bounds: &[Bound]) -> Vec<(&'static str, String)> {
    if bounds.is_empty() {
        return Vec::new();
    }
    let policy = bounds.iter().map(|Bound { counted, most, window_s, .. }| {
        format!("\"{}\";q={most};w={window_s}", counted.name())
    });
    let left = bounds.iter().map(|Bound { counted, left, full_in_s, .. }| {
        format!("\"{}\";r={left};t={full_in_s}", counted.name())
    });
    let (policy, left): (Vec<String>, Vec<String>) = (policy.collect(), left.collect());
    vec![("ratelimit-policy", policy.join(", ")), ("ratelimit", left.join(", "))]
}

/// The bucket of `what`: a hash, so that no address stands in any store.
fn key(counted: Counted, what: &[u8]) -> BucketKey {
    let hash = Sha256::new().chain_update(counted.name()).chain_update([0]).chain_update(what);
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    BucketKey(key)
}

fn noted(counted: Result<(), Fault>) {
    if let Err(fault) = counted {
        let is_away = fault.source.is::<Away>();
        tracing::debug!(error = &fault as &dyn std::error::Error, is_away, "limits did not count");
    }
}
