//! Cuts a text into the model's word pieces, as its tokenizer file describes them.

use serde::Deserialize;
use shelf_ports::Fault;
use shelf_ports::search::search_fault;
use std::borrow::Cow;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest word that is cut, in letters; a longer one is unknown.
const WORD_CHARS_MAX: usize = 100;

/// The vocabulary of one model.
#[derive(Debug)]
pub(super) struct WordPiece {
    /// Pieces that begin a word.
    first: HashMap<Cow<'static, str>, u16>,
    /// Pieces that go on, without their `##`.
    later: HashMap<Cow<'static, str>, u16>,
    /// Longest piece, in bytes.
    longest: usize,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    model: Model<'a>,
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    vocab: HashMap<Piece<'a>, u16>,
}

/// Borrowed from the file wherever it stands there unescaped.
#[derive(Deserialize, Hash, PartialEq, Eq)]
#[serde(transparent)]
struct Piece<'a>(#[serde(borrow)] Cow<'a, str>);

impl WordPiece {
    /// Reads a tokenizer file.
    pub(super) fn read(file: &'static [u8]) -> Result<Self, Fault> {
        let file: File<'static> = serde_json::from_slice(file).map_err(search_fault)?;
        let mut pieces = Self { first: HashMap::new(), later: HashMap::new(), longest: 0 };
        for (Piece(piece), id) in file.model.vocab {
            pieces.longest = pieces.longest.max(piece.len());
            let later = match &piece {
                Cow::Borrowed(text) => text.strip_prefix("##").map(Cow::Borrowed),
                Cow::Owned(text) => text.strip_prefix("##").map(|rest| Cow::Owned(rest.to_owned())),
            };
            match later {
                Some(rest) => pieces.later.insert(rest, id),
                None => pieces.first.insert(piece, id),
            };
        }
        pieces.first.shrink_to_fit();
        pieces.later.shrink_to_fit();
        Ok(pieces)
    }

    /// The ids of `text`, at most `most`, unknown words left out.
    pub(super) fn ids(&self, text: &str, most: usize) -> Vec<u16> {
        let mut ids = Vec::new();
        let mut word = String::new();
        let plain = normalized(text);
        for letter in plain.chars() {
            if ids.len() >= most {
                break;
            }
            let alone = is_punctuation(letter) || is_han(letter);
            if alone || letter.is_whitespace() {
                self.cut(&word, &mut ids);
                word.clear();
            }
            if alone {
                let mut buffer = [0; 4];
                self.cut(letter.encode_utf8(&mut buffer), &mut ids);
            } else if !letter.is_whitespace() {
                word.push(letter);
            }
        }
        self.cut(&word, &mut ids);
        ids.truncate(most);
        ids
    }

    /// Longest piece first; a word that cannot be cut to its end gives nothing.
    fn cut(&self, word: &str, ids: &mut Vec<u16>) {
        if word.is_empty() || word.len() > WORD_CHARS_MAX && word.chars().count() > WORD_CHARS_MAX {
            return;
        }
        let before = ids.len();
        let mut from = 0;
        while from < word.len() {
            let pieces = if from == 0 { &self.first } else { &self.later };
            let mut to = word.len().min(from + self.longest);
            let found = loop {
                if to <= from {
                    break None;
                }
                match word.get(from..to).and_then(|piece| pieces.get(piece)) {
                    Some(id) => break Some(*id),
                    None => to -= 1,
                }
            };
            let Some(id) = found else {
                ids.truncate(before);
                return;
            };
            ids.push(id);
            from = to;
        }
    }
}

/// Lower case, without accents and control signs.
fn normalized(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Owned(
            text.chars().filter(|c| !is_control(*c)).map(|c| c.to_ascii_lowercase()).collect(),
        );
    }
    let kept = text.chars().filter(|letter| !is_control(*letter) && *letter != '\u{fffd}');
    let bare: String = kept.nfd().filter(|letter| !is_combining_mark(*letter)).collect();
    Cow::Owned(bare.to_lowercase())
}

fn is_control(letter: char) -> bool {
    letter.is_control() && !letter.is_whitespace()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

fn is_punctuation(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_punctuation();
    }
    matches!(letter,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}'
        | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2ceaf}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}
