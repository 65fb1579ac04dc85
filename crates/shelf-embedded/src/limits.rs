//! How often something may be done, counted by this process alone and lost with it.

use async_trait::async_trait;
use shelf_domain::rate::Level;
use shelf_ports::Fault;
use shelf_ports::limits::{BucketKey, Draw, Drawn, Limits};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Buckets that are kept, unless told otherwise: some four megabytes.
const BUCKETS_MAX: usize = 65_536;

/// Buckets in memory. Cloning shares them.
///
/// When there are too many, those that are full again go first, then those that are full soonest:
/// whoever brings many keys does not wash away what is empty.
#[derive(Clone, Debug)]
pub struct LocalLimits {
    levels: Arc<Mutex<HashMap<BucketKey, Level>>>,
    buckets_max: usize,
}

impl Default for LocalLimits {
    fn default() -> Self {
        Self::of(BUCKETS_MAX)
    }
}

impl LocalLimits {
    /// At most `buckets_max` buckets, at least one.
    pub fn of(buckets_max: usize) -> Self {
        Self { levels: Arc::default(), buckets_max: buckets_max.max(1) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BucketKey, Level>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the level of a bucket, and makes room before there are too many.
    fn keep(&self, levels: &mut HashMap<BucketKey, Level>, draw: &Draw, level: Level, now_us: i64) {
        if level.0 <= now_us {
            levels.remove(&draw.key);
            return;
        }
        if levels.len() >= self.buckets_max && !levels.contains_key(&draw.key) {
            self.make_room(levels, now_us);
        }
        levels.insert(draw.key, level);
    }

    /// Forgets what is full; if that is little, the quarter that is full soonest.
    fn make_room(&self, levels: &mut HashMap<BucketKey, Level>, now_us: i64) {
        levels.retain(|_, level| level.0 > now_us);
        let kept_max = self.buckets_max - self.buckets_max.div_ceil(4);
        if levels.len() <= kept_max {
            return;
        }
        let mut moments: Vec<i64> = levels.values().map(|level| level.0).collect();
        let least = moments.len() - kept_max;
        let (_, bound, _) = moments.select_nth_unstable(least - 1);
        let bound = *bound;
        levels.retain(|_, level| level.0 > bound);
    }

    /// Moves each bucket as `moved` says.
    fn each(&self, draws: &[Draw], now_ms: i64, moved: impl Fn(&Draw, Level, i64) -> Level) {
        let now_us = us_of(now_ms);
        let mut levels = self.lock();
        for draw in draws {
            let level = levels.get(&draw.key).copied().unwrap_or_default();
            self.keep(&mut levels, draw, moved(draw, level, now_us), now_us);
        }
    }
}

fn us_of(ms: i64) -> i64 {
    ms.saturating_mul(1_000)
}

#[async_trait]
impl Limits for LocalLimits {
    async fn take(&self, draws: &[Draw], now_ms: i64) -> Result<Drawn, Fault> {
        let now_us = us_of(now_ms);
        let mut levels = self.lock();
        let known = |draw: &Draw| levels.get(&draw.key).copied().unwrap_or_default();
        let before: Vec<Level> = draws.iter().map(known).collect();
        let pairs = draws.iter().zip(&before);
        let after = pairs.map(|(draw, level)| draw.quota.take(*level, draw.cost, now_us));
        let Ok(after) = after.collect::<Result<Vec<_>, _>>() else {
            return Ok(Drawn::of(draws, &before, false, now_us));
        };
        for (draw, level) in draws.iter().zip(&after) {
            self.keep(&mut levels, draw, *level, now_us);
        }
        Ok(Drawn::of(draws, &after, true, now_us))
    }

    async fn owe(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.each(draws, now_ms, |draw, level, now| draw.quota.owe(level, draw.cost, now));
        Ok(())
    }

    async fn give_back(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.each(draws, now_ms, |draw, level, now| draw.quota.give_back(level, draw.cost, now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::rate::{Cost, Quota};

    const NOW: i64 = 1_790_000_000_000;

    fn draw(number: u64, units: u32) -> Draw {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&number.to_be_bytes());
        Draw { key: BucketKey(key), quota: Quota::new(100, 60), cost: Cost::units(units) }
    }

    #[tokio::test]
    async fn many_keys_do_not_wash_away_a_bucket_that_is_empty() {
        let limits = LocalLimits::of(64);
        let empty = draw(0, 100);
        limits.take(&[empty], NOW).await.unwrap();
        for number in 1..10_000 {
            limits.take(&[draw(number, 1)], NOW).await.unwrap();
            assert!(limits.lock().len() <= 64, "bounded");
        }
        assert!(limits.take(&[empty], NOW).await.unwrap().short.is_some(), "still empty");
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_bucket_that_is_full() {
        let limits = LocalLimits::of(64);
        limits.take(&[draw(1, 0)], NOW).await.unwrap();
        limits.take(&[draw(2, 5)], NOW).await.unwrap();
        limits.give_back(&[draw(2, 5)], NOW).await.unwrap();
        assert!(limits.lock().is_empty());
    }
}
