//! Runs a plan over one edition of a library: lists from Qdrant, or from a walk over the rows while
//! it is away; scores and filters from the rows.

use super::facets::facets;
use super::lists::{Lists, Terms};
use super::passing::{Passing, Row, vectors};
use super::points::is_ours;
use super::rows::{self, Head};
use super::walk::Walk;
use super::{ASKING, QdrantSearch, TRIES_MAX};
use crate::postgres::{For, Within};
use shelf_domain::id::Scope;
use shelf_ports::search::{
    CANDIDATES_MAX, Candidate, Embedding, FACETED_MAX, Facets, Found, Plan, Ranking, best_first,
};
use shelf_ports::{Away, Fault};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::timeout;

/// How far Qdrant's cosine may be from ours: what lies within of a bound is looked at again.
const COSINE_ERROR: f32 = 1e-4;
/// How many are scored again beyond those asked for, because their order may change.
const SLACK: usize = 64;
/// How many of the best by words are looked at for meaning where not every cosine is.
const WORDED_MAX: usize = 2_000;

/// How long a search waits for Qdrant, all its questions together, before it does without.
const LISTS_WAIT: Duration = Duration::from_secs(5);
/// How long a search waits for its turn to walk over the rows.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// How a try to find something ended.
enum Tried {
    Found(Found),
    /// The library changed meanwhile.
    Moved,
    /// Points of the library are lost.
    Lost,
}

/// What words gave the documents that match and pass.
#[derive(Debug, Default)]
struct Worded {
    by_point: HashMap<i64, f32>,
    full: f32,
}

/// One document that was found.
#[derive(Clone, Copy, Debug)]
struct Met<'a> {
    row: &'a Row,
    words: Option<f32>,
    meaning: f32,
    score: f32,
}

/// A plan within one edition of a library.
struct Run<'a> {
    within: &'a Within<'a>,
    plan: &'a Plan,
    terms: &'a Terms,
    lists: &'a Lists,
    passing: Passing,
}

impl QdrantSearch {
    /// What `plan` finds.
    pub(super) async fn find(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        if Lists::are_asked_for(plan) && !self.points.are_in_reach().await {
            return self.find_by_rows(scope, plan).await;
        }
        match self.find_by_points(scope, plan).await {
            Err(fault) if is_ours(&fault) => self.find_by_rows(scope, plan).await,
            found => found,
        }
    }

    /// The same without Qdrant: the rows are walked over. What is found is the same, too, unless
    /// there are more of them than one search may look at.
    async fn find_by_rows(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        let turn = timeout(TURN_WAIT, self.walks.acquire()).await;
        let _turn = turn.map_err(|late| Fault::new(ASKING, Away(late.into())))?;
        let mut connection = self.records.connection().await?;
        let within = Within::enter(&mut connection, scope, ASKING, For::OneMoment).await?;
        let Some(within) = within else { return Ok(Found::default()) };
        let terms = Terms::look_up_in(&within, &self.version, plan).await?;
        let Some(terms) = terms else { return Ok(Found::default()) };
        let passing = Passing::by_columns(&plan.filter, &terms);
        let mut walk = Walk::over(&within, plan, &terms, &passing, self.walk_max).await?;
        let newest_only = walk.newest_only(terms.head.documents);
        let mut lists = walk.lists();
        let passing = Passing::of(&within, &plan.filter, &terms, &lists).await?;
        lists.near = walk.near(&passing);
        let run = Run { within: &within, plan, terms: &terms, lists: &lists, passing };
        let found = run.found(&terms.head).await?;
        within.commit().await?;
        Ok(Found { newest_only, ..found })
    }

    async fn find_by_points(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        for _ in 0..TRIES_MAX {
            match self.try_to_find(scope, plan).await? {
                Tried::Found(found) => return Ok(found),
                Tried::Moved => {}
                Tried::Lost => self.refill(scope).await?,
            }
        }
        // Somebody writes all the time: the library is held still for this one search.
        let tried = {
            let mut connection = self.records.connection().await?;
            let within = rows::writing(&mut connection, scope).await?;
            rows::lock(&within, &self.version).await?;
            self.try_to_find(scope, plan).await?
        };
        match tried {
            Tried::Found(found) => Ok(found),
            // Qdrant loses points again and again.
            Tried::Moved | Tried::Lost => self.find_by_rows(scope, plan).await,
        }
    }

    async fn try_to_find(&self, scope: Scope, plan: &Plan) -> Result<Tried, Fault> {
        let Some(terms) = Terms::look_up(self, scope, plan).await? else {
            return Ok(Tried::Found(Found::default()));
        };
        let lists = timeout(LISTS_WAIT, self.lists(scope, plan, &terms)).await;
        let lists = lists.unwrap_or_else(|late| Err(self.points.are_late(late)))?;
        let Some(lists) = lists else { return Ok(Tried::Lost) };
        let mut connection = self.records.connection().await?;
        let within = Within::enter(&mut connection, scope, ASKING, For::OneMoment).await?;
        let Some(within) = within else { return Ok(Tried::Found(Found::default())) };
        let now = rows::head_in(&within, &self.version).await?;
        if now.map(|head| head.edition) != Some(terms.head.edition) {
            return Ok(Tried::Moved);
        }
        let passing = Passing::of(&within, &plan.filter, &terms, &lists).await?;
        let run = Run { within: &within, plan, terms: &terms, lists: &lists, passing };
        let found = run.found(&terms.head).await?;
        within.commit().await?;
        Ok(Tried::Found(found))
    }

    /// What Qdrant lists for `plan`; `None` if points of the library are lost.
    async fn lists(
        &self,
        scope: Scope,
        plan: &Plan,
        terms: &Terms,
    ) -> Result<Option<Lists>, Fault> {
        if !Lists::are_asked_for(plan) {
            return Ok(Some(Lists::default()));
        }
        let lists = Lists::ask(self, scope, plan, terms).await?;
        // Asked last: who fills a library removes its marker first.
        let is_whole = self.is_whole(&terms.head).await?;
        Ok(lists.filter(|_| is_whole))
    }
}

impl Run<'_> {
    async fn found(&self, head: &Head) -> Result<Found, Fault> {
        let nothing_asked = self.plan.groups.is_empty() && self.plan.vector.is_none();
        let found = if nothing_asked { self.newest().await? } else { self.best().await? };
        Ok(Found { seq: head.seq.unsigned_abs(), ..found })
    }

    async fn newest(&self) -> Result<Found, Fault> {
        let most = if self.plan.facets == 0 { self.plan.limit } else { FACETED_MAX };
        let (rows, total) = self.passing.newest(self.within, most).await?;
        let facets = self.facets(&rows.iter().collect::<Vec<_>>()).await?;
        let met = rows.iter().take(self.plan.limit);
        let met = met.map(|row| Met { row, words: None, meaning: 0.0, score: 0.0 }.candidate());
        Ok(Found { candidates: met.collect(), total, facets, ..Found::default() })
    }

    async fn best(&self) -> Result<Found, Fault> {
        let rows = self.rows().await?;
        let worded = self.worded(&rows);
        let mut cosines: HashMap<i64, f32> = self.lists.near.iter().copied().collect();
        let looked_at = self.looked_at(&rows, &worded, &cosines);
        if let Some(asked) = self.vector() {
            let exact = vectors(self.within, &looked_at).await?;
            cosines.extend(exact.iter().map(|(point, held)| (*point, asked.cosine(held))));
        }
        let mut met = self.met(&rows, &worded, &cosines);
        let facets = self.facets(&faceted(&met)).await?;
        let total = met.len() as u64;
        met.truncate(self.plan.limit);
        let candidates = met.iter().map(Met::candidate).collect();
        Ok(Found { candidates, total, facets, ..Found::default() })
    }

    /// What the plan means, if that counts.
    fn vector(&self) -> Option<&Embedding> {
        self.plan.vector.as_ref().filter(|_| self.plan.ranking.meaning > 0.0)
    }

    /// The rows of everything listed that may be found.
    async fn rows(&self) -> Result<HashMap<i64, Row>, Fault> {
        let least = self.plan.ranking.meaning_least - COSINE_ERROR;
        let near = self.lists.near.iter().filter(|(_, cosine)| *cosine >= least);
        let mut points: BTreeSet<i64> = near.map(|(point, _)| *point).collect();
        points.extend(self.plan.groups.iter().flat_map(|group| self.lists.group(group)));
        let points: Vec<i64> = points.into_iter().collect();
        self.passing.rows(self.within, &points).await
    }

    /// What the words of the plan give; a group is as rare as it is in the whole library.
    fn worded(&self, rows: &HashMap<i64, Row>) -> Worded {
        let ranking = &self.plan.ranking;
        let n = u32::try_from(self.terms.head.documents).unwrap_or(u32::MAX);
        let mut by_point: HashMap<i64, f32> = HashMap::new();
        let mut rarities = 0.0;
        for group in &self.plan.groups {
            let mut best: HashMap<i64, f32> = HashMap::new();
            for one in &group.alternatives {
                for (point, f) in self.lists.holding(one.space, &one.term) {
                    // A point without a row was replaced, or is not committed yet.
                    let Some(row) = rows.get(point) else { continue };
                    let score = ranking.frequency(one.weight, *f, row.length);
                    let best = best.entry(*point).or_insert(score);
                    *best = best.max(score);
                }
            }
            let df = u32::try_from(best.len()).unwrap_or(u32::MAX);
            let rarity = Ranking::rarity(n, df);
            rarities += rarity;
            for (point, frequency) in best {
                *by_point.entry(point).or_insert(0.0) += rarity * frequency;
            }
        }
        by_point.retain(|point, _| rows.get(point).is_some_and(|row| row.passes));
        let full = by_point.values().copied().fold(ranking.reach * rarities, f32::max);
        Worded { by_point, full }
    }

    /// The points whose cosines have to be ours: those that may be among the best, and those at
    /// the bound of being found.
    fn looked_at(
        &self,
        rows: &HashMap<i64, Row>,
        worded: &Worded,
        cosines: &HashMap<i64, f32>,
    ) -> Vec<i64> {
        if self.vector().is_none() || self.lists.is_exact {
            return Vec::new();
        }
        if !self.terms.is_small() {
            let mut best: Vec<(f32, i64)> =
                worded.by_point.iter().map(|(point, words)| (*words, *point)).collect();
            best_first(&mut best, WORDED_MAX, |a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
            let near = cosines.keys().filter(|point| rows.contains_key(point));
            let all: BTreeSet<i64> =
                best.into_iter().map(|(_, point)| point).chain(near.copied()).collect();
            return all.into_iter().collect();
        }
        let least = self.plan.ranking.meaning_least;
        let met = self.met(rows, worded, cosines);
        let best = met.iter().take(self.plan.limit + SLACK).map(|met| met.row.point);
        let bound = cosines.iter().filter(|(_, cosine)| (**cosine - least).abs() <= COSINE_ERROR);
        let all: BTreeSet<i64> = best.chain(bound.map(|(point, _)| *point)).collect();
        all.into_iter().collect()
    }

    /// What is found by words or meaning, best first.
    fn met<'a>(
        &self,
        rows: &'a HashMap<i64, Row>,
        worded: &Worded,
        cosines: &HashMap<i64, f32>,
    ) -> Vec<Met<'a>> {
        let ranking = &self.plan.ranking;
        let met = rows.values().filter(|row| row.passes).filter_map(|row| {
            let words = worded.by_point.get(&row.point).copied();
            let cosine = self.vector().and_then(|_| cosines.get(&row.point).copied());
            let is_near = cosine.is_some_and(|cosine| cosine >= ranking.meaning_least);
            let meaning = cosine.unwrap_or(0.0);
            let score = ranking.fused(words.unwrap_or(0.0), worded.full, meaning);
            (words.is_some() || is_near).then_some(Met { row, words, meaning, score })
        });
        let mut met: Vec<Met<'_>> = met.collect();
        met.sort_unstable_by(higher);
        let mut by_meaning = 0;
        met.retain(|met| {
            by_meaning += usize::from(met.words.is_none());
            met.words.is_some() || by_meaning <= CANDIDATES_MAX
        });
        met
    }

    async fn facets(&self, rows: &[&Row]) -> Result<Facets, Fault> {
        if self.plan.facets == 0 {
            return Ok(Facets::default());
        }
        facets(self.within, rows, self.plan.facets).await
    }
}

impl Met<'_> {
    fn candidate(&self) -> Candidate {
        Candidate {
            number: self.row.number,
            item: self.row.item,
            created_at_ms: self.row.created_at_ms,
            words: self.words.unwrap_or(0.0),
            meaning: self.meaning,
            score: self.score,
        }
    }
}

fn higher(a: &Met<'_>, b: &Met<'_>) -> Ordering {
    b.score.total_cmp(&a.score).then(b.row.number.cmp(&a.row.number))
}

/// Those whose labels are counted: all, or the best by words where they are many.
fn faceted<'a>(met: &[Met<'a>]) -> Vec<&'a Row> {
    let mut met = met.to_vec();
    best_first(&mut met, FACETED_MAX, |a, b| {
        let worth = |met: &Met<'_>| met.words.unwrap_or(0.0);
        worth(b).total_cmp(&worth(a)).then(b.row.number.cmp(&a.row.number))
    });
    met.into_iter().map(|met| met.row).collect()
}
