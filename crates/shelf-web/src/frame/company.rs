//! Where a page of a library that several people use shows who else is in it, and what they change: filled by
//! a script, and nothing without one.

use maud::{Markup, html};

use crate::{assets::address, ui::icon::icon, words};

/// What the script has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The library.
    pub library: String,
    /// How far its log had come when the page was made.
    pub seq: u64,
}

/// What somebody else did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who: a name.
    pub who: String,
    /// What, as a sentence: `Saved “Rust”`.
    pub words: String,
    /// How long ago.
    pub ago: String,
    /// The one bookmark it is about, when it is about one.
    pub item: Option<String>,
}

/// The place for faces and news.
pub fn company(company: &Company) -> Markup {
    html! {
        div.company data-company data-library=(company.library)
            data-seq=(company.seq) {
            ul.faces data-company-faces aria-label="Also here" hidden {}
            p.sr role="status" aria-live="polite" data-company-said {}
            div data-company-news {}
            script type="module" src=(address("js/company.js")) {}
        }
    }
}

/// What others did since the page was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// What, latest first.
    pub lines: Vec<Line>,
    /// How much did not fit.
    pub more: u64,
    /// Up to where in the log this was looked for.
    pub through: u64,
}

/// The lines of it, the way to see them, and the way to let them go.
pub fn news(news: &News) -> Markup {
    let News { lines, more, through } = news;
    html! {
        @if !lines.is_empty() {
            div.note.news data-through=(through) {
                (icon("history"))
                ul.grow {
                    @for line in lines {
                        li {
                            bdi { (line.who) } " " (within(&line.words)) span.muted { " " (line.ago) }
                            @if let Some(item) = &line.item { " – " a href={ "/items/" (item) } { "show" } }
                        }
                    }
                    @if *more > 0 {
                        li { a href="/history" { "and " (words::counted(*more, "more act", "more acts")) } }
                    }
                }
                button.btn.btn-line.btn-small type="button" data-company-show { "Show it here" }
                button.btn.btn-icon type="button" title="Not now" data-company-hide {
                    (icon("x")) span.sr { "Not now" }
                }
            }
        }
    }
}

/// A sentence after the one who did it: its verb is small.
fn within(words: &str) -> String {
    let mut letters = words.chars();
    let Some(first) = letters.next() else { return String::new() };
    first.to_lowercase().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn what_others_did_is_one_sentence_with_who_did_it() {
        let line = Line {
            who: "Ada".into(),
            words: "Changed the title of “Émile”".into(),
            ago: "just now".into(),
            item: Some("0198".into()),
        };
        let out = news(&News { lines: vec![line], more: 1, through: 7 }).into_string();
        assert!(out.contains("<bdi>Ada</bdi> changed the title of “Émile”"), "{out}");
        assert!(out.contains("href=\"/items/0198\"") && out.contains("1 more act"), "{out}");
        let nothing = news(&News::default()).into_string();
        assert_eq!(nothing, "", "nothing is said where nothing happened");
    }

    #[test]
    fn names_and_titles_of_others_stay_text() {
        for string in hostile::STRINGS {
            let line = Line {
                who: string.into(),
                words: string.into(),
                ago: "just now".into(),
                item: None,
            };
            let told = News { lines: vec![line], ..News::default() };
            hostile::assert_dead(&news(&told).into_string(), string);
        }
    }
}
