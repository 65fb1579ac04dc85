//! A program wants to be let in: who it is, what for, and the two ways to answer.

use maud::{Markup, html};
use shelf_domain::permit::{Permit, Permits};

use crate::{
    frame::wordmark,
    ui::{
        field::{hidden, token},
        icon::icon,
    },
};

/// What is put to a person.
#[derive(Debug, Clone)]
pub struct ConsentPage {
    /// What the program is called.
    pub program: String,
    /// Where the answer goes, as people read it; nothing for a device.
    pub goes_to: Option<String>,
    /// Of a device: what it calls itself, from which address it asks, and the code it shows.
    pub device: Option<Device>,
    /// What it asks for.
    pub permits: Permits,
    /// Libraries it may be kept to: id and name; none where there is no choice.
    pub libraries: Vec<(String, String)>,
    /// Who is signed in.
    pub person: String,
    /// Where the form goes.
    pub action: &'static str,
    /// What the form sends on, so that it is checked again.
    pub fields: Vec<(String, String)>,
    /// Why the answer was refused, if it was.
    pub refused: Option<String>,
}

/// A device that asks.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// What it calls itself.
    pub name: String,
    /// From which address it asks.
    pub place: String,
    /// The code it shows.
    pub code: String,
}

/// The page.
pub fn consent(page: &ConsentPage, csrf: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Let " (page.program) " in?" }
                p.lede { "It would act for you, " strong { (page.person) } ", until you take that back in the settings." }
            }
            @if let Some(device) = &page.device { (asking(device)) }
            @if let Some(place) = &page.goes_to {
                p { "Afterwards you are sent to " strong.place { (place) } ". Go on only if that is where you came from." }
            }
            form.stack method="post" action=(page.action) {
                (token(csrf))
                @for (name, value) in &page.fields { (hidden(name, value)) }
                fieldset.choices {
                    legend { "It asks to" }
                    @for permit in page.permits.each() { (permit_line(permit)) }
                }
                @if !page.libraries.is_empty() {
                    fieldset.choices {
                        legend { "In these libraries alone; with none chosen, in all" }
                        @for (id, name) in &page.libraries {
                            label.line {
                                input.check type="checkbox" name="library" value=(id);
                                span { (name) }
                            }
                        }
                    }
                }
                @if let Some(why) = &page.refused { div.field { p.error { (icon("triangle-alert")) (why) } } }
                div.line {
                    button.btn.btn-main type="submit" name="answer" value="yes" { (icon("check")) "Let it in" }
                    button.btn.btn-line type="submit" name="answer" value="no" { "No" }
                }
            }
        }
    }
}

fn asking(device: &Device) -> Markup {
    html! {
        div.note {
            (icon("monitor"))
            div.grow.stack-s {
                p {
                    "The device " @if !device.name.is_empty() { strong { (device.name) } " " }
                    "shows the code " strong.code { (device.code) }
                    @if !device.place.is_empty() { " and asks from " strong { (device.place) } } "."
                }
                p { "Go on only if it stands before you and you started this yourself. Somebody who sent you the code wants in." }
            }
        }
    }
}

fn permit_line(permit: Permit) -> Markup {
    html! {
        label.line {
            input.check type="checkbox" name="allow" value=(permit.name()) checked;
            span { (permit.sentence()) }
        }
    }
}

/// Where the code of a device is typed.
pub fn type_code(csrf: &str, typed: &str, is_unknown: bool) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Let a device in" }
                p.lede { "Type the code it shows." }
            }
            form.stack method="post" action="/device" {
                (token(csrf))
                div.field {
                    label for="device-code" { "Code" }
                    input.input.code id="device-code" name="code" value=(typed) required maxlength="20"
                        placeholder="BCDF-GHJK" autocomplete="off" autocapitalize="characters" spellcheck="false"
                        aria-invalid=[is_unknown.then_some("true")]
                        aria-describedby=[is_unknown.then_some("h-code")];
                    @if is_unknown {
                        p.error id="h-code" { (icon("triangle-alert")) "No device waits under this code. It works for ten minutes and once." }
                    }
                }
                div.line { button.btn.btn-main type="submit" { "Go on" } }
            }
        }
    }
}

/// What a person is told afterwards, or where a program is not known for what it says it is.
pub fn told(heading: &str, sentence: &str) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { (heading) }
                p.lede { (sentence) }
            }
            div.line { a.btn.btn-line href="/settings#apps" { "To the settings" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn what_programs_and_devices_call_themselves_stays_text() {
        for string in hostile::STRINGS {
            let page = ConsentPage {
                program: string.into(),
                goes_to: Some(string.into()),
                device: Some(Device {
                    name: string.into(),
                    place: string.into(),
                    code: string.into(),
                }),
                permits: Permits::EVERY,
                libraries: vec![("l".into(), string.into())],
                person: string.into(),
                action: "/device/answer",
                fields: vec![("state".into(), string.into())],
                refused: Some(string.into()),
            };
            hostile::assert_dead(&consent(&page, "csrf").into_string(), string);
            hostile::assert_dead(&type_code("csrf", string, true).into_string(), string);
        }
    }
}
