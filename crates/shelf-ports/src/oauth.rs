//! Programs of others that people let in: who they are, and the secrets they were given.

use crate::Fault;
use crate::accounts::{Grant, SecretHash};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{ClientId, DeviceId, PersonId};
use shelf_domain::permit::{Allowance, Permits};

/// A program that people may let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id, which it says of itself.
    pub id: ClientId,
    /// Who registered it.
    pub person: PersonId,
    /// What it is called.
    pub name: String,
    /// Where a browser may be sent back to, exactly.
    pub redirects: Vec<String>,
    /// The most it may ask for.
    pub permits: Permits,
    /// Whether it proves itself by a secret.
    pub has_secret: bool,
    /// Whether it may act for who registered it, by its secret alone.
    #[serde(default)]
    pub acts_alone: bool,
    /// When it was registered, milliseconds.
    pub created_at: i64,
}

/// Clients. Effects are durable when a call answers.
#[async_trait]
pub trait Clients: std::fmt::Debug + Send + Sync {
    /// Adds a client that is not there yet, with the hash of its secret where it has one.
    async fn put_client(&self, client: &Client, secret: Option<SecretHash>) -> Result<(), Fault>;

    /// The client `id`, and the hash of its secret where it has one.
    async fn client(&self, id: ClientId) -> Result<Option<(Client, Option<SecretHash>)>, Fault>;

    /// The clients `person` registered, oldest first.
    async fn clients_of(&self, person: PersonId) -> Result<Vec<Client>, Fault>;

    /// Removes a client `person` registered, and ends every grant that was made for it, in one
    /// step; whether there was one.
    async fn remove_client(&self, person: PersonId, id: ClientId) -> Result<bool, Fault>;
}

/// What a code stands for: somebody let a client in, which has to come and say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The client.
    pub client: ClientId,
    /// Who let it in.
    pub person: PersonId,
    /// Where the code was sent.
    pub redirect: String,
    /// What the client's proof must hash to (S256).
    pub challenge: String,
    /// What it may do.
    pub allows: Allowance,
    /// When it ends, milliseconds.
    pub expires_at: i64,
}

/// Hashes of the secrets a client is given, and when each ends, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What it acts with.
    pub access: SecretHash,
    /// When that ends.
    pub access_until: i64,
    /// What it gets the next ones with.
    pub refresh: SecretHash,
    /// When that ends, unless it was used before. The grant ends with it.
    pub refresh_until: i64,
}

/// A grant that is to be made for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    /// The grant; it ends when its refresh secret does, and moves on with it.
    pub grant: Grant,
    /// For which client.
    pub client: ClientId,
    /// When it ends at the latest, however often it is used, milliseconds.
    pub until: i64,
    /// Its first secrets.
    pub issued: Issued,
}

/// What came of bringing a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The grant was made.
    Fresh,
    /// It was brought before: what was made from it is ended now, if it had not ended.
    Again(Option<Grant>),
    /// There is no such code, or it has ended.
    Unknown,
}

/// A secret of a client's grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret {
    /// The grant.
    pub grant: Grant,
    /// For which client it was made.
    pub client: ClientId,
    /// When the grant ends at the latest, milliseconds.
    pub until: i64,
    /// Whether it gets new secrets, rather than acts.
    pub is_refresh: bool,
    /// When the secret ends, milliseconds.
    pub expires_at: i64,
    /// When it was used for new ones, if it was, milliseconds.
    pub spent_at: Option<i64>,
}

/// A refresh secret that is to be used for new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The one that is used up.
    pub old: SecretHash,
    /// What the new ones are made of, beside the old one; kept, so that they can be made again.
    pub seed: [u8; 16],
    /// The new ones.
    pub issued: Issued,
    /// For how long after its use the old one gives the same answer again, milliseconds, as long
    /// as the new one was not used.
    pub grace_ms: i64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The new ones hold.
    Fresh,
    /// It was used a moment ago: the new ones are those of then, made of this seed at this moment,
    /// milliseconds.
    Again {
        /// What they were made of.
        seed: [u8; 16],
        /// When.
        at: i64,
    },
    /// It was used before: somebody has a copy. The grant with all its secrets is ended now.
    Reused(Grant),
    /// There is no such secret, or it or its grant has ended.
    Unknown,
}

/// What a device without a browser asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAsk {
    /// The client.
    pub client: ClientId,
    /// The hash of the code a person types.
    pub typed: SecretHash,
    /// What it asks for.
    pub permits: Permits,
    /// What it calls the device.
    pub device: String,
    /// From which address it asks, as far as that is known.
    pub place: String,
    /// When it ends, milliseconds.
    pub expires_at: i64,
}

/// How a device's request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Nobody answered yet.
    Waiting,
    /// Nobody answered yet, and it asks too often: it must wait 5 s more each time.
    TooFast,
    /// It was let in: by whom, and what for.
    Allowed(PersonId, Allowance),
    /// It was not let in.
    Denied,
    /// There is no such request of this client, or it has ended.
    Unknown,
}

/// Most requests of devices that are kept at once.
pub const DEVICE_ASKS_MAX: usize = 10_000;
/// How much longer a code is kept than it lives, so that its second use is seen, milliseconds.
pub const CODE_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// What a device has to wait longer each time it asked too soon, milliseconds.
pub const POLL_SLOWER_MS: i64 = 5_000;

/// What clients were given. Effects are durable when a call answers; what ends stops working by
/// itself, whether or not it was removed.
#[async_trait]
pub trait Authorizations: std::fmt::Debug + Send + Sync {
    /// Keeps a code.
    async fn put_code(&self, secret: SecretHash, code: &Code) -> Result<(), Fault>;

    /// A code that was put, used and ended ones too, until [`CODE_KEPT_MS`] after its end.
    async fn code(&self, secret: SecretHash) -> Result<Option<Code>, Fault>;

    /// Uses a code up for `app`, in one step: of several at once one is the first, and all others
    /// end what it made.
    async fn redeem(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<Redeemed, Fault>;

    /// The secret with its grant, used ones too, unless it or its grant has ended.
    async fn app_secret(&self, secret: SecretHash, now: i64) -> Result<Option<AppSecret>, Fault>;

    /// Uses a refresh secret up for new ones, in one step: of several at once one is the first.
    /// The grant ends when the new one does.
    async fn rotate(&self, rotation: &Rotation, now: i64) -> Result<Rotated, Fault>;

    /// Lets a client act for who registered it: puts its `grant`, or moves its end on where it is
    /// there, and adds a secret that ends when the grant does; nothing where the client is gone.
    async fn put_own(
        &self,
        grant: &Grant,
        client: ClientId,
        access: SecretHash,
    ) -> Result<(), Fault>;

    /// Ends one secret; whether there was one. Its grant and the others stay.
    async fn end_secret(&self, secret: SecretHash) -> Result<bool, Fault>;

    /// The clients of a person's grants that have not ended.
    async fn apps(&self, person: PersonId, now: i64) -> Result<Vec<(DeviceId, ClientId)>, Fault>;

    /// Keeps what a device asks for, which `secret` asks after; not where the code to type is taken.
    /// Where more than [`DEVICE_ASKS_MAX`] wait, those that end first make room, and those nobody answered
    /// before others.
    async fn put_ask(&self, secret: SecretHash, ask: &DeviceAsk, now: i64) -> Result<bool, Fault>;

    /// What is asked for under a typed code, while it waits.
    async fn ask(&self, typed: SecretHash, now: i64) -> Result<Option<DeviceAsk>, Fault>;

    /// Answers it once: who lets the device in and what for, or nothing to refuse it. Whether it
    /// waited.
    async fn answer_ask(
        &self,
        typed: SecretHash,
        answer: Option<(PersonId, &Allowance)>,
        now: i64,
    ) -> Result<bool, Fault>;

    /// How the request of `client` stands that `secret` asks after, asked no oftener than every
    /// `interval_ms` and what it was told to wait longer.
    async fn poll_ask(
        &self,
        secret: SecretHash,
        client: ClientId,
        interval_ms: i64,
        now: i64,
    ) -> Result<Polled, Fault>;

    /// Uses up a request that was let in, for `app`, in one step; whether it did.
    async fn redeem_ask(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<bool, Fault>;
}
