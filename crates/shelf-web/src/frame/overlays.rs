//! Dialogs any page may open: the palette, the keys, a new folder.

use maud::{Markup, html};

use super::{
    Frame, Here,
    rail::{Folder, TagCount},
};
use crate::ui::{
    button::{Weight, submit},
    dialog::dialog,
    field::{Field, hidden, line, token},
    icon::icon,
};

/// The keys, as the help page and the help dialog list them.
pub const KEYS: [(&str, &str); 16] = [
    ("/", "Search"),
    ("Ctrl K", "Go to anything"),
    ("j", "Next link"),
    ("k", "Previous link"),
    ("Enter", "Look at it here"),
    ("o", "Open the page"),
    ("x", "Select"),
    ("e", "Archive"),
    ("f", "Favourite"),
    ("t", "Tag"),
    ("m", "Move to a folder"),
    ("#", "Put in the trash"),
    ("z", "Undo"),
    ("s", "Save a link"),
    ("Esc", "Close, or let go"),
    ("?", "These keys"),
];

/// All dialogs, closed.
pub fn all(frame: &Frame) -> Markup {
    html! {
        (palette())
        (dialog("keys", "Keys", &keys()))
        (dialog("new-folder", "New folder", &new_folder_here(frame)))
    }
}

/// The keys as a list.
pub fn keys() -> Markup {
    html! {
        div.keys {
            @for (key, meaning) in KEYS { div { span { (meaning) } kbd { (key) } } }
        }
    }
}

/// The form that makes a folder.
pub fn new_folder(frame: &Frame) -> Markup {
    html! {
        form.stack method="post" action="/folders" {
            (token(&frame.csrf))
            (line(Field { name: "name", label: "Name", required: true, ..Field::default() }))
            (folder_choice("parent", "Inside", &frame.rail.folders, ""))
            div.line { (submit("Make the folder", Weight::Main)) }
        }
    }
}

/// The same where one stands: inside the folder that is open, else at the top.
fn new_folder_here(frame: &Frame) -> Markup {
    let parent = if let Here::Folder(id) = &frame.here { id.as_str() } else { "" };
    html! {
        form.stack method="post" action="/folders" {
            (token(&frame.csrf))
            (hidden("parent", parent))
            div.field {
                label for="new-folder-name" { "Name" }
                input.input id="new-folder-name" name="name" required autocomplete="off";
                @if !parent.is_empty() { p.hint { "It will stand inside the folder that is open." } }
            }
            div.line { (submit("Make the folder", Weight::Main)) }
        }
    }
}

/// A choice of folder, the top of the tree included.
pub fn folder_choice(name: &str, label: &str, folders: &[Folder], chosen: &str) -> Markup {
    html! {
        div.field {
            label for={ "f-" (name) } { (label) }
            select.input id={ "f-" (name) } name=(name) {
                option value="" selected[chosen.is_empty()] { "The top of the tree" }
                @for folder in Folder::taking(folders) {
                    option value=(folder.id) selected[folder.id == chosen] { (folder.path) }
                }
            }
        }
    }
}

fn palette() -> Markup {
    html! {
        dialog.dialog.dialog-top.palette id="palette" aria-label="Go to anything" {
            div.search {
                (icon("search"))
                input type="text" placeholder="Go to a folder, a tag, a page, or search" autocomplete="off"
                    spellcheck="false" role="combobox" aria-expanded="true" aria-controls="palette-list"
                    aria-label="Go to anything";
            }
            ul id="palette-list" role="listbox" aria-label="Places" hx-get="/palette"
                hx-trigger="mindshelf:palette once" {}
        }
    }
}

/// Every place one can go to, asked for when the palette is first opened.
pub fn places(folders: &[Folder], tags: &[TagCount]) -> Markup {
    let fixed = [
        ("library", "Library", "/library", ""),
        ("book-open", "To read", "/unread", ""),
        ("star", "Favourites", "/favourites", ""),
        ("inbox", "Unsorted", "/unsorted", ""),
        ("archive", "Archive", "/archive", ""),
        ("bookmark-plus", "Save a link", "/save", "s"),
        ("upload", "Import", "/import", ""),
        ("download", "Export", "/export", ""),
        ("history", "History", "/history", ""),
        ("tags", "Tags", "/tags", ""),
        ("folder", "Arrange folders", "/folders", ""),
        ("trash-2", "Trash", "/trash", ""),
        ("share-2", "Share this library", "/sharing", ""),
        ("users", "People", "/people", ""),
        ("settings", "Settings", "/settings", ""),
    ];
    html! {
        @for (picture, name, href, hint) in fixed { (option(picture, name, href, hint)) }
        @for folder in Folder::flat(folders) {
            (option("folder", &folder.path, &format!("/folders/{}", folder.id), "folder"))
        }
        @for tag in tags { (option("tag", &tag.name, &format!("/tags/{}", tag.id), "tag")) }
    }
}

fn option(picture: &'static str, name: &str, href: &str, hint: &str) -> Markup {
    html! {
        li role="presentation" {
            a role="option" href=(href) tabindex="-1" aria-selected="false" data-name=(name.to_lowercase()) {
                (icon(picture)) span { (name) }
                @if !hint.is_empty() { span.hint { (hint) } }
            }
        }
    }
}
