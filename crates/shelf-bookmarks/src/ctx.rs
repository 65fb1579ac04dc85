//! What every use case is given: the stores, and on whose behalf it works.

use shelf_domain::id::{DeviceId, PersonId, Scope};
use shelf_domain::plan::Room;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_domain::shelf::Reads;
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Author;
use shelf_ports::accounts::Accounts;
use shelf_ports::activity::Activity;
use shelf_ports::audit::Audit;
use shelf_ports::blobs::Blobs;
use shelf_ports::captures::Captures;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::imports::Imports;
use shelf_ports::leases::Leases;
use shelf_ports::library::{Decision, IdempotencyKey, Library, Written};
use shelf_ports::replicas::Replicas;
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::Rooms;
use shelf_ports::views::Views;
use shelf_ports::{Failure, Fault};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// How long a replica may take to say how far it has come; what takes longer is not asked.
const REPLICA_WAIT: Duration = Duration::from_millis(250);

/// The stores behind the ports; one for the whole process, cheap to clone.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The log and the one door.
    pub library: Arc<dyn Library>,
    /// The folded state as replicas take it, and what waits for a person.
    pub replicas: Arc<dyn Replicas>,
    /// Lists over the folded state.
    pub views: Arc<dyn Views>,
    /// Import jobs and ledgers.
    pub imports: Arc<dyn Imports>,
    /// What people did.
    pub activity: Arc<dyn Activity>,
    /// People, grants and settings.
    pub accounts: Arc<dyn Accounts>,
    /// Who belongs to which tenant, and who may use what.
    pub tenants: Arc<dyn Tenants>,
    /// What was done about who may do what.
    pub audit: Arc<dyn Audit>,
    /// How much more tenants may keep.
    pub rooms: Arc<dyn Rooms>,
    /// Which of several processes does what.
    pub leases: Arc<dyn Leases>,
    /// What is known of files that are kept with bookmarks; their content is among the blobs.
    pub captures: Arc<dyn Captures>,
    /// Files beside the records.
    pub blobs: Arc<dyn Blobs>,
    /// What follows the log and the lists a little behind, to read from.
    pub replica: Option<Replica>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

/// A copy of the log and the lists that is never written to, and may be behind.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The log.
    pub library: Arc<dyn Library>,
    /// The lists.
    pub views: Arc<dyn Views>,
}

/// One request: the stores, who asks with which grant, and what they may do. Whether that person may
/// use a scope was checked where the scope was made.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The stores.
    pub stores: Stores,
    /// The grant, which authors what is written.
    pub device: DeviceId,
    /// The person.
    pub person: PersonId,
    /// What they may do in the library they ask about.
    pub right: Right,
}

impl Ctx {
    /// The author of what this request writes, at this moment.
    pub fn author(&self) -> Author {
        let (now, seed) = (self.stores.clock.now_ms(), self.stores.chance.seed());
        Author { device: self.device, now, seed }
    }

    /// The same for reading what was written up to `seq` at least: from the replica where that has
    /// come so far. Refused `not_yet` where the log itself does not go so far.
    pub async fn at_least(&self, scope: Scope, seq: Seq) -> Result<Self, Failure> {
        if let Some(there) = self.replica_at(scope, seq).await {
            return Ok(there);
        }
        if self.stores.library.head(scope).await?.seq < seq {
            return Err(Refused::new(Code::NotYet, "", "the log does not go so far").into());
        }
        Ok(self.clone())
    }

    /// The same for reading all that is written now: from the replica where that has it all.
    pub async fn up_to_date(&self, scope: Scope) -> Result<Self, Fault> {
        if self.stores.replica.is_none() {
            return Ok(self.clone());
        }
        let head = self.stores.library.head(scope).await?;
        Ok(self.replica_at(scope, head.seq).await.unwrap_or_else(|| self.clone()))
    }

    async fn replica_at(&self, scope: Scope, seq: Seq) -> Option<Self> {
        let replica = self.stores.replica.as_ref()?;
        let head = tokio::time::timeout(REPLICA_WAIT, replica.library.head(scope)).await.ok()?;
        match head {
            Ok(head) if head.seq >= seq => {
                let Replica { library, views } = replica.clone();
                let stores = Stores { library, views, ..self.stores.clone() };
                Some(Self { stores, ..self.clone() })
            }
            Ok(_) => None,
            Err(fault) => {
                // The records answer in its place.
                tracing::debug!(error = &fault as &dyn Error, "the replica does not answer");
                None
            }
        }
    }

    /// Refused `forbidden` for whoever may only read. What changes content asks it first.
    pub fn to_write(&self) -> Result<(), Refused> {
        if self.right >= Right::Write {
            return Ok(());
        }
        let detail = "this library is shared with you to read";
        Err(Refused::new(Code::Forbidden, "", detail))
    }

    /// Decides and appends through the one door; refused `forbidden` for whoever may only read, and
    /// `quota` for new bookmarks where there is no room for them. New notes are signed by the person.
    pub async fn write(
        &self,
        scope: Scope,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        self.to_write()?;
        let decide = bounded(self.stores.rooms.bookmarks(scope).await?, decide);
        let decide = signed(self.person, decide);
        self.stores.library.write(scope, self.author(), key, reads, decide).await
    }
}

/// The decision, in the name of `person`.
fn signed(person: PersonId, mut decide: Decision) -> Decision {
    Box::new(move |turn| {
        turn.signed_by(person);
        decide(turn)
    })
}

/// The decision within the room there is for new bookmarks.
fn bounded(room: Option<Room>, mut decide: Decision) -> Decision {
    let Some(room) = room else { return decide };
    Box::new(move |turn| {
        turn.keep_within(room);
        decide(turn)
    })
}
