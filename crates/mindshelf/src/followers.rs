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

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it reads.
    pub(crate) source: Source,
    /// What it keeps.
    pub(crate) projection: Arc<dyn Projection>,
    /// Whether it follows all libraries, or the share of them that other processes leave it.
    pub(crate) shared: bool,
}

/// Followers that run.
#[derive(Debug)]
pub(crate) struct Followers {
    all: Vec<Arc<Follower>>,
    stop: watch::Sender<bool>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Followers {
    /// Starts a follower for each of `rows`.
    pub(crate) fn start(rows: Vec<Row>, stores: &Stores) -> Self {
        let (stop, _) = watch::channel(false);
        let mut all = Self { all: Vec::new(), stop, tasks: std::sync::Mutex::default() };
        for row in rows {
            all.add(row, stores);
        }
        all
    }

    fn add(&mut self, row: Row, stores: &Stores) {
        let follower = Follower::new(row.source, row.projection, Pace::default());
        let (running, stopped) = (Arc::clone(&follower), self.stop.subscribe());
        let task = if row.shared {
            let (leases, holder) = (Arc::clone(&stores.leases), hex::encode(stores.chance.seed()));
            tokio::spawn(Turns::new(leases, running, holder).run(stopped))
        } else {
            tokio::spawn(running.run(stopped))
        };
        self.all.push(follower);
        self.begun(task);
    }

    /// Has `work` run beside the followers until they are stopped.
    pub(crate) fn beside<W: Future<Output = ()> + Send + 'static>(
        &self,
        work: impl FnOnce(watch::Receiver<bool>) -> W,
    ) {
        self.begun(tokio::spawn(work(self.stop.subscribe())));
    }

    fn begun(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(task);
    }

    /// The follower of that name, if it is here.
    pub(crate) fn called(&self, name: &str) -> Option<&Arc<Follower>> {
        self.all.iter().find(|follower| follower.name() == name)
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
