//! Saving one link: from the bookmarklet, from a phone, or typed.

use maud::{Markup, html};

use crate::{
    frame::{Folder, Frame},
    ui::{
        button::{Weight, submit},
        field::{Field, line, lines, switch, token},
        icon::icon,
    },
};

/// What the form starts with, and why the last try was refused.
#[derive(Debug, Clone, Default)]
pub struct SavePage {
    /// The address.
    pub url: String,
    /// The title.
    pub title: String,
    /// Text that was selected on the page, or notes.
    pub text: String,
    /// Tags, with commas.
    pub tags: String,
    /// The folder it should stand in, by id.
    pub folder: String,
    /// Why the address was refused.
    pub url_error: Option<String>,
    /// The item that already holds this address.
    pub already: Option<(String, String)>,
    /// Whether this is the bookmarklet's small window.
    pub small: bool,
}

/// The form that saves a link.
pub fn save(page: &SavePage, frame: &Frame) -> Markup {
    html! {
        div.page.page-form[!page.small] {
            header { h1 { "Save a link" } }
            @if let Some((id, title)) = &page.already {
                div.note {
                    (icon("circle-check"))
                    p { "Already in your library: " a href={ "/items/" (id) } { (title) } ". Saving again adds tags and folder to it." }
                }
            }
            form.stack method="post" action="/save" {
                (token(&frame.csrf))
                @if page.small { (crate::ui::field::hidden("small", "yes")) }
                (line(Field {
                    name: "url", label: "Address", kind: "url", value: &page.url, required: true,
                    placeholder: "https://", error: page.url_error.as_deref(), ..Field::default()
                }))
                (line(Field {
                    name: "title", label: "Title", value: &page.title,
                    hint: Some("Leave it empty to call it by its address."), ..Field::default()
                }))
                (lines(Field { name: "notes", label: "Notes", value: &page.text, ..Field::default() }))
                (line(Field {
                    name: "tags", label: "Tags", value: &page.tags, placeholder: "rust, databases", ..Field::default()
                }))
                div.field {
                    label for="f-folder" { "Folder" }
                    select.input id="f-folder" name="folder" {
                        option value="" { "Unsorted" }
                        @for folder in Folder::taking(&frame.rail.folders) {
                            option value=(folder.id) selected[folder.id == page.folder] { (folder.path) }
                        }
                    }
                }
                (switch("unread", "To read later", false))
                div.line { (submit("Save", Weight::Main)) }
            }
        }
    }
}

/// What the bookmarklet's window says when it is done.
pub fn saved(title: &str, id: &str, joined: bool) -> Markup {
    html! {
        div.stack {
            div.note.note-ok {
                (icon("circle-check"))
                p { @if joined { "Added to what was there: " } @else { "Saved: " } a href={ "/items/" (id) } { (title) } }
            }
            p.muted.small { "You can close this window." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn what_a_foreign_page_sends_stays_text() {
        for string in hostile::STRINGS {
            let text = string.to_owned();
            let page = SavePage {
                url: text.clone(),
                title: text.clone(),
                text: text.clone(),
                tags: text.clone(),
                url_error: Some(text.clone()),
                already: Some(("i".into(), text)),
                ..SavePage::default()
            };
            hostile::assert_dead(&save(&page, &Frame::default()).into_string(), string);
        }
    }
}
