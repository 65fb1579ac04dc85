//! What was applied and not committed yet, searched exactly like what is committed.

use shelf_ports::search::{SearchDoc, Space};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Documents in memory with their own small index; they hide committed ones of the same number.
#[derive(Debug, Default)]
pub(super) struct Tail {
    docs: HashMap<u32, Arc<SearchDoc>>,
    gone: BTreeSet<u32>,
    /// Numbers that have a committed document, which must be deleted at the next commit.
    stale: BTreeSet<u32>,
    hidden: Vec<bool>,
    stems: HashMap<String, Vec<(u32, u32)>>,
    words: BTreeMap<String, Vec<u32>>,
    address: HashMap<String, Vec<u32>>,
}

impl Tail {
    /// Takes in `doc`; `committed` if the index holds a document of that number.
    pub(super) fn put(&mut self, doc: SearchDoc, committed: bool) {
        self.hide(doc.number, committed);
        let doc = Arc::new(doc);
        for (stem, weight) in &doc.stems {
            self.stems.entry(stem.clone()).or_default().push((doc.number, *weight));
        }
        for word in distinct(&doc) {
            self.words.entry(word.to_owned()).or_default().push(doc.number);
        }
        for word in &doc.address {
            self.address.entry(word.clone()).or_default().push(doc.number);
        }
        self.docs.insert(doc.number, doc);
    }

    /// Forgets a number, here and in what is committed.
    pub(super) fn remove(&mut self, number: u32, committed: bool) {
        self.hide(number, committed);
        self.gone.insert(number);
    }

    fn hide(&mut self, number: u32, committed: bool) {
        if let Some(old) = self.docs.remove(&number) {
            for (stem, _) in &old.stems {
                if let Some(list) = self.stems.get_mut(stem) {
                    list.retain(|(known, _)| *known != number);
                }
            }
            for word in distinct(&old) {
                if let Some(list) = self.words.get_mut(word) {
                    list.retain(|known| *known != number);
                }
            }
            for word in &old.address {
                if let Some(list) = self.address.get_mut(word) {
                    list.retain(|known| *known != number);
                }
            }
        } else if committed && !self.gone.contains(&number) {
            self.stale.insert(number);
        }
        self.gone.remove(&number);
        let at = number as usize;
        if self.hidden.len() <= at {
            self.hidden.resize(at + 1, false);
        }
        self.hidden[at] = true;
    }

    /// Whether a committed document of this number no longer counts.
    pub(super) fn hides(&self, number: u32) -> bool {
        self.hidden.get(number as usize).copied().unwrap_or(false)
    }

    /// Whether there is nothing here.
    pub(super) fn is_empty(&self) -> bool {
        self.hidden.is_empty()
    }

    /// How many documents wait for a commit.
    pub(super) fn waiting(&self) -> usize {
        self.docs.len() + self.gone.len()
    }

    pub(super) fn docs(&self) -> impl Iterator<Item = &Arc<SearchDoc>> {
        self.docs.values()
    }

    pub(super) fn doc(&self, number: u32) -> Option<&SearchDoc> {
        self.docs.get(&number).map(|doc| &**doc)
    }

    pub(super) fn stale(&self) -> impl Iterator<Item = u32> {
        self.stale.iter().copied()
    }

    /// All numbers whose rows a commit must write, rising.
    pub(super) fn touched(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.docs.keys().chain(&self.gone).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Calls `each` with the documents that hold `term` and its frequency there.
    pub(super) fn postings(&self, space: Space, term: &str, mut each: impl FnMut(u32, u32)) {
        match space {
            Space::Stem => {
                self.stems
                    .get(term)
                    .into_iter()
                    .flatten()
                    .for_each(|(number, weight)| each(*number, *weight));
            }
            Space::Word => {
                self.words.get(term).into_iter().flatten().for_each(|number| each(*number, 1));
            }
            Space::Address => {
                self.address.get(term).into_iter().flatten().for_each(|number| each(*number, 1));
            }
        }
    }

    /// The words from `from` on, in order, with how many documents hold each.
    pub(super) fn words_from(&self, from: &str) -> impl Iterator<Item = (&str, usize)> {
        self.words.range(from.to_owned()..).map(|(word, list)| (word.as_str(), list.len()))
    }
}

fn distinct(doc: &SearchDoc) -> impl Iterator<Item = &str> {
    let mut words: Vec<&str> = doc.words.iter().map(|(_, word)| word.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter()
}
