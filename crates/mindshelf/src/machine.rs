//! How this process and its engines stand, for whoever runs the server, and what tells the store what
//! was asked for.

use crate::followers::Followers;
use crate::probes::ProcessProbes;
use async_trait::async_trait;
use shelf_api::Probes;
use shelf_bookmarks::import::imports_now;
use shelf_follow::{Report, shares};
use shelf_identity::Quotas;
use shelf_identity::quotas::FLUSH_MS;
use shelf_ports::Fault;
use shelf_ports::leases::Leases;
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
    pub(crate) leases: Arc<dyn Leases>,
}

#[async_trait]
impl Machine for Process {
    async fn stand(&self) -> Stand {
        let (waiting, degraded) = (self.probes.waiting().await, self.probes.degraded().await);
        let reports = self.followers.reports().await.into_iter();
        let mut stand = Stand {
            waiting,
            degraded,
            following: reports.map(following).collect(),
            ..Stand::default()
        };
        if let Err(fault) = ask_leases(&*self.leases, &mut stand).await {
            // That the records do not answer is told by their probe.
            tracing::debug!(error = &fault as &dyn Error, "who holds leases is not known");
        }
        stand
    }
}

/// Puts what leases say: imports, and who follows for all.
async fn ask_leases(leases: &dyn Leases, stand: &mut Stand) -> Result<(), Fault> {
    stand.shares = shares(leases).await?;
    let imports = imports_now(leases).await?;
    (stand.imports_running, stand.imports_left) = (imports.running, imports.left);
    Ok(())
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
