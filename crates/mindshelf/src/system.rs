//! The system's clock and randomness: the one place where they are drawn.

use shelf_ports::chance::{Chance, Clock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clocks of this machine.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Clocks whose ticks begin now.
    #[expect(clippy::disallowed_methods, reason = "the one place where time is read")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time is read")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The randomness of the system, fit for secrets.
#[derive(Debug)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn seed(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let drawn = getrandom::fill(&mut bytes);
        // Without randomness every secret could be guessed; nothing may go on.
        assert!(drawn.is_ok(), "the system gives no randomness");
        bytes
    }
}
