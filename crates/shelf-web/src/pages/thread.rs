//! What people say of an item, one below the other, and a field to say more.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        field::{hidden, token},
        icon::icon,
        when,
    },
};
use shelf_domain::right::Right;

/// The comments on an item.
#[derive(Debug, Clone, Default)]
pub struct Thread {
    /// Those of this page, in the order they were made.
    pub comments: Vec<Said>,
    /// Where the later ones are, if there are more.
    pub later: Option<String>,
    /// The number of the form below it: sent twice, it adds one comment.
    pub once: String,
}

/// One comment.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// Who wrote it; empty where nobody knows.
    pub author: String,
    /// When.
    pub at: OffsetDateTime,
    /// Whether its text was changed since.
    pub is_edited: bool,
    /// What it says.
    pub body: String,
    /// Whether whoever looks may change it.
    pub may_edit: bool,
    /// Whether they may put it into the trash.
    pub may_remove: bool,
}

/// The thread of the item `id`, shown at the address `here`.
pub fn thread(id: &str, here: &str, thread: &Thread, frame: &Frame) -> Markup {
    html! {
        section id="item-comments" {
            h3 { "Comments" }
            @if thread.comments.is_empty() {
                p.small.muted { "Nobody has said anything yet." }
            } @else {
                ol.thread { @for said in &thread.comments { (one(id, here, said, frame)) } }
            }
            @if let Some(later) = &thread.later {
                p { a href=(later) { "Later comments" } }
            }
            @if frame.right >= Right::Write { (add(id, here, &thread.once, frame)) }
        }
    }
}

fn one(id: &str, here: &str, said: &Said, frame: &Frame) -> Markup {
    let author: &str = if said.author.is_empty() { "someone" } else { &said.author };
    html! {
        li id={ "comment-" (said.id) } {
            div.line-apart {
                span.small {
                    strong dir="auto" { (author) }
                    span.muted {
                        " · " (when::moment(said.at))
                        @if said.is_edited { " · edited" }
                    }
                }
                @if said.may_remove {
                    form method="post" action={ "/items/" (id) "/comments/" (said.id) "/remove" }
                        hx-post={ "/items/" (id) "/comments/" (said.id) "/remove" } hx-target="#item"
                        hx-swap="outerHTML" {
                        (token(&frame.csrf))
                        (hidden("back", here))
                        button.btn.btn-icon type="submit" title="Put this comment in the trash" {
                            (icon("trash-2")) span.sr { "Put the comment of " (author) " in the trash" }
                        }
                    }
                }
            }
            p.said dir="auto" { (said.body) }
            @if said.may_edit { (edit(id, here, said, frame)) }
        }
    }
}

fn edit(id: &str, here: &str, said: &Said, frame: &Frame) -> Markup {
    let field = format!("edit-{}", said.id);
    html! {
        details.said-edit {
            summary.small { "Change it" }
            form.stack-s method="post" action={ "/items/" (id) "/comments/" (said.id) }
                hx-post={ "/items/" (id) "/comments/" (said.id) } hx-target="#item" hx-swap="outerHTML" {
                (token(&frame.csrf))
                (hidden("back", here))
                label.sr for=(field) { "Your comment" }
                textarea.input id=(field) name="body" rows="3" required dir="auto" { "\n" (said.body) }
                div { button.btn.btn-line.btn-small type="submit" { "Save the comment" } }
            }
        }
    }
}

fn add(id: &str, here: &str, once: &str, frame: &Frame) -> Markup {
    html! {
        form.stack-s.said-add method="post" action={ "/items/" (id) "/comments" }
            hx-post={ "/items/" (id) "/comments" } hx-target="#item" hx-swap="outerHTML" {
            (token(&frame.csrf))
            (hidden("back", here))
            (hidden("once", once))
            label.sr for="item-say" { "Say something about it" }
            textarea.input id="item-say" name="body" rows="2" required dir="auto"
                placeholder="Say something about it" {}
            div { button.btn.btn-line.btn-small type="submit" { "Comment" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn said(author: &str, body: &str, own: bool) -> Said {
        Said {
            id: "0199".into(),
            author: author.into(),
            at: datetime!(2024-03-12 10:00 UTC),
            is_edited: false,
            body: body.into(),
            may_edit: own,
            may_remove: own,
        }
    }

    fn drawn(said: Said, frame: &Frame) -> String {
        let one = Thread { comments: vec![said], ..Thread::default() };
        thread("0198", "/items/0198", &one, frame).into_string()
    }

    #[test]
    fn hostile_words_in_a_comment_stay_text() {
        for string in hostile::STRINGS {
            hostile::assert_dead(&drawn(said(string, string, true), &Frame::default()), string);
        }
    }

    #[test]
    fn a_comment_nobody_knows_the_author_of_is_by_someone() {
        assert!(drawn(said("", "So it is.", false), &Frame::default()).contains("someone"));
    }

    #[test]
    fn whoever_may_only_read_is_offered_nothing_to_press() {
        let reader = Frame { right: Right::Read, ..Frame::default() };
        let out = drawn(said("Ada", "So it is.", false), &reader);
        assert!(!out.contains("<form"), "{out}");
        assert!(drawn(said("Ada", "So it is.", true), &Frame::default()).contains("Change it"));
    }
}
