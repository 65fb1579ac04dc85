//! What linkding's search box understands, read into what must hold of a bookmark.
//!
//! Words, `"phrases"`, `#tags`, `!untagged` and `!unread`, joined by `and`, `or`, `not` and
//! parentheses; `not` binds tighter than `and`, that tighter than `or`, and side by side is `and`.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::names;
use crate::facades::rows::Bookmark;

/// Longest text that is read, in characters.
const CHARS_MAX: usize = 4_096;
/// How deep parentheses and `not` may lie in each other.
const DEPTH_MAX: usize = 64;

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// Nothing in particular.
    All,
    /// This text, in lower case, stands in its title, description, notes or address.
    Text(String),
    /// It bears this tag, in lower case.
    Tag(String),
    /// It bears none.
    Untagged,
    /// It is still to be read.
    Unread,
    /// All of these.
    And(Vec<Terms>),
    /// One of these.
    Or(Vec<Terms>),
    /// Not this.
    Not(Box<Terms>),
}

/// What a text is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term(Terms),
}

/// A bookmark as terms look at it.
#[derive(Debug)]
pub(super) struct Looked {
    texts: [String; 4],
    tags: Vec<String>,
    unread: bool,
}

impl Looked {
    /// `row`, in lower case.
    pub(super) fn at(row: &Bookmark) -> Self {
        let texts = [&row.title, &row.description, &row.notes, &row.url];
        let tags = row.tags.iter().map(|tag| names::shown(&tag.name).to_lowercase());
        Self {
            texts: texts.map(|text| text.to_lowercase()),
            tags: tags.collect(),
            unread: row.unread,
        }
    }
}

impl Terms {
    /// What `text` asks for; nothing where it is not well formed.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.chars().count() > CHARS_MAX {
            return None;
        }
        let mut tokens = tokens(text).into_iter().peekable();
        if tokens.peek().is_none() {
            return Some(Self::All);
        }
        let terms = any(&mut tokens, 0)?;
        tokens.next().is_none().then_some(terms)
    }

    /// Whether all holds of a bookmark.
    pub(super) fn hold(&self, of: &Looked) -> bool {
        match self {
            Self::All => true,
            Self::Text(text) => of.texts.iter().any(|known| known.contains(text.as_str())),
            Self::Tag(tag) => of.tags.contains(tag),
            Self::Untagged => of.tags.is_empty(),
            Self::Unread => of.unread,
            Self::And(all) => all.iter().all(|terms| terms.hold(of)),
            Self::Or(some) => some.iter().any(|terms| terms.hold(of)),
            Self::Not(terms) => !terms.hold(of),
        }
    }
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

/// One of several, with `or` between them.
fn any(tokens: &mut Tokens, depth: usize) -> Option<Terms> {
    let mut some = vec![all(tokens, depth)?];
    while tokens.next_if_eq(&Token::Or).is_some() {
        some.push(all(tokens, depth)?);
    }
    Some(one_or(some, Terms::Or))
}

/// All of several, with `and` or nothing between them.
fn all(tokens: &mut Tokens, depth: usize) -> Option<Terms> {
    let mut every = vec![one(tokens, depth)?];
    loop {
        let joined = tokens.next_if_eq(&Token::And).is_some();
        let goes_on = matches!(tokens.peek(), Some(Token::Open | Token::Not | Token::Term(_)));
        if !joined && !goes_on {
            return Some(one_or(every, Terms::And));
        }
        every.push(one(tokens, depth)?);
    }
}

fn one(tokens: &mut Tokens, depth: usize) -> Option<Terms> {
    if depth >= DEPTH_MAX {
        return None;
    }
    match tokens.next()? {
        Token::Term(terms) => Some(terms),
        Token::Not => one(tokens, depth + 1).map(|terms| Terms::Not(Box::new(terms))),
        Token::Open => {
            let within = any(tokens, depth + 1)?;
            (tokens.next()? == Token::Close).then_some(within)
        }
        Token::Close | Token::And | Token::Or => None,
    }
}

fn one_or(mut several: Vec<Terms>, joined: impl FnOnce(Vec<Terms>) -> Terms) -> Terms {
    match several.pop() {
        Some(only) if several.is_empty() => only,
        Some(last) => {
            several.push(last);
            joined(several)
        }
        None => Terms::All,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut chars = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(first) = chars.next() {
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '"' | '\'' => match quoted(&mut chars, first) {
                phrase if phrase.is_empty() => continue,
                phrase => Token::Term(Terms::Text(phrase)),
            },
            space if space.is_whitespace() => continue,
            first => {
                let mut word = String::from(first);
                while let Some(next) =
                    chars.next_if(|next| !next.is_whitespace() && !"()\"".contains(*next))
                {
                    word.push(next);
                }
                read(&word.to_lowercase())
            }
        };
        tokens.push(token);
    }
    tokens
}

/// What stands before the quote `end`, or all there is; a backslash takes what follows as it is.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char) -> String {
    let mut phrase = String::new();
    while let Some(next) = chars.next() {
        match next {
            '\\' => phrase.extend(chars.next()),
            next if next == end => break,
            next => phrase.push(next),
        }
    }
    phrase.to_lowercase()
}

/// The token that `word`, in lower case, is.
fn read(word: &str) -> Token {
    match word {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "!untagged" => Token::Term(Terms::Untagged),
        "!unread" => Token::Term(Terms::Unread),
        _ => Token::Term(match (word.strip_prefix('#'), word.strip_prefix('!')) {
            (Some(tag), _) if !tag.is_empty() => Terms::Tag(tag.to_owned()),
            (_, Some(keyword)) if !keyword.is_empty() => Terms::All,
            _ => Terms::Text(word.to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked() -> Looked {
        Looked {
            texts: ["learn rust", "a book", "read \"it\" (soon)", "https://rust.example/"]
                .map(str::to_owned),
            tags: vec!["to-read".to_owned(), "book".to_owned()],
            unread: true,
        }
    }

    fn holds(text: &str) -> Option<bool> {
        Terms::read(text).map(|terms| terms.hold(&looked()))
    }

    #[test]
    fn what_was_typed_finds_what_linkding_would_find() {
        for found in [
            "",
            "  ",
            "rust",
            "RUS",
            "learn book",
            "\"learn rust\"",
            "'a book'",
            "#book",
            "#To-Read",
            "!unread",
            "!whatever",
            "python or rust",
            "not python",
            "rust and not python",
            "python and rust or book",
            "rust (python or book)",
            "\"read \\\"it\\\"\"",
            "not (python or java)",
            "not not rust",
            "rust.example",
            "\"learn",
        ] {
            assert_eq!(holds(found), Some(true), "{found}");
        }
        for missed in [
            "python",
            "rust python",
            "#boo",
            "#rust",
            "!untagged",
            "not rust",
            "python or java",
            "\"rust learn\"",
            "rust and (python or java)",
            "not #book",
            "python and (rust or book)",
        ] {
            assert_eq!(holds(missed), Some(false), "{missed}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_nothing_and_never_a_panic() {
        let deep = "(".repeat(CHARS_MAX);
        let negative = "not ".repeat(1_000);
        for text in [
            "(",
            ")",
            "rust and",
            "or rust",
            "(rust",
            "rust)",
            "not",
            "()",
            deep.as_str(),
            negative.as_str(),
        ] {
            assert_eq!(holds(text), None, "{text}");
        }
        assert_eq!(holds(&"x".repeat(CHARS_MAX + 1)), None);
    }
}
