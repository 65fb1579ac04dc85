//! What a follower remembers of each library; lost on a crash and found again from the stores.

use shelf_domain::id::Scope;
use shelf_domain::stamp::Seq;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// One library as its follower sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    /// How far its projection is, as far as is known.
    pub(crate) position: Option<Seq>,
    /// Server time of the oldest change that is known and not taken in.
    pub(crate) waiting_since: Option<i64>,
    /// Faults in a row.
    pub(crate) faults: u32,
    /// What the last fault said.
    pub(crate) problem: String,
    /// Not to be tried before.
    pub(crate) retry_at: Option<Instant>,
}

/// All libraries of one follower.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    /// By scope.
    pub(crate) all: BTreeMap<Scope, Track>,
    /// Those that may have changes not taken in yet.
    pub(crate) stirred: BTreeSet<Scope>,
    /// Faults met since the start.
    pub(crate) retries: u64,
    /// Size of the last batch.
    pub(crate) batch_size: usize,
}

impl Tracks {
    /// Stirred libraries that may be tried at `now`.
    pub(crate) fn due(&self, now: Instant) -> Vec<Scope> {
        let due = |scope: &&Scope| {
            self.all.get(scope).and_then(|track| track.retry_at).is_none_or(|at| at <= now)
        };
        self.stirred.iter().filter(due).copied().collect()
    }

    /// When the next library that waits after a fault may be tried.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        self.stirred.iter().filter_map(|scope| self.all.get(scope)?.retry_at).min()
    }

    /// Notes that `scope` is at `position` and, if `done`, that nothing more is known to wait.
    pub(crate) fn arrived(&mut self, scope: Scope, position: Seq, done: bool) {
        let track = self.all.entry(scope).or_default();
        track.position = Some(position);
        track.faults = 0;
        track.retry_at = None;
        track.problem.clear();
        if done {
            track.waiting_since = None;
            self.stirred.remove(&scope);
        }
    }
}
