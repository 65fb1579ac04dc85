//! A menu that opens without a script: `details` with a list of buttons.

use maud::{Markup, html};

/// A menu opened by `face`, holding `inside`; `label` says what it is for.
pub fn menu(label: &str, face: &Markup, inside: &Markup) -> Markup {
    html! {
        details.menu data-menu {
            summary.btn.btn-line.btn-small aria-label=(label) { (face) }
            div.menu-list { (inside) }
        }
    }
}
