//! The table of followers: which projections follow the log in this process.

use shelf_bookmarks::Stores;
use shelf_follow::{Follower, Pace, Report, Source, Turns};
use shelf_ports::projection::Projection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest wait for followers to end their batches when the process stops.
const STOP_MAX: Duration = Duration::from_secs(10);

/// Followers that run.
#[derive(Debug)]
pub(crate) struct Followers {
    all: Vec<Arc<Follower>>,
    stop: watch::Sender<bool>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Followers {
    /// Starts a follower of `source` for each of `projections`: of all libraries, or of a share
    /// that other processes leave it, by leases among `shared`.
    pub(crate) fn start(
        source: &Source,
        projections: Vec<Arc<dyn Projection>>,
        shared: Option<&Stores>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let begin = |projection| Follower::new(source.clone(), projection, Pace::default());
        let all: Vec<_> = projections.into_iter().map(begin).collect();
        let run = |follower: &Arc<Follower>| {
            let (follower, stopped) = (Arc::clone(follower), stopped.clone());
            match shared {
                None => tokio::spawn(follower.run(stopped)),
                Some(Stores { leases, chance, .. }) => {
                    let holder = hex::encode(chance.seed());
                    tokio::spawn(Turns::new(Arc::clone(leases), follower, holder).run(stopped))
                }
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
