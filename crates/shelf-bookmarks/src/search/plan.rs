//! Makes a plan of a query: words to groups with stems, prefixes and forgiven typos; filters.

use super::address::{Address, site_label};
use super::fold::{fold, fold_name};
use super::language::{Language, Stems, is_small};
use super::words::{Kind, Word, words};
use shelf_domain::query::{Clause, Query, State};
use shelf_ports::search::{
    Alternative, Embedding, Filter, Flags, Group, Known, Phrase, Plan, Probe, Ranking, Space,
    Vocabulary,
};

/// The least BM25 saturates by in a hybrid search, however short the library's texts are.
const K1_LEAST: f32 = 0.1;
/// Most words of a query that rank.
const GROUPS_MAX: usize = 96;
/// Most words of a query whose neighbours are looked up.
const PROBES_MAX: usize = 24;
/// Most words a prefix or a typo stands for.
const EXPANSIONS_MAX: usize = 12;
/// Languages beside English whose stems a query word gets.
const LANGUAGES_MAX: usize = 3;
/// Bookmarks a language must have before query words are stemmed by it.
const LANGUAGE_LEAST: u32 = 3;
/// Worth of a word that begins with what was typed, where that is no word itself.
const PREFIX_WEIGHT: f32 = 0.8;
/// The same where it is a word itself.
const PREFIX_OF_WORD_WEIGHT: f32 = 0.35;
/// Worth of a word one and two typing mistakes away.
const TYPO_WEIGHTS: [f32; 2] = [0.7, 0.45];
/// Worth of one part of a compound: `js` of `node.js`.
const PART_WEIGHT: f32 = 0.5;

/// What ranks: words, meaning, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Words and meaning together.
    #[default]
    Hybrid,
    /// Words alone.
    Words,
    /// Meaning alone.
    Meaning,
}

/// The arithmetic of ranking that was chosen by measurement; see `docs/QUALITY.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// BM25's saturation: of words alone, and at most of a hybrid search.
    pub k1: f32,
    /// Mean length of the library's documents at which a hybrid search saturates by 1. Short texts
    /// say a word once, in one field or another: that they say it is all that counts there.
    pub k1_length: f32,
    /// BM25's share of length.
    pub b: f32,
    /// Worth of meaning in a hybrid search.
    pub meaning: f32,
    /// Cosine from which meaning alone finds.
    pub meaning_least: f32,
    /// See [`Ranking::reach`].
    pub reach: f32,
}

impl Tuning {
    /// `meaning`, `reach` and `k1_length` were swept on one half of the known-item queries, the
    /// others set by hand; `docs/QUALITY.md` says how blind the other half is.
    pub const CHOSEN: Self =
        Self { k1: 1.2, k1_length: 100.0, b: 0.6, meaning: 0.5, meaning_least: 0.2, reach: 1.0 };

    fn k1(&self, mode: Mode, length_mean: f32) -> f32 {
        match mode {
            Mode::Hybrid => (length_mean / self.k1_length).max(K1_LEAST).min(self.k1),
            Mode::Words | Mode::Meaning => self.k1,
        }
    }
}

/// How a library's word came to stand for a word of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is the word, or another form of it.
    Form,
    /// It begins with what was typed.
    Prefix,
    /// It was taken for a typing mistake.
    Typo,
}

/// One word of the query as it was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// As typed, folded.
    pub asked: String,
    /// Terms that match it, with how, and the word they stand for.
    pub terms: Vec<(String, How, String)>,
}

/// A query before the library's words are known.
#[derive(Debug)]
pub struct Draft {
    wanted: Vec<Wanted>,
    filter: Filter,
    /// What the index is asked about its words.
    pub probes: Vec<Probe>,
}

#[derive(Debug)]
struct Wanted {
    word: String,
    kind: Kind,
    probe: Option<usize>,
    /// A small word beside telling ones, which may become a telling one yet.
    faint: bool,
}

/// A query as it was understood.
#[derive(Debug)]
pub struct Drawn {
    /// What the index runs.
    pub plan: Plan,
    /// The words that rank, in the order of [`Plan::groups`].
    pub read: Vec<Read>,
    /// The stemmers the plan was made with.
    pub stems: Vec<Stems>,
}

impl Draft {
    /// Cuts `query` into words and filters.
    pub fn of(query: &Query, mode: Mode) -> Self {
        let mut found: Vec<(Word, bool)> = Vec::new();
        let mut filter = Filter::default();
        for (at, asked) in query.clauses.iter().enumerate() {
            let growing = query.typing && at + 1 == query.clauses.len();
            match (&asked.clause, asked.without) {
                (Clause::Word(text), false) => {
                    let cut = query_words(text);
                    let last = cut.len();
                    found.extend(
                        cut.into_iter().enumerate().map(|(n, w)| (w, growing && n + 1 == last)),
                    );
                }
                (Clause::Phrase(text), false) => {
                    found.extend(query_words(text).into_iter().map(|word| (word, false)));
                    filter.phrases.extend(phrase(text));
                }
                (clause, without) => narrow(&mut filter, clause, without),
            }
        }
        if mode == Mode::Meaning {
            found.clear();
        }
        Self::with_probes(found, filter)
    }

    fn with_probes(mut found: Vec<(Word, bool)>, filter: Filter) -> Self {
        let small = |word: &Word| is_small(&word.text, &[]);
        let telling = found.iter().any(|(word, _)| !small(word));
        if telling || found.iter().any(|(_, growing)| *growing) {
            found.retain(|(word, growing)| *growing || !small(word));
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|(word, growing)| seen.insert((word.text.clone(), *growing)));
        found.truncate(GROUPS_MAX);
        let english = Language::ENGLISH.stemmer();
        let mut draft = Self { wanted: Vec::new(), filter, probes: Vec::new() };
        for (word, growing) in found {
            let typos = typos_forgiven(&word);
            let probed = (growing || typos > 0) && draft.probes.len() < PROBES_MAX;
            let probe = probed.then_some(draft.probes.len());
            if probed {
                let stems = vec![english.stem(&word.text).into_owned()];
                let text = word.text.clone();
                draft.probes.push(Probe {
                    word: text,
                    stems,
                    prefix: growing,
                    typos,
                    limit: EXPANSIONS_MAX,
                });
            }
            let faint = telling && small(&word);
            draft.wanted.push(Wanted { word: word.text, kind: word.kind, probe, faint });
        }
        draft
    }

    /// Finishes the plan with what the library knows; the caller sets limit, facets and vector.
    pub fn draw(
        self,
        vocabulary: &Vocabulary,
        tuning: &Tuning,
        mode: Mode,
        vector: Option<Embedding>,
    ) -> Drawn {
        let stems = stemmers(vocabulary);
        let mut drawn =
            Drawn { plan: blank(self.filter, vocabulary, tuning, mode), read: Vec::new(), stems };
        drawn.plan.vector = vector;
        for wanted in self.wanted {
            let known =
                wanted.probe.and_then(|at| vocabulary.known.get(at)).map_or(&[][..], Vec::as_slice);
            let (group, read) = group(&wanted, known, &drawn.stems);
            if group.alternatives.is_empty() {
                continue;
            }
            drawn.plan.groups.push(group);
            drawn.read.push(read);
        }
        drawn
    }
}

fn blank(filter: Filter, vocabulary: &Vocabulary, tuning: &Tuning, mode: Mode) -> Plan {
    let meaning = match mode {
        Mode::Words => 0.0,
        Mode::Hybrid => tuning.meaning,
        Mode::Meaning => 1.0,
    };
    let length_mean = vocabulary.length_mean.max(1.0);
    let ranking = Ranking {
        k1: tuning.k1(mode, length_mean),
        b: tuning.b,
        length_mean,
        meaning,
        meaning_least: tuning.meaning_least,
        reach: tuning.reach,
    };
    Plan { groups: Vec::new(), filter, vector: None, ranking, limit: 0, facets: 0 }
}

fn stemmers(vocabulary: &Vocabulary) -> Vec<Stems> {
    let others = vocabulary.languages.iter().filter(|(_, count)| *count >= LANGUAGE_LEAST);
    let others = others.filter_map(|(code, _)| Language::of_code(code));
    let others = others.filter(|language| *language != Language::ENGLISH).take(LANGUAGES_MAX);
    std::iter::once(Language::ENGLISH).chain(others).map(Language::stemmer).collect()
}

fn group(wanted: &Wanted, known: &[Known], stems: &[Stems]) -> (Group, Read) {
    let mut group = Group::default();
    let mut read = Read { asked: wanted.word.clone(), terms: Vec::new() };
    let mut add = |word: &str, how: How, weight: f32| {
        let whole =
            matches!(wanted.kind, Kind::Compound | Kind::Pair | Kind::Sign) && how == How::Form;
        for stemmer in stems {
            let term = if whole { word.to_owned() } else { stemmer.stem(word).into_owned() };
            if group.alternatives.iter().any(|known| known.term == term) {
                continue;
            }
            read.terms.push((term.clone(), how, word.to_owned()));
            group.alternatives.push(Alternative { space: Space::Stem, term, weight });
        }
    };
    let whole = if wanted.kind == Kind::Part { PART_WEIGHT } else { 1.0 };
    if !wanted.faint {
        add(&wanted.word, How::Form, whole);
    }
    let is_word = known.iter().any(|one| one.word == wanted.word);
    // Nobody types the beginning of a word that tells nothing; nearly everything holds one.
    let others = known.iter().filter(|one| one.word != wanted.word);
    for one in others.filter(|one| one.typos > 0 || !is_small(&one.word, &[])) {
        match (one.typos, TYPO_WEIGHTS.get(usize::from(one.typos).wrapping_sub(1))) {
            (0, _) if is_word => add(&one.word, How::Prefix, whole * PREFIX_OF_WORD_WEIGHT),
            (0, _) => add(&one.word, How::Prefix, whole * PREFIX_WEIGHT),
            (_, Some(weight)) => add(&one.word, How::Typo, whole * weight),
            (_, None) => {}
        }
    }
    (group, read)
}

/// The words of `text` that ask: signs only where no pair holds them.
fn query_words(text: &str) -> Vec<Word> {
    if text.contains("://") {
        let telling = Address::read(text).words;
        let plain = |text: String| Word { text, at: 0..0, position: 0, kind: Kind::Part };
        return telling.into_iter().map(plain).collect();
    }
    let cut = words(text, GROUPS_MAX * 2);
    let pairs: Vec<_> = cut.iter().filter(|w| w.kind == Kind::Pair).map(|w| w.at.clone()).collect();
    let held = |word: &Word| {
        pairs.iter().any(|pair| pair.start <= word.at.start && word.at.end <= pair.end)
    };
    cut.into_iter().filter(|word| word.kind != Kind::Sign || !held(word)).collect()
}

/// The words of `text` in order, one a position.
fn phrase(text: &str) -> Option<Phrase> {
    let one_each = |word: &Word| !matches!(word.kind, Kind::Compound | Kind::Pair);
    let in_order: Vec<String> =
        words(text, GROUPS_MAX).into_iter().filter(one_each).map(|word| word.text).collect();
    (!in_order.is_empty()).then_some(Phrase(in_order))
}

/// The engines' usual rule: none up to 3 letters, one up to 7, then two; identifiers are meant.
fn typos_forgiven(word: &Word) -> u8 {
    let letters = word.text.chars().count();
    let plain =
        matches!(word.kind, Kind::Plain | Kind::Part) && word.text.chars().all(char::is_alphabetic);
    match letters {
        4..=7 if plain => 1,
        8..=40 if plain => 2,
        _ => 0,
    }
}

/// Puts a clause that does not rank into the filter.
fn narrow(filter: &mut Filter, clause: &Clause, without: bool) {
    let mut label = |label: String| {
        let side = if without { &mut filter.without_labels } else { &mut filter.labels };
        side.push(label);
    };
    match clause {
        Clause::Tag(names) => match (tags(names), without) {
            (several, false) if several.len() > 1 => filter.any_labels.push(several),
            (several, _) => several.into_iter().for_each(label),
        },
        Clause::Site(host) => label(site_label(host)),
        Clause::In(folder) => label(format!("in:{}", fold_name(folder.trim_matches('/')))),
        Clause::Is(state) => {
            let side = if without { &mut filter.without_flags } else { &mut filter.flags };
            *side = side.with(flag(*state));
        }
        Clause::After(moment) if !without => from(filter, moment.first_ms()),
        Clause::Before(moment) if without => from(filter, moment.first_ms()),
        Clause::After(moment) | Clause::Before(moment) => until(filter, moment.first_ms()),
        Clause::Url(text) => {
            let side = if without { &mut filter.without_groups } else { &mut filter.groups };
            side.extend(Address::read(text).all.into_iter().map(|term| one(Space::Address, term)));
        }
        Clause::Word(text) | Clause::Phrase(text) => leave_out(filter, text),
    }
}

/// The labels of `tag:one|other`: one of these. A tag may be called so itself.
fn tags(names: &str) -> Vec<String> {
    let of = |name: &str| format!("tag:{}", fold_name(name));
    let parts = names.split('|').map(str::trim).filter(|name| !name.is_empty());
    let mut labels: Vec<String> = parts.map(of).collect();
    if labels.len() != 1 || names.contains('|') {
        labels.push(of(names));
    }
    labels
}

fn from(filter: &mut Filter, ms: i64) {
    filter.from_ms = Some(filter.from_ms.map_or(ms, |known| known.max(ms)));
}

fn until(filter: &mut Filter, ms: i64) {
    filter.until_ms = Some(filter.until_ms.map_or(ms, |known| known.min(ms)));
}

/// `-word` leaves out every form of it; `-two.words` and `-"a phrase"` leave out the run.
fn leave_out(filter: &mut Filter, text: &str) {
    match query_words(text).as_slice() {
        [] => {}
        [only] if matches!(only.kind, Kind::Pair | Kind::Sign) => {
            filter.without_groups.push(one(Space::Stem, only.text.clone()));
        }
        [only] => {
            let stem = Language::ENGLISH.stemmer().stem(&only.text).into_owned();
            let mut group = one(Space::Stem, stem);
            group.alternatives.push(Alternative {
                space: Space::Word,
                term: fold(&only.text),
                weight: 1.0,
            });
            filter.without_groups.push(group);
        }
        _ => filter.without_phrases.extend(phrase(text)),
    }
}

fn one(space: Space, term: String) -> Group {
    Group { alternatives: vec![Alternative { space, term, weight: 1.0 }] }
}

fn flag(state: State) -> Flags {
    match state {
        State::Unread => Flags::UNREAD,
        State::Archived => Flags::ARCHIVED,
        State::Favourite => Flags::FAVOURITE,
        State::Private => Flags::PRIVATE,
        State::Untagged => Flags::UNTAGGED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str) -> Known {
        Known { word: word.to_owned(), documents: 9, typos: 0 }
    }

    /// What ranks where the library knows `words` for the last word of `query`.
    fn terms(query: &str, words: &[&str]) -> Vec<Vec<String>> {
        let draft = Draft::of(&Query::read(query), Mode::Words);
        let mut found = vec![Vec::new(); draft.probes.len()];
        if let Some(last) = found.last_mut() {
            *last = words.iter().map(|word| known(word)).collect();
        }
        let vocabulary = Vocabulary { known: found, ..Vocabulary::default() };
        let drawn = draft.draw(&vocabulary, &Tuning::CHOSEN, Mode::Words, None);
        let terms = |group: &Group| group.alternatives.iter().map(|one| one.term.clone()).collect();
        drawn.plan.groups.iter().map(terms).collect()
    }

    #[test]
    fn a_small_word_at_the_end_asks_only_for_what_it_may_become() {
        assert_eq!(terms("places the", &["the", "theory"]), [["place"], ["theori"]]);
        assert_eq!(terms("places the", &["the"]), [["place"]]);
        assert_eq!(terms("places a", &["a", "and", "an"]), [["place"]]);
    }

    #[test]
    fn a_tag_may_be_one_of_several() {
        let filter = |query: &str| Draft::of(&Query::read(query), Mode::Words).filter;
        let plain = filter("tag:Rust");
        assert_eq!((plain.labels, plain.any_labels.len()), (vec!["tag:rust".to_owned()], 0));
        let any = filter("tag:\"Rust|to read\"");
        assert!(any.labels.is_empty());
        assert_eq!(any.any_labels, [["tag:rust", "tag:to read", "tag:rust|to read"]]);
        assert_eq!(filter("-tag:a|b").without_labels, ["tag:a", "tag:b", "tag:a|b"]);
        assert_eq!(filter("tag:|").labels, ["tag:|"], "a tag that is called so");
    }

    #[test]
    fn small_words_alone_still_find() {
        assert_eq!(terms("the", &["the", "and"]), [["the"]]);
        assert_eq!(terms("to be ", &[]), [["to"], ["be"]]);
    }
}
