//! How long to wait before a server that did not answer is asked again.

use crate::failure::ReplicaFailure;
use shelf_ports::chance::Chance;
use std::time::Duration;

/// Where the range of waits begins.
const FIRST: Duration = Duration::from_secs(1);
/// Where it ends.
const LONGEST: Duration = Duration::from_mins(1);
/// The doubling that leads beyond the longest wait.
const DOUBLINGS_MAX: u32 = 6;

/// Waits with full jitter: any part of a span that doubles, so that devices that were cut off
/// together do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// How long to wait now.
    pub fn next(&mut self, chance: &dyn Chance) -> Duration {
        let span = FIRST.saturating_mul(1 << self.tries.min(DOUBLINGS_MAX)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        Self::part_of(span, chance)
    }

    /// Any part of `span`.
    pub fn part_of(span: Duration, chance: &dyn Chance) -> Duration {
        let [a, b, c, d, ..] = chance.seed();
        let part = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
        span.mul_f64(part)
    }

    /// How long to wait after `failure`: as long as the server says, and then as ever, so that not
    /// all come back at that moment.
    pub fn after(&mut self, failure: &ReplicaFailure, chance: &dyn Chance) -> Duration {
        failure.retry_after().unwrap_or_default().saturating_add(self.next(chance))
    }

    /// How often it was waited.
    pub fn tries(&self) -> u32 {
        self.tries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(u8);

    impl Chance for Always {
        fn seed(&self) -> [u8; 16] {
            [self.0; 16]
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_are_any_part_of_that() {
        let mut most = Backoff::default();
        let spans: Vec<u64> = (0..9).map(|_| most.next(&Always(255)).as_secs()).collect();
        assert_eq!(spans, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let mut least = Backoff::default();
        assert!((0..9).all(|_| least.next(&Always(0)) == Duration::ZERO));
        assert_eq!(least.tries(), 9);
    }
}
