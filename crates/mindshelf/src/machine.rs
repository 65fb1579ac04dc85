//! How this process and its engines stand, for whoever runs the server, and what tells the store what
//! was asked for.

use crate::followers::Followers;
use crate::probes::ProcessProbes;
use async_trait::async_trait;
use shelf_api::Probes;
use shelf_follow::Report;
use shelf_identity::Quotas;
use shelf_identity::quotas::FLUSH_MS;
use shelf_ports::machine::{Following, Machine, Stand};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::interval;

/// This process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) probes: Arc<ProcessProbes>,
    pub(crate) followers: Arc<Followers>,
}

#[async_trait]
impl Machine for Process {
    async fn stand(&self) -> Stand {
        let (waiting, degraded) = (self.probes.waiting().await, self.probes.degraded().await);
        let reports = self.followers.reports().await.into_iter();
        Stand { waiting, degraded, following: reports.map(following).collect() }
    }
}

fn following(report: Report) -> Following {
    let Report { follower, lag_changes, lag_seconds, parked, .. } = report;
    let (name, parked) = (follower.to_owned(), parked.len());
    Following { name, lag_changes, lag_seconds, parked }
}

/// Tells the store every few seconds what was asked for, and once more when the process stops.
pub(crate) async fn tell_use(quotas: Quotas, mut stopped: watch::Receiver<bool>) {
    let mut turns = interval(Duration::from_millis(FLUSH_MS));
    loop {
        let over = tokio::select! {
            _ = turns.tick() => false,
            _ = stopped.wait_for(|stop| *stop) => true,
        };
        if let Err(fault) = quotas.flush().await {
            // The next turn tells it.
            tracing::warn!(error = &fault as &dyn Error, "what was asked for is not kept yet");
        }
        if over {
            return;
        }
    }
}
