//! Cuts a text into words: letters and digits by script, pairs of signs where no spaces part them.
//!
//! Identifiers live (`c++`, `c#`, `node.js`, `snake_case`); the last two also by their parts.
#![warn(clippy::string_slice)]

use super::fold::fold_into;
use std::ops::Range;
use unicode_normalization::char::is_combining_mark;

/// Longest word that is kept, in bytes; the rest of a longer one is noise.
const WORD_BYTES_MAX: usize = 64;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word by itself.
    Plain,
    /// Several parts written as one, such as `node.js`; its parts follow.
    Compound,
    /// One part of the compound before it.
    Part,
    /// One sign of a script without spaces.
    Sign,
    /// Two neighbouring signs.
    Pair,
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    pub text: String,
    /// Where it stands, in bytes of the text.
    pub at: Range<usize>,
    /// Counts words; a compound stands where its first part stands, a pair where its first sign.
    pub position: u32,
    /// What it is.
    pub kind: Kind,
}

/// The words of `text`, at most `most`.
pub fn words(text: &str, most: usize) -> Vec<Word> {
    let mut cutter = Cutter { text, found: Vec::new(), position: 0 };
    let mut at = 0;
    while let Some(letter) = cutter.letter(at) {
        if cutter.found.len() >= most {
            break;
        }
        at = if has_no_spaces(letter) {
            cutter.signs(at)
        } else if letter.is_alphanumeric() {
            cutter.word(at)
        } else {
            at + letter.len_utf8()
        };
    }
    // The last one may have parts, which count too.
    cutter.found.truncate(most);
    cutter.found
}

struct Cutter<'a> {
    text: &'a str,
    found: Vec<Word>,
    position: u32,
}

impl Cutter<'_> {
    fn letter(&self, at: usize) -> Option<char> {
        let bytes = self.text.as_bytes();
        match bytes.get(at) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            Some(_) => self.text.get(at..).and_then(|rest| rest.chars().next()),
            None => None,
        }
    }

    fn push(&mut self, at: Range<usize>, kind: Kind, position: u32) {
        let raw = self.text.get(at.clone()).unwrap_or_default();
        if raw.len() > WORD_BYTES_MAX {
            return;
        }
        let mut text = String::with_capacity(raw.len());
        if raw.contains(['\'', '’']) {
            let joined: String = raw.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
            fold_into(&joined, &mut text);
        } else {
            fold_into(raw, &mut text);
        }
        if !text.is_empty() {
            self.found.push(Word { text, at, position, kind });
        }
    }

    /// A run of signs: each one, and each with its neighbour.
    fn signs(&mut self, from: usize) -> usize {
        let mut at = from;
        let mut last: Option<usize> = None;
        while let Some(sign) = self.letter(at).filter(|&sign| has_no_spaces(sign)) {
            let next = at + sign.len_utf8();
            if let Some(start) = last {
                self.push(start..next, Kind::Pair, self.position - 1);
            }
            self.push(at..next, Kind::Sign, self.position);
            self.position += 1;
            last = Some(at);
            at = next;
        }
        at
    }

    /// A run of letters and digits with what joins them.
    fn word(&mut self, from: usize) -> usize {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut start = from;
        let mut at = from;
        let end = loop {
            at = self.letters(at);
            let Some(join) = self.letter(at) else { break at };
            let next = at + join.len_utf8();
            let continues =
                self.letter(next).is_some_and(|c| c.is_alphanumeric() && !has_no_spaces(c));
            match join {
                '.' | '_' if continues => {
                    parts.push(start..at);
                    start = next;
                    at = next;
                }
                '\'' | '’' if continues => {
                    if self.elides(start..at) {
                        parts.push(start..at);
                        self.flush(&mut parts, from);
                        return next;
                    }
                    let tail = self.letters(next);
                    if self.text.get(next..tail).is_some_and(|t| t.eq_ignore_ascii_case("s")) {
                        parts.push(start..at);
                        self.flush(&mut parts, from);
                        return tail;
                    }
                    at = next;
                }
                '+' if self.text.get(at..at + 2) == Some("++") => break at + 2,
                '#' if at - start <= 2 && !continues => break at + 1,
                _ => break at,
            }
        };
        parts.push(start..end);
        self.flush(&mut parts, from);
        end
    }

    fn letters(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(letter) = self.letter(at) {
            let inside = letter.is_ascii_alphanumeric()
                || (!letter.is_ascii()
                    && (letter.is_alphanumeric()
                        || is_combining_mark(letter)
                        || is_joiner(letter))
                    && !has_no_spaces(letter));
            if !inside {
                break;
            }
            at += letter.len_utf8();
        }
        at
    }

    /// French and Italian articles part from their word: l'amour, dell'arte.
    fn elides(&self, left: Range<usize>) -> bool {
        let left = self.text.get(left).unwrap_or_default();
        left.len() == 1 && !left.eq_ignore_ascii_case("o")
            || ["qu", "dell", "nell", "sull", "all", "dall"]
                .iter()
                .any(|a| left.eq_ignore_ascii_case(a))
    }

    fn flush(&mut self, parts: &mut Vec<Range<usize>>, from: usize) {
        if let [only] = parts.as_slice() {
            self.push(only.clone(), Kind::Plain, self.position);
            self.position += 1;
        } else if let Some(last) = parts.last() {
            self.push(from..last.end, Kind::Compound, self.position);
            for part in parts.iter() {
                self.push(part.clone(), Kind::Part, self.position);
                self.position += 1;
            }
        }
        parts.clear();
    }
}

fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{ad}')
}

/// Scripts whose words are not parted by spaces, and Hangul, whose words are long and inflected.
pub fn has_no_spaces(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{eff}'        // Thai, Lao
        | '\u{1000}'..='\u{109f}'    // Myanmar
        | '\u{1780}'..='\u{17ff}'    // Khmer
        | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' // Hangul
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{323af}')
        && !matches!(letter, '\u{30fb}' | '\u{e3f}' | '\u{e4f}' | '\u{e5a}' | '\u{e5b}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text, 1_000).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn identifiers_live_and_compounds_are_also_their_parts() {
        assert_eq!(
            texts("C++ and C# in Node.js!"),
            ["c++", "and", "c#", "in", "node.js", "node", "js"]
        );
        assert_eq!(texts("snake_case end. Next"), ["snake_case", "snake", "case", "end", "next"]);
        assert_eq!(texts("a+b 1+1 #tag"), ["a", "b", "1", "1", "tag"]);
    }

    #[test]
    fn apostrophes_part_or_join_as_the_language_means_it() {
        assert_eq!(
            texts("Rust's don’t l'amour O'Reilly"),
            ["rust", "dont", "l", "amour", "oreilly"]
        );
    }

    #[test]
    fn scripts_without_spaces_give_signs_and_pairs() {
        assert_eq!(
            texts("机器学习 rust入門"),
            ["机", "机器", "器", "器学", "学", "学习", "习", "rust", "入", "入門", "門"]
        );
        assert!(texts("ภาษาไทย").contains(&"ภา".to_owned()));
    }

    #[test]
    fn places_point_at_the_text_they_came_from() {
        let text = "Ünïcode: 机器 & node.js";
        for word in words(text, 100) {
            assert!(text.get(word.at.clone()).is_some());
        }
        assert_eq!(text.get(words(text, 100)[0].at.clone()), Some("Ünïcode"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_cutter_and_places_rise(text in ".{0,200}") {
            let found = words(&text, 1_000);
            for pair in found.windows(2) {
                proptest::prop_assert!(pair[0].position <= pair[1].position + 1);
            }
            for word in &found {
                proptest::prop_assert!(text.get(word.at.clone()).is_some());
            }
        }
    }
}
