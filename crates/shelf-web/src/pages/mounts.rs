//! Folders and libraries: making a library of a folder, and showing a library at one.

use maud::{Markup, html};

use super::sharing::private_too;
use crate::{
    frame::{Frame, Mount},
    ui::{
        button::{Weight, post, submit},
        field::token,
        icon::icon,
    },
    words,
};
use shelf_domain::right::Right;

/// Everything the page that shares a folder shows.
#[derive(Debug, Clone, Default)]
pub struct FolderSharing {
    /// The folder's id.
    pub id: String,
    /// The folder's name.
    pub name: String,
    /// How many links go along; nothing for who may not share it.
    pub links: Option<u64>,
    /// How many of them are marked private.
    pub private: u64,
    /// Why it cannot be shared now, if it cannot.
    pub hindered: String,
    /// The library that is mounted there.
    pub mount: Option<Mount>,
    /// The libraries that can be shown there: id and name.
    pub libraries: Vec<(String, String)>,
}

/// Above a folder's own list: that another library stands there.
pub fn shown_here(mount: &Mount) -> Markup {
    html! {
        p.note {
            (icon("library"))
            @match &mount.href {
                Some(href) => {
                    span {
                        "This folder shows the library " a href=(href) { (mount.name) }
                        ". What is in it is there; below is what stands here beside it."
                    }
                }
                None => {
                    span { "A library stands here that is not shared with you. Ask whoever shared this one." }
                }
            }
        }
    }
}

/// What sharing a folder means, and the way to do it.
pub fn folder_sharing(page: &FolderSharing, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Share " (page.name) }
                p { a href={ "/folders/" (page.id) } { "Back to the folder" } }
            }
            @if let Some(mount) = &page.mount { (shown_here(mount)) } @else { (making(page, frame)) }
            @if frame.right >= Right::Write { (showing(page, frame)) }
        }
    }
}

fn making(page: &FolderSharing, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Make it a library of its own" }
            @if !page.hindered.is_empty() {
                p.note { (page.hindered) }
            } @else if let Some(links) = page.links {
                p { "What is in it (" (words::counted(links, "link", "links")) ") moves into a new library, with tags, notes and the folders between. This folder stays and shows the way there." }
                @if page.private > 0 { (private_too(page.private, None)) }
                ul.points {
                    li { "At first the new library is yours alone, also where others use this one. On the next page you say who may use it." }
                    li { "A link that stands in another folder too stays here as well. From then on the two are changed apart." }
                    li { "What is in the trash stays in the trash of this library." }
                    li { "What was written until now stays in the history of this library, also if you remove it for good in the new one. Whoever may read this library can read it there." }
                    li { "Undo does not bring it back. Nothing is lost: all of it is in the new library." }
                }
                form method="post" action={ "/folders/" (page.id) "/share" } {
                    (token(&frame.csrf))
                    (submit("Make it a library", Weight::Main))
                }
            } @else {
                p.note { "Only who manages this library shares its folders." }
            }
        }
    }
}

/// Which library is shown there. Taking one off is a button of its own: undo does not bring it back,
/// and for what was moved it is the way.
fn showing(page: &FolderSharing, frame: &Frame) -> Markup {
    let to = format!("/folders/{}/mount", page.id);
    html! {
        section.part {
            h2 { "Show another library here" }
            p { "The folder then leads to that library. This gives nobody a right to it." }
            @if page.libraries.is_empty() {
                p.muted { "You have no other library to show." }
            } @else {
                form.line method="post" action=(to) {
                    (token(&frame.csrf))
                    select.input.grow name="library" aria-label="Which library" {
                        @for (id, name) in &page.libraries { option value=(id) { (name) } }
                    }
                    (submit("Show it", Weight::Line))
                }
            }
            @if page.mount.is_some() {
                p { "Taken off, this folder leads nowhere any more. Nothing changes in the library that was here." }
                (post("Take it off", &to, &frame.csrf, Weight::Line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_stay_text() {
        for string in hostile::STRINGS {
            let mount = Mount { href: Some("/in/l/library".into()), name: string.into() };
            let page = FolderSharing {
                id: "a".into(),
                name: string.into(),
                mount: Some(mount),
                libraries: vec![("b".into(), string.into())],
                ..FolderSharing::default()
            };
            hostile::assert_dead(&folder_sharing(&page, &Frame::default()).into_string(), string);
        }
    }

    #[test]
    fn showing_another_library_never_takes_one_off_by_the_way() {
        let page = FolderSharing {
            id: "a".into(),
            mount: Some(Mount::default()),
            libraries: vec![("b".into(), "Papers".into())],
            ..FolderSharing::default()
        };
        let out = folder_sharing(&page, &Frame::default()).into_string();
        assert!(out.contains("Take it off") && !out.contains("option value=\"\""), "{out}");
        let bare = FolderSharing { mount: None, ..page.clone() };
        let bare = folder_sharing(&bare, &Frame::default()).into_string();
        assert!(!bare.contains("Take it off"), "{bare}");
        let reader = Frame { right: Right::Read, ..Frame::default() };
        let out = folder_sharing(&page, &reader).into_string();
        assert!(!out.contains("<form"), "a reader is offered nothing to press: {out}");
    }

    #[test]
    fn what_is_marked_private_does_not_go_along_unsaid() {
        let page = FolderSharing { links: Some(3), private: 2, ..FolderSharing::default() };
        let out = folder_sharing(&page, &Frame::default()).into_string();
        assert!(out.contains("2 links") && out.contains("marked private"), "{out}");
        let page = FolderSharing { private: 0, ..page };
        let out = folder_sharing(&page, &Frame::default()).into_string();
        assert!(!out.contains("marked private"), "{out}");
    }

    #[test]
    fn who_may_not_read_what_stands_there_is_told_so_and_given_no_way() {
        let out = shown_here(&Mount::default()).into_string();
        assert!(out.contains("not shared with you") && !out.contains("href"));
    }
}
