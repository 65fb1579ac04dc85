//! Bundles of linkding, which are smart collections here: the query of one, read into what a bundle
//! can say, and written from it.

use super::names;
use super::terms::Terms;
use shelf_domain::query::{Asked, Clause, Query, State};

/// A query that asks for everything there is: what makes a collection a smart one is its query.
const EVERYTHING: &str = "before:9999";
/// Quotes of the query language.
const QUOTES: [char; 4] = ['"', '\u{201c}', '\u{201d}', '\u{201e}'];

/// What a bundle asks for. Tags go by our names for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bundle {
    /// Words and phrases that stand in its texts or its address.
    pub search: Vec<String>,
    /// Tags one of which it bears, where there are any.
    pub any_tags: Vec<String>,
    /// Tags it bears.
    pub all_tags: Vec<String>,
    /// Tags it does not bear.
    pub excluded_tags: Vec<String>,
    /// Whether it is still to be read.
    pub unread: Option<bool>,
}

impl Bundle {
    /// What the query of a smart collection asks for; nothing where it is none, or where the query
    /// asks for more than a bundle can.
    pub(super) fn read(query: &str) -> Option<Self> {
        if query.trim().is_empty() {
            return None;
        }
        let mut bundle = Self::default();
        for asked in Query::read(query).clauses {
            let is_all = asked.to_string() == EVERYTHING;
            let Asked { without, clause } = asked;
            match clause {
                Clause::Word(text) | Clause::Phrase(text) if !without => bundle.search.push(text),
                Clause::Tag(tags) if without => bundle.excluded_tags.extend(several(&tags)),
                Clause::Tag(tags) if !tags.contains('|') => bundle.all_tags.push(tags),
                Clause::Tag(tags) if bundle.any_tags.is_empty() => bundle.any_tags = several(&tags),
                Clause::Is(State::Unread) if bundle.unread.is_none() => {
                    bundle.unread = Some(!without);
                }
                Clause::Before(_) if is_all => {}
                _ => return None,
            }
        }
        Some(bundle)
    }

    /// The query that asks for this.
    pub(super) fn query(&self) -> String {
        let mut parts: Vec<String> = self.search.iter().map(|text| written(text)).collect();
        if !self.any_tags.is_empty() {
            // One alone is said twice: so it stays apart from those that must all be there.
            let alone = self.any_tags.first().filter(|_| self.any_tags.len() == 1);
            let tags: Vec<&str> = self.any_tags.iter().chain(alone).map(String::as_str).collect();
            parts.push(format!("tag:\"{}\"", tags.join("|")));
        }
        parts.extend(self.all_tags.iter().map(|tag| format!("tag:\"{tag}\"")));
        parts.extend(self.excluded_tags.iter().map(|tag| format!("-tag:\"{tag}\"")));
        let unread = self.unread.map(|unread| if unread { "is:unread" } else { "-is:unread" });
        parts.extend(unread.map(str::to_owned));
        if parts.is_empty() { EVERYTHING.to_owned() } else { parts.join(" ") }
    }

    /// What must hold of a bookmark that is of it.
    pub(super) fn terms(&self) -> Terms {
        let tag = |name: &String| Terms::Tag(names::shown(name).to_lowercase());
        let texts = self.search.iter().map(|text| Terms::Text(text.to_lowercase()));
        let mut all: Vec<Terms> = texts.chain(self.all_tags.iter().map(tag)).collect();
        all.extend(self.excluded_tags.iter().map(|name| Terms::Not(Box::new(tag(name)))));
        if !self.any_tags.is_empty() {
            all.push(Terms::Or(self.any_tags.iter().map(tag).collect()));
        }
        match self.unread {
            Some(true) => all.push(Terms::Unread),
            Some(false) => all.push(Terms::Not(Box::new(Terms::Unread))),
            None => {}
        }
        if all.is_empty() { Terms::All } else { Terms::And(all) }
    }

    /// Its words and phrases as one line.
    pub(super) fn line(&self) -> String {
        let quoted = |text: &String| {
            if text.contains(' ') { format!("\"{text}\"") } else { text.clone() }
        };
        self.search.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// The words and phrases of a line: quotes hold words together, and nothing else is special.
pub(super) fn words_of(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        if QUOTES.contains(&letter) {
            is_quoted = !is_quoted;
        } else if letter.is_whitespace() && !is_quoted {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(letter);
        }
    }
    words.push(word);
    let words = words.iter().map(|word| word.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|word| !word.is_empty()).collect()
}

/// The tags of a value that names several.
fn several(tags: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in tags.split('|').map(str::trim).filter(|tag| !tag.is_empty()) {
        if all.iter().all(|known| known != tag) {
            all.push(tag.to_owned());
        }
    }
    all
}

/// A word or phrase as the query language reads it for what it is.
fn written(text: &str) -> String {
    let plain = [Asked { without: false, clause: Clause::Word(text.to_owned()) }];
    let is_plain = Query::read(&format!("{text} ")).clauses == plain;
    if is_plain { text.to_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_bundle_is_written_as_a_query_and_read_again() {
        let bundles = [
            Bundle::default(),
            Bundle {
                search: texts(&["rust", "a phrase", "-x", "site:a.example"]),
                ..Bundle::default()
            },
            Bundle { any_tags: texts(&["one"]), ..Bundle::default() },
            Bundle {
                any_tags: texts(&["one", "to read"]),
                all_tags: texts(&["x", "y z"]),
                excluded_tags: texts(&["no", "never"]),
                unread: Some(false),
                ..Bundle::default()
            },
            Bundle { unread: Some(true), ..Bundle::default() },
        ];
        for bundle in bundles {
            let query = bundle.query();
            assert_eq!(Bundle::read(&query), Some(bundle), "{query}");
        }
    }

    #[test]
    fn what_people_typed_is_a_bundle_where_one_can_say_it() {
        let bundle = Bundle::read("rust tag:db is:unread").unwrap();
        assert_eq!((bundle.line().as_str(), bundle.unread), ("rust", Some(true)));
        assert_eq!(bundle.all_tags, ["db"]);
        let beyond = ["", " ", "rust -async", "site:a.example", "after:2024", "tag:a|b tag:c|d"];
        for query in beyond {
            assert_eq!(Bundle::read(query), None, "{query:?}");
        }
    }

    #[test]
    fn a_line_is_words_and_what_quotes_hold_together() {
        assert_eq!(words_of(" a  \"b  c\" d\"e "), ["a", "b c", "de"]);
        let bundle = Bundle { search: words_of("a \"b c\" -d"), ..Bundle::default() };
        assert_eq!(words_of(&bundle.line()), bundle.search);
    }
}
