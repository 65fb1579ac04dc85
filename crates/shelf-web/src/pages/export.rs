//! Taking everything out.

use maud::{Markup, html};

use crate::{
    ui::{
        button::{Weight, link_icon},
        icon::icon,
    },
    words,
};

/// The export page; `total` is how many links would go out.
pub fn export(total: u64) -> Markup {
    let formats = [
        (
            "jsonl",
            "JSON Lines",
            "Loses nothing. Importing it into an empty library gives the same library.",
        ),
        (
            "html",
            "Bookmarks file",
            "For browsers and nearly every other service: folders, order, dates, tags, notes.",
        ),
        ("csv", "Table", "For spreadsheets: one link a line."),
    ];
    html! {
        div.page {
            header {
                h1 { "Export" }
                p { "All " (words::counted(total, "link", "links")) ", archive included." }
            }
            @for (format, name, sentence) in formats {
                div.setting {
                    div { h2 { (name) } p { (sentence) } }
                    (link_icon("Download", &format!("/export/{format}"), "download", Weight::Line))
                }
            }
            p.note.part { (icon("terminal")) span { "From the shell: " code { "mindshelf export --format jsonl" } } }
        }
    }
}
