//! What people sign in with that no server ever holds: passkeys (W3C Web Authentication), by their
//! public keys.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, PasskeyId, PersonId};
use std::fmt;

/// A passkey as a server knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its id here.
    pub id: PasskeyId,
    /// Whose it is.
    pub person: PersonId,
    /// The id its authenticator gave it.
    pub credential: Vec<u8>,
    /// What its authenticator knows the person by: random, and no id of anything here.
    pub handle: Vec<u8>,
    /// Its public key, as COSE writes it.
    pub key: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// When it was added, milliseconds.
    pub created_at: i64,
    /// When it was last used, milliseconds.
    pub used_at: Option<i64>,
    /// How often its authenticator says it was used; 0 for one that does not count.
    pub count: u32,
    /// Whether its authenticator may copy it to other devices.
    pub synced: bool,
    /// Whether it did.
    pub backed_up: bool,
    /// When its counter went back, milliseconds: somebody may have a copy, and it opens nothing any
    /// more.
    pub copied_at: Option<i64>,
}

/// A challenge that was answered. Prints nothing of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The challenge.
    pub challenge: [u8; 32],
    /// Until when it could be answered, and has to be remembered, milliseconds.
    pub until: i64,
    /// When it was answered, milliseconds.
    pub at: i64,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answered(..)")
    }
}

/// What came of adding a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Fresh,
    /// The challenge was answered before.
    Again,
    /// Somebody has a passkey with this id of an authenticator already.
    Taken,
    /// The person has as many as may be.
    Full,
}

/// A use of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Which one.
    pub id: PasskeyId,
    /// What it answered.
    pub answered: Answered,
    /// What its authenticator counts now.
    pub count: u32,
    /// Whether it is on other devices now.
    pub backed_up: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// It counts.
    Fresh,
    /// The challenge was answered before.
    Again,
    /// Its counter went back, now or before: it is marked, and opens nothing.
    Copied,
    /// It is not there any more.
    Unknown,
}

/// Whether a counter that says `now` went back from what it said `before` (WebAuthn §6.1.1): it
/// must rise, unless it never counted.
pub fn went_back(before: u32, now: u32) -> bool {
    (before, now) != (0, 0) && now <= before
}

/// What came of removing a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// The person has none of this id.
    Unknown,
    /// It stays: the person would have fewer than they need.
    Needed,
}

/// Passkeys. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * Nobody has a passkey with the id, given by an authenticator, of another, their own ones
///   included; of several who bring one at once one gets it. Nobody has more than they may.
/// * A challenge is answered once, whether by adding or by using; of several answers at once one is
///   the first.
/// * A use is kept with its moment and counter. A counter that went back marks the passkey, and a
///   marked one stays marked.
/// * A passkey is renamed and removed by its person alone. Removing one ends the sessions of its
///   person but one, and leaves them at least as many as they need, of several at once too.
#[async_trait]
pub trait Passkeys: fmt::Debug + Send + Sync {
    /// Adds a passkey for the challenge that was answered, unless its person has `most` already.
    async fn add_passkey(
        &self,
        passkey: &Passkey,
        answered: Answered,
        most: usize,
    ) -> Result<Added, Fault>;

    /// The passkeys of a person, oldest first.
    async fn passkeys_of(&self, person: PersonId) -> Result<Vec<Passkey>, Fault>;

    /// The passkey an authenticator knows by this id.
    async fn passkey_by(&self, credential: &[u8]) -> Result<Option<Passkey>, Fault>;

    /// Notes that a passkey answered a challenge.
    async fn use_passkey(&self, used: &Use) -> Result<Used, Fault>;

    /// Gives a passkey of `person` another name; whether there was one.
    async fn rename_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        name: &str,
    ) -> Result<bool, Fault>;

    /// Removes a passkey of `person` and ends every session of theirs but `keep`, unless fewer than
    /// `least` would be left.
    async fn remove_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        least: usize,
        keep: Option<DeviceId>,
    ) -> Result<Removed, Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_rises_or_does_not_count_at_all() {
        for (before, now) in [(0, 0), (0, 1), (1, 2), (7, u32::MAX)] {
            assert!(!went_back(before, now), "{before} {now}");
        }
        for (before, now) in [(1, 1), (2, 1), (1, 0), (u32::MAX, u32::MAX)] {
            assert!(went_back(before, now), "{before} {now}");
        }
    }
}
