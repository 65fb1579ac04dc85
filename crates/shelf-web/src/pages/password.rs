//! Passwords: the form at the door, the way in for whoever lost theirs, and the page that sets one.

use maud::{Markup, html};
use shelf_identity::passwords::by_them::Asks;

use super::passkeys::{Offered, at_door, confirming};
use crate::{
    frame::{Frame, wordmark},
    ui::{
        button::{Weight, link, submit},
        field::{Field, line, token},
        icon::icon,
    },
    words,
};

/// Why a name with a password or a code did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpen {
    /// Something is wrong; which part, nobody is told.
    Wrong,
    /// There were too many wrong tries: so many seconds until the next one is looked at.
    Closed(u64),
}

impl NotOpen {
    fn sentence(self, with: &str) -> String {
        match self {
            Self::Wrong => format!("This name and {with} do not belong together."),
            Self::Closed(seconds) => {
                format!("Too many wrong tries. The next one is looked at in {}.", wait(seconds))
            }
        }
    }
}

/// How long to wait, as people say it; rounded up, so that nobody is sent too early.
fn wait(seconds: u64) -> String {
    let (number, unit) =
        if seconds < 60 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    format!("{} {unit}{}", words::count(number), if number == 1 { "" } else { "s" })
}

/// The form for a name and a password; `name` stands in it already.
pub fn form(name: &str) -> Markup {
    html! {
        form.stack-s method="post" action="/sign-in/password" {
            (name_field(name))
            (line(Field {
                name: "password", label: "Password", kind: "password", required: true,
                autocomplete: "current-password", ..Field::default()
            }))
            div.line {
                (submit("Sign in", Weight::Main))
                a href="/sign-in/code" { "I lost my password" }
            }
        }
    }
}

fn name_field(name: &str) -> Markup {
    line(Field {
        name: "name",
        label: "Name",
        value: name,
        required: true,
        autocomplete: "username",
        ..Field::default()
    })
}

/// The form again, with the reason it did not open.
pub fn again(name: &str, why: NotOpen, offered: Offered) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            h1 { "Sign in" }
            (reason(&why.sentence("password")))
            (at_door(offered))
            (form(name))
            (crate::pages::welcome::by_link())
        }
    }
}

/// The way in for whoever lost their password.
pub fn lost(name: &str, why: Option<NotOpen>) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            div.stack {
                h1 { "Come in with a recovery code" }
                p.lede { "Each code works once. Inside you can set a new password." }
            }
            @if let Some(why) = why { (reason(&why.sentence("code"))) }
            form.stack-s method="post" action="/sign-in/code" {
                (name_field(name))
                (line(Field {
                    name: "code", label: "Recovery code", required: true,
                    placeholder: "0000-0000-0000-0000", ..Field::default()
                }))
                div.line {
                    (submit("Sign in", Weight::Main))
                    a href="/sign-in" { "Back" }
                }
            }
            (crate::pages::welcome::by_link())
        }
    }
}

fn reason(sentence: &str) -> Markup {
    html! {
        div.note.note-warn role="alert" { (icon("triangle-alert")) p { (sentence) } }
    }
}

/// What the page of one's password shows.
#[derive(Debug, Clone)]
pub struct PasswordPage {
    /// The login name, where there is a password.
    pub login: Option<String>,
    /// The login name as it was typed just now, or what one is called.
    pub typed: String,
    /// Whether the password of now has to be given; not where it was lost.
    pub asks_current: bool,
    /// What is asked for before a password is used otherwise.
    pub asks: Asks,
    /// Whether one can confirm with a passkey.
    pub offered: Offered,
    /// How many recovery codes are left.
    pub codes_left: usize,
    /// Recovery codes made just now, shown once.
    pub new_codes: Vec<String>,
    /// Why something was refused: the form, the field, and the sentence.
    pub refused: Option<(&'static str, String, String)>,
}

impl Default for PasswordPage {
    fn default() -> Self {
        Self {
            login: None,
            typed: String::new(),
            asks_current: false,
            asks: Asks::default(),
            offered: Ok(()),
            codes_left: 0,
            new_codes: Vec::new(),
            refused: None,
        }
    }
}

impl PasswordPage {
    /// Why the field of the form was refused.
    fn error(&self, form: &str, field: &str) -> Option<&str> {
        let (at_form, at, why) = self.refused.as_ref()?;
        (*at_form == form && at == field).then_some(why)
    }
}

/// The form that sets login name and password.
pub const SET: &str = "set";
/// The form for recovery codes.
pub const CODES: &str = "codes";
/// The form that removes the password.
pub const REMOVE: &str = "remove";

/// The section of the settings that leads to the page.
pub fn section(login: Option<&str>) -> Markup {
    html! {
        section.part id="password" {
            h2 { "Password" }
            div.setting {
                div {
                    @if let Some(login) = login {
                        h3 { (login) }
                        p { "You sign in with this name and a password." }
                    } @else {
                        h3 { "Sign in with a name and a password" }
                        p { "So far you have none." }
                    }
                }
                (link(
                    if login.is_some() { "Change" } else { "Set a password" },
                    "/settings/password", Weight::Line,
                ))
            }
        }
    }
}

/// The page of one's password.
pub fn page(page: &PasswordPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header { h1 { "Password" } }
            @if !page.new_codes.is_empty() { (new_codes(&page.new_codes)) }
            (confirming(page.asks, page.offered, "/settings/password", frame))
            @if page.login.is_none() {
                @if let Some(why) = page.error(SET, "current") { (reason(why)) }
            }
            (set(page, frame))
            @if page.login.is_some() {
                (codes(page, frame))
                (remove(page, frame))
            }
        }
    }
}

fn set(page: &PasswordPage, frame: &Frame) -> Markup {
    let is_change = page.login.is_some();
    html! {
        section.part {
            h2 { @if is_change { "Change it" } @else { "Set one" } }
            p.muted {
                "A new password signs out every other browser of yours. Keys of programs stay: take "
                "them back in the settings if somebody may have them."
            }
            form.stack-s method="post" action="/settings/password" {
                (token(&frame.csrf))
                (line(Field {
                    name: "login", label: "Name", value: &page.typed, required: true,
                    autocomplete: "username", error: page.error(SET, "login"),
                    hint: Some("What you type when you sign in. Nobody else here can have the same."),
                    ..Field::default()
                }))
                @if page.asks_current { (current("current", page.error(SET, "current"))) }
                (line(Field {
                    name: "password", label: "New password", kind: "password", required: true,
                    autocomplete: "new-password", error: page.error(SET, "password"),
                    hint: Some("At least ten characters; a few words in a row are good."),
                    ..Field::default()
                }))
                div { (submit(if is_change { "Change" } else { "Set" }, Weight::Main)) }
            }
        }
    }
}

fn codes(page: &PasswordPage, frame: &Frame) -> Markup {
    html! {
        section.part id="codes" {
            h2 { "Recovery codes" }
            p.muted {
                "For the day the password is lost. "
                @if page.codes_left == 0 { "You have none yet." }
                @else { "You have " (words::count(page.codes_left as u64)) " left; new ones replace them." }
            }
            form.stack-s method="post" action="/settings/password/codes" {
                (token(&frame.csrf))
                @if !page.asks.confirmed { (current("codes-current", page.error(CODES, "current"))) }
                div { (submit("Make ten codes", Weight::Line)) }
            }
        }
    }
}

fn new_codes(codes: &[String]) -> Markup {
    html! {
        section.part {
            div.note.note-ok {
                (icon("key-round"))
                div.grow.stack-s {
                    p { "Print this page or write these codes down. They are shown this once, and each works once." }
                    ol { @for code in codes { li { code { (code) } } } }
                }
            }
        }
    }
}

fn remove(page: &PasswordPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Remove it" }
            p.muted {
                "Name, password and recovery codes are removed, and every other browser of yours is "
                "signed out. From then on you come in by passkeys, or by one-time links."
            }
            form.stack-s method="post" action="/settings/password/remove" {
                (token(&frame.csrf))
                @if let Some(why) = page.error(REMOVE, "current").filter(|_| page.asks.confirmed) {
                    (reason(why))
                }
                @if !page.asks.confirmed { (current("remove-current", page.error(REMOVE, "current"))) }
                div { (submit("Remove the password", Weight::Danger)) }
            }
        }
    }
}

fn current(name: &str, error: Option<&str>) -> Markup {
    line(Field {
        name,
        label: "Password of now",
        kind: "password",
        required: true,
        autocomplete: "current-password",
        error,
        ..Field::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_stay_text_and_no_password_is_shown_again() {
        for string in hostile::STRINGS {
            let shown = PasswordPage {
                login: Some(string.into()),
                typed: string.into(),
                asks_current: true,
                asks: Asks { password: true, passkey: true, confirmed: false },
                offered: Ok(()),
                codes_left: 3,
                new_codes: vec![string.into()],
                refused: Some((SET, "login".into(), string.into())),
            };
            let all = [
                page(&shown, &Frame::default()),
                section(Some(string)),
                again(string, NotOpen::Wrong, Ok(())),
                lost(string, Some(NotOpen::Closed(3))),
            ];
            for out in all {
                hostile::assert_dead(&out.into_string(), string);
            }
        }
    }

    #[test]
    fn a_wait_is_rounded_up_and_said_in_words() {
        assert_eq!(
            [1, 59, 60, 61, 900].map(wait).join(", "),
            "1 second, 59 seconds, 1 minute, 2 minutes, 15 minutes"
        );
    }
}
