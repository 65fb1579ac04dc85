//! Queries as people type them, made from the texts that are searched; none comes twice.

use crate::corpus::Link;
use std::collections::HashSet;

/// A small generator of numbers (Steele et al., "`SplitMix`", 2014): the same run every time.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % (bound.max(1) as u64)).unwrap_or_default()
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2).collect()
}

/// `count` distinct queries: title words, description words, unfinished last words, typos.
pub(crate) fn mixed(links: &[Link], count: usize) -> Vec<String> {
    let mut chance = Chance::new(42);
    let mut seen = HashSet::new();
    let mut queries = Vec::with_capacity(count);
    while queries.len() < count {
        let link = &links[chance.below(links.len())];
        let style = chance.below(10);
        let words = words(if style < 5 { &link.title } else { &link.description });
        if words.len() < 2 {
            continue;
        }
        let take = 1 + chance.below(if style < 5 { 3 } else { 5 });
        let at = chance.below(words.len().saturating_sub(take) + 1);
        let mut query = words[at..words.len().min(at + take)].join(" ").to_lowercase();
        if style % 5 == 3 {
            query = query.chars().take(query.chars().count().saturating_sub(2).max(3)).collect();
        }
        if style % 5 == 4 && query.is_ascii() && query.len() > 5 {
            query.remove(query.len() / 2);
        }
        if seen.insert(query.clone()) {
            queries.push(query);
        }
    }
    queries
}

/// Queries of stop words alone.
pub(crate) fn stop_words() -> Vec<String> {
    [
        "the",
        "of the",
        "and in the",
        "to be or not to be",
        "a",
        "is it for",
        "with the",
        "on and of",
        "this is the",
        "for the",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Queries of one letter.
pub(crate) fn letters() -> Vec<String> {
    ('a'..='z').map(String::from).collect()
}
