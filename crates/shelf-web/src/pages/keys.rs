//! Keys for programs, as a part of the settings: what there are, and a form that makes one.

use maud::{Markup, html};
use shelf_domain::permit::{Permit, Permits};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{field::token, icon::icon},
    words,
};

/// How long a key may live, by the days the form sends; nothing for as long as one likes.
pub const LIVES: [(&str, &str); 4] =
    [("", "Until I take it back"), ("30", "30 days"), ("90", "90 days"), ("365", "A year")];

/// All about keys.
#[derive(Debug, Clone, Default)]
pub struct KeysPart {
    /// Keys that programs use.
    pub tokens: Vec<Token>,
    /// A key made just now, shown once: its name and the key.
    pub new_token: Option<(String, String)>,
    /// The libraries a key may be limited to: id and name; none where there is no choice.
    pub libraries: Vec<(String, String)>,
    /// The name that was typed and why no key was made, if one was refused.
    pub refused: Option<(String, String)>,
}

/// A key a program uses.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// When it was last used.
    pub used_at: Option<OffsetDateTime>,
    /// When it ends.
    pub ends_at: Option<OffsetDateTime>,
    /// What it may be used for.
    pub permits: Permits,
    /// The names of the libraries it is limited to, if it is.
    pub libraries: Option<Vec<String>>,
}

/// The part.
pub fn keys(part: &KeysPart, frame: &Frame, now: OffsetDateTime) -> Markup {
    html! {
        section.part id="tokens" {
            h2 { "Keys for programs" }
            p.muted { "A key lets a program act for you until you take it back. Limit it to what the program is for." }
            @if let Some((name, key)) = &part.new_token {
                div.note.note-ok {
                    (icon("key-round"))
                    div.grow.stack-s {
                        p { "The key for " strong { (name) } ". It is shown this once." }
                        code.secret { (key) }
                    }
                }
            }
            @for key in &part.tokens { (one(key, frame, now)) }
            (make(part, frame))
        }
    }
}

fn one(key: &Token, frame: &Frame, now: OffsetDateTime) -> Markup {
    html! {
        div.setting {
            div {
                h3 { (key.name) }
                p { (may(key.permits)) @if let Some(names) = &key.libraries { ", in " (names.join(", ")) } }
                p {
                    "Made " (words::day(key.made_at))
                    @if let Some(at) = key.used_at { ", last used " (words::ago(at, now)) } @else { ", never used" }
                    @if let Some(at) = key.ends_at { ", ends " (words::day(at)) }
                }
            }
            form method="post" action={ "/settings/tokens/" (key.id) "/end" } {
                (token(&frame.csrf))
                button.btn.btn-danger.btn-small type="submit" { "Take back" }
            }
        }
    }
}

/// What permits let somebody do, in one line.
pub(crate) fn may(permits: Permits) -> String {
    if permits == Permits::EVERY {
        return "May do all you may".to_owned();
    }
    permits.each().map(Permit::sentence).collect::<Vec<_>>().join("; ")
}

fn make(part: &KeysPart, frame: &Frame) -> Markup {
    let (typed, why) = part.refused.clone().unwrap_or_default();
    let is_refused = part.refused.is_some();
    html! {
        form.stack-s method="post" action="/settings/tokens#tokens" {
            (token(&frame.csrf))
            div.line {
                input.input.grow name="name" value=(typed) placeholder="What is it for?" required maxlength="100"
                    aria-label="Name of the key" aria-invalid=[is_refused.then_some("true")]
                    aria-describedby=[is_refused.then_some("h-key")];
                select.input name="days" aria-label="How long it works" {
                    @for (days, words) in LIVES { option value=(days) { (words) } }
                }
            }
            @if is_refused { div.field { p.error id="h-key" { (icon("triangle-alert")) (why) } } }
            details open[is_refused] {
                summary { "Limit what it may do" }
                fieldset.choices {
                    legend.sr { "What it may do; with nothing chosen, all you may" }
                    @for permit in Permit::ALL {
                        label.line {
                            input.check type="checkbox" name="scope" value=(permit.name());
                            span { (permit.sentence()) " " code { (permit.name()) } }
                        }
                    }
                }
                @if !part.libraries.is_empty() {
                    fieldset.choices {
                        legend { "In these libraries alone (goes with bookmarks alone)" }
                        @for (id, name) in &part.libraries {
                            label.line {
                                input.check type="checkbox" name="library" value=(id);
                                span { (name) }
                            }
                        }
                    }
                }
                div.field { p.hint { "With nothing chosen it may do all you may." } }
            }
            div { button.btn.btn-line type="submit" { (icon("key-round")) "Make a key" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_of_keys_and_libraries_stay_text() {
        let at = datetime!(2026-01-02 03:04 UTC);
        for string in hostile::STRINGS {
            let part = KeysPart {
                tokens: vec![Token {
                    id: "t".into(),
                    name: string.into(),
                    made_at: at,
                    used_at: None,
                    ends_at: Some(at),
                    permits: Permits::EVERY,
                    libraries: Some(vec![string.into()]),
                }],
                new_token: Some((string.into(), string.into())),
                libraries: vec![("l".into(), string.into())],
                refused: Some((string.into(), string.into())),
            };
            hostile::assert_dead(&keys(&part, &Frame::default(), at).into_string(), string);
        }
    }
}
