//! One library's half in memory, and the walk over a term's documents, committed or not.

use super::room::Rooms;
use super::rows::Rows;
use super::store::{Segment, View};
use super::tail::Tail;
use super::terms::Fields;
use shelf_ports::Fault;
use shelf_ports::search::{Group, Phrase, Ranking, Space, search_fault, side_by_side};
use std::collections::HashMap;
use std::sync::Mutex;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED, Term};

/// What a search reads of one library, under one lock.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// What every term of the library begins with.
    pub(super) prefix: String,
    pub(super) rows: Rows,
    pub(super) tail: Tail,
    /// How far the library was followed.
    pub(super) seq: u64,
    /// Words by their first one or two letters, which are slow to list; empty after a change.
    pub(super) short: Mutex<HashMap<String, Vec<(String, u32)>>>,
    pub(super) rooms: Rooms,
}

/// A library's shelf with what is committed, and the buffers of one search.
pub(super) struct Walk<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) view: &'a View,
    pub(super) fields: &'a Fields,
}

/// The documents a group matches, each once, with the best of its alternatives.
pub(super) type Matches = Vec<(u32, f32)>;

impl Walk<'_> {
    /// Calls `each` with every living document that holds `term`, and its frequency there.
    pub(super) fn postings(
        &self,
        space: Space,
        term: &str,
        mut each: impl FnMut(u32, u32),
    ) -> Result<(), Fault> {
        let key =
            Term::from_field_text(self.fields.of(space), &format!("{}{term}", self.shelf.prefix));
        for segment in &self.view.segments {
            self.segment(segment, space, &key, &mut each).map_err(search_fault)?;
        }
        self.shelf.tail.postings(space, term, each);
        Ok(())
    }

    fn segment(
        &self,
        segment: &Segment,
        space: Space,
        key: &Term,
        each: &mut impl FnMut(u32, u32),
    ) -> std::io::Result<()> {
        let counted = space == Space::Stem;
        let kept = if counted { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        let Some(mut block) = segment.inverted(space).read_block_postings(key, kept)? else {
            return Ok(());
        };
        let alive = segment.alive();
        let hiding = !self.shelf.tail.is_empty();
        loop {
            let docs = block.docs();
            if docs.is_empty() {
                return Ok(());
            }
            let freqs = block.freqs();
            for (at, &doc) in docs.iter().enumerate() {
                if alive.is_some_and(|alive| !alive.is_alive(doc)) {
                    continue;
                }
                let number = segment.number(doc);
                if hiding && self.shelf.tail.hides(number) {
                    continue;
                }
                each(number, if counted { freqs.get(at).copied().unwrap_or(1) } else { 1 });
            }
            block.advance();
        }
    }

    /// What `group` matches, before any filter, into `matches`. All of `best` is 0, and is again.
    pub(super) fn group(
        &self,
        group: &Group,
        ranking: &Ranking,
        best: &mut Vec<f32>,
        matches: &mut Matches,
    ) -> Result<(), Fault> {
        let lengths = self.shelf.rows.lengths();
        matches.clear();
        if let [only] = group.alternatives.as_slice() {
            self.postings(only.space, &only.term, |number, f| {
                if let Some(&length) = lengths.get(number as usize) {
                    matches.push((number, ranking.frequency(only.weight, f as f32, length)));
                }
            })?;
            return Ok(());
        }
        best.resize(lengths.len(), 0.0);
        for one in &group.alternatives {
            self.postings(one.space, &one.term, |number, f| {
                let (Some(&length), Some(best)) =
                    (lengths.get(number as usize), best.get_mut(number as usize))
                else {
                    return;
                };
                let score = ranking.frequency(one.weight, f as f32, length);
                if *best == 0.0 {
                    matches.push((number, 0.0));
                }
                *best = best.max(score);
            })?;
        }
        for (number, score) in matches.iter_mut() {
            *score = std::mem::take(&mut best[*number as usize]);
        }
        Ok(())
    }

    /// The documents that hold `phrase`, each once.
    pub(super) fn phrase(&self, phrase: &Phrase) -> Result<Vec<u32>, Fault> {
        let mut found = Vec::new();
        for segment in &self.view.segments {
            self.phrase_in(segment, phrase, &mut found).map_err(search_fault)?;
        }
        for doc in self.shelf.tail.docs() {
            let places = phrase.0.iter().map(|asked| {
                doc.words
                    .iter()
                    .filter(|(_, word)| word == asked)
                    .map(|(place, _)| *place)
                    .collect::<Vec<u32>>()
            });
            if side_by_side(places) {
                found.push(doc.number);
            }
        }
        Ok(found)
    }

    fn phrase_in(
        &self,
        segment: &Segment,
        phrase: &Phrase,
        found: &mut Vec<u32>,
    ) -> std::io::Result<()> {
        let inverted = segment.inverted(Space::Word);
        let field = self.fields.of(Space::Word);
        let mut lists = Vec::new();
        for word in &phrase.0 {
            let key = Term::from_field_text(field, &format!("{}{word}", self.shelf.prefix));
            match inverted.read_postings(&key, IndexRecordOption::WithFreqsAndPositions)? {
                Some(list) => lists.push(list),
                None => return Ok(()),
            }
        }
        let mut target = lists.first().map_or(TERMINATED, DocSet::doc);
        'docs: while target != TERMINATED {
            for list in &mut lists {
                let at = if list.doc() < target { list.seek(target) } else { list.doc() };
                if at > target {
                    target = at;
                    continue 'docs;
                }
            }
            let number = segment.number(target);
            let living = segment.alive().is_none_or(|alive| alive.is_alive(target));
            if living && !self.shelf.tail.hides(number) {
                let places = lists.iter_mut().map(|list| {
                    let mut places = Vec::new();
                    list.positions(&mut places);
                    places
                });
                if side_by_side(places) {
                    found.push(number);
                }
            }
            target = lists.first_mut().map_or(TERMINATED, DocSet::advance);
        }
        Ok(())
    }
}
