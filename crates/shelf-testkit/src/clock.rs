//! A clock that stands still until a test moves it.

use shelf_ports::chance::Clock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Noon of a day in November 2023, in milliseconds: where a fake clock begins.
pub const NOON_MS: i64 = 1_700_222_400_000;

/// A clock that tests own.
#[derive(Debug)]
pub struct FakeClock {
    now_ms: AtomicI64,
    ticks_us: AtomicU64,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::at(NOON_MS)
    }
}

impl FakeClock {
    /// A clock that stands at `now_ms`.
    pub fn at(now_ms: i64) -> Self {
        Self { now_ms: AtomicI64::new(now_ms), ticks_us: AtomicU64::new(0) }
    }

    /// Moves both hands on by `ms` milliseconds.
    pub fn advance(&self, ms: u32) {
        self.now_ms.fetch_add(i64::from(ms), Ordering::SeqCst);
        self.ticks_us.fetch_add(u64::from(ms) * 1_000, Ordering::SeqCst);
    }

    /// Sets the wall clock, forwards or back, as people and time servers do.
    pub fn set(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn ticks_us(&self) -> u64 {
        self.ticks_us.load(Ordering::SeqCst)
    }
}
