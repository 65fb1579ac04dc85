//! Links that wait in the browser because the server could not be reached; a page that is the same for
//! all, so that a browser can keep it.

use maud::{Markup, html};

use crate::ui::{
    button::{Weight, link, submit},
    field::{Field, hidden, line, lines, switch},
};

/// The page. What stands in it is put there by a script, from the browser alone.
pub fn offline() -> Markup {
    html! {
        div.page.page-form.stack data-waiting {
            header {
                (crate::frame::wordmark())
                h1 { "Waiting to be saved" }
            }
            p {
                "Where this server cannot be reached, links you share or type are kept in this browser. They are saved when you "
                "press the button, to the library of whoever is signed in then. Until that they are nowhere else: clearing the "
                "browser's data removes them."
            }
            noscript { p.note { "Keeping links needs scripts. Without them, save once the server is reached." } }
            div.note.note-warn data-waiting-unable role="alert" hidden {
                p {
                    "This browser keeps nothing for this page, as in a private window, or where that is switched off. Copy the "
                    "address, and save it once the server is reached. " code {}
                }
            }
            div.stack data-waiting-live hidden {
                form.stack data-waiting-form {
                    (line(Field {
                        name: "url", label: "Address", kind: "url", required: true, placeholder: "https://",
                        ..Field::default()
                    }))
                    (line(Field { name: "title", label: "Title", ..Field::default() }))
                    (lines(Field { name: "notes", label: "Notes", ..Field::default() }))
                    (line(Field { name: "tags", label: "Tags", placeholder: "rust, databases", ..Field::default() }))
                    (switch("unread", "To read later", false))
                    (hidden("folder", ""))
                    div.line { (submit("Keep it in this browser", Weight::Main)) }
                }
                p role="status" data-waiting-said {}
                h2 { "What waits" }
                p.muted data-waiting-none { "Nothing." }
                ul data-waiting-list {}
                div.line { button.btn.btn-line type="button" data-waiting-send hidden { "Save them now" } }
            }
            p { (link("To the library", "/library", Weight::Line)) }
        }
    }
}
