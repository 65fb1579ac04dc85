//! What a search asks of an index and what it gets: pure words, no engine.

use super::{Embedding, Flags};
use shelf_domain::id::ItemId;

/// Which of a document's term lists a term is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// [`super::SearchDoc::stems`]: its weight there is the frequency.
    Stem,
    /// [`super::SearchDoc::words`]: frequency 1.
    Word,
    /// [`super::SearchDoc::address`]: frequency 1.
    Address,
}

/// One way of writing what a group asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Where to look.
    pub space: Space,
    /// The term, folded or stemmed as the index keeps it.
    pub term: String,
    /// Its worth against the other alternatives, 0 to 1.
    pub weight: f32,
}

/// One word of the query with its alternatives; a document matches by any of them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Group {
    /// The ways of writing it.
    pub alternatives: Vec<Alternative>,
}

/// Words as written that must stand side by side in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(pub Vec<String>);

/// A label such as `tag:rust`; none or one of several must or must not be there.
pub type Label = String;

/// What a document must and must not be, whatever its rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// All of these labels.
    pub labels: Vec<Label>,
    /// At least one of each of these.
    pub any_labels: Vec<Vec<Label>>,
    /// None of these.
    pub without_labels: Vec<Label>,
    /// All of these flags.
    pub flags: Flags,
    /// None of these.
    pub without_flags: Flags,
    /// Saved at or after this moment (milliseconds since 1970).
    pub from_ms: Option<i64>,
    /// Saved before this moment.
    pub until_ms: Option<i64>,
    /// Matches each of these groups.
    pub groups: Vec<Group>,
    /// Matches none of these.
    pub without_groups: Vec<Group>,
    /// Holds each of these phrases.
    pub phrases: Vec<Phrase>,
    /// Holds none of these.
    pub without_phrases: Vec<Phrase>,
}

/// How words and meaning become one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    /// BM25's saturation.
    pub k1: f32,
    /// BM25's share of length.
    pub b: f32,
    /// The length BM25 takes for ordinary; from [`Vocabulary::length_mean`], or fixed.
    pub length_mean: f32,
    /// Worth of meaning against words, 0 (words alone) to 1 (meaning alone).
    pub meaning: f32,
    /// The cosine from which a document without a word of the query counts as found.
    pub meaning_least: f32,
    /// How much of what the words could say at best must be said for `words` to count in full.
    pub reach: f32,
}

impl Ranking {
    /// `ln(1 + (n - df + ½) / (df + ½))`: how much it says that a document matches a group which
    /// `df` of the library's `n` documents match.
    pub fn rarity(n: u32, df: u32) -> f32 {
        let (n, df) = (n as f32, df as f32);
        ((n - df + 0.5) / (df + 0.5)).ln_1p()
    }

    /// What one alternative gives: `weight · f·(k1 + 1) / (f + k1·(1 - b + b·length/mean))`.
    pub fn frequency(&self, weight: f32, f: f32, length: f32) -> f32 {
        let norm = self.k1 * (1.0 - self.b + self.b * length / self.length_mean);
        weight * f * (self.k1 + 1.0) / (f + norm)
    }

    /// `(1 - w)·words/full + w·meaning`. `full` is the highest `words` of the answer, and at least
    /// `reach` times the sum of the groups' rarities: where no document holds much of the query,
    /// the little that some hold by chance does not drown what the query means.
    pub fn fused(&self, words: f32, full: f32, meaning: f32) -> f32 {
        let share = if full > 0.0 { words / full } else { 0.0 };
        (1.0 - self.meaning) * share + self.meaning * meaning
    }
}

/// One search, ready to be run by any engine.
///
/// A document passes if [`Filter`] lets it. Its `words` is the sum over `groups` it matches of
/// `rarity(n, df) · max over matching alternatives of frequency(weight, f, length)`, where `n` is
/// the count of the library's documents and `df` that of those matching the group (before the
/// filter). Its `meaning` is the cosine to `vector`, 0 where either is missing. It is *found* if it
/// matches a group, or its cosine reaches `meaning_least`; with neither groups nor vector, if it
/// passes: then the newest come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The words that rank.
    pub groups: Vec<Group>,
    /// What must hold.
    pub filter: Filter,
    /// What the query means.
    pub vector: Option<Embedding>,
    /// The arithmetic.
    pub ranking: Ranking,
    /// How many candidates, at most [`super::CANDIDATES_MAX`].
    pub limit: usize,
    /// How many values of each facet; 0 for no facets.
    pub facets: usize,
}

/// One candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The bookmark's number.
    pub number: u32,
    /// The bookmark.
    pub item: ItemId,
    /// When it was saved, milliseconds since 1970.
    pub created_at_ms: i64,
    /// Its score by words.
    pub words: f32,
    /// Its cosine to the query.
    pub meaning: f32,
    /// Both, by [`Ranking::fused`].
    pub score: f32,
}

/// What an engine found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The best, best first.
    pub candidates: Vec<Candidate>,
    /// How many were found in all. Those found by meaning alone are counted up to
    /// [`super::CANDIDATES_MAX`].
    pub total: u64,
    /// What else those found have in common.
    pub facets: Facets,
    /// The position the answer was read at, at least.
    pub seq: u64,
    /// Where an engine is away and not every document could be looked at: how many were, those that
    /// came in last. The others are neither found nor counted.
    pub newest_only: Option<u64>,
}

/// Counts over all that was found, or its best [`super::FACETED_MAX`] by words (or newest) where it
/// is more; highest count first, then by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Tags, without `tag:`.
    pub tags: Vec<(String, u32)>,
    /// Sites, without `site:`.
    pub sites: Vec<(String, u32)>,
    /// Folders, without `in:`.
    pub folders: Vec<(String, u32)>,
    /// Years of saving (UTC), newest first.
    pub years: Vec<(i32, u32)>,
    /// States, in the order of [`Flags::NAMED`].
    pub flags: Vec<(&'static str, u32)>,
}

/// A word to find neighbours of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The word, folded.
    pub word: String,
    /// Its stems: where the library knows one of them, no typing mistake is supposed.
    pub stems: Vec<String>,
    /// Also words that begin with it.
    pub prefix: bool,
    /// Typing mistakes to forgive where the word itself is unknown: 0, 1 or 2. The second is
    /// forgiven only where forgiving one finds nothing, and only behind the first letter.
    pub typos: u8,
    /// How many words at most.
    pub limit: usize,
}

/// A word the library knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The word as the index keeps it.
    pub word: String,
    /// About how many documents hold it; documents replaced a moment ago may count twice.
    pub documents: u32,
    /// Typing mistakes away from the probe.
    pub typos: u8,
}

/// What a library knows near the probes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    /// How many documents the library has.
    pub documents: u32,
    /// Their mean length, 1 for an empty library.
    pub length_mean: f32,
    /// Languages by count, most first (from the labels `lang:`).
    pub languages: Vec<(String, u32)>,
    /// For each probe the known words: itself first if known, then fewest typos and most documents.
    pub known: Vec<Vec<Known>>,
}
