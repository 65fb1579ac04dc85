//! Leases: which of several processes does a thing, and what one that went away left undone.

use crate::Fault;
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// Rises with every holder a lease gets, so that what an earlier one still does can be told from
/// what the present one does.
pub type Fence = u64;

/// Leases by name, each with one holder at a time. Time is the store's own, so that the clocks of
/// the holders may differ.
#[async_trait]
pub trait Leases: fmt::Debug + Send + Sync {
    /// Lets `holder` have the lease `name` until `term` from now; `None` while another has it.
    ///
    /// Who has it already has it for longer, under the same fence, even where the term was over
    /// and nobody else took it meanwhile. Any other holder gets a higher fence than all before.
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault>;

    /// Ends the lease `name` before its term; nothing happens unless `holder` has it.
    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault>;

    /// Names that begin with `prefix` of leases which ran out without being given back, rising, at
    /// most `limit`: what a process was doing when it went away.
    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault>;

    /// How many leases whose names begin with `prefix` are held now.
    async fn held(&self, prefix: &str) -> Result<u64, Fault>;
}
