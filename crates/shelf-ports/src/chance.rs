//! Time and chance as things that are passed in, so that tests own them.

use std::fmt;

/// Wall clock and monotonic clock.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;
    /// Microseconds since some fixed moment; never goes back.
    fn ticks_us(&self) -> u64;
}

/// A source of random bytes fit for secrets.
pub trait Chance: fmt::Debug + Send + Sync {
    /// 16 random bytes.
    fn seed(&self) -> [u8; 16];
    /// 32 random bytes.
    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.seed());
        bytes[16..].copy_from_slice(&self.seed());
        bytes
    }
}
