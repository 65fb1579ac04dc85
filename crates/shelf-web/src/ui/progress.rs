//! Progress and skeletons: waiting that says how long, or at least for what.

use maud::{Markup, html};

/// How far something has come, for eyes and for screen readers.
pub fn bar(label: &str, done: u64, of: u64) -> Markup {
    html! {
        progress.progress value=(done) max=(of.max(1)) aria-label=(label) { (done) " of " (of) }
    }
}

/// Grey lines where rows are about to be.
pub fn skeleton_rows(count: usize) -> Markup {
    html! {
        ul.rows aria-hidden="true" {
            @for _ in 0..count {
                li.row {
                    span.tile {}
                    div.row-body.stack-s { span.skel.skel-60 {} span.skel.skel-40 {} }
                }
            }
        }
    }
}
