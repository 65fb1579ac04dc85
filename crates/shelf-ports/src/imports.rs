//! Import jobs and their ledgers: the proof that nothing of a file was lost.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{ActId, ItemId, Scope};
use std::fmt;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Working.
    Running,
    /// Everything is accounted for.
    Done,
    /// It stopped; `problem` says why. What was stored stays and can be undone.
    Failed,
    /// It was undone.
    Undone,
}

/// One import of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJob {
    /// The job, which is also the act of all its writes.
    pub id: ActId,
    /// The name of the file, for people.
    pub file_name: String,
    /// The format that was detected.
    pub format: String,
    /// How far it is.
    pub state: JobState,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// Bookmarks found in the file.
    pub parsed: u64,
    /// New bookmarks.
    pub stored: u64,
    /// Bookmarks that joined one with the same address.
    pub merged: u64,
    /// Rows that were not taken.
    pub refused: u64,
    /// New folders.
    pub folders: u64,
    /// Rows in the file, once known; for the progress bar.
    pub total: Option<u64>,
    /// When it began, milliseconds.
    pub started_at: i64,
    /// When it ended, milliseconds.
    pub ended_at: Option<i64>,
    /// Why it failed.
    pub problem: Option<String>,
}

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// A new bookmark.
    Stored,
    /// It joined a bookmark with the same address.
    Merged,
    /// It was not taken.
    Refused,
}

impl RowOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Stored, Self::Merged, Self::Refused];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Merged => "merged",
            Self::Refused => "refused",
        }
    }

    /// The outcome of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// One row of a ledger. Plainly stored rows are counted, not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its number in the file, from 1.
    pub row: u64,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Why, for people.
    pub reason: String,
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// The item it joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// The title of that item, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_title: Option<String>,
}

/// Import jobs of libraries.
#[async_trait]
pub trait Imports: fmt::Debug + Send + Sync {
    /// Adds a job, or puts its new state, together with new rows of its ledger.
    async fn put(&self, scope: Scope, job: &ImportJob, rows: &[LedgerRow]) -> Result<(), Fault>;

    /// The job `id`.
    async fn job(&self, scope: Scope, id: ActId) -> Result<Option<ImportJob>, Fault>;

    /// Jobs, latest first, at most `limit`.
    async fn jobs(&self, scope: Scope, limit: usize) -> Result<Vec<ImportJob>, Fault>;

    /// Ledger rows after row number `after`, rising, of one outcome or all, at most `limit`.
    async fn rows(
        &self,
        scope: Scope,
        id: ActId,
        outcome: Option<RowOutcome>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, Fault>;
}
