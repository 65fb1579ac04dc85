//! The log and the one door through which content is written.

mod over;

pub use over::Over;

use crate::{Failure, Fault};
use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::{Author, Done, Turn};
use std::fmt;

/// A pure decision over what was read; it may run more than once.
pub type Decision = Box<dyn FnMut(&mut Turn) -> Result<Done, Refused> + Send>;

/// The key under which a caller may repeat a request without repeating its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The caller's key, made unique by route and grant.
    pub key: String,
    /// Hash of the request; another request under the same key is refused `key_reused`.
    pub fingerprint: String,
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The decision's answer.
    pub done: Done,
    /// Where the log stands after it.
    pub head: Head,
    /// Whether this is the stored answer of an earlier request with the same key.
    pub replayed: bool,
}

/// Which rows of the log are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// By the rows of this act.
    By(ActId),
    /// By rows later than this server time, in milliseconds.
    Since(i64),
}

/// One row of the log, as far as it says what it touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Where the row stands in the log.
    pub seq: Seq,
    /// The item it is about.
    pub item: ItemId,
    /// What that item is.
    pub kind: Kind,
    /// Whether the row made the item.
    pub made: bool,
}

/// One act, as the library's history lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActLine {
    /// The act.
    pub act: ActId,
    /// Its first row.
    pub first: Seq,
    /// Its last row.
    pub last: Seq,
    /// Server time of its last row, milliseconds.
    pub at: i64,
    /// Who did it.
    pub device: DeviceId,
    /// How many rows it has.
    pub rows: u64,
    /// The item of its first row.
    pub item: ItemId,
}

/// Content of libraries: the append-only log and the state folded from it.
///
/// - [`write`](Library::write) shows the decision exactly what `reads` names, as of one moment,
///   with nothing of others in between; then appends its rows with gapless seqs, updates state
///   and answers **after** all of it is durable. A refusal leaves no trace. Two writers never
///   get the same seq.
/// - The answers a push gives to a device's counters are stored with its rows, so that the same
///   push again has the same answer and no effect.
/// - A body that was purged reads back empty.
/// - A library nobody has written to has a head at seq 0.
#[async_trait]
pub trait Library: fmt::Debug + Send + Sync {
    /// Where the log stands.
    async fn head(&self, scope: Scope) -> Result<Head, Fault>;

    /// Decides and appends, in one transaction.
    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure>;

    /// What `reads` names, as of one moment.
    async fn read(&self, scope: Scope, reads: Reads) -> Result<Shelf, Fault>;

    /// Rows with a seq above `after`, rising, at most `limit`.
    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault>;

    /// Rows of one item (and of those that joined it) with a seq below `before`, falling, at
    /// most `limit`.
    async fn history(
        &self,
        scope: Scope,
        item: ItemId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Change>, Fault>;

    /// Rows `touched` names with a seq above `after`, rising, at most `limit`.
    async fn touched(
        &self,
        scope: Scope,
        touched: Touched,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Touch>, Fault>;

    /// Acts whose last row is below `before`, latest first, at most `limit`.
    async fn acts(
        &self,
        scope: Scope,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ActLine>, Fault>;

    /// Items of every kind, places too, trashed at or before `until` and not purged yet, at most `limit`; for the keeper.
    async fn overdue(&self, scope: Scope, until: i64, limit: usize) -> Result<Vec<ItemId>, Fault>;

    /// Forgets the answers to pushes and to keys that were given before `until`, in milliseconds,
    /// and what waits since before.
    async fn forget_answers(&self, scope: Scope, until: i64) -> Result<(), Fault>;

    /// Forgets the folded state of `scope` and folds it again from the log.
    async fn refold(&self, scope: Scope) -> Result<(), Fault>;
}
