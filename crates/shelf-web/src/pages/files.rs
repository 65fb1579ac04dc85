//! The files that are kept with an item: to be taken out again, removed, and a field for one more.

use maud::{Markup, html};
use shelf_domain::right::Right;
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        field::{hidden, token},
        icon::icon,
        when,
    },
    words,
};

/// One file.
#[derive(Debug, Clone)]
pub struct FileLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// When it came.
    pub at: OffsetDateTime,
    /// Whether it is the page as a program saved it.
    pub is_page: bool,
}

/// The files of the item `id`, shown at the address `here`.
pub fn files(id: &str, here: &str, files: &[FileLine], frame: &Frame) -> Markup {
    html! {
        section id="item-files" {
            h3 { "Files" }
            @if files.is_empty() {
                p.small.muted { "No file is kept with it." }
            } @else {
                ul.stack-s { @for file in files { (line(id, here, file, frame)) } }
            }
            @if frame.right >= Right::Write { (add(id, here, frame)) }
        }
    }
}

fn line(id: &str, here: &str, file: &FileLine, frame: &Frame) -> Markup {
    html! {
        li.line-apart {
            span {
                a href={ "/items/" (id) "/files/" (file.id) } dir="auto" { (file.name) }
                span.small.muted {
                    " · " (words::size(file.bytes)) " · " (when::moment(file.at))
                    @if file.is_page { " · the page as it was" }
                }
            }
            @if frame.right >= Right::Write {
                form method="post" action={ "/items/" (id) "/files/" (file.id) "/remove" }
                    hx-post={ "/items/" (id) "/files/" (file.id) "/remove" } hx-target="#item"
                    hx-swap="outerHTML" {
                    (token(&frame.csrf))
                    (hidden("back", here))
                    button.btn.btn-icon type="submit" title="Remove this file for good" {
                        (icon("trash-2")) span.sr { "Remove " (file.name) " for good" }
                    }
                }
            }
        }
    }
}

fn add(id: &str, here: &str, frame: &Frame) -> Markup {
    let back: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    html! {
        form.stack-s method="post" action={ "/items/" (id) "/files?back=" (back) }
            enctype="multipart/form-data" {
            (token(&frame.csrf))
            label.small for="item-file" { "Keep a file with it, of at most 25 MB" }
            input.input id="item-file" type="file" name="file" required;
            div { button.btn.btn-line.btn-small type="submit" { "Keep it" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let file = FileLine {
                id: "0199".into(),
                name: string.to_owned(),
                bytes: 7,
                at: datetime!(2024-03-12 10:00 UTC),
                is_page: true,
            };
            let out = files("0198", "/items/0198", &[file], &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
        }
    }
}
