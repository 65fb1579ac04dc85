//! A lease that is held: renewed beside what it is for, and known to be lost when it is.

use crate::ctx::Stores;
use shelf_ports::Fault;
use shelf_ports::leases::{Fence, Leases};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How long a lease outlives a process that went away.
const TERM: Duration = Duration::from_secs(15);
/// How often it is renewed.
const EVERY: Duration = Duration::from_secs(5);

/// A lease this process has. Dropped without being given back, it is no longer renewed and will
/// stand among what was left undone.
#[derive(Debug)]
pub struct Held {
    leases: Arc<dyn Leases>,
    name: String,
    holder: String,
    fence: Fence,
    is_lost: watch::Receiver<bool>,
    renewing: AbortHandle,
}

impl Held {
    /// Takes the lease `name`; `None` while another has it.
    pub async fn take(stores: &Stores, name: &str) -> Result<Option<Self>, Fault> {
        let (leases, holder) = (stores.leases.clone(), hex::encode(stores.chance.seed()));
        let Some(fence) = leases.take(name, &holder, TERM).await? else { return Ok(None) };
        let (lost, is_lost) = watch::channel(false);
        let renewal = renew(leases.clone(), name.to_owned(), holder.clone(), fence, lost);
        let renewing = tokio::spawn(renewal).abort_handle();
        Ok(Some(Self { leases, name: name.to_owned(), holder, fence, is_lost, renewing }))
    }

    /// What tells this holder from those before.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// What `work` answers; `None` if the lease was lost meanwhile, and then `work` ends where it
    /// stands.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut is_lost = self.is_lost.clone();
        tokio::select! {
            done = work => Some(done),
            _ = is_lost.wait_for(|lost| *lost) => None,
        }
    }

    /// Ends the lease: what it was for is done.
    pub async fn give_back(self) -> Result<(), Fault> {
        self.renewing.abort();
        self.leases.give_back(&self.name, &self.holder).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Renews the lease until another has it, or until it ran out because nobody could be asked.
async fn renew(
    leases: Arc<dyn Leases>,
    name: String,
    holder: String,
    fence: Fence,
    lost: watch::Sender<bool>,
) {
    let mut until = Instant::now() + TERM;
    loop {
        tokio::time::sleep(EVERY).await;
        let asked = Instant::now();
        match leases.take(&name, &holder, TERM).await {
            Ok(Some(same)) if same == fence => until = asked + TERM,
            Ok(_) => break,
            Err(fault) => {
                tracing::warn!(name, error = &fault as &dyn std::error::Error, "not renewed");
                if Instant::now() >= until {
                    break;
                }
            }
        }
    }
    tracing::warn!(name, "a lease was lost to another process");
    lost.send_replace(true);
}
