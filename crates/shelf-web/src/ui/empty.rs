//! Empty states: why there is nothing, and what to do about it.

use maud::{Markup, html};

use super::icon::icon;

/// A picture, a heading, a sentence, and what one may do.
pub fn empty(picture: &'static str, heading: &str, sentence: &str, acts: &Markup) -> Markup {
    html! {
        div.empty {
            (icon(picture))
            h2 { (heading) }
            p { (sentence) }
            (acts)
        }
    }
}
