//! The benchmarks' own clock and chance, where use cases want them.

use sha2::{Digest, Sha256};
use shelf_ports::chance::{Chance, Clock};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clocks of this machine.
#[derive(Debug)]
pub(crate) struct OwnClock(Instant);

impl Default for OwnClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for OwnClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Bytes that differ from run to run and keep nothing secret: what they open is thrown away.
#[derive(Debug)]
pub(crate) struct OwnChance {
    began: i64,
    drawn: AtomicU64,
}

impl Default for OwnChance {
    fn default() -> Self {
        Self { began: OwnClock::default().now_ms(), drawn: AtomicU64::new(0) }
    }
}

impl Chance for OwnChance {
    fn seed(&self) -> [u8; 16] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::new()
            .chain_update(self.began.to_be_bytes())
            .chain_update(std::process::id().to_be_bytes())
            .chain_update(drawn.to_be_bytes())
            .finalize();
        let mut seed = [0; 16];
        seed.copy_from_slice(&hash[..16]);
        seed
    }
}
