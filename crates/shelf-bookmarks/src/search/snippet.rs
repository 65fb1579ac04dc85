//! Marks what matched in a bookmark's texts, cuts the snippet around it, and says why it was found.
#![warn(clippy::string_slice)]

use super::address::Address;
use super::plan::{Drawn, How};
use super::words::{Kind, words};
use serde::Serialize;
use shelf_ports::search::BookmarkText;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

/// Longest snippet, in bytes, without its dots.
const SNIPPET_BYTES: usize = 220;
/// How much of it stands before the first match.
const LEAD_BYTES: usize = 40;
/// How far into a long text matches are looked for.
const LOOKED_BYTES: usize = 20_000;
/// Words of one text that are compared.
const LOOKED_WORDS: usize = 4_000;
/// What stands where text was cut off.
const DOTS: &str = "…";

/// A text with the places that matched, as byte ranges of the text: rising, apart, never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// What matched.
    pub marks: Vec<Range<usize>>,
}

impl Marked {
    /// The text in pieces, each with whether it matched.
    pub fn pieces(&self) -> Vec<(&str, bool)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for mark in &self.marks {
            pieces.push((self.text.get(at..mark.start).unwrap_or_default(), false));
            pieces.push((self.text.get(mark.clone()).unwrap_or_default(), true));
            at = mark.end;
        }
        pieces.push((self.text.get(at..).unwrap_or_default(), false));
        pieces.retain(|(piece, _)| !piece.is_empty());
        pieces
    }
}

/// Why a bookmark was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Why {
    /// The words of the query it holds.
    pub words: Vec<WhyWord>,
    /// How near it is in meaning, -1 to 1; 0 where meaning was not asked.
    pub meaning: f32,
}

/// One word of the query and where it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhyWord {
    /// As typed.
    pub asked: String,
    /// The word it was taken for, where that is another one.
    pub taken_for: Option<String>,
    /// Fields that hold it.
    pub fields: Vec<&'static str>,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for word in &self.words {
            if !std::mem::take(&mut first) {
                f.write_str("; ")?;
            }
            f.write_str(&word.asked)?;
            if let Some(other) = &word.taken_for {
                write!(f, " (as {other})")?;
            }
            write!(f, " in {}", word.fields.join(", "))?;
        }
        match (first, self.meaning > 0.0) {
            (false, true) => write!(f, "; meaning {:.0} %", self.meaning * 100.0),
            (true, true) => write!(f, "near in meaning, {:.0} %", self.meaning * 100.0),
            _ => Ok(()),
        }
    }
}

/// What a hit shows of a bookmark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The title, whole.
    pub title: Marked,
    /// A piece of description or notes.
    pub snippet: Marked,
    /// The words met.
    pub words: Vec<WhyWord>,
}

/// Finds a query's words in texts; made once a search.
#[derive(Debug)]
pub struct Marker<'a> {
    drawn: &'a Drawn,
    terms: HashMap<&'a str, (usize, How, &'a str)>,
    heads: HashSet<&'a [u8]>,
}

impl<'a> Marker<'a> {
    /// A marker of what `drawn` looks for.
    pub fn new(drawn: &'a Drawn) -> Self {
        let mut terms = HashMap::new();
        let mut heads = HashSet::new();
        for (at, read) in drawn.read.iter().enumerate() {
            for (term, how, word) in &read.terms {
                terms.entry(term.as_str()).or_insert((at, *how, word.as_str()));
                heads.insert(head(term));
            }
        }
        Self { drawn, terms, heads }
    }

    /// What `text` shows.
    pub fn show(&self, text: &BookmarkText) -> Shown {
        let mut met: Vec<Met> = vec![Met::default(); self.drawn.read.len()];
        let title =
            Marked { text: text.title.clone(), marks: self.marks(&text.title, "title", &mut met) };
        let description = self.marks(&text.description, "description", &mut met);
        let notes = self.marks(&text.notes, "notes", &mut met);
        self.marks(&text.tags.join(" / "), "tags", &mut met);
        if self.may_hold(&text.url) {
            self.marks(&Address::read(&text.url).words.join(" "), "address", &mut met);
        }
        for way in &text.folders {
            for folder in way {
                self.marks(&folder.name, "folders", &mut met);
            }
        }
        let from_notes =
            description.is_empty() && (!notes.is_empty() || text.description.is_empty());
        let snippet = if from_notes {
            cut(&text.notes, &notes)
        } else {
            cut(&text.description, &description)
        };
        let words = met.into_iter().zip(&self.drawn.read).filter(|(met, _)| !met.fields.is_empty());
        let words = words.map(|(met, read)| WhyWord {
            asked: read.asked.clone(),
            taken_for: met.word.filter(|word| *word != read.asked),
            fields: met.fields,
        });
        Shown { title, snippet, words: words.collect() }
    }

    /// Whether taking an address apart is worth while: some word looked for begins like a part of
    /// it, or its letters are encoded.
    fn may_hold(&self, url: &str) -> bool {
        let url = url.to_ascii_lowercase();
        let encoded = url.contains('%') || url.contains("xn--") || !url.is_ascii();
        let short = self.heads.iter().any(|head| head.len() < 2);
        encoded || short || url.as_bytes().windows(2).any(|two| self.heads.contains(two))
    }

    fn marks(&self, text: &str, field: &'static str, met: &mut [Met]) -> Vec<Range<usize>> {
        let mut marks: Vec<Range<usize>> = Vec::new();
        if self.terms.is_empty() || text.is_empty() {
            return marks;
        }
        let looked = text.get(..floor(text, LOOKED_BYTES)).unwrap_or_default();
        for word in words(looked, LOOKED_WORDS) {
            let Some((at, how, stands_for)) = self.matching(&word.text, word.kind) else {
                continue;
            };
            if let Some(met) = met.get_mut(at) {
                met.add(field, how, stands_for);
            }
            match marks.last_mut() {
                Some(last) if word.at.start <= last.end => last.end = last.end.max(word.at.end),
                _ => marks.push(word.at),
            }
        }
        marks
    }

    fn matching(&self, word: &str, kind: Kind) -> Option<(usize, How, &'a str)> {
        if !self.heads.contains(head(word)) {
            return None;
        }
        if matches!(kind, Kind::Compound | Kind::Sign | Kind::Pair) {
            return self.terms.get(word).copied();
        }
        self.drawn.stems.iter().find_map(|stems| self.terms.get(&*stems.stem(word)).copied())
    }
}

/// Where a word of the query was met, and by which word if by another.
#[derive(Clone, Debug, Default)]
struct Met {
    fields: Vec<&'static str>,
    word: Option<String>,
    by_form: bool,
}

impl Met {
    fn add(&mut self, field: &'static str, how: How, stands_for: &str) {
        if self.fields.last() != Some(&field) {
            self.fields.push(field);
        }
        if how == How::Form {
            self.by_form = true;
            self.word = None;
        } else if !self.by_form && self.word.is_none() {
            self.word = Some(stands_for.to_owned());
        }
    }
}

/// Stems keep their first letters, so most words are dismissed by two bytes.
fn head(term: &str) -> &[u8] {
    let bytes = term.as_bytes();
    bytes.get(..2).unwrap_or(bytes)
}

/// The stretch of `text` with most marks, white space made plain.
fn cut(text: &str, marks: &[Range<usize>]) -> Marked {
    let within = |from: usize| {
        let reach = from + SNIPPET_BYTES - LEAD_BYTES;
        marks.iter().filter(|mark| mark.start >= from && mark.end <= reach).count()
    };
    let best =
        marks.iter().take(200).map(|mark| mark.start).rev().max_by_key(|start| within(*start));
    let whole = text.len() <= SNIPPET_BYTES + LEAD_BYTES;
    let wanted = if whole { 0 } else { best.unwrap_or(0).saturating_sub(LEAD_BYTES) };
    let from = word_start(text, wanted);
    let to = if whole { text.len() } else { word_end(text, floor(text, from + SNIPPET_BYTES)) };
    let mut shown = Marked::default();
    if from > 0 {
        shown.text.push_str(DOTS);
    }
    let lead = shown.text.len();
    let piece = text.get(from..to).unwrap_or_default();
    // A blank of one byte stands for each white space of one byte, so that no mark moves.
    shown.text.extend(
        piece.chars().map(|letter| if letter.is_ascii_whitespace() { ' ' } else { letter }),
    );
    if to < text.len() {
        shown.text.push_str(DOTS);
    }
    let inside = marks.iter().filter(|mark| mark.start >= from && mark.end <= to);
    shown.marks = inside.map(|mark| mark.start - from + lead..mark.end - from + lead).collect();
    shown
}

/// The last place a letter begins at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The start of the word after `at`, if one begins soon.
fn word_start(text: &str, at: usize) -> usize {
    let at = floor(text, at);
    if at == 0 {
        return 0;
    }
    let ahead = text.get(at..).unwrap_or_default();
    match ahead.char_indices().take(24).find(|(_, letter)| letter.is_whitespace()) {
        Some((gap, blank)) => at + gap + blank.len_utf8(),
        None => at,
    }
}

/// The end of the word before `at`, if one ends soon.
fn word_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let before = text.get(..at).unwrap_or_default();
    match before.char_indices().rev().take(24).find(|(_, letter)| letter.is_whitespace()) {
        Some((gap, _)) => gap,
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Draft, Mode, Tuning};
    use super::*;
    use proptest::prelude::*;
    use shelf_domain::query::Query;
    use shelf_ports::search::Vocabulary;

    fn shown(query: &str, text: &BookmarkText) -> Shown {
        let draft = Draft::of(&Query::read(query), Mode::Words);
        let drawn = draft.draw(&Vocabulary::default(), &Tuning::CHOSEN, Mode::Words, None);
        Marker::new(&drawn).show(text)
    }

    #[test]
    fn other_forms_of_a_word_are_marked_where_they_stand() {
        let text = BookmarkText {
            title: "Databases in Rust".into(),
            description: format!(
                "{} An embedded database for you. {}",
                "Filler word. ".repeat(40),
                "More. ".repeat(90)
            ),
            ..BookmarkText::default()
        };
        let shown = shown("database rust ", &text);
        assert_eq!(shown.title.pieces(), [("Databases", true), (" in ", false), ("Rust", true)]);
        assert!(shown.snippet.text.starts_with('…') && shown.snippet.text.ends_with('…'));
        assert!(shown.snippet.pieces().contains(&("database", true)));
        assert!(shown.snippet.text.len() < 300);
        assert_eq!(shown.words[0].fields, ["title", "description"]);
    }

    #[test]
    fn signs_are_marked_without_spaces_between() {
        let text = BookmarkText { title: "中文机器学习".into(), ..BookmarkText::default() };
        assert_eq!(shown("机器学习 ", &text).title.pieces(), [("中文", false), ("机器学习", true)]);
    }

    proptest! {
        #[test]
        fn marks_are_rising_places_of_the_text(text in ".{0,600}", query in "[a-zé世 ]{1,12}") {
            let text = BookmarkText { description: text, title: "t".into(), ..BookmarkText::default() };
            let shown = shown(&query, &text);
            let mut last = 0;
            for mark in &shown.snippet.marks {
                prop_assert!(mark.start >= last && mark.end > mark.start);
                prop_assert!(shown.snippet.text.get(mark.clone()).is_some());
                last = mark.end;
            }
        }
    }
}
