//! Dialogs: the browser's own, opened by a button that names them, closed by Escape.

use maud::{Markup, html};

use super::icon::icon;

/// A dialog called `id`; `inside` is usually a form.
pub fn dialog(id: &str, title: &str, inside: &Markup) -> Markup {
    html! {
        dialog.dialog id=(id) aria-labelledby={ (id) "-title" } {
            header {
                h2 id={ (id) "-title" } { (title) }
                form method="dialog" {
                    button.btn.btn-icon aria-label="Close" { (icon("x")) }
                }
            }
            div.dialog-body { (inside) }
        }
    }
}
