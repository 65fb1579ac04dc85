//! Reads a query: a scanner over characters that knows quotes, a leading minus and `name:`.

use super::{Asked, CLAUSES_MAX, Clause, Hint, Moment, QUERY_CHARS_MAX, Query, State};
use std::iter::Peekable;
use std::str::Chars;

/// What the query language understands before a colon.
const OPERATORS: [&str; 7] = ["tag", "site", "in", "is", "after", "before", "url"];

pub(super) fn read(text: &str) -> Query {
    let mut query = Query::default();
    if text.chars().nth(QUERY_CHARS_MAX).is_some() {
        query.hints.push(Hint::TooLong);
    }
    let kept: String = text.chars().take(QUERY_CHARS_MAX).collect();
    let mut rest = kept.chars().peekable();
    let mut closed = true;
    while skip_space(&mut rest) {
        if query.clauses.len() >= CLAUSES_MAX {
            query.hints.push(Hint::TooLong);
            break;
        }
        let piece = Piece::take(&mut rest);
        closed = piece.quoted;
        take_in(&mut query, piece);
    }
    let grows = !closed && kept.chars().next_back().is_some_and(|last| !last.is_whitespace());
    let last = query.clauses.last();
    query.typing = grows
        && last.is_some_and(|asked| !asked.without && matches!(asked.clause, Clause::Word(_)));
    query
}

/// One run of the query: `-name:"value"` with every part but the value optional.
struct Piece {
    without: bool,
    name: Option<String>,
    value: String,
    quoted: bool,
}

impl Piece {
    fn take(rest: &mut Peekable<Chars<'_>>) -> Self {
        let mut piece = Self { without: false, name: None, value: String::new(), quoted: false };
        if rest.peek() == Some(&'-') {
            rest.next();
            piece.without = true;
        }
        while let Some(&next) = rest.peek() {
            if next.is_whitespace() {
                break;
            }
            if is_quote(next) {
                if piece.value.is_empty() {
                    piece.quoted = true;
                    piece.value = take_quoted(rest);
                }
                break;
            }
            rest.next();
            if next == ':' && piece.name.is_none() && is_name(&piece.value) {
                piece.name = Some(std::mem::take(&mut piece.value));
            } else {
                piece.value.push(next);
            }
        }
        piece
    }
}

/// A quoted value up to its closing quote, or to the end while it is still being typed.
fn take_quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    rest.next();
    let inner: String = rest.by_ref().take_while(|&next| !is_quote(next)).collect();
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphabetic())
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) -> bool {
    while rest.next_if(|next| next.is_whitespace()).is_some() {}
    rest.peek().is_some()
}

fn take_in(query: &mut Query, piece: Piece) {
    let Piece { without, name, value, quoted } = piece;
    let Some(name) = name else {
        if value.is_empty() {
            return;
        }
        let clause = if quoted { Clause::Phrase(value) } else { Clause::Word(value) };
        query.clauses.push(Asked { without, clause });
        return;
    };
    let operator = name.to_ascii_lowercase();
    if value.starts_with("//") {
        let address = format!("{name}:{value}");
        query.clauses.push(Asked { without, clause: text(address, false) });
        return;
    }
    if !OPERATORS.contains(&operator.as_str()) {
        query.hints.push(Hint::UnknownOperator(name.clone()));
        query.clauses.push(Asked { without, clause: Clause::Word(name) });
        if !value.is_empty() {
            query.clauses.push(Asked { without, clause: text(value, quoted) });
        }
        return;
    }
    if value.is_empty() {
        query.hints.push(Hint::Empty(operator));
        return;
    }
    let (clause, hint) = clause(&operator, value);
    query.hints.extend(hint);
    query.clauses.push(Asked { without, clause });
}

/// The clause of a known operator; a value it cannot take becomes a word and a hint.
fn clause(operator: &str, value: String) -> (Clause, Option<Hint>) {
    let moment = Moment::read(&value);
    match (operator, moment) {
        ("tag", _) => (Clause::Tag(value), None),
        ("site", _) => (Clause::Site(value), None),
        ("in", _) => (Clause::In(value), None),
        ("url", _) => (Clause::Url(value), None),
        ("after", Some(moment)) => (Clause::After(moment), None),
        ("before", Some(moment)) => (Clause::Before(moment), None),
        ("is", _) => match State::read(&value) {
            Some(state) => (Clause::Is(state), None),
            None => (text(value.clone(), false), Some(Hint::UnknownState(value))),
        },
        _ => (text(value.clone(), false), Some(Hint::NotADate(value))),
    }
}

/// What stood behind an operator, as text to look for: a word, or a phrase where it was quoted or
/// would be read as something else by itself.
fn text(value: String, quoted: bool) -> Clause {
    let named =
        value.split_once(':').is_some_and(|(name, rest)| is_name(name) && !rest.starts_with("//"));
    let alone = !named && !value.starts_with('-') && !value.contains(char::is_whitespace);
    if alone && !quoted { Clause::Word(value) } else { Clause::Phrase(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(text: &str) -> Vec<Clause> {
        read(text)
            .clauses
            .into_iter()
            .filter(|asked| !asked.without)
            .map(|asked| asked.clause)
            .collect()
    }

    #[test]
    fn the_line_of_the_manual_is_read_whole() {
        let query =
            read(r#"rust -async tag:db site:github.com is:unread after:2024-01 in:"Read later""#);
        assert!(query.hints.is_empty());
        assert_eq!(query.clauses.len(), 7);
        assert_eq!(query.clauses[0].clause, Clause::Word("rust".into()));
        assert!(query.clauses[1].without);
        assert_eq!(query.clauses[1].clause, Clause::Word("async".into()));
        assert_eq!(query.clauses[2].clause, Clause::Tag("db".into()));
        assert_eq!(query.clauses[4].clause, Clause::Is(State::Unread));
        assert_eq!(query.clauses[6].clause, Clause::In("Read later".into()));
        assert!(!query.typing);
    }

    #[test]
    fn the_last_word_grows_until_a_space_ends_it() {
        assert!(read("rust asy").typing);
        assert!(!read("rust async ").typing);
        assert!(!read("rust \"asy").typing);
        assert!(!read("rust -asy").typing);
        assert!(!read("tag:rus").typing);
    }

    #[test]
    fn an_unclosed_quote_runs_to_the_end_and_odd_quotes_count() {
        assert_eq!(wanted("\"a phrase"), [Clause::Phrase("a phrase".into())]);
        assert_eq!(
            wanted("\u{201c}a b\u{201d} c"),
            [Clause::Phrase("a b".into()), Clause::Word("c".into())]
        );
    }

    #[test]
    fn what_is_not_understood_becomes_words_with_a_hint() {
        let query = read("lang:rust is:shiny after:soon tag:");
        assert_eq!(query.hints.len(), 4);
        let words: Vec<String> =
            wanted("lang:rust is:shiny after:soon tag:").iter().map(|c| format!("{c:?}")).collect();
        assert_eq!(
            words,
            ["Word(\"lang\")", "Word(\"rust\")", "Word(\"shiny\")", "Word(\"soon\")"]
        );
    }

    #[test]
    fn an_address_is_a_word_and_not_an_operator() {
        assert_eq!(
            wanted("https://a.example/b?c=d"),
            [Clause::Word("https://a.example/b?c=d".into())]
        );
        assert_eq!(wanted("c++ a:"), [Clause::Word("c++".into()), Clause::Word("a".into())]);
    }

    proptest! {
        #[test]
        fn every_text_is_a_query_within_bounds(text in ".{0,300}") {
            let query = read(&text);
            prop_assert!(query.clauses.len() <= CLAUSES_MAX + 1);
        }

        #[test]
        fn writing_a_query_and_reading_it_again_gives_the_same_clauses(
            text in r#"(-?(tag:|in:|url:|site:)?"?[a-z0-9é世+#.]{1,8}( [a-z]{1,4})?"? ?){0,6}"#
        ) {
            let once = read(&text);
            let again = read(&once.to_string());
            prop_assert_eq!(once.clauses, again.clauses);
        }
    }
}
