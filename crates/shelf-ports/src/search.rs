//! Search: what an index keeps of a bookmark, what a plan asks of it, and what it answers.
//!
//! Engines fetch candidates; analysis, expansion, fusion, snippets and facets' names are ours and
//! are the same on every engine. [`SearchIndex`] is the seam; [`Plan`] carries all that ranks.

mod doc;
mod plan;
mod said;
mod text;

pub use doc::{DOC_TERMS_MAX, Embedding, Flags, SearchDoc};
pub use plan::{
    Alternative, Candidate, Facets, Filter, Found, Group, Known, Label, Phrase, Plan, Probe,
    Ranking, Space, Vocabulary,
};
pub use said::{LabelKind, best_first, side_by_side, year_of};
pub use text::{BookmarkText, Folder, Texts};

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::id::Scope;
use std::fmt;

/// Most candidates one plan may ask for.
pub const CANDIDATES_MAX: usize = 1_000;
/// Most documents whose labels facets count: the best, where more are found.
pub const FACETED_MAX: usize = 5_000;
/// Most documents one [`SearchIndex::apply`] may carry.
pub const APPLY_MAX: usize = 4_096;

/// An index of words and meaning that follows the log and can be rebuilt from it.
///
/// The contract, each line a case of the exam:
///
/// * What [`apply`](Self::apply) took in is found by every later call, at once, and after a crash
///   the index stands at some earlier position with all of that position and perhaps more: what
///   follows must apply from [`position`](Self::position) again.
/// * Applying a batch twice is the same as applying it once; the later document of a number wins.
/// * Only what `scope` holds decides an answer: no other library changes a score or a count.
/// * Scores are exact: `words` and `meaning` of a candidate are what [`Plan`] defines, computed over
///   every living document of the library, those applied a moment ago included.
/// * Candidates are the best by [`Ranking::fused`], best first, the higher number first in a tie.
///   Engines may look for meaning by approximation in libraries of more than 4,096 documents.
#[async_trait]
pub trait SearchIndex: fmt::Debug + Send + Sync {
    /// How far `scope` was followed: the highest `seq` given to [`apply`](Self::apply), 0 for none.
    /// After a restart it may be lower than before, never higher.
    async fn position(&self, scope: Scope) -> Result<u64, Fault>;

    /// Takes in `docs`, forgets the numbers in `gone`, and moves the position to `seq`.
    /// A batch whose `seq` is below the position is ignored, and so is one that was made `after`
    /// another position than that: somebody else was quicker, or the library was reset.
    async fn apply(&self, scope: Scope, batch: SearchBatch) -> Result<(), Fault>;

    /// Returns when the position of `scope` is at least `seq`. The caller bounds the wait.
    async fn reached(&self, scope: Scope, seq: u64) -> Result<(), Fault>;

    /// Makes everything applied so far durable and lets go of memory that only writing needs.
    /// For a moment of quiet, and before the process ends.
    async fn settle(&self) -> Result<(), Fault>;

    /// Forgets everything about `scope`, position included.
    async fn reset(&self, scope: Scope) -> Result<(), Fault>;

    /// Sees to it that nothing of what was forgotten is left in files of the index. No answer
    /// depends on it; an index that keeps no files of its own has nothing to do.
    async fn expunge(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The library's words near each of `probes`, in their order, and how large the library is.
    async fn vocabulary(&self, scope: Scope, probes: &[Probe]) -> Result<Vocabulary, Fault>;

    /// The best candidates for `plan`.
    async fn candidates(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault>;
}

/// A source of meaning: texts become vectors whose cosine says how near they are.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync {
    /// Name and version of the model; vectors of different names are never compared.
    fn model(&self) -> &str;

    /// One vector a text, in order; `None` for a text that has no meaning to the model.
    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, Fault>;
}

/// What [`SearchIndex::apply`] takes in.
#[derive(Clone, Debug, Default)]
pub struct SearchBatch {
    /// New or changed bookmarks; a number that is known is replaced.
    pub docs: Vec<SearchDoc>,
    /// Numbers to forget: trashed or purged bookmarks.
    pub gone: Vec<u32>,
    /// The position this batch brings the library to.
    pub seq: u64,
    /// The position it was made at; `None` fits any.
    pub after: Option<u64>,
}

impl SearchBatch {
    /// Whether it is for a library that stands at `position`.
    pub fn fits(&self, position: u64) -> bool {
        self.seq >= position && self.after.is_none_or(|after| after == position)
    }
}

/// The fault of a search engine or model.
pub fn search_fault(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::new("searching", source)
}
