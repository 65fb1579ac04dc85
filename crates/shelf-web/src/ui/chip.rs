//! Chips: tags and facets.

use maud::{Markup, html};

use super::icon::icon;
use crate::words;

/// A chip that leads somewhere, with a count when there is one.
pub fn link(name: &str, href: &str, count: Option<u64>, current: bool) -> Markup {
    html! {
        a.chip href=(href) aria-current=[current.then_some("true")] {
            span { (name) }
            @if let Some(count) = count { span.num { (words::count(count)) } }
            @if current { (icon("x")) }
        }
    }
}

/// A chip that can be taken off: the button sends `name=value`.
pub fn removable(words: &str, name: &str, value: &str) -> Markup {
    html! {
        span.chip {
            span { (words) }
            button type="submit" name=(name) value=(value) aria-label={ "Remove " (words) } { (icon("x")) }
        }
    }
}
