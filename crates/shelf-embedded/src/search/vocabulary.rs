//! The library's own words near what was typed: itself, words it begins, words a slip away.

use super::shelf::{Shelf, Walk};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use shelf_ports::Fault;
use shelf_ports::search::{Known, Probe, Space, Vocabulary, search_fault};
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError};
use tantivy::Term;
use tantivy_fst::Automaton;

/// Letters up to which the words of a prefix are remembered until the next commit.
const SHORT_CHARS: usize = 2;
/// How many of them.
const SHORT_WORDS: usize = 32;
/// Languages listed.
const LANGUAGES_MAX: usize = 8;

static ONE_SLIP: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static TWO_SLIPS: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

impl Walk<'_> {
    /// What the library knows near `probes`.
    pub(super) fn vocabulary(&self, probes: &[Probe]) -> Result<Vocabulary, Fault> {
        let rows = &self.shelf.rows;
        let spoken = rows.labels.languages().filter(|(_, count)| *count > 0);
        let mut languages: Vec<(String, u32)> =
            spoken.map(|(code, count)| (code.to_owned(), count)).collect();
        languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        languages.truncate(LANGUAGES_MAX);
        Ok(Vocabulary {
            documents: rows.living(),
            length_mean: rows.length_mean(),
            languages,
            known: probes.iter().map(|probe| self.near(probe)).collect::<Result<_, _>>()?,
        })
    }

    fn near(&self, probe: &Probe) -> Result<Vec<Known>, Fault> {
        let itself = self.holding(Space::Word, &probe.word)?;
        let mut known: Vec<Known> = Vec::new();
        if itself > 0 {
            known.push(Known { word: probe.word.clone(), documents: itself, typos: 0 });
        }
        if probe.prefix {
            let mut longer = self.beginning(&probe.word)?;
            longer.retain(|(word, _)| *word != probe.word);
            known.extend(longer.into_iter().map(|(word, documents)| Known {
                word,
                documents,
                typos: 0,
            }));
        }
        let mut unknown = known.is_empty();
        for stem in &probe.stems {
            unknown = unknown && self.holding(Space::Stem, stem)? == 0;
        }
        // Two slips are looked for only where one explains nothing: the wider net is the slower one.
        for typos in 1..=probe.typos.min(2) {
            if unknown && known.is_empty() {
                known = self.slipped(probe, typos)?;
            }
        }
        known.truncate(probe.limit);
        Ok(known)
    }

    fn holding(&self, space: Space, term: &str) -> Result<u32, Fault> {
        let key =
            Term::from_field_text(self.fields.of(space), &format!("{}{term}", self.shelf.prefix));
        let mut documents = 0;
        for segment in &self.view.segments {
            documents += segment.inverted(space).doc_freq(&key).map_err(search_fault)?;
        }
        self.shelf.tail.postings(space, term, |_, _| documents += 1);
        Ok(documents)
    }

    /// Words that begin with `start`, most documents first.
    fn beginning(&self, start: &str) -> Result<Vec<(String, u32)>, Fault> {
        let short = start.chars().nth(SHORT_CHARS).is_none();
        if short && let Some(known) = remembered(self.shelf, start) {
            return Ok(known);
        }
        let mut counts: HashMap<String, u32> = HashMap::new();
        let from = format!("{}{start}", self.shelf.prefix);
        for segment in &self.view.segments {
            let words = segment.inverted(Space::Word).terms();
            let mut stream =
                words.range().ge(from.as_bytes()).into_stream().map_err(search_fault)?;
            while stream.advance() && stream.key().starts_with(from.as_bytes()) {
                count(
                    &mut counts,
                    &stream.key()[self.shelf.prefix.len()..],
                    stream.value().doc_freq,
                );
            }
        }
        for (word, documents) in
            self.shelf.tail.words_from(start).take_while(|(word, _)| word.starts_with(start))
        {
            count(&mut counts, word.as_bytes(), u32::try_from(documents).unwrap_or(u32::MAX));
        }
        let mut words: Vec<(String, u32)> =
            counts.into_iter().filter(|(_, documents)| *documents > 0).collect();
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(SHORT_WORDS);
        if short {
            let mut known = self.shelf.short.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(start.to_owned(), words.clone());
        }
        Ok(words)
    }

    /// Words at most `typos` typing mistakes away, nearest first, then most documents.
    fn slipped(&self, probe: &Probe, typos: u8) -> Result<Vec<Known>, Fault> {
        let builder = if typos >= 2 { &TWO_SLIPS } else { &ONE_SLIP };
        let build = |word: &str| {
            if probe.prefix { builder.build_prefix_dfa(word) } else { builder.build_dfa(word) }
        };
        // Two slips are looked for behind the first letter, which few miss: all other letters would
        // have to be walked too.
        let first = probe.word.chars().next().filter(|_| typos >= 2).map(String::from);
        let first = first.unwrap_or_default();
        let slips = Slips::new(&self.shelf.prefix, &first, build(&probe.word));
        let mut found: HashMap<String, u32> = HashMap::new();
        for segment in &self.view.segments {
            let stream = segment.inverted(Space::Word).terms().search(&slips).into_stream();
            let mut stream = stream.map_err(search_fault)?;
            while stream.advance() {
                count(
                    &mut found,
                    &stream.key()[self.shelf.prefix.len()..],
                    stream.value().doc_freq,
                );
            }
        }
        let least = probe.word.len().saturating_sub(usize::from(typos) * 4);
        let fresh = self.shelf.tail.words_from(&first);
        let fresh = fresh.take_while(|(word, _)| word.starts_with(&first));
        for (word, documents) in fresh.filter(|(word, _)| word.len() >= least) {
            if let Distance::Exact(_) = slips.dfa.eval(word) {
                count(&mut found, word.as_bytes(), u32::try_from(documents).unwrap_or(u32::MAX));
            }
        }
        let mut known: Vec<Known> = found
            .into_iter()
            .filter(|(_, documents)| *documents > 0)
            .map(|(word, documents)| Known { typos: slips.distance(&word), word, documents })
            .collect();
        known.sort_unstable_by(|a, b| {
            a.typos
                .cmp(&b.typos)
                .then(b.documents.cmp(&a.documents))
                .then_with(|| a.word.cmp(&b.word))
        });
        Ok(known)
    }
}

fn remembered(shelf: &Shelf, start: &str) -> Option<Vec<(String, u32)>> {
    shelf.short.lock().unwrap_or_else(PoisonError::into_inner).get(start).cloned()
}

fn count(counts: &mut HashMap<String, u32>, word: &[u8], documents: u32) {
    if let Ok(word) = std::str::from_utf8(word) {
        match counts.get_mut(word) {
            Some(count) => *count += documents,
            None => drop(counts.insert(word.to_owned(), documents)),
        }
    }
}

/// Accepts the library's prefix with the letters that are fixed, and then what the automaton of
/// typing mistakes accepts.
struct Slips {
    prefix: Vec<u8>,
    dfa: DFA,
    /// Where the automaton stands behind the fixed letters.
    behind: u32,
}

impl Slips {
    fn new(prefix: &str, fixed: &str, dfa: DFA) -> Self {
        let behind = fixed.bytes().fold(dfa.initial_state(), |at, byte| dfa.transition(at, byte));
        Self { prefix: [prefix, fixed].concat().into_bytes(), dfa, behind }
    }

    fn distance(&self, word: &str) -> u8 {
        match self.dfa.eval(word) {
            Distance::Exact(typos) | Distance::AtLeast(typos) => typos,
        }
    }
}

/// How much of the prefix was read, then the automaton's own state.
#[derive(Clone, Copy)]
enum At {
    Prefix(usize),
    Word(u32),
}

impl Automaton for &Slips {
    type State = At;

    fn start(&self) -> At {
        At::Prefix(0)
    }

    fn is_match(&self, state: &At) -> bool {
        matches!(*state, At::Word(state) if matches!(self.dfa.distance(state), Distance::Exact(_)))
    }

    fn can_match(&self, state: &At) -> bool {
        !matches!(*state, At::Word(state) if state == SINK_STATE)
    }

    fn accept(&self, state: &At, byte: u8) -> At {
        match *state {
            At::Word(state) => At::Word(self.dfa.transition(state, byte)),
            At::Prefix(read) if self.prefix.get(read) == Some(&byte) => {
                if read + 1 == self.prefix.len() {
                    At::Word(self.behind)
                } else {
                    At::Prefix(read + 1)
                }
            }
            At::Prefix(_) => At::Word(SINK_STATE),
        }
    }
}
