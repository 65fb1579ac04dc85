//! What the interface tells of the process: whether it is ready, and its metrics.

use crate::blobs::Blobs;
use crate::index::Index;
use crate::limits::Limits;
use crate::telemetry;
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use shelf_api::Probes;
use shelf_cluster::nats::Nats;
use shelf_cluster::postgres::Postgres;
use shelf_cluster::redis::Redis;
use shelf_ports::accounts::Accounts;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Readiness and metrics of this process.
#[derive(Debug)]
pub(crate) struct ProcessProbes {
    accounts: Arc<dyn Accounts>,
    helpers: Helpers,
    counts: Counts,
    draining: AtomicBool,
}

/// Engines without which the process goes on, less well.
#[derive(Debug)]
pub(crate) struct Helpers {
    pub(crate) bus: Option<Nats>,
    pub(crate) cache: Option<Redis>,
    pub(crate) limits: Limits,
    pub(crate) blobs: Blobs,
    pub(crate) replica: Option<Postgres>,
    pub(crate) index: Index,
}

impl Helpers {
    /// The names of those that are away.
    async fn away(&self) -> Vec<String> {
        let bus = self.bus.as_ref().is_some_and(|bus| !bus.is_up()).then_some("bus");
        let cache = self.cache.as_ref().is_some_and(|cache| !cache.is_up()).then_some("cache");
        let limits = (!self.limits.is_up()).then_some("limits");
        let replica = async {
            match &self.replica {
                Some(replica) => replica.is_up().await,
                None => true,
            }
        };
        let (blobs, replica, search) =
            tokio::join!(self.blobs.is_up(), replica, self.index.is_up());
        let asked = [("blobs", blobs), ("replica", replica), ("search", search)];
        let asked = asked.into_iter().filter(|(_, is_up)| !is_up).map(|(name, _)| name);
        bus.into_iter().chain(cache).chain(limits).chain(asked).map(str::to_owned).collect()
    }
}

struct Counts(PrometheusHandle);

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counts(..)")
    }
}

impl ProcessProbes {
    /// Probes of a process whose stores are `accounts`', with its helpers.
    pub(crate) fn new(accounts: Arc<dyn Accounts>, helpers: Helpers) -> Self {
        let counts = Counts(telemetry::counts());
        Self { accounts, helpers, counts, draining: AtomicBool::new(false) }
    }

    /// From now on the process is not ready: it is about to stop.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Probes for ProcessProbes {
    async fn waiting(&self) -> Vec<String> {
        let mut waiting = Vec::new();
        if self.draining.load(Ordering::Relaxed) {
            waiting.push("stopping".to_owned());
        }
        if let Err(fault) = self.accounts.people().await {
            tracing::error!(error = &fault as &dyn std::error::Error, "the store does not answer");
            waiting.push("store".to_owned());
        }
        waiting
    }

    async fn degraded(&self) -> Vec<String> {
        self.helpers.away().await
    }

    fn metrics(&self) -> String {
        self.counts.0.run_upkeep();
        self.counts.0.render()
    }
}
