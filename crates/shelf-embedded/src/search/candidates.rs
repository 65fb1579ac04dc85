//! Runs a plan: words summed into one score a number, meaning looked at twice, the best kept.

use super::facets::facets;
use super::filter::Passing;
use super::rows::Row;
use super::shelf::Walk;
use super::vectors::Look;
use shelf_ports::Fault;
use shelf_ports::search::{CANDIDATES_MAX, Candidate, FACETED_MAX, Facets, Found, Plan};
use std::cmp::Ordering;

/// Up to this many bookmarks every cosine is computed whole.
const EXACT_MAX: usize = 4_096;
/// How many of the first look's best are looked at whole, at least, and per candidate asked for.
const SECOND_LOOK_LEAST: usize = 400;
const SECOND_LOOK_TIMES: usize = 4;
/// Share of the least cosine that the first look must see.
const GLANCE_SHARE: f32 = 0.6;

/// The numbers found and what words gave them.
struct Scored {
    words: Vec<f32>,
    matched: Vec<u32>,
    full: f32,
}

impl Walk<'_> {
    /// What `plan` finds.
    pub(super) fn run(&self, plan: &Plan) -> Result<Found, Fault> {
        let passing = self.passing(&plan.filter, &plan.ranking)?;
        let mut found = if plan.groups.is_empty() && plan.vector.is_none() {
            self.newest(plan, &passing)
        } else {
            let scored = self.score(plan, &passing)?;
            match plan.vector.as_ref().filter(|_| plan.ranking.meaning > 0.0) {
                Some(vector) => self.with_meaning(plan, &passing, &scored, &Look::new(vector)),
                None => self.by_words(plan, &scored),
            }
        };
        found.seq = self.shelf.seq;
        Ok(found)
    }

    fn score(&self, plan: &Plan, passing: &Passing) -> Result<Scored, Fault> {
        let rows = &self.shelf.rows;
        let mut scored = Scored { words: vec![0.0; rows.len()], matched: Vec::new(), full: 0.0 };
        let mut buffer = Vec::new();
        let mut rarities = 0.0;
        for group in &plan.groups {
            let matches = self.group(group, &plan.ranking, &mut buffer)?;
            let df = u32::try_from(matches.len()).unwrap_or(u32::MAX);
            let rarity = shelf_ports::search::Ranking::rarity(rows.living(), df);
            rarities += rarity;
            for (number, frequency) in matches {
                let sum = &mut scored.words[number as usize];
                if *sum == 0.0 {
                    scored.matched.push(number);
                }
                *sum += rarity * frequency;
            }
        }
        if let Passing::These(_) = passing {
            scored.matched.retain(|number| passing.has(*number as usize));
        }
        scored.full = scored
            .matched
            .iter()
            .map(|number| scored.words[*number as usize])
            .fold(plan.ranking.reach * rarities, f32::max);
        Ok(scored)
    }

    fn newest(&self, plan: &Plan, passing: &Passing) -> Found {
        let rows = self.shelf.rows.all().iter().enumerate();
        let mut all: Vec<(i64, u32)> = rows
            .filter(|(number, row)| row.living && passing.has(*number))
            .map(|(number, row)| (row.created_at_ms, small(number)))
            .collect();
        let total = all.len() as u64;
        best_first(&mut all, plan.limit.max(FACETED_MAX), |a, b| b.cmp(a));
        let facets = self.facets(plan, all.iter().map(|(_, number)| *number).collect(), None);
        all.truncate(plan.limit);
        let candidates = all
            .into_iter()
            .filter_map(|(_, number)| self.candidate(number, 0.0, 0.0, 0.0))
            .collect();
        Found { candidates, total, facets, seq: 0 }
    }

    fn by_words(&self, plan: &Plan, scored: &Scored) -> Found {
        let ranking = &plan.ranking;
        let fused = |number: &u32| {
            (ranking.fused(scored.words[*number as usize], scored.full, 0.0), *number)
        };
        let mut all: Vec<(f32, u32)> = scored.matched.iter().map(fused).collect();
        best_first(&mut all, plan.limit, higher);
        let made = |(score, number): (f32, u32)| {
            self.candidate(number, scored.words[number as usize], 0.0, score)
        };
        Found {
            candidates: all.into_iter().filter_map(made).collect(),
            total: scored.matched.len() as u64,
            facets: self.facets(plan, scored.matched.clone(), Some(scored)),
            seq: 0,
        }
    }

    fn with_meaning(&self, plan: &Plan, passing: &Passing, scored: &Scored, look: &Look) -> Found {
        let (ranking, rows) = (&plan.ranking, &self.shelf.rows);
        let exact = rows.len() <= EXACT_MAX;
        let mut pool: Vec<(f32, u32)> = Vec::new();
        let least =
            if exact { ranking.meaning_least } else { ranking.meaning_least * GLANCE_SHARE };
        for (number, words) in scored.words.iter().enumerate() {
            let glance = if exact {
                rows.vectors.cosine(number, look)
            } else {
                rows.vectors.glance(number, look)
            };
            // A number that is gone has neither words nor a vector.
            if (*words > 0.0 || glance >= least && rows.get(number).is_some())
                && passing.has(number)
            {
                pool.push((ranking.fused(*words, scored.full, glance), small(number)));
            }
        }
        let second = (plan.limit * SECOND_LOOK_TIMES).max(SECOND_LOOK_LEAST);
        if !exact {
            best_first(&mut pool, second, higher);
            for (score, number) in &mut pool {
                let cosine = rows.vectors.cosine(*number as usize, look);
                *score = ranking.fused(scored.words[*number as usize], scored.full, cosine);
            }
        }
        let by_meaning: Vec<u32> = pool
            .iter()
            .map(|(_, number)| *number)
            .filter(|number| scored.words[*number as usize] == 0.0)
            .filter(|number| {
                exact || rows.vectors.cosine(*number as usize, look) >= ranking.meaning_least
            })
            .take(CANDIDATES_MAX)
            .collect();
        pool.retain(|(_, number)| {
            exact || scored.words[*number as usize] > 0.0 || by_meaning.contains(number)
        });
        best_first(&mut pool, plan.limit, higher);
        let all: Vec<u32> = scored.matched.iter().copied().chain(by_meaning).collect();
        let made = |(score, number): (f32, u32)| {
            let cosine = rows.vectors.cosine(number as usize, look);
            self.candidate(number, scored.words[number as usize], cosine, score)
        };
        Found {
            candidates: pool.into_iter().filter_map(made).collect(),
            total: all.len() as u64,
            facets: self.facets(plan, all, Some(scored)),
            seq: 0,
        }
    }

    fn candidate(&self, number: u32, words: f32, meaning: f32, score: f32) -> Option<Candidate> {
        let Row { item, created_at_ms, .. } = *self.shelf.rows.get(number as usize)?;
        Some(Candidate { number, item, created_at_ms, words, meaning, score })
    }

    /// Facets of what was found, of its best where it is much.
    fn facets(&self, plan: &Plan, numbers: Vec<u32>, scored: Option<&Scored>) -> Facets {
        if plan.facets == 0 {
            return Facets::default();
        }
        let mut numbers = numbers;
        if numbers.len() > FACETED_MAX
            && let Some(Scored { words, .. }) = scored
        {
            let worth = |number: &u32| words[*number as usize];
            numbers.select_nth_unstable_by(FACETED_MAX, |a, b| {
                worth(b).total_cmp(&worth(a)).then(b.cmp(a))
            });
        }
        numbers.truncate(FACETED_MAX);
        facets(&self.shelf.rows, numbers.into_iter(), plan.facets)
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape `best_first` compares by")]
fn higher(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(b.1.cmp(&a.1))
}

/// Keeps the first `most` of `all` by `order`, in order.
pub(super) fn best_first<T>(
    all: &mut Vec<T>,
    most: usize,
    order: impl Fn(&T, &T) -> Ordering + Copy,
) {
    if all.len() > most {
        if most > 0 {
            all.select_nth_unstable_by(most - 1, order);
        }
        all.truncate(most);
    }
    all.sort_unstable_by(order);
}
