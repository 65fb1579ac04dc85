//! Text with some of its words marked, kept as text until the very end so that nothing in it can be markup.

use maud::{Markup, Render, html};

/// A run of text, marked or plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The characters themselves, never markup.
    pub text: String,
    /// Whether a match is shown here.
    pub marked: bool,
}

/// Text in runs; renders each marked run in `<mark>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked(pub Vec<Piece>);

impl Marked {
    /// Text without any mark.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Piece { text: text.into(), marked: false }])
    }

    /// `text` with the byte `ranges` (start, end) marked; ranges that overlap, run backwards or cut a character are left out.
    pub fn at(text: &str, ranges: &[(usize, usize)]) -> Self {
        let mut pieces = Vec::with_capacity(ranges.len() * 2 + 1);
        let mut done = 0;
        for &(start, end) in ranges {
            let fits = start >= done && end > start;
            let (true, Some(before), Some(hit)) =
                (fits, text.get(done..start), text.get(start..end))
            else {
                continue;
            };
            if !before.is_empty() {
                pieces.push(Piece { text: before.to_owned(), marked: false });
            }
            pieces.push(Piece { text: hit.to_owned(), marked: true });
            done = end;
        }
        if let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
            pieces.push(Piece { text: rest.to_owned(), marked: false });
        }
        Self(pieces)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| piece.text.trim().is_empty())
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }
}

impl Render for Marked {
    fn render(&self) -> Markup {
        html! {
            @for piece in &self.0 {
                @if piece.marked { mark { (piece.text) } } @else { (piece.text) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_marked_and_the_rest_is_not() {
        let marked = Marked::at("the borrow checker", &[(4, 10)]);
        assert_eq!(marked.render().into_string(), "the <mark>borrow</mark> checker");
        assert_eq!(marked.text(), "the borrow checker");
    }

    #[test]
    fn markup_in_a_title_stays_text() {
        let marked = Marked::at("<script>alert(1)</script>", &[(0, 8)]);
        let out = marked.render().into_string();
        assert!(!out.contains("<script"));
        assert!(out.starts_with("<mark>&lt;script&gt;</mark>"));
    }

    #[test]
    fn a_range_that_cuts_a_character_is_left_out() {
        assert_eq!(Marked::at("né", &[(0, 2), (9, 12)]), Marked::plain("né"));
    }
}
