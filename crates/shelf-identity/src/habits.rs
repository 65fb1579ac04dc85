//! How askers asked of late, kept in this process: so many of them, and no more.

use shelf_domain::habit::{Habit, Way};
use shelf_ports::limits::BucketKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Askers that are kept: some two megabytes.
const ASKERS_MAX: usize = 16_384;

/// Habits by asker. Cloning shares them.
///
/// When there are too many, the quarter that asked least goes: whoever brings many keys does not
/// wash away the habit of who asks much.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    all: Arc<Mutex<HashMap<BucketKey, Habit>>>,
    askers_max: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self { all: Arc::default(), askers_max: ASKERS_MAX }
    }
}

impl Habits {
    fn lock(&self) -> MutexGuard<'_, HashMap<BucketKey, Habit>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many times as much something costs `asker` at the moment `now`, milliseconds.
    pub(crate) fn factor(&self, asker: BucketKey, now: i64) -> u32 {
        self.lock().get(&asker).map_or(1, |habit| habit.factor(now))
    }

    /// Notes how `asker` asked, and whether it was for something that is not there or not theirs.
    pub(crate) fn note(&self, asker: BucketKey, way: Way, missed: bool, now: i64) {
        let mut all = self.lock();
        if all.len() >= self.askers_max && !all.contains_key(&asker) {
            self.make_room(&mut all, now);
        }
        let habit = all.entry(asker).or_default();
        *habit = habit.and(way, missed, now);
    }

    fn make_room(&self, all: &mut HashMap<BucketKey, Habit>, now: i64) {
        let kept_max = self.askers_max - self.askers_max.div_ceil(4);
        let mut weights: Vec<u32> = all.values().map(|habit| habit.weight(now)).collect();
        let least = weights.len().saturating_sub(kept_max).max(1);
        let (_, bound, _) = weights.select_nth_unstable(least - 1);
        let bound = *bound;
        all.retain(|_, habit| habit.weight(now) > bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn key(number: u32) -> BucketKey {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        BucketKey(key)
    }

    #[test]
    fn many_keys_do_not_wash_away_the_habit_of_who_asks_much() {
        let habits = Habits { askers_max: 64, ..Habits::default() };
        for _ in 0..300 {
            habits.note(key(0), Way::Onward, false, NOW);
        }
        for number in 1..10_000 {
            habits.note(key(number), Way::Plain, true, NOW);
            assert!(habits.lock().len() <= 64, "bounded");
        }
        assert_eq!((habits.factor(key(0), NOW), habits.factor(key(1), NOW)), (2, 1));
    }
}
