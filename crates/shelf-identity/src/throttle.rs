//! Whether a request may be worked on now: who is counted, by which buckets, and what answers cost.
//!
//! Whoever is signed in is counted by grant and tenant, as the plan says; whoever opens nothing by
//! address. A right secret is never refused for its address's sake: it cannot be guessed, and a
//! person behind the same address as a scanner must get in.

use crate::address::Address;
use crate::authenticate::Signed;
use crate::plan::Plan;
use sha2::{Digest, Sha256};
use shelf_domain::id::TenantId;
use shelf_domain::rate::{Cost, Quota};
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
/// What an answer costs that had little work: the reader has it already, or got it before.
const LITTLE: Cost = Cost::tenths(2);

/// What a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// One token, session or device.
    Grant,
    /// All grants of a tenant.
    Tenant,
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
    /// How much there may be.
    pub quota: Quota,
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
}

/// What bounds requests. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Throttle {
    limits: Arc<dyn Limits>,
    clock: Arc<dyn Clock>,
    plan: Plan,
}

impl Throttle {
    /// Bounds of an installation on `plan`, counted by `limits`.
    pub fn new(limits: Arc<dyn Limits>, clock: Arc<dyn Clock>, plan: Plan) -> Self {
        Self { limits, clock, plan }
    }

    /// The plan of a tenant; so far that of the installation.
    pub fn plan_of(&self, _tenant: TenantId) -> Plan {
        self.plan
    }

    /// Whether `asker`, at `address` where one is known, may have something done that costs
    /// `cost`.
    pub async fn admit(
        &self,
        asker: Asker<'_>,
        address: Option<Address>,
        cost: Cost,
    ) -> Result<Admitted, Dry> {
        let mut wanted = self.wanted(asker, address, cost);
        match self.take(&wanted).await {
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
        }
        .inspect_err(|dry| {
            metrics::counter!("mindshelf_limited_total", "limit" => dry.counted.name())
                .increment(1);
        })
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
        let counted = match outcome {
            Outcome::Done => Ok(()),
            Outcome::More(cost) => {
                self.owe(&of(&[Counted::Grant, Counted::Tenant], cost), now).await
            }
            Outcome::Failed => {
                self.owe(&of(&[Counted::Failures, Counted::Address], FAILED), now).await
            }
            Outcome::Little => {
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

    /// What the request draws from.
    fn wanted(
        &self,
        asker: Asker<'_>,
        address: Option<Address>,
        cost: Cost,
    ) -> Vec<(Counted, Draw)> {
        let mut wanted = Vec::with_capacity(3);
        let mut want = |counted, what: &[u8], quota, cost| {
            wanted.push((counted, Draw { key: key(counted, what), quota, cost }));
        };
        let from = address.map(Address::bytes);
        match (asker, &from) {
            (Asker::Signed(signed), _) => {
                let (grant, tenant) = (signed.grant.id, signed.person.tenant);
                if let Some((one, all)) = self.plan_of(tenant).quotas() {
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
                Err(Dry { counted, wait_s: wait_ms.div_ceil(1_000).max(1), bounds })
            }
            None => Ok(Admitted { bounds, took: wanted.to_vec() }),
        }
    }
}

/// What a caller is told of the buckets; not of those that take nothing while all goes well.
fn bounds(wanted: &[(Counted, Draw)], drawn: &Drawn, now: i64) -> Vec<Bound> {
    let pairs = wanted.iter().zip(&drawn.standings);
    let told = pairs.filter(|((counted, _), standing)| {
        matches!(counted, Counted::Grant | Counted::Tenant | Counted::Address) || standing.left < 0
    });
    told.map(|((counted, draw), standing)| Bound {
        counted: *counted,
        quota: draw.quota,
        left: u64::try_from(standing.left).unwrap_or(0),
        full_in_s: standing.full_at_ms.saturating_sub(now).max(0).unsigned_abs().div_ceil(1_000),
    })
    .collect()
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
