//! The table of followers: which projections follow the log in this process.

use shelf_bookmarks::{Held, Stores};
use shelf_follow::{Follower, Pace, Report, Source};
use shelf_ports::projection::Projection;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest wait for followers to end their batches when the process stops.
const STOP_MAX: Duration = Duration::from_secs(10);

/// The time between two tries to have the turn.
const LOOK: Duration = Duration::from_secs(5);

/// Followers that run.
#[derive(Debug)]
pub(crate) struct Followers {
    all: Vec<Arc<Follower>>,
    stop: watch::Sender<bool>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Followers {
    /// Starts a follower of `source` for each of `projections`: always, or in turn with other
    /// processes, by a lease among `in_turn`.
    pub(crate) fn start(
        source: &Source,
        projections: Vec<Arc<dyn Projection>>,
        in_turn: Option<&Stores>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let begin = |projection| Follower::new(source.clone(), projection, Pace::default());
        let all: Vec<_> = projections.into_iter().map(begin).collect();
        let run = |follower: &Arc<Follower>| {
            let (follower, stopped) = (Arc::clone(follower), stopped.clone());
            match in_turn {
                None => tokio::spawn(follower.run(stopped)),
                Some(stores) => tokio::spawn(follow_in_turn(stores.clone(), follower, stopped)),
            }
        };
        let tasks = std::sync::Mutex::new(all.iter().map(run).collect());
        Self { all, stop, tasks }
    }

    /// Each of them that is here.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Follower>> {
        self.all.iter()
    }

    /// How each of them stands.
    pub(crate) async fn reports(&self) -> Vec<Report> {
        let mut reports = Vec::with_capacity(self.all.len());
        for follower in &self.all {
            reports.push(follower.report().await);
        }
        reports
    }

    /// Stops them all between two batches; whether all of them stopped in time.
    pub(crate) async fn stop(&self) -> bool {
        self.stop.send_replace(true);
        let tasks = std::mem::take(
            &mut *self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        let all = futures::future::join_all(tasks);
        tokio::time::timeout(STOP_MAX, all).await.is_ok()
    }
}

/// Follows while this process has the lease, and waits for it while another one has it.
async fn follow_in_turn(
    stores: Stores,
    follower: Arc<Follower>,
    mut stopped: watch::Receiver<bool>,
) {
    let lease = format!("follow/{}", follower.name());
    while !*stopped.borrow() {
        match Held::take(&stores, &lease).await {
            Ok(Some(held)) => {
                tracing::info!(lease, "this process follows the log for all");
                // Whether it was stopped or the lease was lost, the work is over.
                held.during(Arc::clone(&follower).run(stopped.clone())).await;
                give_back(held).await;
            }
            Ok(None) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn Error, "nobody can be asked for the turn");
            }
        }
        // Whether told or left alone, the loop ends.
        drop(tokio::time::timeout(LOOK, stopped.wait_for(|stop| *stop)).await);
    }
}

async fn give_back(held: Held) {
    if let Err(fault) = held.give_back().await {
        tracing::warn!(error = &fault as &dyn Error, "the turn was not given back; it runs out");
    }
}
