//! The judge of ranks: runs a plan by its definition, document by document.

use shelf_ports::search::{
    CANDIDATES_MAX, Candidate, Facets, Filter, Flags, Found, Group, Phrase, Plan, Ranking,
    SearchDoc, Space,
};
use std::collections::BTreeMap;

/// A library as a list.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    docs: BTreeMap<u32, SearchDoc>,
}

impl Naive {
    /// Takes in `docs`, forgets `gone`.
    pub fn apply(&mut self, docs: &[SearchDoc], gone: &[u32]) {
        for number in gone {
            self.docs.remove(number);
        }
        for doc in docs {
            self.docs.insert(doc.number, doc.clone());
        }
    }

    /// What [`Plan`] defines.
    pub fn run(&self, plan: &Plan) -> Found {
        let n = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        let mut words: BTreeMap<u32, f32> = BTreeMap::new();
        let mut rarities = 0.0;
        for group in &plan.groups {
            let matching: Vec<(u32, f32)> = self
                .docs
                .values()
                .filter_map(|doc| Some((doc.number, best(group, doc, plan)?)))
                .collect();
            let df = u32::try_from(matching.len()).unwrap_or(u32::MAX);
            rarities += Ranking::rarity(n, df);
            for (number, frequency) in matching {
                *words.entry(number).or_insert(0.0) += Ranking::rarity(n, df) * frequency;
            }
        }
        let passing: Vec<&SearchDoc> =
            self.docs.values().filter(|doc| passes(&plan.filter, doc, plan)).collect();
        let top = passing
            .iter()
            .filter_map(|doc| words.get(&doc.number))
            .copied()
            .fold(plan.ranking.reach * rarities, f32::max);
        let nothing_asked = plan.groups.is_empty() && plan.vector.is_none();
        let vector = plan.vector.as_ref().filter(|_| plan.ranking.meaning > 0.0);
        let mut by_meaning = 0;
        let mut found: Vec<Candidate> = Vec::new();
        for doc in passing {
            let meaning =
                vector.zip(doc.vector.as_ref()).map_or(0.0, |(asked, held)| asked.cosine(held));
            let word = words.get(&doc.number).copied();
            let near = vector.is_some() && meaning >= plan.ranking.meaning_least;
            if word.is_none() && !near && !nothing_asked {
                continue;
            }
            by_meaning += usize::from(word.is_none() && !nothing_asked);
            found.push(Candidate {
                number: doc.number,
                item: doc.item,
                created_at_ms: doc.created_at_ms,
                words: word.unwrap_or(0.0),
                meaning,
                score: if nothing_asked {
                    0.0
                } else {
                    plan.ranking.fused(word.unwrap_or(0.0), top, meaning)
                },
            });
        }
        assert!(by_meaning <= CANDIDATES_MAX, "the sample is too large for an exact judge");
        let facets = self.facets(&found, plan.facets);
        let total = found.len() as u64;
        found.sort_by(|a, b| {
            let age = if nothing_asked {
                b.created_at_ms.cmp(&a.created_at_ms)
            } else {
                std::cmp::Ordering::Equal
            };
            b.score.total_cmp(&a.score).then(age).then(b.number.cmp(&a.number))
        });
        found.truncate(plan.limit);
        Found { candidates: found, total, facets, ..Found::default() }
    }

    fn facets(&self, found: &[Candidate], most: usize) -> Facets {
        let docs: Vec<&SearchDoc> =
            found.iter().filter_map(|one| self.docs.get(&one.number)).collect();
        let of = |kind: &str| {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for label in docs.iter().flat_map(|doc| &doc.labels) {
                if let Some(name) = label.strip_prefix(kind) {
                    *counts.entry(name.to_owned()).or_insert(0) += 1;
                }
            }
            let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
            counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            counts.truncate(most);
            counts
        };
        let mut years: BTreeMap<i32, u32> = BTreeMap::new();
        for doc in &docs {
            let mut year = 1970;
            let mut left = doc.created_at_ms / 86_400_000;
            loop {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let days = if leap { 366 } else { 365 };
                if left < days {
                    break;
                }
                left -= days;
                year += 1;
            }
            *years.entry(year).or_insert(0) += 1;
        }
        let flags = Flags::NAMED.into_iter().map(|(flag, name)| {
            (
                name,
                u32::try_from(docs.iter().filter(|doc| doc.flags.has(flag)).count())
                    .unwrap_or(u32::MAX),
            )
        });
        Facets {
            tags: of("tag:"),
            sites: of("site:"),
            folders: of("folder:"),
            years: years.into_iter().rev().take(most).collect(),
            flags: flags.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

fn best(group: &Group, doc: &SearchDoc, plan: &Plan) -> Option<f32> {
    let scores = group.alternatives.iter().filter_map(|one| {
        let frequency = match one.space {
            Space::Stem => {
                doc.stems.iter().find(|(stem, _)| *stem == one.term).map(|(_, weight)| *weight)
            }
            Space::Word => doc.words.iter().any(|(_, word)| *word == one.term).then_some(1),
            Space::Address => doc.address.contains(&one.term).then_some(1),
        };
        Some(plan.ranking.frequency(one.weight, frequency? as f32, doc.length as f32))
    });
    scores.reduce(f32::max)
}

fn passes(filter: &Filter, doc: &SearchDoc, plan: &Plan) -> bool {
    filter.labels.iter().all(|label| doc.labels.contains(label))
        && filter.any_labels.iter().all(|some| some.iter().any(|one| doc.labels.contains(one)))
        && !filter.without_labels.iter().any(|label| doc.labels.contains(label))
        && doc.flags.has(filter.flags)
        && !doc.flags.meets(filter.without_flags)
        && filter.from_ms.is_none_or(|from| doc.created_at_ms >= from)
        && filter.until_ms.is_none_or(|until| doc.created_at_ms < until)
        && filter.groups.iter().all(|group| best(group, doc, plan).is_some())
        && !filter.without_groups.iter().any(|group| best(group, doc, plan).is_some())
        && filter.phrases.iter().all(|phrase| holds(doc, phrase))
        && !filter.without_phrases.iter().any(|phrase| holds(doc, phrase))
}

fn holds(doc: &SearchDoc, phrase: &Phrase) -> bool {
    let words: Vec<&String> = doc.words.iter().map(|(_, word)| word).collect();
    words.windows(phrase.0.len()).any(|run| run.iter().zip(&phrase.0).all(|(a, b)| *a == b))
}
