//! Deletions that wait: which device wanted to delete what, and two buttons.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{empty::empty, field::token, icon::icon},
    words,
};

/// Everything the page shows.
#[derive(Debug, Clone, Default)]
pub struct WaitingPage {
    /// Device by device.
    pub devices: Vec<Waiting>,
}

/// What waits of one device.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its id.
    pub device: String,
    /// What it is called; empty where that is not known.
    pub name: String,
    /// How much it wanted to delete.
    pub count: u64,
    /// Up to where this page shows it.
    pub through: u64,
    /// Since when it waits.
    pub since: OffsetDateTime,
    /// Until when.
    pub until: OffsetDateTime,
    /// The first of what would go.
    pub titles: Vec<String>,
}

/// The page.
pub fn waiting(page: &WaitingPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Waiting deletions" }
                p { "When a device deletes very much at once, MindShelf asks you first. Nothing here was deleted." }
            }
            @if page.devices.is_empty() {
                (empty("trash-2", "Nothing waits", "No device has asked to delete much at once.", &html! {}))
            }
            @for device in &page.devices { (one(device, frame)) }
        }
    }
}

fn one(device: &Waiting, frame: &Frame) -> Markup {
    let things = words::counted(device.count, "thing", "things");
    let more = device.count.saturating_sub(device.titles.len() as u64);
    html! {
        section {
            h2 {
                @if device.name.is_empty() { "A device" } @else { "“" (device.name) "”" }
                " wanted to delete " (things)
            }
            p.small.muted {
                "Since " (words::moment(device.since)) ". If you say nothing until "
                (words::day(device.until)) ", everything stays."
            }
            ul {
                @for title in &device.titles {
                    li.line-item { (icon("link")) span.grow { (title) } }
                }
            }
            @if more > 0 { p.small.muted { "and " (words::counted(more, "more", "more")) } }
            form.line method="post" action={ "/waiting/" (device.device) } {
                (token(&frame.csrf))
                input type="hidden" name="through" value=(device.through);
                button.btn.btn-line type="submit" name="answer" value="keep" { (icon("rotate-ccw")) "Keep them" }
                button.btn.btn-danger type="submit" name="answer" value="delete" data-sure={ "Put " (things) " into the trash?" } {
                    (icon("trash-2")) "Put them into the trash"
                }
            }
        }
    }
}
