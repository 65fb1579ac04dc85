//! Runs a plan: words summed into one score a number, meaning looked at twice, the best kept.

use super::facets::facets;
use super::filter::Passing;
use super::room::Room;
use super::shelf::Walk;
use super::vectors::Look;
use shelf_ports::Fault;
use shelf_ports::search::{
    CANDIDATES_MAX, Candidate, FACETED_MAX, Facets, Found, Plan, best_first,
};
use std::cmp::Ordering;

/// Up to this many bookmarks every cosine is computed whole.
const EXACT_MAX: usize = 4_096;
/// How many of the first look's best are looked at whole, at least, and per candidate asked for.
const SECOND_LOOK_LEAST: usize = 400;
const SECOND_LOOK_TIMES: usize = 4;
/// Share of the least cosine that the first look must see.
const GLANCE_SHARE: f32 = 0.6;

/// The numbers found and what words gave them.
struct Scored<'a> {
    words: &'a [f32],
    matched: &'a mut Vec<u32>,
    full: f32,
}

/// One number that may be an answer.
#[derive(Clone, Copy, Debug)]
struct Met {
    score: f32,
    meaning: f32,
    number: u32,
}

/// The best of many in the space of a few: halved whenever it is full.
struct Best {
    met: Vec<Met>,
    most: usize,
    /// What a score must reach to be among the best so far.
    floor: f32,
}

impl Best {
    fn new(most: usize) -> Self {
        Self { met: Vec::new(), most, floor: f32::NEG_INFINITY }
    }

    fn push(&mut self, met: Met) {
        self.met.push(met);
        if self.met.len() >= self.most.saturating_mul(2) {
            let (_, last, _) = self.met.select_nth_unstable_by(self.most - 1, higher);
            self.floor = last.score;
            self.met.truncate(self.most);
        }
    }
}

impl Walk<'_> {
    /// What `plan` finds.
    pub(super) fn run(&self, plan: &Plan) -> Result<Found, Fault> {
        let mut room = self.shelf.rooms.take();
        let mut found = self.found(plan, &mut room)?;
        self.shelf.rooms.give_back(room);
        found.seq = self.shelf.seq;
        Ok(found)
    }

    fn found(&self, plan: &Plan, room: &mut Room) -> Result<Found, Fault> {
        let passing = self.passing(&plan.filter, &plan.ranking, room)?;
        if plan.groups.is_empty() && plan.vector.is_none() {
            return Ok(self.newest(plan, &passing));
        }
        let full = self.score(plan, &passing, room)?;
        let Room { words, matched, glances, .. } = room;
        let scored = Scored { words, matched, full };
        match plan.vector.as_ref().filter(|_| plan.ranking.meaning > 0.0) {
            Some(vector) => self.with_meaning(plan, &passing, scored, &Look::new(vector), glances),
            None => Ok(self.by_words(plan, scored)),
        }
    }

    /// Scores what passes by its words; what a full match is worth.
    fn score(&self, plan: &Plan, passing: &Passing, room: &mut Room) -> Result<f32, Fault> {
        let rows = &self.shelf.rows;
        let Room { words, matched, matches, best, .. } = room;
        words.clear();
        words.resize(rows.len(), 0.0);
        matched.clear();
        let mut rarities = 0.0;
        for group in &plan.groups {
            self.group(group, &plan.ranking, best, matches)?;
            let df = u32::try_from(matches.len()).unwrap_or(u32::MAX);
            let rarity = shelf_ports::search::Ranking::rarity(rows.living(), df);
            rarities += rarity;
            for (number, frequency) in matches.drain(..) {
                let sum = &mut words[number as usize];
                if *sum == 0.0 {
                    matched.push(number);
                }
                *sum += rarity * frequency;
            }
        }
        if let Passing::These(_) = passing {
            matched.retain(|number| passing.has(*number as usize));
        }
        let scores = matched.iter().map(|number| words[*number as usize]);
        Ok(scores.fold(plan.ranking.reach * rarities, f32::max))
    }

    fn newest(&self, plan: &Plan, passing: &Passing) -> Found {
        let most = plan.limit.max(FACETED_MAX);
        let (mut all, mut total) = (Vec::new(), 0);
        for (number, row) in self.shelf.rows.all().iter().enumerate() {
            if row.living && passing.has(number) {
                total += 1;
                all.push((row.created_at_ms(), small(number)));
            }
            if all.len() > most * 2 {
                all.select_nth_unstable_by(most, |a, b| b.cmp(a));
                all.truncate(most);
            }
        }
        best_first(&mut all, most, |a, b| b.cmp(a));
        let mut numbers = all.iter().map(|(_, number)| *number).collect();
        let facets = self.facets(plan, &mut numbers, None);
        all.truncate(plan.limit);
        let candidates = all
            .into_iter()
            .filter_map(|(_, number)| self.candidate(number, 0.0, 0.0, 0.0))
            .collect();
        Found { candidates, total, facets, ..Found::default() }
    }

    fn by_words(&self, plan: &Plan, scored: Scored<'_>) -> Found {
        let ranking = &plan.ranking;
        let fused = |&number: &u32| {
            let score = ranking.fused(scored.words[number as usize], scored.full, 0.0);
            Met { score, meaning: 0.0, number }
        };
        let mut all: Vec<Met> = scored.matched.iter().map(fused).collect();
        best_first(&mut all, plan.limit, higher);
        let made = |met: Met| {
            self.candidate(met.number, scored.words[met.number as usize], 0.0, met.score)
        };
        let candidates = all.into_iter().filter_map(made).collect();
        let total = scored.matched.len() as u64;
        let facets = self.facets(plan, scored.matched, Some(scored.words));
        Found { candidates, total, facets, ..Found::default() }
    }

    fn with_meaning(
        &self,
        plan: &Plan,
        passing: &Passing,
        scored: Scored<'_>,
        look: &Look,
        glances: &mut Vec<f32>,
    ) -> Result<Found, Fault> {
        let (ranking, vectors) = (&plan.ranking, &self.shelf.rows.vectors);
        let mut pool = self.pool(plan, passing, &scored, look, glances)?;
        if self.is_looked_at_twice() {
            for met in &mut pool {
                met.meaning = vectors.completed(met.number as usize, look, met.meaning)?;
                let words = scored.words[met.number as usize];
                met.score = ranking.fused(words, scored.full, met.meaning);
            }
            pool.retain(|met| {
                met.meaning >= ranking.meaning_least || scored.words[met.number as usize] > 0.0
            });
            pool.sort_unstable_by(higher);
        }
        let by_meaning = pool.iter().filter(|met| scored.words[met.number as usize] == 0.0);
        scored.matched.extend(by_meaning.map(|met| met.number).take(CANDIDATES_MAX));
        best_first(&mut pool, plan.limit, higher);
        let made = |met: Met| {
            let words = scored.words[met.number as usize];
            self.candidate(met.number, words, met.meaning, met.score)
        };
        let candidates = pool.into_iter().filter_map(made).collect();
        let total = scored.matched.len() as u64;
        let facets = self.facets(plan, scored.matched, Some(scored.words));
        Ok(Found { candidates, total, facets, ..Found::default() })
    }

    /// Whether there are so many bookmarks that most are judged by their first dimensions.
    fn is_looked_at_twice(&self) -> bool {
        self.shelf.rows.len() > EXACT_MAX
    }

    /// What words or a first look find: all of it, or the best where there are many bookmarks.
    fn pool(
        &self,
        plan: &Plan,
        passing: &Passing,
        scored: &Scored<'_>,
        look: &Look,
        glances: &mut Vec<f32>,
    ) -> Result<Vec<Met>, Fault> {
        let (ranking, rows) = (&plan.ranking, &self.shelf.rows);
        let twice = self.is_looked_at_twice();
        let (least, most) = if twice {
            rows.vectors.glances(look, glances);
            let most = (plan.limit * SECOND_LOOK_TIMES).max(SECOND_LOOK_LEAST);
            (ranking.meaning_least * GLANCE_SHARE, most)
        } else {
            rows.vectors.cosines(look, glances)?;
            (ranking.meaning_least, usize::MAX)
        };
        let mut best = Best::new(most);
        for (number, (&words, &meaning)) in scored.words.iter().zip(&*glances).enumerate() {
            if words <= 0.0 && (meaning < least || meaning * ranking.meaning < best.floor) {
                continue;
            }
            let score = ranking.fused(words, scored.full, meaning);
            // A number that is gone has neither words nor a vector.
            if score >= best.floor
                && passing.has(number)
                && (words > 0.0 || rows.get(number).is_some())
            {
                best.push(Met { score, meaning, number: small(number) });
            }
        }
        best.met.sort_unstable_by(higher);
        best.met.truncate(most);
        Ok(best.met)
    }

    fn candidate(&self, number: u32, words: f32, meaning: f32, score: f32) -> Option<Candidate> {
        let row = self.shelf.rows.get(number as usize)?;
        let (item, created_at_ms) = (row.item, row.created_at_ms());
        Some(Candidate { number, item, created_at_ms, words, meaning, score })
    }

    /// Facets of what was found, of its best where it is much.
    fn facets(&self, plan: &Plan, numbers: &mut Vec<u32>, words: Option<&[f32]>) -> Facets {
        if plan.facets == 0 {
            return Facets::default();
        }
        if numbers.len() > FACETED_MAX
            && let Some(words) = words
        {
            let mut worths: Vec<f32> = numbers.iter().map(|at| words[*at as usize]).collect();
            let (_, least, _) =
                worths.select_nth_unstable_by(FACETED_MAX - 1, |a, b| b.total_cmp(a));
            // The order stays: rows that lie side by side are read side by side.
            numbers.retain(|at| words[*at as usize] >= *least);
        }
        numbers.truncate(FACETED_MAX);
        facets(&self.shelf.rows, numbers.iter().copied(), plan.facets)
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn higher(a: &Met, b: &Met) -> Ordering {
    b.score.total_cmp(&a.score).then(b.number.cmp(&a.number))
}
