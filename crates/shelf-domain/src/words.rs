//! Two texts compared word by word: what stands in both, and what in one of them alone.
//!
//! Bounded: beyond [`CELLS_MAX`] pairs of words lines are compared, and beyond that many pairs of
//! lines all between what begins and what ends alike counts as different.

/// Most pairs of parts that are compared.
pub const CELLS_MAX: usize = 400_000;

/// In which of the two texts a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In both.
    InBoth,
    /// In the first alone.
    InFirst,
    /// In the second alone.
    InSecond,
}

/// A piece of text, as long as what is said of it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands.
    pub stands: Stands,
    /// The text.
    pub text: String,
}

/// The pieces of both texts in order. Those that stand in both and in the first give the first text,
/// those that stand in both and in the second the second.
pub fn compared(first: &str, second: &str) -> Vec<Piece> {
    let by_word = |a: char, b: char| a.is_whitespace() != b.is_whitespace();
    let by_line = |a: char, _: char| a == '\n';
    let words = Pair::of(cut(first, by_word), cut(second, by_word));
    if words.is_small() {
        return words.pieces();
    }
    Pair::of(cut(first, by_line), cut(second, by_line)).pieces()
}

/// `text` in parts, cut where `breaks` says so of two neighbours.
fn cut(text: &str, breaks: impl Fn(char, char) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, char) in text.char_indices() {
        if last.is_some_and(|last| breaks(last, char)) {
            parts.push(&text[start..at]);
            start = at;
        }
        last = Some(char);
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

/// Two texts in parts, and how much of them is alike at both ends.
struct Pair<'a> {
    first: Vec<&'a str>,
    second: Vec<&'a str>,
    begin: usize,
    end: usize,
}

impl<'a> Pair<'a> {
    fn of(first: Vec<&'a str>, second: Vec<&'a str>) -> Self {
        let begin = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
        let rest = first.len().min(second.len()) - begin;
        let ends = first.iter().rev().zip(second.iter().rev());
        let end = ends.take(rest).take_while(|(a, b)| a == b).count();
        Self { first, second, begin, end }
    }

    /// What differs of both.
    fn middles(&self) -> (&[&'a str], &[&'a str]) {
        let first = &self.first[self.begin..self.first.len() - self.end];
        let second = &self.second[self.begin..self.second.len() - self.end];
        (first, second)
    }

    fn is_small(&self) -> bool {
        let (first, second) = self.middles();
        first.len().saturating_mul(second.len()) <= CELLS_MAX
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut told = Telling::default();
        told.all(Stands::InBoth, &self.first[..self.begin]);
        let (first, second) = self.middles();
        if self.is_small() {
            told.middle(first, second);
        } else {
            told.all(Stands::InFirst, first);
            told.all(Stands::InSecond, second);
        }
        told.all(Stands::InBoth, &self.first[self.first.len() - self.end..]);
        told.0
    }
}

#[derive(Default)]
struct Telling(Vec<Piece>);

impl Telling {
    fn say(&mut self, stands: Stands, text: &str) {
        match self.0.last_mut() {
            Some(last) if last.stands == stands => last.text.push_str(text),
            _ => self.0.push(Piece { stands, text: text.to_owned() }),
        }
    }

    fn all(&mut self, stands: Stands, parts: &[&str]) {
        for part in parts {
            self.say(stands, part);
        }
    }

    /// Both along their longest common subsequence.
    fn middle(&mut self, first: &[&str], second: &[&str]) {
        let width = second.len() + 1;
        // How long the common subsequence is from one spot of each on.
        let mut common = vec![0_u32; (first.len() + 1) * width];
        for (row, a) in first.iter().enumerate().rev() {
            for (column, b) in second.iter().enumerate().rev() {
                let at = row * width + column;
                common[at] = if a == b {
                    common[at + width + 1] + 1
                } else {
                    common[at + width].max(common[at + 1])
                };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < first.len() && column < second.len() {
            let at = row * width + column;
            if first[row] == second[column] {
                self.say(Stands::InBoth, first[row]);
                (row, column) = (row + 1, column + 1);
            } else if common[at + width] >= common[at + 1] {
                self.say(Stands::InFirst, first[row]);
                row += 1;
            } else {
                self.say(Stands::InSecond, second[column]);
                column += 1;
            }
        }
        self.all(Stands::InFirst, &first[row..]);
        self.all(Stands::InSecond, &second[column..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pieces: &[Piece], side: Stands) -> String {
        let own = pieces.iter().filter(|piece| [Stands::InBoth, side].contains(&piece.stands));
        own.map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn words_that_differ_are_told_apart() {
        let pieces = compared("a quiet old house", "a quiet new house");
        let told: Vec<(Stands, &str)> =
            pieces.iter().map(|piece| (piece.stands, piece.text.as_str())).collect();
        let want = [
            (Stands::InBoth, "a quiet "),
            (Stands::InFirst, "old"),
            (Stands::InSecond, "new"),
            (Stands::InBoth, " house"),
        ];
        assert_eq!(told, want);
        assert!(compared("", "").is_empty());
        assert_eq!(compared("same", "same").len(), 1);
    }

    #[test]
    fn texts_too_long_for_words_are_compared_by_lines() {
        let lines = |word: &str| -> String {
            (0..2_000)
                .map(|at| if at == 700 { format!("{word}\n") } else { format!("{at} x\n") })
                .collect()
        };
        let (first, second) = (format!("b {}a", lines("one")), format!("c {}d", lines("two")));
        let pieces = compared(&first, &second);
        assert_eq!(of(&pieces, Stands::InFirst), first);
        assert_eq!(of(&pieces, Stands::InSecond), second);
    }

    proptest! {
        #[test]
        fn both_texts_read_back_from_the_pieces(
            first in "([ab]{1,2}[ \n]){0,12}", second in "([ab]{1,2}[ \n]){0,12}",
        ) {
            let pieces = compared(&first, &second);
            prop_assert_eq!(of(&pieces, Stands::InFirst), first);
            prop_assert_eq!(of(&pieces, Stands::InSecond), second);
        }
    }
}
