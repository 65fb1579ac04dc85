//! The trash: what is in it, since when, and the way back.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{empty::empty, field::token, icon::icon},
    words,
};

/// Everything the trash shows.
#[derive(Debug, Clone, Default)]
pub struct TrashPage {
    /// What is in it, latest first.
    pub items: Vec<Trashed>,
    /// Where the next page is.
    pub next: Option<String>,
}

/// One thing in the trash.
#[derive(Debug, Clone)]
pub struct Trashed {
    /// Its id.
    pub id: String,
    /// What it is: `link`, `folder`, `tag`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Since when it is here.
    pub at: OffsetDateTime,
    /// When it will be gone for good.
    pub gone_at: OffsetDateTime,
}

/// The trash page.
pub fn trash(page: &TrashPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Trash" }
                p { "What is here can be restored for thirty days." }
            }
            @if !page.items.is_empty() {
                form.line method="post" action="/trash/empty" {
                    (token(&frame.csrf))
                    button.btn.btn-danger.btn-small type="submit" data-sure="Remove everything here for good?" {
                        "Empty the trash for good"
                    }
                }
            }
            @if page.items.is_empty() {
                (empty("trash-2", "The trash is empty", "What you put here stays for thirty days.", &html! {}))
            } @else {
                ul {
                    @for item in &page.items {
                        li.line-item {
                            (icon(if item.kind == "folder" { "folder" } else { "link" }))
                            a.grow href={ "/items/" (item.id) } { (item.name) }
                            span.small.muted { "since " (words::day(item.at)) ", gone " (words::day(item.gone_at)) }
                            form method="post" action={ "/items/" (item.id) "/restore" } {
                                (token(&frame.csrf))
                                input type="hidden" name="back" value="/trash";
                                button.btn.btn-line.btn-small type="submit" { (icon("rotate-ccw")) "Restore" }
                            }
                        }
                    }
                }
                @if let Some(next) = &page.next { p { a.btn.btn-line href=(next) rel="next" { "Older" } } }
            }
        }
    }
}
