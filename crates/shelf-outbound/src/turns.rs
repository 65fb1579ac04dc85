//! Who may ask now: few at a time of one host, some in all, and not too many who wait.

use crate::caps::Caps;
use shelf_ports::outbound::Refusal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Hands out turns.
#[derive(Debug)]
pub(crate) struct Turns {
    inside: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
    per_host: usize,
    wait: Duration,
}

/// The right to ask one host now; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _host: OwnedSemaphorePermit,
    _at_once: OwnedSemaphorePermit,
}

impl Turns {
    /// As many turns as `caps` say.
    pub(crate) fn new(caps: &Caps) -> Self {
        Self {
            inside: Arc::new(Semaphore::new(caps.inside)),
            at_once: Arc::new(Semaphore::new(caps.at_once)),
            hosts: Mutex::default(),
            per_host: caps.per_host,
            wait: caps.wait,
        }
    }

    /// Comes in until what is given is dropped; refused at once where too many are.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.inside).try_acquire_owned().map_err(|_| Refusal::Busy)
    }

    /// Waits for a turn with `host`. The host's comes first, so that whoever waits for a slow one
    /// keeps nobody else from asking another.
    pub(crate) async fn take(&self, host: &str) -> Result<Turn, Refusal> {
        let waiting = async {
            let host = self.host(host).acquire_owned().await;
            let at_once = Arc::clone(&self.at_once).acquire_owned().await;
            Some(Turn { _host: host.ok()?, _at_once: at_once.ok()? })
        };
        timeout(self.wait, waiting).await.ok().flatten().ok_or(Refusal::Busy)
    }

    /// The turns of one host. Hosts nobody asks are forgotten; there are never more than `inside`.
    fn host(&self, name: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(name).and_then(Weak::upgrade) {
            return known;
        }
        hosts.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(name.to_owned(), Arc::downgrade(&turns));
        turns
    }
}
