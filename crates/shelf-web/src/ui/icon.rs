//! Outline icons drawn into the page; decoration only, the words stand beside them or in a label.

use maud::{Markup, PreEscaped, html};

use crate::assets;

/// The icon called `name`; an unknown name draws nothing inside.
pub fn icon(name: &'static str) -> Markup {
    let drawing = assets::icon_drawing(name).unwrap_or_default();
    html! {
        svg class={ "icon icon-" (name) } viewBox="0 0 24 24" fill="none" stroke="currentColor"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
            (PreEscaped(drawing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_carries_no_style_and_no_script() {
        let drawn = icon("search").into_string();
        assert!(drawn.contains("<circle"));
        assert!(!drawn.contains("style="));
        assert!(!drawn.contains("<script"));
    }
}
