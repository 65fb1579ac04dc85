//! Fields: a label, a control, a hint, and the reason when what was typed cannot be taken.

use maud::{Markup, html};

use super::icon::icon;

/// A labelled control for text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Field<'a> {
    /// The name the form sends.
    pub name: &'a str,
    /// What people read above it.
    pub label: &'a str,
    /// What it holds.
    pub value: &'a str,
    /// A quiet sentence below, if any.
    pub hint: Option<&'a str>,
    /// Why the value was refused, if it was.
    pub error: Option<&'a str>,
    /// The kind of keyboard: `text`, `url`, `search`, `date`, `password`.
    pub kind: &'a str,
    /// Whether an empty value is refused.
    pub required: bool,
    /// What password managers and browsers may fill in: `username`, `new-password`; empty for
    /// nothing.
    pub autocomplete: &'a str,
    /// An example shown while empty.
    pub placeholder: &'a str,
}

/// One line of text.
pub fn line(field: Field<'_>) -> Markup {
    let kind = if field.kind.is_empty() { "text" } else { field.kind };
    let fill = if field.autocomplete.is_empty() { "off" } else { field.autocomplete };
    html! {
        div.field {
            label for={ "f-" (field.name) } { (field.label) }
            input.input id={ "f-" (field.name) } name=(field.name) type=(kind) value=(field.value)
                placeholder=(field.placeholder) required[field.required] autocomplete=(fill)
                aria-invalid=[field.error.map(|_| "true")]
                aria-describedby=[field.error.or(field.hint).map(|_| format!("h-{}", field.name))];
            (below(field))
        }
    }
}

/// Several lines of text.
pub fn lines(field: Field<'_>) -> Markup {
    html! {
        div.field {
            label for={ "f-" (field.name) } { (field.label) }
            textarea.input id={ "f-" (field.name) } name=(field.name) placeholder=(field.placeholder)
                required[field.required] aria-invalid=[field.error.map(|_| "true")]
                aria-describedby=[field.error.or(field.hint).map(|_| format!("h-{}", field.name))] {
                // A textarea drops a first newline, so one is given to be dropped.
                "\n" (field.value)
            }
            (below(field))
        }
    }
}

fn below(field: Field<'_>) -> Markup {
    html! {
        @if let Some(error) = field.error {
            p.error id={ "h-" (field.name) } { (icon("triangle-alert")) (error) }
        } @else if let Some(hint) = field.hint {
            p.hint id={ "h-" (field.name) } { (hint) }
        }
    }
}

/// A switch with its words, sent as `name=on`.
pub fn switch(name: &str, words: &str, on: bool) -> Markup {
    html! {
        label.line {
            input.switch type="checkbox" role="switch" name=(name) value="on" checked[on];
            span { (words) }
        }
    }
}

/// The hidden proof that a form came from a page of ours.
pub fn token(csrf: &str) -> Markup {
    html! { input type="hidden" name="_csrf" value=(csrf); }
}

/// A hidden value.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_cannot_leave_its_attribute() {
        let out =
            line(Field { name: "t", value: "\"><img src=x onerror=alert(1)>", ..Field::default() });
        assert!(!out.into_string().contains("<img"));
    }

    #[test]
    fn a_refused_value_names_its_reason_to_screen_readers() {
        let out = line(Field { name: "url", error: Some("not an address"), ..Field::default() })
            .into_string();
        assert!(out.contains("aria-describedby=\"h-url\""));
        assert!(out.contains("aria-invalid=\"true\""));
    }
}
