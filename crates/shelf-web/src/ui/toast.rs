//! Toasts: what was just done, and the way back.

use maud::{Markup, html};

/// A sentence about what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What happened, in a few words.
    pub words: String,
    /// The act that can be undone, if it can.
    pub undo: Option<String>,
}

/// The place toasts appear in, with one in it when there is one.
pub fn corner(toast: Option<&Toast>, csrf: &str, out_of_band: bool) -> Markup {
    html! {
        div.toasts id="toasts" role="status" aria-live="polite" hx-swap-oob=[out_of_band.then_some("true")] {
            @if let Some(toast) = toast { (one(toast, csrf)) }
        }
    }
}

/// One toast.
pub fn one(toast: &Toast, csrf: &str) -> Markup {
    html! {
        div.toast.toast-plain[toast.undo.is_none()] data-toast {
            span { (toast.words) }
            @if let Some(act) = &toast.undo {
                form method="post" action={ "/acts/" (act) "/undo" } {
                    (super::field::token(csrf))
                    button.btn.undo type="submit" data-undo { "Undo" }
                }
            }
        }
    }
}
