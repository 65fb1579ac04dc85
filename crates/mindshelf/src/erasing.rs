//! Erasing people who asked for it: identity says what goes, here it goes from index and files too.

use async_trait::async_trait;
use shelf_bookmarks::Stores;
use shelf_bookmarks::captures::forget_captures;
use shelf_bookmarks::import::forget_files;
use shelf_courier::{Courier, tell_erased};
use shelf_domain::id::{EndpointId, Scope};
use shelf_identity::PrivacyDoors;
use shelf_identity::privacy::erase::{Beside, erase};
use shelf_ports::Fault;
use shelf_ports::outbound::Outbound;
use shelf_ports::replies::Replies;
use shelf_ports::search::SearchIndex;
use shelf_ports::webhooks::Endpoint;
use shelf_sync::forget_snapshots_of;
use std::sync::Arc;

/// Erasures that have a turn in one look.
const AT_ONCE: usize = 32;
/// How long an answer to a repeated request is of use, milliseconds: a day.
const REPLY_MS: i64 = 86_400_000;

/// What erasing works with.
#[derive(Clone, Debug)]
pub(crate) struct Erasing {
    pub(crate) doors: PrivacyDoors,
    pub(crate) stores: Stores,
    pub(crate) replies: Arc<dyn Replies>,
    pub(crate) index: Arc<dyn SearchIndex>,
    /// What signs what receivers are told.
    pub(crate) courier: Courier,
    /// The way out to them.
    pub(crate) outbound: Arc<dyn Outbound>,
}

impl Erasing {
    /// Gives each erasure that is due a turn. One that meets a fault keeps none of the others waiting;
    /// the first fault is told when all had theirs.
    pub(crate) async fn turn(&self) -> Result<(), Fault> {
        let (now, mut first) = (self.stores.clock.now_ms(), Ok(()));
        for erasure in self.doors.privacy.due_erasures(now, AT_ONCE).await? {
            match erase(&self.doors, &erasure, self).await {
                Ok(done) => tracing::info!(done, "an erasure had its turn"),
                Err(fault) => first = first.and(Err(fault)),
            }
        }
        first
    }
}

#[async_trait]
impl Beside for Erasing {
    async fn tell(&self, endpoints: Vec<(Scope, Endpoint)>) -> Vec<EndpointId> {
        tell_erased(&self.courier, &*self.outbound, &endpoints).await
    }

    async fn forget(&self, scope: Scope) -> Result<(), Fault> {
        forget_files(&self.stores, scope).await?;
        forget_captures(&self.stores, scope).await?;
        forget_snapshots_of(&*self.stores.blobs, scope).await?;
        self.index.reset(scope).await
    }

    async fn scrub(&self) -> Result<(), Fault> {
        // Those of grants that ended before: nobody asks for them any more.
        self.replies.forget_replies(self.stores.clock.now_ms() - REPLY_MS).await?;
        self.index.expunge().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_embedded::search::EmbeddedSearch;
    use shelf_embedded::{DirectoryBlobs, Embedded};
    use shelf_identity::{Doors, Hashing, PasswordDoors};
    use shelf_outbound::{Guard, Rules};
    use shelf_ports::accounts::Accounts;
    use shelf_ports::privacy::{Erasure, Privacy};
    use shelf_ports::usage::AnyRoom;
    use shelf_testkit::{Desk, FakeClock, FakeVault, SeededChance};
    use std::path::Path;

    fn erasing(dir: &Path, store: &Arc<Embedded>) -> Erasing {
        let (clock, chance) = (Arc::new(FakeClock::default()), Arc::new(SeededChance::new(3)));
        let stores = Stores {
            library: store.clone(),
            views: store.clone(),
            imports: store.clone(),
            captures: store.clone(),
            activity: store.clone(),
            accounts: store.clone(),
            tenants: store.clone(),
            audit: store.clone(),
            leases: store.clone(),
            replicas: store.clone(),
            rooms: Arc::new(AnyRoom),
            blobs: Arc::new(DirectoryBlobs::open(&dir.join("blobs")).unwrap()),
            replica: None,
            clock: clock.clone(),
            chance: chance.clone(),
        };
        let doors = Doors {
            accounts: store.clone(),
            tenants: store.clone(),
            audit: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock,
            chance,
        };
        let hashing = Arc::new(Hashing::default());
        let doors = PrivacyDoors {
            passwords: PasswordDoors {
                doors,
                credentials: store.clone(),
                passkeys: store.clone(),
                hashing,
            },
            clients: store.clone(),
            authorizations: store.clone(),
            webhooks: store.clone(),
            sso: store.clone(),
            privacy: store.clone(),
            vault: Arc::new(FakeVault),
        };
        let index = Arc::new(EmbeddedSearch::open(&dir.join("search"), "1").unwrap());
        let courier = Courier {
            webhooks: store.clone(),
            library: store.clone(),
            audit: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock: stores.clock.clone(),
            chance: stores.chance.clone(),
            vault: Arc::new(FakeVault),
            watched: Arc::default(),
        };
        let outbound = Arc::new(Guard::new(Rules::default()).unwrap());
        Erasing { doors, stores, replies: store.clone(), index, courier, outbound }
    }

    #[tokio::test]
    async fn an_erasure_that_cannot_go_on_keeps_no_other_one_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let (first, second) = (Desk::new(&*store, 1).await, Desk::new(&*store, 2).await);
        for (desk, asked_at, begun_at) in [(&first, 1, Some(2)), (&second, 2, None)] {
            let receipt = shelf_domain::id::ReceiptId::from_bytes([7; 16]);
            let (person, plan) = (desk.person, "what nobody can read".to_owned());
            let one = Erasure { person, receipt, asked_at, due_at: 3, begun_at, plan };
            assert!(store.put_erasure(&one).await.unwrap());
        }
        let erasing = erasing(dir.path(), &store);
        assert!(erasing.turn().await.is_err(), "what went wrong is told");
        assert!(store.person(first.person).await.unwrap().is_some());
        assert!(store.person(second.person).await.unwrap().is_none(), "the other one had its turn");
    }
}
