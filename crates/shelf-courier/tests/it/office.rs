//! A library with a courier, whose clock and receivers belong to the test.

use async_trait::async_trait;
use serde_json::Value as Json;
use shelf_courier::{
    AddEndpoint, Courier, Manager, Rounds, Share, TellFollower, Watched, add_endpoint,
};
use shelf_domain::id::{EndpointId, LibraryId, Scope};
use shelf_domain::right::Right;
use shelf_embedded::Embedded;
use shelf_ports::chance::Clock;
use shelf_ports::library::Library;
use shelf_ports::outbound::{Answer, Ask, Outbound, Unanswered};
use shelf_ports::projection::Projection;
use shelf_ports::usage::AnyRoom;
use shelf_ports::webhooks::{Delivery, DeliveryPage, Endpoint, Webhooks};
use shelf_testkit::{Desk, FakeClock, FakeVault, SeededChance};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for what has to come.
const SOON: Duration = Duration::from_secs(20);

/// A door out behind which everybody answers alike.
#[derive(Debug)]
pub(crate) struct Receivers {
    pub(crate) status: AtomicU16,
    pub(crate) asked: Mutex<Vec<Ask>>,
}

#[async_trait]
impl Outbound for Receivers {
    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered> {
        self.asked.lock().unwrap().push(ask.clone());
        let (status, url) = (self.status.load(Ordering::SeqCst), ask.url);
        Ok(Answer { status, headers: Vec::new(), body: Vec::new(), url, hops: 0 })
    }
}

/// This process works for every library.
#[derive(Debug)]
struct All;

impl Share for All {
    fn holds(&self, _: LibraryId) -> bool {
        true
    }

    fn stir(&self, _: Scope) {}
}

pub(crate) struct Office {
    pub(crate) store: Arc<Embedded>,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) courier: Courier,
    pub(crate) receivers: Arc<Receivers>,
    follower: TellFollower,
    stop: watch::Sender<bool>,
    rounds: Option<JoinHandle<()>>,
    _dir: TempDir,
}

/// A second courier.
pub(crate) struct Another {
    pub(crate) courier: Courier,
    stop: watch::Sender<bool>,
    rounds: JoinHandle<()>,
}

impl Another {
    pub(crate) async fn close(self) {
        self.stop.send_replace(true);
        self.rounds.await.unwrap();
    }
}

impl Office {
    /// A library nobody is told of yet, and a courier that goes its rounds.
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let desk = Desk::new(&*store, 1).await;
        let clock = Arc::new(FakeClock::default());
        let courier = Courier {
            webhooks: store.clone(),
            library: store.clone(),
            audit: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock: clock.clone(),
            chance: Arc::new(SeededChance::new(3)),
            vault: Arc::new(FakeVault),
            watched: Arc::new(Watched::default()),
        };
        let receivers =
            Arc::new(Receivers { status: AtomicU16::new(200), asked: Mutex::default() });
        let follower = TellFollower::new(courier.clone());
        let (stop, stopped) = watch::channel(false);
        let rounds = Rounds::new(courier.clone(), receivers.clone(), Arc::new(All));
        let rounds = Some(tokio::spawn(rounds.run(stopped)));
        Self { store, desk, clock, courier, receivers, follower, stop, rounds, _dir: dir }
    }

    pub(crate) fn manager(&self) -> Manager {
        let (scope, person) = (self.desk.scope, self.desk.person);
        Manager { scope, person, grant: None, right: Right::Manage }
    }

    /// Adds an endpoint that is told of these types.
    pub(crate) async fn endpoint(&self, url: &str, types: &[&str]) -> EndpointId {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        let ask = AddEndpoint { url: url.to_owned(), types, ..AddEndpoint::default() };
        add_endpoint(&self.courier, &self.manager(), ask).await.unwrap().endpoint.id
    }

    /// Follows everything that was written; how many rows that was.
    pub(crate) async fn follow(&self) -> usize {
        let after = self.follower.position(self.desk.scope).await.unwrap();
        let rows = self.store.changes(self.desk.scope, after, 10_000).await.unwrap();
        self.follower.apply(self.desk.scope, after, &rows).await.unwrap();
        rows.len()
    }

    /// Lets time pass.
    pub(crate) fn rest(&self, ms: u32) {
        self.clock.advance(ms);
        self.courier.watched.stir();
    }

    pub(crate) async fn deliveries(&self, endpoint: EndpointId) -> Vec<Delivery> {
        let page = DeliveryPage { limit: 200, ..DeliveryPage::default() };
        self.store.deliveries(self.desk.scope, endpoint, page).await.unwrap()
    }

    pub(crate) async fn state_of(&self, endpoint: EndpointId) -> Endpoint {
        let all = self.store.endpoints(self.desk.scope).await.unwrap();
        all.into_iter().find(|one| one.id == endpoint).unwrap()
    }

    /// Waits until `is` holds of the deliveries to an endpoint.
    pub(crate) async fn until(
        &self,
        endpoint: EndpointId,
        is: impl Fn(&[Delivery]) -> bool + Send + Sync,
    ) {
        let there = async {
            while !is(&self.deliveries(endpoint).await) {
                tokio::task::yield_now().await;
            }
        };
        let came = tokio::time::timeout(SOON, there).await;
        assert!(came.is_ok(), "at {}: {:?}", self.clock.now_ms(), self.deliveries(endpoint).await);
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Json> {
        let asked = self.receivers.asked.lock().unwrap();
        asked.iter().map(|ask| serde_json::from_slice(&ask.body).unwrap()).collect()
    }

    /// The courier of another process over the same store, which goes its rounds, too.
    pub(crate) fn another(&self) -> Another {
        let courier = Courier { watched: Arc::default(), ..self.courier.clone() };
        let (stop, stopped) = watch::channel(false);
        let rounds = Rounds::new(courier.clone(), self.receivers.clone(), Arc::new(All));
        Another { courier, stop, rounds: tokio::spawn(rounds.run(stopped)) }
    }

    pub(crate) async fn close(mut self) {
        self.stop.send_replace(true);
        self.rounds.take().unwrap().await.unwrap();
    }
}
