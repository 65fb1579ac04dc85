//! Pages for what went wrong: what happened, and what to do next.

use maud::{Markup, html};

use crate::{
    frame::wordmark,
    ui::button::{Weight, link},
};

/// What went wrong, for a person.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// What happened, in a few words.
    pub heading: String,
    /// Why, and what one can do.
    pub sentence: String,
    /// Where to go from here: words and address.
    pub way: Option<(String, String)>,
    /// The stable name of the refusal, for looking it up; may be empty.
    pub code: String,
}

/// The inside of a problem page.
pub fn problem(problem: &Problem) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { (problem.heading) }
                p.lede { (problem.sentence) }
            }
            div.line {
                @if let Some((words, href)) = &problem.way { (link(words, href, Weight::Main)) }
                @if !problem.code.is_empty() { code.small.muted { (problem.code) } }
            }
        }
    }
}

impl Problem {
    /// There is no such page or item, or it is not theirs; the two are told alike.
    pub fn not_found() -> Self {
        Self {
            heading: "Nothing stands here".into(),
            sentence: "There is no such page, or it belongs to a library that is not yours.".into(),
            way: Some(("To the library".into(), "/library".into())),
            code: String::new(),
        }
    }

    /// The form was not from a page of ours, or from one too old.
    pub fn stale_form() -> Self {
        Self {
            heading: "That page was too old".into(),
            sentence: "Nothing was changed. Go back, load the page again, and try once more."
                .into(),
            way: Some(("To the library".into(), "/library".into())),
            code: "stale_form".into(),
        }
    }

    /// Too much was asked for, as `why` says; there is room again in `wait_s` seconds.
    pub fn slow_down(why: &str, wait_s: u64) -> Self {
        let when = match wait_s {
            1 => "in a second".to_owned(),
            seconds @ ..120 => format!("in {seconds} seconds"),
            seconds @ ..7_200 => format!("in {} minutes", seconds.div_ceil(60)),
            seconds => format!("in {} hours", seconds.div_ceil(3_600)),
        };
        Self {
            heading: "A little slower, please".into(),
            sentence: format!(
                "Nothing was changed, because {why}. It goes on {when}: wait and try once more."
            ),
            way: Some(("To the library".into(), "/library".into())),
            code: "slow_down".into(),
        }
    }

    /// It took longer than is waited for.
    pub fn too_slow() -> Self {
        Self {
            heading: "That took too long".into(),
            sentence: "It did not come in whole, or could not be answered in time. Try once more; \
                       what may have been done shows in the history."
                .into(),
            way: Some(("To the library".into(), "/library".into())),
            code: "timeout".into(),
        }
    }

    /// Something broke on our side.
    pub fn broken() -> Self {
        Self {
            heading: "Something broke".into(),
            sentence:
                "What you had saved is safe; this answer could not be made. Trying again may help."
                    .into(),
            way: Some(("To the library".into(), "/library".into())),
            code: String::new(),
        }
    }
}
