//! Arranging folders: order, nesting, names; by dragging, by keys, or by plain buttons.

use maud::{Markup, html};

use crate::{
    frame::{Folder, Frame, overlays::new_folder},
    ui::{
        empty::empty,
        field::{hidden, token},
        icon::icon,
    },
    words,
};

/// The page that arranges all folders.
pub fn folders(frame: &Frame) -> Markup {
    let flat = Folder::flat(&frame.rail.folders);
    html! {
        div.page {
            header {
                h1 { "Folders" }
                p { "Drag a folder to another place, or use the arrows. A link may stand in several folders." }
            }
            @if flat.is_empty() {
                (empty("folder", "No folders yet", "A folder keeps links together, in your own order.", &html! {}))
            } @else {
                ul data-arrange {
                    @for folder in &flat {
                        li.line-item data-folder=(folder.id) data-depth=(folder.depth.min(4)) draggable="true" {
                            span.grip.only-live aria-hidden="true" { (icon("grip-vertical")) }
                            (icon(if folder.mount.is_some() { "library" } else { "folder" }))
                            a.grow href={ "/folders/" (folder.id) } { (folder.name) }
                            @if let Some(mount) = &folder.mount { span.small.muted { (mount.words()) } }
                            span.small.muted.num { (words::counted(folder.count, "link", "links")) }
                            (moves(&folder.id, &folder.name, frame))
                        }
                    }
                }
            }
            section.part { h2 { "New folder" } (new_folder(frame)) }
        }
    }
}

fn moves(id: &str, name: &str, frame: &Frame) -> Markup {
    let ways = [
        ("up", "arrow-up", "Up"),
        ("down", "arrow-down", "Down"),
        ("out", "chevron-left", "Out of its folder"),
        ("in", "chevron-right", "Into the folder above"),
    ];
    html! {
        form.line method="post" action={ "/folders/" (id) "/move" } {
            (token(&frame.csrf))
            (hidden("back", "/folders"))
            @for (way, picture, words) in ways {
                button.btn.btn-icon type="submit" name="way" value=(way) title=(words) {
                    (icon(picture)) span.sr { (words) ": " (name) }
                }
            }
        }
    }
}
