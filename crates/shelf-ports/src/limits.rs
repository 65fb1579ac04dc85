//! How often something may be done, counted in buckets that fill again.

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::rate::{Cost, Quota};
use std::fmt;

/// What a bucket counts: a hash of it, never what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketKey(pub [u8; 16]);

impl fmt::Debug for BucketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BucketKey(..)")
    }
}

/// One bucket, and what is to be taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Which bucket.
    pub key: BucketKey,
    /// How large it is and how quickly it fills.
    pub quota: Quota,
    /// How much.
    pub cost: Cost,
}

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whole units that are left; below zero in debt.
    pub left: i64,
    /// When it is full again, milliseconds since 1970.
    pub full_at_ms: i64,
}

/// Which bucket had too little, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Its place among those that were asked for.
    pub draw: usize,
    /// How long to wait until all have enough, milliseconds, rounded up.
    pub wait_ms: u64,
}

/// What became of a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// How each bucket stands now, in the order they were asked for.
    pub standings: Vec<Standing>,
    /// Set where nothing was taken; of several that had too little, the one to wait longest for.
    pub short: Option<Short>,
}

/// Buckets by key. What is kept of them may be forgotten at any time: then a bucket is full.
///
/// The moment comes from the caller. A bucket is always asked for with the same quota.
#[async_trait]
pub trait Limits: fmt::Debug + Send + Sync {
    /// Takes from each bucket what it is asked for: from all of them, or from none. Whoever waits
    /// as told, and meets nobody else, is let through. Each key stands in `draws` once.
    async fn take(&self, draws: &[Draw], now_ms: i64) -> Result<Drawn, Fault>;

    /// Takes for what was done already, without asking: a bucket goes below zero, down to a full
    /// bucket of debt, and lets nothing through until that came back, not even what costs nothing.
    async fn owe(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault>;

    /// Gives back what was taken and not used; a bucket is never more than full.
    async fn give_back(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault>;
}

impl Drawn {
    /// What levels that were read for `draws` mean at `now_us`; `taken` says whether they are
    /// those after taking. For adapters, so that all answer alike.
    pub fn of(
        draws: &[Draw],
        levels: &[shelf_domain::rate::Level],
        taken: bool,
        now_us: i64,
    ) -> Self {
        let pairs = || draws.iter().zip(levels);
        let standings = pairs()
            .map(|(draw, level)| Standing {
                left: draw.quota.left(*level, now_us),
                full_at_ms: ms_of(draw.quota.known(*level, now_us).0),
            })
            .collect();
        let waits = pairs().map(|(draw, level)| draw.quota.take(*level, draw.cost, now_us));
        let longest = waits.map(|took| took.err().unwrap_or(0)).enumerate();
        let longest = longest.max_by_key(|(_, wait_us)| *wait_us).filter(|_| !taken);
        let short =
            longest.map(|(draw, wait_us)| Short { draw, wait_ms: wait_us.div_ceil(1_000).max(1) });
        Self { standings, short }
    }
}

/// Milliseconds of a moment in microseconds, rounded up.
fn ms_of(us: i64) -> i64 {
    us.div_euclid(1_000).saturating_add(i64::from(us.rem_euclid(1_000) != 0))
}
