//! What a follower says of itself: lag, retries and what it had to leave behind.

use shelf_domain::id::Scope;
use shelf_domain::stamp::Seq;

/// How a follower stands.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Report {
    /// The projection's name.
    pub follower: &'static str,
    /// How many of the 64 groups of libraries it follows.
    pub groups: usize,
    /// Changes between the projection and the heads, over all libraries.
    pub lag_changes: u64,
    /// Age of the oldest change that is known and not taken in, seconds.
    pub lag_seconds: f64,
    /// Size of the last batch.
    pub batch_size: usize,
    /// Faults met since the start.
    pub retries: u64,
    /// Libraries that failed so often that they are tried rarely.
    pub parked: Vec<Parked>,
}

/// A library that is tried rarely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Which.
    pub scope: Scope,
    /// How far its projection is.
    pub position: Option<Seq>,
    /// What the last fault said.
    pub problem: String,
}
