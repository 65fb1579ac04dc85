//! People, libraries, sign-in links and grants.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::permit::Allowance;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Whose setting [`RESTORED`] is: nobody's.
pub const RESTORED_OF: PersonId = PersonId::from_bytes([0; 16]);
/// The setting that says when these records were last restored from a backup, as the epoch their
/// libraries got; what was made from them before is made anew.
pub const RESTORED: &str = "restored";

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// The tenant they came with, which is theirs: alone, a tenant of one.
    pub tenant: TenantId,
    /// What they are called.
    pub name: String,
}

/// A library a person may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryInfo {
    /// Its id.
    pub id: LibraryId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// When it was made, milliseconds.
    pub created_at: i64,
}

impl LibraryInfo {
    /// The scope of its content.
    pub fn scope(&self) -> Scope {
        Scope { tenant: self.tenant, library: self.id }
    }
}

/// Uses of a grant are noted no oftener than this, milliseconds.
const USED_EVERY_MS: i64 = 60_000;

/// What a grant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// A signed-in browser.
    Session,
    /// A personal access token.
    Token,
    /// The key in the data directory, for commands of the owner.
    Local,
    /// A paired device that pushes changes of its own.
    Device,
    /// A program of others that was let in; what opens it changes.
    App,
}

impl GrantKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Session, Self::Token, Self::Local, Self::Device, Self::App];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Local => "local",
            Self::Device => "device",
            Self::App => "app",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A right to act for a person; also the author of what is written with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The grant, which is a device of its own.
    pub id: DeviceId,
    /// For whom.
    pub person: PersonId,
    /// What for.
    pub kind: GrantKind,
    /// A name its owner knows it by.
    pub name: String,
    /// When it was made, milliseconds.
    pub created_at: i64,
    /// When it ends, milliseconds.
    pub expires_at: Option<i64>,
    /// When it was last used, milliseconds, to the minute.
    pub used_at: Option<i64>,
    /// What it may be used for; all the person may do, where nobody limited it.
    #[serde(default)]
    pub allows: Allowance,
    /// The key whoever uses it must prove to have; none for what works by itself.
    #[serde(default)]
    pub bound: Option<KeyPrint>,
    /// The tenant whose identity provider it came by, itself or what made it.
    #[serde(default)]
    pub provided_by: Option<TenantId>,
}

/// SHA-256 of a public key, as RFC 7638 takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPrint(pub [u8; 32]);

impl Grant {
    /// Whether a use at `now` is to be noted: once a minute, so that reading does not become
    /// writing.
    pub fn notes_use_at(&self, now: i64) -> bool {
        self.used_at.is_none_or(|used| used + USED_EVERY_MS <= now)
    }
}

/// SHA-256 of a secret; the secret itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// Accounts. Effects are durable when a call answers.
#[async_trait]
pub trait Accounts: fmt::Debug + Send + Sync {
    /// Adds a tenant of one, which they own, with its first library, which they manage.
    async fn add_person(&self, person: &Person, library: &LibraryInfo) -> Result<(), Fault>;

    /// The same where there is nobody yet; whether it was done. Of several at once one does it.
    async fn add_first_person(&self, person: &Person, library: &LibraryInfo)
    -> Result<bool, Fault>;

    /// Everyone, in order of joining; for start-up and the keeper.
    async fn people(&self) -> Result<Vec<Person>, Fault>;

    /// The person `id`.
    async fn person(&self, id: PersonId) -> Result<Option<Person>, Fault>;

    /// Gives a person another name; whether they are there.
    async fn rename_person(&self, id: PersonId, name: &str) -> Result<bool, Fault>;

    /// Every library; for followers and the keeper.
    async fn all_libraries(&self) -> Result<Vec<LibraryInfo>, Fault>;

    /// Remembers a sign-in link until `expires_at`.
    async fn put_link(
        &self,
        link: SecretHash,
        person: PersonId,
        expires_at: i64,
    ) -> Result<(), Fault>;

    /// Uses a link up: its person, once, before it expires.
    async fn take_link(&self, link: SecretHash, now: i64) -> Result<Option<PersonId>, Fault>;

    /// Adds a grant that `secret` opens (a paired device has none of its own).
    async fn put_grant(&self, grant: &Grant, secret: Option<SecretHash>) -> Result<(), Fault>;

    /// The grant `secret` opens, unless it has ended or was revoked; notes its use to the minute.
    /// The grant of a program is opened by what it acts with.
    async fn open_grant(&self, secret: SecretHash, now: i64) -> Result<Option<Grant>, Fault>;

    /// The grants of `person` that have not ended, latest first.
    async fn grants(&self, person: PersonId, now: i64) -> Result<Vec<Grant>, Fault>;

    /// Whose these grants are or were, those that ended or were revoked too. Nobody is said of one that
    /// never was, nor of one whose person was erased.
    async fn people_of(
        &self,
        grants: &BTreeSet<DeviceId>,
    ) -> Result<BTreeMap<DeviceId, Person>, Fault>;

    /// Gives a grant another name; whether there was one.
    async fn rename_grant(
        &self,
        person: PersonId,
        grant: DeviceId,
        name: &str,
    ) -> Result<bool, Fault>;

    /// Ends a grant with all that opens it; whether there was one.
    async fn revoke(&self, person: PersonId, grant: DeviceId) -> Result<bool, Fault>;

    /// A setting of `person`.
    async fn setting(&self, person: PersonId, name: &str) -> Result<Option<String>, Fault>;

    /// Puts a setting of `person`.
    async fn put_setting(&self, person: PersonId, name: &str, value: &str) -> Result<(), Fault>;

    /// Puts a setting of `person` in the place of `before`, which is what was there or nothing; whether
    /// it was that. Of several at once one does.
    async fn swap_setting(
        &self,
        person: PersonId,
        name: &str,
        before: Option<&str>,
        value: &str,
    ) -> Result<bool, Fault>;
}
