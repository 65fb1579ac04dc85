//! Leases: which of several processes does a thing, and what one that went away left undone.

use crate::Fault;
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// Rises with every holder a lease gets, so that what an earlier one still does can be told from
/// what the present one does.
pub type Fence = u64;

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its name.
    pub name: String,
    /// Who has it.
    pub holder: String,
}

/// Leases by name, each with one holder at a time. Time is the store's own, so that the clocks of
/// the holders may differ.
#[async_trait]
pub trait Leases: fmt::Debug + Send + Sync {
    /// Lets `holder` have the lease `name` until `term` from now; `None` while another has it.
    ///
    /// Who has it already has it for longer, under the same fence, even where the term was over
    /// and nobody else took it meanwhile. Any other holder gets a higher fence than all before.
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault>;

    /// Lets `holder` have each of `names` that no other has, as [`take`](Self::take) does; which
    /// of them it has now, rising.
    async fn take_all(
        &self,
        names: &[String],
        holder: &str,
        term: Duration,
    ) -> Result<Vec<String>, Fault> {
        let mut taken = Vec::with_capacity(names.len());
        for name in names {
            if self.take(name, holder, term).await?.is_some() {
                taken.push(name.clone());
            }
        }
        taken.sort_unstable();
        Ok(taken)
    }

    /// Ends the lease `name` before its term; nothing happens unless `holder` has it.
    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault>;

    /// Ends each of `names` that `holder` has.
    async fn give_back_all(&self, names: &[String], holder: &str) -> Result<(), Fault> {
        for name in names {
            self.give_back(name, holder).await?;
        }
        Ok(())
    }

    /// Names that begin with `prefix` of leases which ran out without being given back, rising, at
    /// most `limit`: what a process was doing when it went away.
    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault>;

    /// Leases whose names begin with `prefix` and that are held now, rising, at most `limit`.
    async fn held(&self, prefix: &str, limit: usize) -> Result<Vec<Lease>, Fault>;
}
