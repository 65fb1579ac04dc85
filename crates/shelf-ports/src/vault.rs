//! Keys: what belongs to somebody is sealed with a key of theirs, and gone once that is destroyed.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{LibraryId, PersonId, TenantId};
use std::fmt;

/// The bytes of a key, and of what is kept plain from before there were keys.
pub const KEY_BYTES: usize = 32;

/// Whose key. It stands as long as the row of its owner, and is destroyed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Of what belongs to nobody; never destroyed.
    Server,
    /// Of a tenant: who belongs to it and what was done about it.
    Tenant(TenantId),
    /// Of a person: what they are called, sign in with, set and did.
    Person(PersonId),
    /// Of a library: its content and what stands beside it.
    Library(LibraryId),
}

impl Owner {
    /// The word for its kind in stores.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Tenant(_) => "tenant",
            Self::Person(_) => "person",
            Self::Library(_) => "library",
        }
    }

    /// The 16 bytes of its id.
    pub fn to_bytes(self) -> [u8; 16] {
        match self {
            Self::Server => [0; 16],
            Self::Tenant(id) => id.to_bytes(),
            Self::Person(id) => id.to_bytes(),
            Self::Library(id) => id.to_bytes(),
        }
    }

    /// The owner of that kind and id.
    pub fn from_parts(kind: &str, id: [u8; 16]) -> Option<Self> {
        match kind {
            "server" => Some(Self::Server),
            "tenant" => Some(Self::Tenant(TenantId::from_bytes(id))),
            "person" => Some(Self::Person(PersonId::from_bytes(id))),
            "library" => Some(Self::Library(LibraryId::from_bytes(id))),
            _ => None,
        }
    }
}

/// A key as it is kept: itself sealed, by the root key. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedKey(pub Vec<u8>);

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(..)")
    }
}

/// What something sealed is; what was sealed as one thing does not open as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    /// The kind of thing, in a word of ours.
    pub what: &'static str,
    /// Its id.
    pub id: [u8; 16],
    /// Which part of it, where it is sealed in parts.
    pub part: u64,
}

impl Of {
    /// The whole thing of this kind and id.
    pub const fn whole(what: &'static str, id: [u8; 16]) -> Self {
        Self { what, id, part: 0 }
    }
}

/// Keeps the keys of owners. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * An owner has one key; of several put at once one is it.
/// * Who is not there has none, and nothing can be put for them; the server is always there.
/// * A key that was destroyed is gone. It goes with the row of its owner, in the same transaction.
/// * Whoever has no key yet is told; of those who came since a moment, as their ids say it, they alone.
/// * A key is kept sealed anew only in the place of what it was; of several at once one does it.
#[async_trait]
pub trait OwnerKeys: fmt::Debug + Send + Sync {
    /// Keeps `fresh` as the key of `owner`, unless there is one; the key that stands then. `None`
    /// where `owner` is not there.
    async fn put_owner_key(
        &self,
        owner: Owner,
        fresh: &SealedKey,
    ) -> Result<Option<SealedKey>, Fault>;

    /// The key of `owner`.
    async fn owner_key(&self, owner: Owner) -> Result<Option<SealedKey>, Fault>;

    /// Destroys the key of `owner`; where there is none, nothing happens.
    async fn destroy_owner_key(&self, owner: Owner) -> Result<(), Fault>;

    /// Keeps the key of `owner` as `after`, if it is kept as `before`; whether it was.
    async fn reseal_owner_key(
        &self,
        owner: Owner,
        before: &SealedKey,
        after: &SealedKey,
    ) -> Result<bool, Fault>;

    /// Every key, by owner.
    async fn owner_keys(&self) -> Result<Vec<(Owner, SealedKey)>, Fault>;

    /// Owners who have no key yet, at most `limit`: those whose ids are of the moment `since` or later,
    /// milliseconds, and of 0 everybody. Only those ids are read.
    async fn keyless(&self, since: i64, limit: usize) -> Result<Vec<Owner>, Fault>;
}

/// Seals and opens.
///
/// What is sealed for an owner as a thing opens for that owner as that thing and in no other way; a
/// changed byte is a fault. Where the key was destroyed there is nothing to open any more.
#[async_trait]
pub trait Vault: fmt::Debug + Send + Sync {
    /// Seals `plain` with the key of `owner`, which is made where there is none. A fault where the
    /// owner is not there.
    async fn seal(&self, owner: Owner, of: Of, plain: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Opens what was sealed; `None` where the key was destroyed.
    async fn open(&self, owner: Owner, of: Of, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault>;
}
