//! A server that did not answer is left alone for a while.

use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long nothing is asked of a server that did not answer, microseconds.
const PAUSE_US: u64 = 1_000_000;

/// When a server is asked again after a fault, so that not every request waits for one that hangs.
#[derive(Debug)]
pub(crate) struct Pause {
    clock: Arc<dyn Clock>,
    /// By the ticks of the clock.
    until: AtomicU64,
    /// What is done without the server meanwhile, for the log.
    instead: &'static str,
}

impl Pause {
    /// For a server that was not asked yet.
    pub(crate) fn new(clock: Arc<dyn Clock>, instead: &'static str) -> Self {
        Self { clock, until: AtomicU64::new(0), instead }
    }

    /// Whether the server may be asked now.
    pub(crate) fn is_over(&self) -> bool {
        self.clock.ticks_us() >= self.until.load(Ordering::Relaxed)
    }

    /// What the server answered; after a fault a pause begins.
    pub(crate) fn heard<T>(&self, answer: Result<T, Fault>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(fault) => {
                let until = self.clock.ticks_us().saturating_add(PAUSE_US);
                self.until.store(until, Ordering::Relaxed);
                tracing::debug!(error = &fault as &dyn std::error::Error, "{}", self.instead);
                None
            }
        }
    }
}
