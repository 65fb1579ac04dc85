//! The library's history by day, and the time machine that puts it back to a moment.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        empty::empty,
        field::{hidden, token},
        icon::icon,
        when,
    },
    words,
};

/// Everything the history page shows.
#[derive(Debug, Clone, Default)]
pub struct HistoryPage {
    /// The acts of this page, latest first.
    pub acts: Vec<Act>,
    /// Where older ones are.
    pub next: Option<String>,
    /// Where history ends, when it has been cut.
    pub floor: Option<OffsetDateTime>,
    /// A moment that was chosen, with what putting back would touch.
    pub moment: Option<Moment>,
}

/// What one gesture did.
#[derive(Debug, Clone)]
pub struct Act {
    /// The act's id.
    pub id: String,
    /// When.
    pub at: OffsetDateTime,
    /// What, in words: `Saved "Rust"`, `Imported 1,204 links`.
    pub words: String,
    /// By what device or program.
    pub by: String,
    /// The one bookmark it is about, when it is about one.
    pub item: Option<String>,
    /// Whether it has been undone, or is itself nothing that can be.
    pub settled: bool,
}

/// A moment one could go back to.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Which.
    pub at: OffsetDateTime,
    /// How many acts happened since.
    pub acts: u64,
    /// How many items they touched.
    pub items: u64,
}

/// The history page.
pub fn history(page: &HistoryPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "History" }
                p { "Every act, and the way back. Going back is itself an act, so it can be undone too." }
            }
            (machine(page, frame))
            @if page.acts.is_empty() {
                (empty("history", "Nothing has happened yet", "What you save, move or change is listed here.", &html! {}))
            }
            @for day in days(&page.acts) {
                h2.day { (words::day(day[0].at)) }
                ol.timeline { @for act in day { (line(act, frame)) } }
            }
            @if let Some(next) = &page.next { p.part { a.btn.btn-line href=(next) rel="next" { "Older" } } }
            @if let Some(floor) = page.floor { p.small.muted.part { "History ends at " (words::day(floor)) "." } }
        }
    }
}

fn days(acts: &[Act]) -> impl Iterator<Item = &[Act]> {
    acts.chunk_by(|one, other| one.at.date() == other.at.date())
}

fn line(act: &Act, frame: &Frame) -> Markup {
    html! {
        li {
            div.line-apart {
                div.grow {
                    @match &act.item {
                        Some(item) => { a href={ "/items/" (item) } { (act.words) } }
                        None => { (act.words) }
                    }
                    div.small.muted {
                        (when::moment(act.at))
                        @if !act.by.is_empty() { " · " (act.by) }
                    }
                }
                @if !act.settled {
                    form method="post" action={ "/acts/" (act.id) "/undo" } {
                        (token(&frame.csrf))
                        (hidden("back", "/history"))
                        button.btn.btn-small type="submit" { (icon("undo-2")) "Undo" }
                    }
                }
            }
        }
    }
}

fn machine(page: &HistoryPage, frame: &Frame) -> Markup {
    html! {
        section.box.stack {
            form.line method="get" action="/history" {
                label.label for="moment" { (icon("clock")) " Put the library back to" span.only-plain { " (in UTC)" } }
                input.input.grow id="moment" type="datetime-local" name="moment" required data-utc
                    value=[page.moment.as_ref().map(|moment| words::machine(moment.at).get(..16).unwrap_or_default().to_owned())];
                button.btn.btn-line type="submit" { "See what would change" }
            }
            @if let Some(moment) = &page.moment {
                div.note {
                    (icon("history"))
                    div.grow.stack-s {
                        p {
                            "Since " (when::moment(moment.at)) ": " (words::counted(moment.acts, "act", "acts"))
                            " on " (words::counted(moment.items, "item", "items")) "."
                        }
                        @if moment.acts > 0 {
                            form method="post" action="/history/put-back" {
                                (token(&frame.csrf))
                                (hidden("moment", &words::machine(moment.at)))
                                button.btn.btn-main type="submit" { "Put it back to then" }
                            }
                        }
                    }
                }
            }
        }
    }
}
