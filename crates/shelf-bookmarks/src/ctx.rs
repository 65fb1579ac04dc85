//! What every use case is given: the stores, and on whose behalf it works.

use shelf_domain::id::{DeviceId, PersonId, Scope};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Author;
use shelf_ports::Failure;
use shelf_ports::accounts::Accounts;
use shelf_ports::activity::Activity;
use shelf_ports::blobs::Blobs;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::imports::Imports;
use shelf_ports::leases::Leases;
use shelf_ports::library::{Decision, IdempotencyKey, Library, Written};
use shelf_ports::views::Views;
use std::sync::Arc;

/// The stores behind the ports; one for the whole process, cheap to clone.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The log and the one door.
    pub library: Arc<dyn Library>,
    /// Lists over the folded state.
    pub views: Arc<dyn Views>,
    /// Import jobs and ledgers.
    pub imports: Arc<dyn Imports>,
    /// What people did.
    pub activity: Arc<dyn Activity>,
    /// People, grants and settings.
    pub accounts: Arc<dyn Accounts>,
    /// Which of several processes does what.
    pub leases: Arc<dyn Leases>,
    /// Files beside the records.
    pub blobs: Arc<dyn Blobs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

/// One request: the stores, and who asks with which grant. Whether that person may use a scope
/// was checked where the scope was made.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The stores.
    pub stores: Stores,
    /// The grant, which authors what is written.
    pub device: DeviceId,
    /// The person.
    pub person: PersonId,
}

impl Ctx {
    /// The author of what this request writes, at this moment.
    pub fn author(&self) -> Author {
        let (now, seed) = (self.stores.clock.now_ms(), self.stores.chance.seed());
        Author { device: self.device, now, seed }
    }

    /// Decides and appends through the one door.
    pub async fn write(
        &self,
        scope: Scope,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        self.stores.library.write(scope, self.author(), key, reads, decide).await
    }
}
