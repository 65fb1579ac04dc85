//! Chance that repeats: the same seed gives the same bytes in every run.

use shelf_ports::chance::Chance;
use std::sync::atomic::{AtomicU64, Ordering};

/// Random-looking bytes from a seed (`SplitMix64`, Steele et al. 2014). For tests alone.
#[derive(Debug)]
pub struct SeededChance(AtomicU64);

impl Default for SeededChance {
    fn default() -> Self {
        Self::new(1)
    }
}

impl SeededChance {
    /// Chance from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

impl Chance for SeededChance {
    fn seed(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}
