//! The whole application in one process: stores, followers and routers, wired together.

use crate::blobs::{Blobs, Bucket};
use crate::courier::{self, courier_of, door_out};
use crate::followers::{Followers, Row};
use crate::index::Index;
use crate::keeper::{self, Keeper};
use crate::limits::Limits;
use crate::local_key::local_key;
use crate::machine::{Process, tell_use};
use crate::presence::presence_of;
use crate::probes::{Helpers, ProcessProbes};
use crate::processing::processing;
use crate::records::{Beside, Records};
use crate::replacing::RootFiles;
use crate::roles::{Role, Roles};
use crate::root_key::{file_of, must_be_named, root_key};
use crate::upkeep::{self, Kept, Sealing, Upkeep};
use anyhow::{Context, Result};
use axum::Router;
use shelf_api::{Api, Background, Gate, Replays, Sockets};
use shelf_bookmarks::Stores;
use shelf_bookmarks::search::{SearchPorts, ShownTexts, TextFollower};
use shelf_cluster::nats::Nats;
use shelf_cluster::postgres::Postgres;
use shelf_cluster::redis::Redis;
use shelf_courier::Courier;
use shelf_domain::plan::Plans;
use shelf_embedded::search::BuiltInModel;
use shelf_follow::{Report, Source};
use shelf_identity::{
    Doors, Hashing, OAuthDoors, Owner, PasswordDoors, PrivacyDoors, Quotas, Secret, SsoDoors,
    Throttle, create_link, first_run,
};
use shelf_outbound::Rules;
use shelf_ports::accounts::{Person, RESTORED, RESTORED_OF};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::search::SearchIndex;
use shelf_vault::{RootVault, SealedBlobs};
use shelf_web::{PublicUrl, Web};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// The largest file that is taken in, bytes.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// How long imports and exports may take to end when the process stops.
const WORK_MAX: Duration = Duration::from_secs(20);
/// How long sockets may take to close then; who does not hear it is cut off.
const SOCKETS_MAX: Duration = Duration::from_secs(3);

/// How the application is reached and what it draws time and chance from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The address it listens on, or would.
    pub listen: SocketAddr,
    /// Names it also goes by.
    pub hosts: Vec<String>,
    /// Other pages that may use it.
    pub origins: Vec<String>,
    /// Where its records are kept, when that is not the data directory.
    pub records: Option<String>,
    /// A copy of the records to read from.
    pub replica: Option<String>,
    /// The server its search index is kept on, when that is not the data directory.
    pub search: Option<String>,
    /// The bus that carries hints to other processes.
    pub bus: Option<String>,
    /// What keeps lists for all processes.
    pub cache: Option<String>,
    /// The bucket files are kept in, when that is not the data directory.
    pub blobs: Option<Bucket>,
    /// How much people may ask for and keep.
    pub plans: Plans,
    /// What it does.
    pub roles: Roles,
    /// How many sockets of sync may be open at once.
    pub sockets: usize,
    /// How browsers reach it, when that is not the address it listens on.
    pub public_url: Option<PublicUrl>,
    /// By which rules something is sent to addresses people named.
    pub outbound: Rules,
    /// The file that holds the root key, when that is not in the data directory.
    pub root_key: Option<PathBuf>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

impl Setup {
    /// Every name it goes by beside those of the machine.
    fn names(&self) -> Vec<String> {
        let public = self.public_url.iter().map(|url| url.host().to_owned());
        self.hosts.iter().cloned().chain(public).collect()
    }
}

/// The application, running but for its socket.
#[derive(Debug)]
pub struct App {
    /// The stores behind the ports.
    pub stores: Stores,
    records: Records,
    search: SearchPorts,
    owner: Person,
    is_new: bool,
    key: Secret,
    router: Router,
    probes: Arc<ProcessProbes>,
    followers: Arc<Followers>,
    background: Background,
    sockets: Sockets,
    tasks: TaskTracker,
    upkeep: Option<Upkeep>,
}

impl App {
    /// Opens the stores in `dir` (which this process must have for itself) and starts what
    /// follows them.
    pub async fn open(dir: &Path, setup: &Setup) -> Result<Self> {
        let records = Records::open(dir, setup.records.as_deref()).await?;
        let blobs = Blobs::open(dir, setup.blobs.as_ref()).await?;
        let replica = replica_of(&records, setup).await?;
        let vault = vault_of(dir, setup, &records).await?;
        let sealed = Arc::new(SealedBlobs::new(blobs.port(), vault.clone()));
        let quotas = Quotas::new(records.usage(), setup.plans, setup.clock.clone());
        let beside = Beside { blobs: sealed, rooms: Arc::new(quotas.clone()) };
        let stores = records.stores(setup, beside, replica.clone());
        let restored = stores.accounts.setting(RESTORED_OF, RESTORED).await?;
        let index = Index::open(dir, &records, setup.search.as_deref(), restored).await?;
        let (search, doors) = (search_of(&stores, index.port()), doors_of(&stores));
        let owner = begin(&doors, &stores, &vault).await?;
        let key = local_key(dir, &doors, &owner.person).await?;
        let (bus, cache) = engines_of(&records, setup).await?;
        let limits = Limits::of(cache.as_ref(), setup.clock.clone());
        let presence = presence_of(cache.as_ref(), setup.clock.clone());
        let throttle = Throttle::with(limits.port(), setup.clock.clone(), quotas.clone());
        let helpers = Helpers { bus, cache, limits, blobs, replica, index: index.clone() };
        let courier = courier_of(&records, &stores, &vault);
        let followers = followers_of(setup, &records, &stores, &index, &search, &courier);
        let probes = Arc::new(ProcessProbes::new(stores.accounts.clone(), helpers));
        let machine = machine_of(&probes, &followers, &stores);
        followers.beside(|stopped| tell_use(quotas, stopped));
        let (background, tasks) = (Background::new(FILE_BYTES_MAX), TaskTracker::new());
        let (privacy, sockets) = (privacy_of(&doors, &records, &vault), Sockets::of(setup.sockets));
        let sso = sso_of(setup, &records, &privacy);
        let api = Api {
            stores: stores.clone(),
            search: search.clone(),
            courier: courier.clone(),
            background: background.clone(),
            replays: Replays::new(records.replies()),
            gate: Arc::new(Gate::new(setup.listen, &setup.names(), &setup.origins)),
            throttle,
            machine,
            probes: probes.clone(),
            clients: records.clients(),
            authorizations: records.authorizations(),
            sso,
            privacy: privacy.clone(),
            processing: Arc::new(processing(setup.records.is_some())?),
            news: records.news(),
            presence,
            sockets: sockets.clone(),
            public_url: setup.public_url.as_ref().map(ToString::to_string),
        };
        let web = web_of(&api, doors, tasks.clone(), setup);
        let keeper = keeper_of((dir, setup), &records, &stores, (&followers, &vault));
        let router = routes(&setup.roles, api, web, keeper);
        let sealing = Sealing { courier, vault };
        let (index, door) = (search.index.clone(), door_out(setup));
        let kept = || Kept::of(&stores, &records, privacy, index, sealing, door);
        let upkeep = setup.roles.has(Role::Keeper).then(|| Upkeep::start(kept()));
        Ok(Self {
            stores,
            records,
            search,
            is_new: owner.is_new,
            owner: owner.person,
            key,
            router,
            probes,
            followers,
            background,
            sockets,
            tasks,
            upkeep,
        })
    }

    /// Everything this server answers.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The key for the owner's own commands.
    pub fn key(&self) -> &str {
        self.key.expose()
    }

    /// Whether the owner was made just now.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// A new one-time sign-in link for the owner, below `origin`.
    pub async fn sign_in_link(&self, origin: &str) -> Result<String> {
        let link = create_link(&doors_of(&self.stores), self.owner.id).await?;
        Ok(format!("{origin}/sign-in?link={}", link.secret.expose()))
    }

    /// How each follower stands.
    pub async fn reports(&self) -> Vec<Report> {
        self.followers.reports().await
    }

    /// Waits, at most `within` a library, until the index has all there is now; whether it has.
    pub async fn caught_up(&self, within: Duration) -> Result<bool> {
        for library in self.stores.accounts.all_libraries().await? {
            let head = self.stores.library.head(library.scope()).await?;
            let reached = self.search.index.reached(library.scope(), head.seq);
            if let Ok(reached) = tokio::time::timeout(within, reached).await {
                reached?;
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says that the process is about to stop: to whoever asks, and to whoever has a socket.
    pub fn drain(&self) {
        self.probes.drain();
        self.sockets.close();
    }

    /// Stops what runs beside requests; whether all of it stopped.
    pub async fn stop(&self) -> bool {
        self.sockets.close();
        drop(tokio::time::timeout(SOCKETS_MAX, self.sockets.closed()).await);
        if let Some(upkeep) = &self.upkeep {
            upkeep.stop().await;
        }
        self.tasks.close();
        let worked = async {
            self.background.settled().await;
            self.tasks.wait().await;
        };
        let worked = tokio::time::timeout(WORK_MAX, worked).await.is_ok();
        let stopped = self.followers.stop().await;
        if let Err(fault) = self.search.index.settle().await {
            // What was not settled is followed again at the next start.
            tracing::warn!(error = &fault as &dyn std::error::Error, "the index did not settle");
        }
        if let Err(fault) = self.records.settle().await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "the records did not settle");
        }
        worked && stopped
    }
}

/// How this process stands, for whoever runs the server.
fn machine_of(
    probes: &Arc<ProcessProbes>,
    followers: &Arc<Followers>,
    stores: &Stores,
) -> Arc<Process> {
    let (probes, followers, leases) = (probes.clone(), followers.clone(), stores.leases.clone());
    Arc::new(Process { probes, followers, leases })
}

/// What the pages work with, beside what the interface does.
fn web_of(api: &Api, doors: Doors, tasks: TaskTracker, setup: &Setup) -> Web {
    let Api { clients, authorizations, privacy, .. } = api.clone();
    Web {
        stores: api.stores.clone(),
        search: api.search.clone(),
        tasks,
        passwords: privacy.passwords.clone(),
        oauth: OAuthDoors { doors: doors.clone(), clients, authorizations },
        privacy,
        doors,
        courier: api.courier.clone(),
        machine: api.machine.clone(),
        sso: api.sso.clone(),
        throttle: api.throttle.clone(),
        public_url: setup.public_url.clone(),
        development: false,
    }
}

/// What seals the keys in these records, and with them what is sealed.
async fn vault_of(dir: &Path, setup: &Setup, records: &Records) -> Result<Arc<RootVault>> {
    let (named, accounts) = (setup.root_key.as_deref(), records.accounts());
    must_be_named(records, named)?;
    let root = root_key(dir, named, &*accounts, &*setup.chance).await?;
    let files = RootFiles { file: file_of(dir, named), accounts };
    let vault = RootVault::new(root, records.keys(), setup.chance.clone());
    Ok(Arc::new(vault.looking(Arc::new(files))))
}

/// What carries hints between processes, and what keeps lists for all of them, where they are named.
async fn engines_of(records: &Records, setup: &Setup) -> Result<(Option<Nats>, Option<Redis>)> {
    let bus = records.carry(setup.bus.as_deref()).await.context("the setting \"bus\"")?;
    let cache = records.keep_lists_on(setup.cache.as_deref()).await;
    Ok((bus, cache.context("the setting \"cache\"")?))
}

async fn replica_of(records: &Records, setup: &Setup) -> Result<Option<Postgres>> {
    let replica = records.replica(setup.replica.as_deref()).await;
    replica.context("the setting \"replica\"")
}

/// Finds or makes the owner, makes keys for whoever has none, and settles what was left open.
async fn begin(doors: &Doors, stores: &Stores, vault: &RootVault) -> Result<Owner> {
    let owner = first_run(doors).await.context("cannot find or make the owner")?;
    vault.make_missing().await.context("cannot make keys")?;
    upkeep::settle(stores).await.context("cannot settle what was left open")?;
    Ok(owner)
}

/// What a process with these roles answers: whether it is well, the owner's own commands, and as a
/// gateway the interface and the pages; without being one, what devices sync by.
fn routes(roles: &Roles, api: Api, web: Web, keeper: Keeper) -> Router {
    let (gate, local) = (api.gate.clone(), keeper::router(keeper));
    if roles.has(Role::Gateway) {
        let pages = shelf_web::router(web).merge(local);
        return shelf_api::part(api).merge(shelf_api::gated(gate, pages));
    }
    let interface = if roles.has(Role::Sync) {
        shelf_api::sync_part(api)
    } else {
        shelf_api::operations_part(api)
    };
    interface.merge(shelf_api::gated(gate, local))
}

/// What the owner's own commands are answered with.
fn keeper_of(
    (dir, setup): (&Path, &Setup),
    records: &Records,
    stores: &Stores,
    (followers, vault): (&Arc<Followers>, &Arc<RootVault>),
) -> Keeper {
    let (file, accounts) = (file_of(dir, setup.root_key.as_deref()), stores.accounts.clone());
    Keeper {
        stores: stores.clone(),
        records: records.clone(),
        data: dir.display().to_string(),
        followers: followers.clone(),
        vault: vault.clone(),
        files: RootFiles { file, accounts },
    }
}

/// Everybody who follows the log in this process, and the courier's rounds beside them.
fn followers_of(
    setup: &Setup,
    records: &Records,
    stores: &Stores,
    index: &Index,
    search: &SearchPorts,
    courier: &Courier,
) -> Arc<Followers> {
    let source = source_of(records, stores);
    let mut rows = rows(&setup.roles, index, &source, stores, search);
    if setup.roles.has(Role::Courier) {
        rows.push(courier::row(courier, &source, records));
    }
    let followers = Arc::new(Followers::start(rows, stores));
    courier::go_round(courier, &followers, setup);
    if records.are_shared() && !index.is_shared() {
        let (index, accounts) = (index.clone(), stores.accounts.clone());
        followers.beside(|stopped| index.sweep(accounts, stopped));
    }
    followers
}

/// The rows of the Bookmark Service in the table of followers of a process with these roles.
fn rows(
    roles: &Roles,
    index: &Index,
    source: &Source,
    stores: &Stores,
    search: &SearchPorts,
) -> Vec<Row> {
    let follows = if index.is_shared() { Role::Bookmarks } else { Role::Gateway };
    if !roles.has(follows) {
        return Vec::new();
    }
    let (library, views) = (stores.library.clone(), stores.views.clone());
    let shared = index.is_shared();
    let (index, embedder) = (search.index.clone(), search.embedder.clone());
    let projection = Arc::new(TextFollower::new(library, views, index, embedder));
    vec![Row { source: source.clone(), projection, shared }]
}

/// What followers read.
fn source_of(records: &Records, stores: &Stores) -> Source {
    let Stores { library, clock, chance, .. } = stores.clone();
    Source { news: records.news(), library, clock, chance }
}

fn search_of(stores: &Stores, index: Arc<dyn SearchIndex>) -> SearchPorts {
    let (views, library) = (stores.views.clone(), stores.library.clone());
    SearchPorts {
        library: library.clone(),
        index,
        embedder: Arc::new(BuiltInModel::default()),
        texts: Arc::new(ShownTexts { views, library }),
    }
}

fn doors_of(stores: &Stores) -> Doors {
    Doors {
        accounts: stores.accounts.clone(),
        tenants: stores.tenants.clone(),
        audit: stores.audit.clone(),
        rooms: stores.rooms.clone(),
        clock: stores.clock.clone(),
        chance: stores.chance.clone(),
    }
}

fn privacy_of(doors: &Doors, records: &Records, vault: &Arc<RootVault>) -> PrivacyDoors {
    PrivacyDoors {
        passwords: passwords_of(doors, records),
        clients: records.clients(),
        authorizations: records.authorizations(),
        webhooks: records.webhooks(),
        sso: records.single_sign_on(),
        privacy: records.privacy(),
        vault: vault.clone(),
    }
}

/// Identity providers, and the way out to them.
fn sso_of(setup: &Setup, records: &Records, privacy: &PrivacyDoors) -> SsoDoors {
    SsoDoors {
        passwords: privacy.passwords.clone(),
        sso: records.single_sign_on(),
        vault: privacy.vault.clone(),
        outbound: door_out(setup),
        known: Arc::default(),
    }
}

fn passwords_of(doors: &Doors, records: &Records) -> PasswordDoors {
    PasswordDoors {
        doors: doors.clone(),
        credentials: records.credentials(),
        passkeys: records.passkeys(),
        hashing: Arc::new(Hashing::default()),
    }
}
