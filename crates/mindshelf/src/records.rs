//! What is true and what is folded from it, on the engine the settings name.

use crate::app::Setup;
use anyhow::{Context, Result};
use shelf_bookmarks::{Replica, Stores};
use shelf_cluster::nats::Nats;
use shelf_cluster::postgres::{Durability, Postgres};
use shelf_cluster::redis::Redis;
use shelf_embedded::Embedded;
use shelf_ports::Fault;
use shelf_ports::accounts::{Accounts, Person};
use shelf_ports::archive::Archive;
use shelf_ports::audit::Audit;
use shelf_ports::blobs::Blobs;
use shelf_ports::captures::Captures;
use shelf_ports::credentials::Credentials;
use shelf_ports::news::News;
use shelf_ports::oauth::{Authorizations, Clients};
use shelf_ports::passkeys::Passkeys;
use shelf_ports::privacy::Privacy;
use shelf_ports::replies::Replies;
use shelf_ports::sso::SingleSignOn;
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::{Rooms, Usage};
use shelf_ports::vault::OwnerKeys;
use shelf_ports::webhooks::Webhooks;
use std::path::Path;
use std::sync::Arc;

/// The stores of everything but search.
#[derive(Clone, Debug)]
pub(crate) enum Records {
    /// In files below the data directory.
    Embedded(Embedded),
    /// On a server of their own.
    Postgres(Postgres),
}

/// What stands beside the records.
pub(crate) struct Beside {
    /// Files that wait.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// How much more tenants may keep.
    pub(crate) rooms: Arc<dyn Rooms>,
}

/// How records stand.
pub(crate) struct Standing {
    /// How commits are made durable.
    pub(crate) durability: String,
    /// What the engine's own check found wrong; nothing is good.
    pub(crate) damage: Vec<String>,
    /// What to do about it; nothing is good.
    pub(crate) advice: Vec<String>,
}

impl Records {
    /// Opens the records the setting `records` names; those in `dir`, where it names none.
    pub(crate) async fn open(dir: &Path, records: Option<&str>) -> Result<Self> {
        if let Some(address) = records {
            let opened = Postgres::open(address).await;
            let is_away = opened.as_ref().is_err_and(Fault::is_away);
            let hint = if is_away { "; is PostgreSQL up there?" } else { "" };
            return opened.map(Self::Postgres).with_context(|| {
                format!("cannot open the records the setting \"records\" names{hint}")
            });
        }
        let at = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || Embedded::open(&at)).await?;
        opened.map(Self::Embedded).with_context(|| format!("cannot open {}", dir.display()))
    }

    /// The same to be read alone, also beside a process that writes to them.
    pub(crate) async fn open_to_read(dir: &Path, records: Option<&str>) -> Result<Self> {
        if records.is_some() {
            return Self::open(dir, records).await;
        }
        let at = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || Embedded::open_to_read(&at)).await?;
        opened.map(Self::Embedded).with_context(|| format!("cannot open {}", dir.display()))
    }

    /// Everything in them, to be told and taken in.
    pub(crate) fn archive(&self) -> Arc<dyn Archive> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// People, libraries, grants and settings.
    pub(crate) fn accounts(&self) -> Arc<dyn Accounts> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// What is known of files that are kept with bookmarks.
    pub(crate) fn captures(&self) -> Arc<dyn Captures> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// The keys of owners.
    pub(crate) fn keys(&self) -> Arc<dyn OwnerKeys> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    async fn people(&self) -> Result<Vec<Person>, Fault> {
        match self {
            Self::Embedded(store) => store.people().await,
            Self::Postgres(store) => store.people().await,
        }
    }

    /// Whether nobody is in them yet.
    pub(crate) async fn is_empty(&self) -> Result<bool, Fault> {
        Ok(self.people().await?.is_empty())
    }

    /// Whether everybody in them is in `whole` too.
    pub(crate) async fn is_part_of(&self, whole: &Self) -> Result<bool, Fault> {
        let known = whole.people().await?;
        Ok(self.people().await?.iter().all(|person| known.contains(person)))
    }

    /// The ports of the services, over these records.
    pub(crate) fn stores(
        &self,
        setup: &Setup,
        beside: Beside,
        replica: Option<Postgres>,
    ) -> Stores {
        let replica = replica.map(|copy| {
            let copy = Arc::new(copy);
            Replica { library: copy.clone(), views: copy }
        });
        let stores = match self {
            Self::Embedded(store) => stores_of(store.clone(), setup, beside),
            Self::Postgres(store) => stores_of(store.clone(), setup, beside),
        };
        Stores { replica, ..stores }
    }

    /// Which libraries moved.
    pub(crate) fn news(&self) -> Arc<dyn News> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Carries word of what this process writes to others, where records are shared.
    pub(crate) async fn carry(&self, bus: Option<&str>) -> Result<Option<Nats>, Fault> {
        match (self, bus) {
            (Self::Postgres(store), Some(address)) => {
                Nats::carry(store.bell(), address).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Keeps lists where all processes find them, where records are shared.
    pub(crate) async fn keep_lists_on(&self, cache: Option<&str>) -> Result<Option<Redis>, Fault> {
        match (self, cache) {
            (Self::Postgres(store), Some(address)) => {
                let redis = Redis::open(address).await?;
                store.keep_lists_on(redis.clone());
                Ok(Some(redis))
            }
            _ => Ok(None),
        }
    }

    /// The copy of the records to read from, where they are shared and one is named.
    pub(crate) async fn replica(&self, address: Option<&str>) -> Result<Option<Postgres>, Fault> {
        match (self, address) {
            (Self::Postgres(store), Some(address)) => store.replica(address).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Answers kept for requests that are sent twice.
    pub(crate) fn replies(&self) -> Arc<dyn Replies> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Login names, passwords and recovery codes.
    pub(crate) fn credentials(&self) -> Arc<dyn Credentials> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Passkeys.
    pub(crate) fn passkeys(&self) -> Arc<dyn Passkeys> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Endpoints of webhooks, and what is on its way to them.
    pub(crate) fn webhooks(&self) -> Arc<dyn Webhooks> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Identity providers of tenants.
    pub(crate) fn sso(&self) -> Arc<dyn SingleSignOn> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// What was done about who may do what.
    pub(crate) fn audit(&self) -> Arc<dyn Audit> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Keys, consents, erasures and receipts.
    pub(crate) fn privacy(&self) -> Arc<dyn Privacy> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Plans of tenants, and what they use.
    pub(crate) fn usage(&self) -> Arc<dyn Usage> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Programs of others.
    pub(crate) fn clients(&self) -> Arc<dyn Clients> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// What they were given.
    pub(crate) fn authorizations(&self) -> Arc<dyn Authorizations> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Identity providers of tenants, and whom they know.
    pub(crate) fn single_sign_on(&self) -> Arc<dyn SingleSignOn> {
        match self {
            Self::Embedded(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// Whether other processes may work on them too.
    pub(crate) fn are_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// How they stand, for the doctor.
    pub(crate) async fn standing(&self) -> Result<Standing, Fault> {
        match self {
            Self::Embedded(store) => {
                let mut damage = store.integrity().await?;
                damage.retain(|line| line != "ok");
                let durability = format!("{:?}", store.durability().await?);
                Ok(Standing { durability, damage, advice: Vec::new() })
            }
            Self::Postgres(store) => {
                let durability = store.durability().await?;
                let advice = advice(&durability);
                let Durability { synchronous_commit, fsync } = durability;
                let durability =
                    format!("PostgreSQL, synchronous_commit {synchronous_commit}, fsync {fsync}");
                Ok(Standing { durability, damage: Vec::new(), advice })
            }
        }
    }

    /// Leaves everything in order at the end of the process.
    pub(crate) async fn settle(&self) -> Result<(), Fault> {
        match self {
            Self::Embedded(store) => store.settle().await,
            Self::Postgres(_) => Ok(()),
        }
    }
}

fn advice(durability: &Durability) -> Vec<String> {
    let said =
        [("synchronous_commit", &durability.synchronous_commit), ("fsync", &durability.fsync)];
    let off = said.into_iter().filter(|(_, value)| *value == "off");
    off.map(|(name, _)| {
        format!("{name} is off on PostgreSQL: turn it on, or a power failure loses saves")
    })
    .collect()
}

fn stores_of<S>(store: S, setup: &Setup, Beside { blobs, rooms }: Beside) -> Stores
where
    S: shelf_ports::library::Library
        + shelf_ports::replicas::Replicas
        + shelf_ports::views::Views
        + shelf_ports::imports::Imports
        + Captures
        + shelf_ports::activity::Activity
        + Accounts
        + Tenants
        + Audit
        + shelf_ports::leases::Leases
        + 'static,
{
    let shared = Arc::new(store);
    Stores {
        library: shared.clone(),
        replicas: shared.clone(),
        views: shared.clone(),
        imports: shared.clone(),
        captures: shared.clone(),
        activity: shared.clone(),
        accounts: shared.clone(),
        tenants: shared.clone(),
        audit: shared.clone(),
        rooms,
        leases: shared,
        blobs,
        replica: None,
        clock: setup.clock.clone(),
        chance: setup.chance.clone(),
    }
}
