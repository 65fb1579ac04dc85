//! Sharing: who may use one library, and what it is called.

use maud::{Markup, html};
use shelf_domain::right::Right;

use super::people::right_name;
use crate::{
    frame::Frame,
    ui::{
        button::{Weight, submit},
        field::{hidden, token},
        icon::icon,
    },
    words,
};

/// A right that was given, as a line of the page that shares a library.
#[derive(Debug, Clone)]
pub struct ShareLine {
    /// Kind and id of the holder, as the form sends them.
    pub holder: String,
    /// What the holder is called.
    pub name: String,
    /// What they may do.
    pub right: Right,
    /// Whether it is the reader themselves.
    pub this: bool,
}

/// Everything the page that shares a library shows.
#[derive(Debug, Clone)]
pub struct SharingPage {
    /// The library's name.
    pub library: String,
    /// The team it belongs to: id and name.
    pub team: (String, String),
    /// Who may use it.
    pub shares: Vec<ShareLine>,
    /// Who else could: kind and id, and name.
    pub others: Vec<(String, String)>,
    /// How many links in it are marked private, as far as search knows.
    pub private: u64,
}

/// Who may use a library.
pub fn sharing(page: &SharingPage, frame: &Frame) -> Markup {
    let (team, name) = &page.team;
    html! {
        div.page {
            header {
                h1 { "Share " (page.library) }
                p { "It belongs to " a href={ "/people/" (team) } { (name) } ". Whoever is to use it is a member there first." }
            }
            section.part {
                h2 { "Who may use it" }
                @if page.private > 0 { (private_too(page.private, Some(PRIVATE))) } @else {
                    p.muted { "Whoever may use it sees every link in it, also what is marked private." }
                }
                @for share in &page.shares { (share_line(share, frame)) }
                @if page.others.is_empty() {
                    p.line { (icon("user-plus")) a href={ "/people/" (team) "#invitations" } { "Invite somebody" } }
                } @else {
                    form.line method="post" action="/sharing" {
                        (token(&frame.csrf))
                        select.input.grow name="holder" aria-label="Who" {
                            @for (holder, name) in &page.others { option value=(holder) { (name) } }
                        }
                        (rights(None))
                        (submit("Share", Weight::Main))
                    }
                }
            }
            section.part {
                h2 { "Name" }
                form.line method="post" action="/sharing/name" {
                    (token(&frame.csrf))
                    input.input.grow name="name" value=(page.library) required maxlength="200" aria-label="Name of the library" autocomplete="off";
                    (submit("Rename", Weight::Line))
                }
            }
        }
    }
}

/// Where what is marked private is listed.
const PRIVATE: &str = "/library?q=is%3Aprivate";

/// That so many links are marked private, and that the mark hides them from nobody; `href` lists them.
pub(super) fn private_too(links: u64, href: Option<&str>) -> Markup {
    let said = words::counted(links, "link is", "links are");
    html! {
        p.note.note-warn {
            (icon("triangle-alert"))
            span {
                (said) " marked private. The mark hides nothing here: whoever may use the library sees them too."
                @if let Some(href) = href { " " a href=(href) { "Look at them" } }
            }
        }
    }
}

fn share_line(share: &ShareLine, frame: &Frame) -> Markup {
    html! {
        div.setting {
            div { h3 { (share.name) @if share.this { span.muted { " (you)" } } } p { (right_name(share.right)) } }
            div.line {
                form.line method="post" action="/sharing" {
                    (token(&frame.csrf))
                    (hidden("holder", &share.holder))
                    (rights(Some(share.right)))
                    (submit("Change", Weight::Line))
                }
                form method="post" action="/sharing/take-back" {
                    (token(&frame.csrf))
                    (hidden("holder", &share.holder))
                    (submit("Take back", Weight::Danger))
                }
            }
        }
    }
}

fn rights(chosen: Option<Right>) -> Markup {
    html! {
        select.input name="right" aria-label="What they may do" {
            @for right in Right::ALL {
                option value=(right.name()) selected[Some(right) == chosen] { (right_name(right)) }
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
            let shared = SharingPage {
                library: string.into(),
                team: ("t".into(), string.into()),
                shares: vec![ShareLine {
                    holder: "person:a".into(),
                    name: string.into(),
                    right: Right::Read,
                    this: false,
                }],
                others: vec![("group:g".into(), string.into())],
                private: 1,
            };
            hostile::assert_dead(&sharing(&shared, &Frame::default()).into_string(), string);
        }
    }
    #[test]
    fn whoever_shares_is_told_that_the_private_mark_hides_nothing() {
        let page = |private| SharingPage {
            library: "Papers".into(),
            team: ("t".into(), "Guild".into()),
            shares: Vec::new(),
            others: Vec::new(),
            private,
        };
        let out = sharing(&page(2), &Frame::default()).into_string();
        assert!(out.contains("2 links are marked private") && out.contains(PRIVATE), "{out}");
        let out = sharing(&page(0), &Frame::default()).into_string();
        assert!(out.contains("also what is marked private") && !out.contains(PRIVATE), "{out}");
    }
}
