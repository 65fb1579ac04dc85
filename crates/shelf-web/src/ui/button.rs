//! Buttons and links that look like them.

use maud::{Markup, html};

use super::icon::icon;

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The one thing this page is for.
    Main,
    /// A thing one may do, with an edge.
    Line,
    /// A thing one may do, quietly.
    Quiet,
    /// A thing one should mean.
    Danger,
}

impl Weight {
    /// The classes this weight wears.
    pub fn class(self) -> &'static str {
        match self {
            Self::Main => "btn btn-main",
            Self::Line => "btn btn-line",
            Self::Quiet => "btn",
            Self::Danger => "btn btn-danger",
        }
    }
}

/// A button that submits the form it stands in.
pub fn submit(words: &str, weight: Weight) -> Markup {
    html! { button type="submit" class=(weight.class()) { (words) } }
}

/// A button that submits `name=value`, with an icon before its words.
pub fn submit_value(
    words: &str,
    picture: &'static str,
    weight: Weight,
    (name, value): (&str, &str),
) -> Markup {
    html! {
        button type="submit" class=(weight.class()) name=(name) value=(value) { (icon(picture)) (words) }
    }
}

/// A link that looks like a button.
pub fn link(words: &str, href: &str, weight: Weight) -> Markup {
    html! { a class=(weight.class()) href=(href) { (words) } }
}

/// A link with an icon before its words.
pub fn link_icon(words: &str, href: &str, picture: &'static str, weight: Weight) -> Markup {
    html! { a class=(weight.class()) href=(href) { (icon(picture)) (words) } }
}

/// A one-button form that posts to `action` and comes back.
pub fn post(words: &str, action: &str, csrf: &str, weight: Weight) -> Markup {
    html! {
        form method="post" action=(action) {
            (super::field::token(csrf))
            (submit(words, weight))
        }
    }
}
