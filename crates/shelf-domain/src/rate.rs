//! How often something may be done: the arithmetic of buckets that empty and fill again.
//!
//! It is the generic cell rate algorithm (GCRA, ITU-T I.371): of a bucket one moment is kept, the
//! one at which it is full again. What is taken moves that moment on; what would move it further
//! than a whole bucket takes to fill is refused. Nothing has to fill buckets meanwhile.

/// Parts of a unit that are counted: tenths, so that something can cost less than one.
const PARTS: u32 = 10;
/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// What is taken from a bucket, or given back to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u32);

impl Cost {
    /// Nothing: asks whether a bucket is in debt.
    pub const ZERO: Self = Self(0);

    /// So many whole units.
    pub const fn units(units: u32) -> Self {
        Self(units.saturating_mul(PARTS))
    }

    /// So many tenths of a unit.
    pub const fn tenths(tenths: u32) -> Self {
        Self(tenths)
    }

    /// What is left of it after `less` is taken away; never less than nothing.
    #[must_use]
    pub const fn less(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }

    /// So many times as much.
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Tenths of a unit.
    pub const fn in_tenths(self) -> u64 {
        self.0 as u64
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

/// How large a bucket is, and how quickly it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    burst: u32,
    per_minute: u32,
}

/// A bucket as it is kept: the moment at which it is full, microseconds since 1970. One that
/// nobody knows is full: that moment is long gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub i64);

impl Quota {
    /// A bucket of `burst` units into which `per_minute` come back; both are at least one.
    pub const fn new(burst: u32, per_minute: u32) -> Self {
        let (burst, per_minute) = (at_least_one(burst), at_least_one(per_minute));
        Self { burst, per_minute }
    }

    /// Units of a full bucket.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Seconds an empty bucket takes to be full, rounded up.
    pub const fn window_s(self) -> u64 {
        self.span_us().unsigned_abs().div_ceil(1_000_000)
    }

    /// Microseconds until a tenth of a unit has come back. Rounded up: never more than was said.
    const fn part_us(self) -> i64 {
        let per_minute = self.per_minute as i64 * PARTS as i64;
        (MINUTE_US + per_minute - 1) / per_minute
    }

    /// Microseconds an empty bucket takes to be full. It may be in debt by as much again.
    pub const fn span_us(self) -> i64 {
        self.burst as i64 * PARTS as i64 * self.part_us()
    }

    /// Microseconds until `cost` has come back; what costs more than a full bucket costs just that.
    pub const fn price_us(self, cost: Cost) -> i64 {
        let whole = self.burst as i64 * PARTS as i64;
        let parts = if (cost.0 as i64) < whole { cost.0 as i64 } else { whole };
        parts * self.part_us()
    }

    /// Takes `cost` at the moment `now_us`; refused, with the microseconds to wait, where there is
    /// not as much. A bucket in debt refuses even nothing.
    pub fn take(self, level: Level, cost: Cost, now_us: i64) -> Result<Level, u64> {
        let taken = self.known(level, now_us).0.saturating_add(self.price_us(cost));
        match taken.saturating_sub(now_us).saturating_sub(self.span_us()) {
            ..=0 => Ok(Level(taken)),
            wait => Err(wait.unsigned_abs()),
        }
    }

    /// Takes `cost` for what was done already: below nothing, but no deeper than a full bucket.
    #[must_use]
    pub fn owe(self, level: Level, cost: Cost, now_us: i64) -> Level {
        let owed = self.known(level, now_us).0.saturating_add(self.price_us(cost));
        Level(owed.min(self.deepest(now_us)))
    }

    /// Gives `cost` back; a bucket is never more than full.
    #[must_use]
    pub fn give_back(self, level: Level, cost: Cost, now_us: i64) -> Level {
        let given = self.known(level, now_us).0.saturating_sub(self.price_us(cost));
        Level(given.max(now_us))
    }

    /// Whole units that are left, below zero in debt.
    pub fn left(self, level: Level, now_us: i64) -> i64 {
        let missing = self.known(level, now_us).0 - now_us;
        (self.span_us() - missing).div_euclid(i64::from(PARTS) * self.part_us())
    }

    /// The level as of now: full if that moment is over, and never emptier than a bucket can be,
    /// whatever another clock said.
    pub fn known(self, level: Level, now_us: i64) -> Level {
        Level(level.0.max(now_us).min(self.deepest(now_us)))
    }

    fn deepest(self, now_us: i64) -> i64 {
        now_us.saturating_add(2 * self.span_us())
    }
}

const fn at_least_one(number: u32) -> u32 {
    if number == 0 { 1 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_790_000_000_000_000;

    fn quotas() -> impl Strategy<Value = Quota> {
        (1..5_000_u32, 1..5_000_u32).prop_map(|(burst, per_minute)| Quota::new(burst, per_minute))
    }

    /// Steps of time, microseconds, and what is asked for at each.
    fn asks() -> impl Strategy<Value = Vec<(i64, u32)>> {
        prop::collection::vec((0..5_000_000_i64, 0..200_u32), 1..200)
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_what_comes_back() {
        let quota = Quota::new(3, 60);
        let mut level = Level::default();
        for left in [2, 1, 0] {
            level = quota.take(level, Cost::units(1), NOW).unwrap();
            assert_eq!(quota.left(level, NOW), left);
        }
        assert_eq!(quota.take(level, Cost::units(1), NOW), Err(1_000_000), "one a second");
        assert!(quota.take(level, Cost::units(1), NOW + 1_000_000).is_ok());
        assert_eq!(quota.take(level, Cost::tenths(5), NOW), Err(500_000), "half costs half");
        assert_eq!(quota.window_s(), 3);
    }

    #[test]
    fn a_debt_refuses_even_nothing_and_has_a_bottom() {
        let quota = Quota::new(10, 60);
        let empty = quota.take(Level::default(), Cost::units(10), NOW).unwrap();
        assert!(quota.take(empty, Cost::ZERO, NOW).is_ok(), "empty is no debt");
        let mut level = empty;
        for _ in 0..100 {
            level = quota.owe(level, Cost::units(7), NOW);
        }
        assert_eq!(quota.left(level, NOW), -10);
        assert_eq!(quota.take(level, Cost::ZERO, NOW), Err(10_000_000));
        let back = quota.give_back(level, Cost::units(9), NOW);
        assert_eq!(quota.left(back, NOW), -1);
        let full = quota.give_back(quota.give_back(back, Cost::units(9), NOW), Cost::units(9), NOW);
        assert_eq!(quota.left(full, NOW), 10, "never more than full");
    }

    proptest! {
        #[test]
        fn no_window_lets_more_through_than_burst_and_refill(quota in quotas(), asks in asks()) {
            let (mut level, mut now) = (Level::default(), NOW);
            let mut admitted: Vec<(i64, i64)> = Vec::new();
            for (step, tenths) in asks {
                now += step;
                let cost = Cost::tenths(tenths);
                if let Ok(taken) = quota.take(level, cost, now) {
                    level = taken;
                    admitted.push((now, quota.price_us(cost)));
                }
            }
            for from in 0..admitted.len() {
                let mut sum = 0;
                for (at, price) in &admitted[from..] {
                    sum += price;
                    prop_assert!(sum <= quota.span_us() + at - admitted[from].0);
                }
            }
        }

        #[test]
        fn waiting_as_told_always_admits(quota in quotas(), asks in asks()) {
            let (mut level, mut now) = (Level::default(), NOW);
            for (step, tenths) in asks {
                now += step / 100;
                let cost = Cost::tenths(tenths * 50);
                if tenths % 3 == 0 {
                    level = quota.owe(level, cost, now);
                }
                match quota.take(level, cost, now) {
                    Ok(taken) => level = taken,
                    Err(wait) => {
                        now += i64::try_from(wait).unwrap();
                        prop_assert!(quota.take(level, cost, now - 1).is_err(), "no sooner");
                        level = quota.take(level, cost, now).unwrap();
                    }
                }
            }
        }

        #[test]
        fn a_clock_that_goes_back_or_lies_locks_nobody_out_for_long(
            quota in quotas(), level in any::<i64>(), tenths in 0..60_000_u32,
        ) {
            let longest = 2 * quota.span_us().unsigned_abs();
            if let Err(wait) = quota.take(Level(level), Cost::tenths(tenths), NOW) {
                prop_assert!(wait <= longest);
            }
        }
    }
}
