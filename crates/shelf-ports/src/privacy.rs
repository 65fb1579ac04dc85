//! What people may ask of whoever keeps what is theirs: that it is handed out signed, that nothing
//! else is done with it, and that it is erased.

use crate::Fault;
use crate::accounts::Accounts;
use crate::vault::{KEY_BYTES, Of};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{PersonId, ReceiptId, Scope, TenantId};
use shelf_domain::privacy::{Choices, Purpose};
use std::collections::BTreeMap;
use std::fmt;

/// The setting that holds what a person decided ([`Choices`]).
pub const CHOICES: &str = "privacy";

/// What `person` decided.
pub async fn choices(accounts: &dyn Accounts, person: PersonId) -> Result<Choices, Fault> {
    let kept = accounts.setting(person, CHOICES).await?;
    Ok(Choices::read(&kept.unwrap_or_default()))
}

/// Whether something may be done with what is `person`'s. Whoever does more than keep it and give
/// it back asks this first, each time.
pub async fn may_process(
    accounts: &dyn Accounts,
    person: PersonId,
    purpose: Purpose,
) -> Result<bool, Fault> {
    Ok(choices(accounts, person).await?.allow(purpose))
}

/// What this server signs with (Ed25519). Prints nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerKey {
    /// What the key is made of, sealed with the key of the server; plain where it is from before there
    /// were keys ([`KEY_BYTES`]).
    pub seed: Vec<u8>,
    /// When it was made, milliseconds.
    pub made_at: i64,
}

impl ServerKey {
    /// What the key is as a sealed thing.
    pub const OF: Of = Of::whole("server key", [0; 16]);

    /// Whether it is kept as it is.
    pub fn is_plain(&self) -> bool {
        self.seed.len() == KEY_BYTES
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(..)")
    }
}

/// Something somebody agreed to, or took back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When, milliseconds.
    pub at: i64,
    /// To what.
    pub purpose: Purpose,
    /// Whether they agreed.
    pub given: bool,
    /// The version of the notice they had before them.
    pub notice: u32,
}

/// Somebody asked to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Who.
    pub person: PersonId,
    /// Under which id the receipt will be found.
    pub receipt: ReceiptId,
    /// When they asked, milliseconds.
    pub asked_at: i64,
    /// When it begins, milliseconds; until then it can be taken back.
    pub due_at: i64,
    /// When it began, if it did, milliseconds.
    pub begun_at: Option<i64>,
    /// What is left to do and what was done, in words of whoever does it.
    pub plan: String,
}

/// What says that an erasure was done; names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who knows this may read it.
    pub id: ReceiptId,
    /// Until when it is kept, milliseconds.
    pub until: i64,
    /// What it says.
    pub body: String,
}

/// How much was removed, by the tables of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed(pub BTreeMap<String, u64>);

impl Removed {
    /// Counts `rows` more of `table`.
    pub fn add(&mut self, table: &str, rows: u64) {
        if rows > 0 {
            *self.0.entry(table.to_owned()).or_default() += rows;
        }
    }

    /// Counts all of `other` more.
    pub fn join(&mut self, other: Self) {
        for (table, rows) in other.0 {
            self.add(&table, rows);
        }
    }

    /// How many rows in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// What one step removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// How much.
    pub removed: Removed,
    /// Whether nothing is left.
    pub is_done: bool,
}

/// What privacy needs of a store. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * A server has one key for ever; of several made at once one is it. It can be kept in another
///   form, by who knows the form it is kept in.
/// * A person waits for one erasure at most. It can be taken back until it began, and not after. One that
///   was taken back, or is not due, does not begin.
/// * When it begins, all that acts for the person ends with it, in one step: also what a program or a
///   device could still bring for a grant, whom they invited, and what was answered to them under keys of
///   theirs, wherever that was. Beginning again does nothing.
/// * A library is emptied in steps of a bounded size, and what was removed is counted; the row of
///   the library goes last, and not while there is anything in it. No other library is touched.
/// * Of an erased person nothing is left but what they wrote in libraries of others, where nothing
///   says any more that they did. A tenant they leave behind has an owner.
/// * The audit logs of tenants that stay hold as they did.
/// * The key of a library, a tenant or a person is destroyed in the step that removes its row.
/// * Doing any of it twice is the same as doing it once, so that what broke off goes on.
/// * A receipt is there from the moment the erasure ends until its time is over, for whoever knows
///   its id.
#[async_trait]
pub trait Privacy: fmt::Debug + Send + Sync {
    /// The key of this server; `fresh` becomes it where there is none.
    async fn server_key(&self, fresh: &ServerKey) -> Result<ServerKey, Fault>;

    /// Keeps the key of this server as `after`, if it is kept as `before`; whether it was.
    async fn keep_server_key_as(
        &self,
        before: &ServerKey,
        after: &ServerKey,
    ) -> Result<bool, Fault>;

    /// Every setting of `person`, by name.
    async fn settings_of(&self, person: PersonId) -> Result<Vec<(String, String)>, Fault>;

    /// Notes that `person` agreed to something or took it back; what was noted stays.
    async fn put_consent(&self, person: PersonId, consent: &Consent) -> Result<(), Fault>;

    /// What `person` agreed to and took back, in the order they did.
    async fn consents(&self, person: PersonId) -> Result<Vec<Consent>, Fault>;

    /// Notes that somebody asked to be erased; false where they did before.
    async fn put_erasure(&self, erasure: &Erasure) -> Result<bool, Fault>;

    /// The erasure `person` waits for.
    async fn erasure(&self, person: PersonId) -> Result<Option<Erasure>, Fault>;

    /// Takes it back, unless it began; whether it was.
    async fn take_back_erasure(&self, person: PersonId) -> Result<bool, Fault>;

    /// Erasures that are due at `now` or began before, those asked for first first.
    async fn due_erasures(&self, now: i64, limit: usize) -> Result<Vec<Erasure>, Fault>;

    /// Begins the erasure of `person` that is due at `now` with `plan`, and ends every grant and link of
    /// theirs; what it removed. Where there is none, or it began before, nothing is done.
    async fn begin_erasure(&self, person: PersonId, now: i64, plan: &str)
    -> Result<Removed, Fault>;

    /// Puts another plan of an erasure that began.
    async fn put_plan(&self, person: PersonId, plan: &str) -> Result<(), Fault>;

    /// Removes at most about `limit` rows of what is in a library.
    async fn empty_library(&self, scope: Scope, limit: usize) -> Result<Step, Fault>;

    /// Removes a library that is empty, with its endpoints and shares; not done where it is not.
    async fn remove_library(&self, scope: Scope) -> Result<Step, Fault>;

    /// Removes a tenant that has no libraries any more and nobody else in it, with all that belongs to
    /// it; nothing where it has.
    async fn remove_tenant(&self, tenant: TenantId) -> Result<Removed, Fault>;

    /// Removes a person, with all that is theirs beside libraries and tenants.
    async fn remove_person(&self, person: PersonId) -> Result<Removed, Fault>;

    /// Ends the erasure of `person`, leaving `receipt` in its place.
    async fn end_erasure(&self, person: PersonId, receipt: &Receipt) -> Result<(), Fault>;

    /// The receipt `id`, while it is kept.
    async fn receipt(&self, id: ReceiptId, now: i64) -> Result<Option<Receipt>, Fault>;

    /// Forgets receipts whose time is over.
    async fn forget_receipts(&self, now: i64) -> Result<(), Fault>;

    /// Sees to it that what was removed is not left in files of the store, as far as it can.
    async fn scrub(&self) -> Result<(), Fault>;
}
