//! Every bound of a follower in one place, and how long it waits after a fault.

use std::time::Duration;

/// Bounds of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Changes taken in at once.
    pub batch: usize,
    /// Batches one library gets before the next has its turn.
    pub turns: usize,
    /// Stirred libraries asked for at once.
    pub news: usize,
    /// How long to wait for a hint before looking anyway.
    pub poll: Duration,
    /// The first wait after a hint that brought no news yet; doubled a few times.
    pub echo_first: Duration,
    /// The wait after the first fault; doubled with each further one.
    pub back_off_first: Duration,
    /// The longest wait after a fault, and between tries of a parked library.
    pub back_off_most: Duration,
    /// Faults in a row after which a library is parked: tried rarely, and named by `doctor`.
    pub park_after: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 500,
            turns: 8,
            news: 64,
            poll: Duration::from_secs(2),
            echo_first: Duration::from_millis(10),
            back_off_first: Duration::from_millis(100),
            back_off_most: Duration::from_mins(1),
            park_after: 8,
        }
    }
}

/// Looks after a hint that brought no news yet.
const ECHOES_MAX: u32 = 6;

impl Pace {
    /// How long after a hint without news to look once more: a write is told only when no earlier
    /// one is under way, which may be a moment after its hint. `None` where no hint is open.
    pub(crate) fn echo(&self, echoes: u32) -> Option<Duration> {
        let doubled = self.echo_first.saturating_mul(1 << echoes.saturating_sub(1).min(16));
        (echoes > 0).then_some(doubled)
    }

    /// The count after one more look without news; 0 again when it was enough.
    pub(crate) fn echo_after(echoes: u32) -> u32 {
        if echoes == 0 || echoes >= ECHOES_MAX { 0 } else { echoes + 1 }
    }

    /// The wait after `faults` faults in a row, with full jitter drawn from `chance`: between a
    /// half and the whole of the doubled wait.
    pub(crate) fn back_off(&self, faults: u32, chance: [u8; 16]) -> Duration {
        if faults >= self.park_after {
            return self.back_off_most;
        }
        let doubled = self.back_off_first.saturating_mul(1 << faults.saturating_sub(1).min(16));
        let whole = doubled.min(self.back_off_most);
        let share = f64::from(u16::from_be_bytes([chance[0], chance[1]])) / f64::from(u16::MAX);
        whole.mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_without_news_is_looked_after_some_times() {
        let pace = Pace::default();
        let mut echoes = 1;
        let mut waits = Vec::new();
        while let Some(wait) = pace.echo(echoes) {
            waits.push(wait.as_millis());
            echoes = Pace::echo_after(echoes);
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320]);
    }

    #[test]
    fn waits_double_with_jitter_and_never_pass_the_longest() {
        let pace = Pace::default();
        assert_eq!(pace.back_off(1, [0; 16]), Duration::from_millis(50));
        assert_eq!(pace.back_off(1, [255; 16]), Duration::from_millis(100));
        assert_eq!(pace.back_off(4, [255; 16]), Duration::from_millis(800));
        assert_eq!(pace.back_off(8, [0; 16]), pace.back_off_most);
        assert_eq!(pace.back_off(u32::MAX, [9; 16]), pace.back_off_most);
    }
}
