//! Everything a store of records holds that is true by itself, so that it can be carried into
//! another store, or into a file and back.

use crate::Fault;
use crate::accounts::{Grant, LibraryInfo, Person};
use crate::activity::Event;
use crate::captures::Capture;
use crate::credentials::Credential;
use crate::imports::{ImportJob, LedgerRow};
use crate::oauth::Client;
use crate::passkeys::Passkey;
use crate::privacy::{Consent, Erasure, Receipt, ServerKey};
use crate::replicas::HeldChange;
use crate::sso::{Identity, Provider, TenantDomain};
use crate::tenants::{Group, Member, Share, Tenant};
use crate::usage::Spent;
use crate::vault::{Owner, SealedKey};
use crate::webhooks::Endpoint;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::audit::Sealed;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, CaptureId, DeviceId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::plan::Plan;
use std::fmt;

/// Most entries of one [`Batch`].
pub const ENTRIES_MAX: usize = 2_000;

/// One true thing. What is folded from the log is not among them: it is folded again. Nor are
/// sign-in links, sign-ins that are under way and leases, which live for minutes, tries to sign in, which live for a day,
/// deliveries of webhooks, and the grants of programs that were let in: what opens those changes,
/// and they ask again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The key of an owner, sealed by the root key. A backup holds none, and no digest counts it:
    /// it is sealed anew where the root key is another.
    OwnerKey(Owner, SealedKey),
    /// A person, and when they joined, milliseconds.
    Person(Person, i64),
    /// A tenant.
    Tenant(Tenant),
    /// A member of a tenant.
    Member(TenantId, Member),
    /// A group of a tenant.
    Group(TenantId, Group),
    /// The identity provider of a tenant.
    Provider(Provider),
    /// A domain a tenant named.
    Domain(TenantDomain),
    /// A member as a provider knows them, with the groups they are in for its sake.
    Identity(Identity),
    /// A right to a library that was given.
    Share(LibraryId, Share),
    /// A record of the audit log of a tenant.
    Audit(TenantId, Sealed),
    /// The plan a tenant was given.
    Plan(TenantId, Plan),
    /// What a tenant spent on one day.
    Spent(Spent),
    /// A setting of a person: its name and value.
    Setting(PersonId, String, String),
    /// What this server signs with; where there is a key already, that stays.
    ServerKey(ServerKey),
    /// Something a person agreed to or took back; those of one person in their order.
    Consent(PersonId, Consent),
    /// An erasure a person waits for.
    Erasure(Erasure),
    /// What says that an erasure was done.
    Receipt(Receipt),
    /// The login name of a person, and the hash of their password.
    Credential(Credential),
    /// The SHA-256 of a recovery code a person has left.
    RecoveryCode(PersonId, [u8; 32]),
    /// A passkey of a person.
    Passkey(Passkey),
    /// A program people may let in, and the SHA-256 of its secret, if it has one.
    Client(Client, Option<[u8; 32]>),
    /// A right to act for a person, and the SHA-256 of the secret that opens it, if one does.
    Grant(Grant, Option<[u8; 32]>),
    /// Whose a grant was that is not told: it was revoked, or is of a program.
    Author(DeviceId, PersonId),
    /// A library and its maker; what follows belongs to it, up to its [`Entry::Whole`]. Where its
    /// tenant was not told (a telling from before there were any), it is one of its maker alone.
    Library(LibraryInfo, PersonId),
    /// The last counter of a device.
    Counter(DeviceId, u64),
    /// An answer that was kept.
    Answer(KeptAnswer),
    /// A row of the log.
    Change(Change),
    /// What a person did with an item.
    Event(PersonId, Event),
    /// An import.
    Import(ImportJob),
    /// A row of the ledger of an import.
    Line(ActId, LedgerRow),
    /// A deletion of a device that waits for a person.
    Held(HeldChange),
    /// A file that is kept with a bookmark.
    Capture(Capture),
    /// A part of the content of the file before, in order. Stores of records neither tell nor take
    /// these: content is among the blobs, and whoever carries both puts it there.
    Content(Content),
    /// An endpoint of webhooks, which is told of what happens after it was taken in.
    Endpoint(Endpoint),
    /// The library is told to its end, and its log stands here.
    Whole(Head),
}

/// A part of the content of a file that is kept with a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The file.
    pub capture: CaptureId,
    /// Which part of it, from 0.
    pub part: u32,
    /// Whether it is the last one.
    pub is_last: bool,
    /// Its bytes, in Base64.
    pub base64: String,
}

/// An answer that is given again when the same is asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptAnswer {
    /// To what a device pushed.
    Push {
        /// The device.
        device: DeviceId,
        /// Its counter.
        n: u64,
        /// The answer, as JSON.
        answer: String,
        /// When it was given, milliseconds.
        at: i64,
    },
    /// To a write under an idempotency key.
    Write {
        /// The key.
        key: String,
        /// Hash of the request.
        fingerprint: String,
        /// The answer, as JSON.
        answer: String,
        /// When it was given, milliseconds.
        at: i64,
    },
}

/// Whether `told` is the row of the log that is `there`; its body may have been blanked since.
pub fn is_same_row(told: &Change, there: &Change) -> bool {
    let is = |row: &Change| (row.seq, row.at, row.device, row.n, row.hlc, row.act, row.item);
    is(told) == is(there)
}

/// Entries that belong together: to no library, or all to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The library they belong to.
    pub scope: Option<Scope>,
    /// The entries, at most [`ENTRIES_MAX`].
    pub entries: Vec<Entry>,
}

/// Takes in what an [`Archive`] tells.
#[async_trait]
pub trait Taking: Send {
    /// Takes in a batch; what was told before it is taken in already.
    async fn take(&mut self, batch: Batch) -> Result<(), Fault>;
}

/// A store that can tell everything in it, and take in what another one told.
///
/// The contract, each line a case of the exam:
///
/// * [`tell`](Self::tell) tells the store as it was at one moment, whatever is written meanwhile,
///   and tells the same of two stores that hold the same.
/// * A store that took in everything another one told tells the same as the other, and its lists
///   and log answer the same.
/// * Taking in twice is the same as taking in once: a carrying over that was cut off begins again.
/// * A log with a gap, or one that went another way than what is there, is refused, and nothing of
///   that batch is kept.
#[async_trait]
pub trait Archive: fmt::Debug + Send + Sync {
    /// Tells everything: keys, people, tenants and who belongs to them,
    /// their providers, rights, audit logs, plans,
    /// what was spent, settings, consents, erasures that wait, receipts, passwords, passkeys, grants, then one library after the other.
    async fn tell(&self, to: &mut dyn Taking) -> Result<(), Fault>;

    /// Takes in one batch, in one transaction.
    async fn take(&self, batch: Batch) -> Result<(), Fault>;
}
