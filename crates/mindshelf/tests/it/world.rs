//! The whole application in a directory of its own, with its own clock and seeded chance.

use crate::reader::Reader;
use mindshelf::app::{App, Setup};
use mindshelf::roles::Roles;
use shelf_domain::id::{Ids, LibraryId, PersonId, TenantId};
use shelf_domain::plan::Plans;
use shelf_identity::{CreateToken, Doors, create_token};
use shelf_outbound::Rules;
use shelf_ports::accounts::{LibraryInfo, Person};
use shelf_ports::chance::{Chance, Clock};
use shelf_testkit::ground::{Ground, engine};
use shelf_testkit::{FakeClock, SeededChance};
use shelf_vault::RootKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Handle;

/// How long followers and tasks may take to end.
const SOON: Duration = Duration::from_secs(20);

/// Whether worlds stand on engines of their own, records on PostgreSQL: so says who runs every
/// story again on them.
fn on_postgres() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a test is told which stack it runs on")]
    std::env::var("MINDSHELF_TEST_RECORDS").is_ok_and(|records| records == "postgres")
}

/// The application, and what it draws time and chance from. Dropping it fails if a follower lags
/// or a task leaked. Needs a runtime of more than one thread.
#[derive(Debug)]
pub(crate) struct World {
    app: Option<App>,
    dir: TempDir,
    ground: Option<Ground>,
    setup: Setup,
    tasks: usize,
    pub(crate) clock: Arc<FakeClock>,
    chance: Arc<SeededChance>,
}

/// A root key, which records on a server of their own do not begin without.
fn root_key_in(dir: &Path) -> PathBuf {
    let file = dir.join("root.key");
    std::fs::write(&file, RootKey::fresh(&SeededChance::new(9)).text()).unwrap();
    file
}

impl World {
    /// A world with an owner and an empty library.
    pub(crate) async fn new() -> Self {
        Self::reaching(&[]).await
    }

    /// The same, whose server may reach these private places.
    pub(crate) async fn reaching(places: &[String]) -> Self {
        let allow = places.iter().map(|place| place.parse().unwrap()).collect();
        let ground = if on_postgres() { Some(Ground::one().await.unwrap()) } else { None };
        let tasks = Handle::current().metrics().num_alive_tasks();
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::default());
        let chance = Arc::new(SeededChance::new(7));
        let setup = Setup {
            listen: "127.0.0.1:4747".parse().unwrap(),
            hosts: Vec::new(),
            origins: Vec::new(),
            records: ground.as_ref().map(|ground| ground.url.clone()),
            search: ground.as_ref().and_then(|_| engine("QDRANT")),
            bus: None,
            blobs: None,
            root_key: ground.as_ref().map(|_| root_key_in(dir.path())),
            replica: None,
            cache: ground.as_ref().and_then(|_| engine("REDIS")),
            plans: Plans::default(),
            roles: Roles::all(),
            sockets: 1_000,
            public_url: None,
            outbound: Rules { allow, ..Rules::default() },
            clock: clock.clone(),
            chance: chance.clone(),
        };
        let app = Some(App::open(dir.path(), &setup).await.unwrap());
        Self { app, dir, ground, setup, tasks, clock, chance }
    }

    /// Whether its records are in the data directory.
    pub(crate) fn is_embedded(&self) -> bool {
        self.ground.is_none()
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    /// What its clock shows, milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Where its data is.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The owner, by the local key.
    pub(crate) async fn owner(&self) -> Reader {
        Reader::with(self.app().router(), self.app().key()).await
    }

    /// Someone else, with a tenant and a library of their own.
    pub(crate) async fn reader(&self, name: &str) -> Reader {
        let stores = &self.app().stores;
        let mut ids = Ids::new(self.clock.now_ms(), self.chance.seed());
        let (tenant, id, library): (TenantId, PersonId, LibraryId) =
            (ids.make(), ids.make(), ids.make());
        let person = Person { id, tenant, name: name.to_owned() };
        let created_at = self.clock.now_ms();
        let library = LibraryInfo { id: library, tenant, name: name.to_owned(), created_at };
        stores.accounts.add_person(&person, &library).await.unwrap();
        let doors = Doors {
            accounts: stores.accounts.clone(),
            tenants: stores.tenants.clone(),
            audit: stores.audit.clone(),
            rooms: stores.rooms.clone(),
            clock: stores.clock.clone(),
            chance: stores.chance.clone(),
        };
        let ask = CreateToken::called("story");
        let token = create_token(&doors, id.into(), ask).await.unwrap();
        Reader::with(self.app().router(), token.secret.expose()).await
    }

    /// Stops the application and opens it again on the same directory.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        self.app = Some(App::open(self.dir.path(), &self.setup).await.unwrap());
    }

    async fn end(&mut self) {
        let Some(app) = self.app.take() else { return };
        assert!(app.caught_up(SOON).await.unwrap(), "a follower lags: {:?}", app.reports().await);
        for report in app.reports().await {
            assert!(report.parked.is_empty(), "a library is parked: {report:?}");
        }
        assert!(app.stop().await, "a follower does not stop");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        tokio::task::block_in_place(|| {
            Handle::current().block_on(async {
                self.end().await;
                let left = || Handle::current().metrics().num_alive_tasks();
                let ended = async {
                    while left() > self.tasks {
                        tokio::task::yield_now().await;
                    }
                };
                let ended = tokio::time::timeout(SOON, ended).await;
                assert!(ended.is_ok(), "{} tasks leaked", left() - self.tasks);
                if let Some(ground) = self.ground.take() {
                    ground.end().await;
                }
            });
        });
    }
}
