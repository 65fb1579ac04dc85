//! What Qdrant would list, read from the rows of a library: for while it is away.

use super::lists::{Lists, Terms, terms_of};
use super::packed::Packed;
use super::passing::Passing;
use super::points::Hit;
use super::rows::embedding_of;
use super::words::{self, Key};
use crate::postgres::{Within, limit_of};
use shelf_ports::Fault;
use shelf_ports::search::{CANDIDATES_MAX, Embedding, Plan, best_first};
use std::collections::{HashMap, HashSet};
use tokio_postgres::Row;

/// Documents looked at by one search: those that came in last.
pub(super) const WALK_MAX: usize = 100_000;
/// Rows read at once; the words of the largest ones take some 100 KB each.
const PAGE: usize = 200;
/// Words met in documents by one search, with the place they take some 32 MB.
const HELD_MAX: usize = 2_000_000;

/// A walk over the rows of a library, from the document that came in last.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    plan: &'a Plan,
    vector: Option<&'a Embedding>,
    asked: HashMap<u32, Key>,
    /// Those of the words that rank.
    ranked: HashSet<u32>,
    held: HashMap<u32, Vec<Hit>>,
    near: Vec<Near>,
    seen: usize,
    /// Whether there is nothing older.
    is_over: bool,
}

/// A document that may be found by what it means, or by more than that.
#[derive(Clone, Copy, Debug)]
struct Near {
    point: i64,
    number: i64,
    cosine: f32,
    /// Whether a word finds it as well.
    is_worded: bool,
}

impl<'a> Walk<'a> {
    /// Looks at no more than `most` documents for what `plan` names and means. `passing` holds what
    /// the columns of a row say of the filter.
    pub(super) async fn over(
        within: &Within<'_>,
        plan: &'a Plan,
        terms: &Terms,
        passing: &Passing,
        most: usize,
    ) -> Result<Self, Fault> {
        let mut walk = Self::new(plan, terms);
        let packed = if walk.asked.is_empty() { "NULL::bytea" } else { "packed" };
        let embedding = if walk.vector.is_some() { "embedding" } else { "NULL::bytea" };
        let columns = format!("number, point, {packed}, {embedding}");
        let (mut before, mut held) = (i64::MAX, 0);
        while !walk.is_over && walk.seen < most && held < HELD_MAX {
            let page = PAGE.min(most - walk.seen);
            let rows = passing.page(within, &columns, before, limit_of(page)).await?;
            for row in &rows {
                before = row.get(0);
                held += walk.look_at(row)?;
            }
            walk.seen += rows.len();
            walk.is_over = rows.len() < page;
        }
        Ok(walk)
    }

    fn new(plan: &'a Plan, terms: &Terms) -> Self {
        let id = |key: &Key| u32::try_from(terms.id(key)?).ok();
        let asked = terms_of(plan).into_iter().filter_map(|key| Some((id(&key)?, key)));
        let asked: HashMap<u32, Key> = asked.collect();
        let ranking = plan.groups.iter().flat_map(|group| &group.alternatives);
        let ranked = ranking.filter_map(|one| id(&words::key(one.space, &one.term))).collect();
        let vector = plan.vector.as_ref().filter(|_| plan.ranking.meaning > 0.0);
        // Words that nobody knows are in no document.
        let is_over = asked.is_empty() && vector.is_none();
        let (held, near, seen) = (HashMap::new(), Vec::new(), 0);
        Self { plan, vector, asked, ranked, held, near, seen, is_over }
    }

    /// Takes in one row; how many of the words it holds.
    fn look_at(&mut self, row: &Row) -> Result<usize, Fault> {
        let (number, point): (i64, i64) = (row.get(0), row.get(1));
        let packed: Option<&[u8]> = row.get(2);
        let held = match packed {
            Some(bytes) => self.held_by(&Packed::read(bytes)?),
            None => Vec::new(),
        };
        for (id, weight) in &held {
            self.held.entry(*id).or_default().push((point, *weight as f32));
        }
        let vector = row.get::<_, Option<&[u8]>>(3).and_then(embedding_of);
        let Some((asked, vector)) = self.vector.zip(vector) else { return Ok(held.len()) };
        let cosine = asked.cosine(&vector);
        let is_worded = held.iter().any(|(id, _)| self.ranked.contains(id));
        let may_be_found = is_worded || cosine >= self.plan.ranking.meaning_least;
        if may_be_found && row.get(4) {
            self.near.push(Near { point, number, cosine, is_worded });
        }
        Ok(held.len())
    }

    /// The words that are asked for in a document, each once, with what they weigh there.
    fn held_by(&self, packed: &Packed) -> Vec<(u32, u32)> {
        let once = packed.words.iter().map(|(_, id)| id).chain(&packed.address);
        let all = packed.stems.iter().copied().chain(once.map(|id| (*id, 1)));
        let mut held: Vec<(u32, u32)> = all.filter(|(id, _)| self.asked.contains_key(id)).collect();
        held.sort_unstable();
        held.dedup_by_key(|(id, _)| *id);
        held
    }

    /// How many of `documents` were looked at, if not all.
    pub(super) fn newest_only(&self, documents: i64) -> Option<u64> {
        (!self.is_over && limit_of(self.seen) < documents).then_some(self.seen as u64)
    }

    /// The lists of what was met, without what is near: that has to pass first.
    pub(super) fn lists(&mut self) -> Lists {
        let held = std::mem::take(&mut self.held).into_iter();
        Lists::met(held.filter_map(|(id, hits)| Some((self.asked.remove(&id)?, hits))).collect())
    }

    /// What is near and passes: all that words find, and the best of the others.
    pub(super) fn near(self, passing: &Passing) -> Vec<Hit> {
        let passing = self.near.into_iter().filter(|near| passing.admits(near.point));
        let (mut near, mut others): (Vec<Near>, Vec<Near>) = passing.partition(|one| one.is_worded);
        let ranking = &self.plan.ranking;
        best_first(&mut others, CANDIDATES_MAX, |a, b| {
            let score = |near: &Near| ranking.fused(0.0, 0.0, near.cosine);
            score(b).total_cmp(&score(a)).then(b.number.cmp(&a.number))
        });
        near.append(&mut others);
        near.into_iter().map(|near| (near.point, near.cosine)).collect()
    }
}
