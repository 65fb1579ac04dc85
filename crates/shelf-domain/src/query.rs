//! The query language: what people type into the search box, read into clauses; it never fails.
//!
//! Words, `"phrases"`, `-without`, `tag:` `site:` `in:` `is:` `after:` `before:` `url:`. What is
//! not understood is searched for as words, with a [`Hint`] that says so. Dates are UTC.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod moment;
mod parse;

use std::fmt;

/// Most clauses of one query; later ones are left out with a hint.
pub const CLAUSES_MAX: usize = 160;
/// Longest query that is read, in characters; the rest is left out with a hint.
pub const QUERY_CHARS_MAX: usize = 4_096;

/// One query, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What was asked, in the order typed.
    pub clauses: Vec<Asked>,
    /// Whether the last word may still be growing: it is a prefix, and ends the query.
    pub typing: bool,
    /// What could not be understood as written.
    pub hints: Vec<Hint>,
}

/// One clause and whether it must hold or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// True for `-clause`: what matches it is left out.
    pub without: bool,
    /// What is asked.
    pub clause: Clause,
}

/// One thing a query can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// A word, ranked by; as typed.
    Word(String),
    /// Words that must stand side by side.
    Phrase(String),
    /// Has the tag of this name (letter case does not matter), or one of several with `|` between.
    Tag(String),
    /// Its host is this one or under it.
    Site(String),
    /// Is in the folder of this name, path or id, or in one under it.
    In(String),
    /// Is in this state.
    Is(State),
    /// Was saved at or after the first moment of this day, month or year.
    After(Moment),
    /// Was saved before the first moment of this day, month or year.
    Before(Moment),
    /// Its address contains these words.
    Url(String),
}

/// A state `is:` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Marked to be read.
    Unread,
    /// Put into the archive.
    Archived,
    /// Marked as a favourite.
    Favourite,
    /// Not shared with anyone.
    Private,
    /// Has no tag.
    Untagged,
}

impl State {
    /// Every state, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Unread, Self::Archived, Self::Favourite, Self::Private, Self::Untagged];

    /// The word after `is:`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Archived => "archived",
            Self::Favourite => "favourite",
            Self::Private => "private",
            Self::Untagged => "untagged",
        }
    }

    fn read(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "unread" | "toread" => Some(Self::Unread),
            "archived" => Some(Self::Archived),
            "favourite" | "favorite" | "starred" => Some(Self::Favourite),
            "private" => Some(Self::Private),
            "untagged" => Some(Self::Untagged),
            _ => None,
        }
    }
}

/// A day, month or year in UTC, known by its first moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    year: i32,
    month: Option<u8>,
    day: Option<u8>,
    first_ms: i64,
}

impl Moment {
    /// Its first moment, in milliseconds since 1970.
    pub fn first_ms(self) -> i64 {
        self.first_ms
    }
}

/// Something a query said that could not be taken as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// No such operator; its text is searched for as words.
    UnknownOperator(String),
    /// `is:` knows no such state; the text is searched for as words.
    UnknownState(String),
    /// Not a date like 2024, 2024-01 or 2024-01-31; the text is searched for as words.
    NotADate(String),
    /// The operator has nothing after it yet and is left out.
    Empty(String),
    /// The query is longer than what is read; its end was left out.
    TooLong,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOperator(text) => {
                write!(f, "there is no {text}: so it is searched for as words")
            }
            Self::UnknownState(text) => {
                write!(
                    f,
                    "is:{text} is not known; try unread, archived, favourite, private or untagged"
                )
            }
            Self::NotADate(text) => {
                write!(f, "{text} is not a date; write 2024, 2024-01 or 2024-01-31")
            }
            Self::Empty(text) => write!(f, "{text}: waits for a value"),
            Self::TooLong => write!(f, "the query is very long; its end was left out"),
        }
    }
}

impl Query {
    /// Reads what was typed. Every text is a query; what is odd leaves a hint.
    pub fn read(text: &str) -> Self {
        parse::read(text)
    }

    /// True where nothing is asked: no clause at all.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// The words and phrases that are wanted, joined: what the query is about.
    pub fn about(&self) -> String {
        let wanted = self.clauses.iter().filter(|asked| !asked.without);
        let texts: Vec<&str> = wanted
            .filter_map(|asked| match &asked.clause {
                Clause::Word(text) | Clause::Phrase(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        texts.join(" ")
    }
}

impl fmt::Display for Query {
    /// Writes the query so that reading it again gives the same clauses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, asked) in self.clauses.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            asked.fmt(f)?;
        }
        if !self.typing && !self.clauses.is_empty() {
            f.write_str(" ")?;
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.without {
            f.write_str("-")?;
        }
        match &self.clause {
            Clause::Word(text) => f.write_str(text),
            Clause::Phrase(text) => write!(f, "\"{text}\""),
            Clause::Tag(text) => write!(f, "tag:\"{text}\""),
            Clause::Site(text) => write!(f, "site:\"{text}\""),
            Clause::In(text) => write!(f, "in:\"{text}\""),
            Clause::Is(state) => write!(f, "is:{}", state.word()),
            Clause::After(moment) => write!(f, "after:{moment}"),
            Clause::Before(moment) => write!(f, "before:{moment}"),
            Clause::Url(text) => write!(f, "url:\"{text}\""),
        }
    }
}
