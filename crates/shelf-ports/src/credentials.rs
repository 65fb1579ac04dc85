//! What people sign in with besides links: a login name, a password, recovery codes; and how often
//! somebody failed to.

use crate::Fault;
use crate::accounts::SecretHash;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::login::LoginName;
use std::fmt;

/// The Argon2id hash of a password as a PHC string, which holds its salt and parameters. Prints
/// nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// A person's login name and the hash of their password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Whose it is.
    pub person: PersonId,
    /// Their login name.
    pub login: LoginName,
    /// The hash of their password.
    pub hash: PasswordHash,
}

/// What tries are counted under: a hash that names a way in and the login name it was tried with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TryKey(pub [u8; 32]);

impl fmt::Debug for TryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TryKey(..)")
    }
}

/// How tries are counted.
#[derive(Clone, Copy, Debug)]
pub struct TryRule {
    /// For how long a key is closed after its nth try in a row, milliseconds.
    pub pause_ms: fn(u32) -> i64,
    /// After how long without a try a key is forgotten, milliseconds.
    pub forget_ms: i64,
    /// Most keys that are counted.
    pub keys_max: usize,
}

impl TryRule {
    /// Until when a key is closed at `now` that was tried `tries` times in a row, last at `at`.
    /// A last try that lies ahead of the clock closes nothing: the clock was put back.
    pub fn closed_until(&self, tries: u32, at: i64, now: i64) -> Option<i64> {
        let until = at.saturating_add((self.pause_ms)(tries));
        (at <= now && now < until).then_some(until)
    }

    /// Up to when a key must have been tried last to be forgotten at `now`.
    pub fn forgotten_since(&self, now: i64) -> i64 {
        now.saturating_sub(self.forget_ms)
    }
}

/// Whether something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may; it is counted.
    Open,
    /// It may not; nothing was counted.
    Closed {
        /// From when on it may, milliseconds.
        until: i64,
    },
}

/// Login names, passwords, recovery codes, and tries. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * Nobody has the login name of somebody else, however it is written; of several who want one at
///   once one gets it.
/// * A new password ends the sessions of its person but one, and what else acts for them goes on.
/// * Whoever has no password has no login name and no recovery codes.
/// * A recovery code works once; of several at once one gets through. New ones replace old ones.
/// * A try is counted before it is known how it ends, so that several at once count as many as one
///   after the other, and tries go uncounted in no crash. What was counted survives a restart.
/// * A key is forgotten when it was forgiven, or not tried for long enough. Where too many are
///   counted, the one with the fewest tries goes, of those the one tried longest ago.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// Gives a person a login name and a password, in the place of those they had, and ends every
    /// session of theirs but `keep`. False, and nothing done, where the name is somebody else's.
    async fn put_credential(
        &self,
        credential: &Credential,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault>;

    /// Puts `after` in the place of `before`, the hash of the same password; whether it was there.
    async fn rehash(
        &self,
        person: PersonId,
        before: &PasswordHash,
        after: &PasswordHash,
    ) -> Result<bool, Fault>;

    /// What `person` signs in with.
    async fn credential_of(&self, person: PersonId) -> Result<Option<Credential>, Fault>;

    /// Who signs in as `login`, and with what.
    async fn credential_by(&self, login: &LoginName) -> Result<Option<Credential>, Fault>;

    /// Removes the login name, password and recovery codes of a person, and ends every session of
    /// theirs but `keep`; whether they had a password.
    async fn remove_credential(
        &self,
        person: PersonId,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault>;

    /// Gives a person recovery codes in the place of those they had; false, and nothing done, where
    /// they have no password.
    async fn put_codes(&self, person: PersonId, codes: &[SecretHash]) -> Result<bool, Fault>;

    /// How many recovery codes a person has left.
    async fn codes_left(&self, person: PersonId) -> Result<usize, Fault>;

    /// Uses a recovery code up; whether the person had it.
    async fn take_code(&self, person: PersonId, code: SecretHash) -> Result<bool, Fault>;

    /// Asks whether something may be tried under `key` now, and counts it if so.
    async fn count_try(&self, key: TryKey, now: i64, rule: TryRule) -> Result<Try, Fault>;

    /// Forgets the tries under `key`: one succeeded.
    async fn forgive(&self, key: TryKey) -> Result<(), Fault>;
}
