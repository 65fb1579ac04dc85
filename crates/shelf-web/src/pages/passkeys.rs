//! Passkeys: at the door, beside what has to be confirmed, and the page that lists one's own.

use maud::{Markup, html};
use shelf_identity::{NotOffered, passwords::by_them::Asks};
use time::OffsetDateTime;

use crate::{
    assets::address,
    frame::{Frame, wordmark},
    ui::{
        button::{Weight, link, submit},
        field::{Field, hidden, line, token},
        icon::icon,
    },
    words,
};

/// Whether a page can offer passkeys, and else why not.
pub type Offered = Result<(), NotOffered>;

/// What a form asks the browser's own dialogue for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A passkey that is there.
    One,
    /// A new one.
    New,
}

impl Wanted {
    fn word(self) -> &'static str {
        match self {
            Self::One => "get",
            Self::New => "create",
        }
    }
}

/// A passkey, as the page lists it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub made_at: OffsetDateTime,
    /// When it was last used.
    pub used_at: Option<OffsetDateTime>,
    /// Whether it may be on several devices.
    pub synced: bool,
    /// Whether somebody may have a copy, so that it opens nothing any more.
    pub copied: bool,
}

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct PasskeysPage {
    /// The passkeys, oldest first.
    pub passkeys: Vec<Shown>,
    /// Whether they can be added and used on this page.
    pub offered: Offered,
    /// What is asked for before they change.
    pub asks: Asks,
    /// Why something was refused: at which field, and the sentence.
    pub refused: Option<(String, String)>,
    /// Now, for telling how long ago.
    pub now: OffsetDateTime,
}

/// The section of the settings that leads to the page.
pub fn section(many: usize) -> Markup {
    html! {
        section.part id="passkeys" {
            h2 { "Passkeys" }
            div.setting {
                div {
                    @if many == 0 {
                        h3 { "Sign in without a password" }
                        p { "Your device makes a passkey and asks for your face, finger or PIN. Nothing that could be stolen is kept here." }
                    } @else {
                        h3 { (words::counted(many as u64, "passkey", "passkeys")) }
                        p { "You sign in with these without typing anything." }
                    }
                }
                (link(if many == 0 { "Add one" } else { "See them" }, "/settings/passkeys", Weight::Line))
            }
        }
    }
}

/// A form whose button opens the browser's dialogue; it is hidden until our script can answer it.
fn asking(wanted: Wanted, action: &str, inside: &Markup) -> Markup {
    html! {
        form.stack-s method="post" action=(action) data-passkey=(wanted.word()) hidden {
            (hidden("answer", ""))
            (inside)
            p.error role="alert" data-why hidden {}
        }
        (by_script())
    }
}

/// The script of these forms, and what stands there without any.
fn by_script() -> Markup {
    html! {
        noscript { p.small.muted { "Passkeys need scripts, which are off in this browser. Everything else here works without." } }
        p.small.muted data-passkeys-unknown hidden { "This browser knows no passkeys." }
        script type="module" src=(address("js/passkeys.js")) {}
    }
}

/// Why passkeys are not offered on a page.
fn why_not(why: NotOffered) -> Markup {
    let sentence = match why {
        NotOffered::Number => {
            "Passkeys are not offered here: this page was opened by a number, and browsers bind \
             passkeys to names. On the machine itself, open http://localhost with its port instead; \
             elsewhere, whoever runs this server can give it a name."
        }
        NotOffered::Plain => {
            "Passkeys are not offered here: this page came without encryption, and browsers ask for \
             https. Whoever runs this server can put it behind https."
        }
    };
    html! { p.small.muted { (sentence) } }
}

/// The way in with a passkey.
pub fn at_door(offered: Offered) -> Markup {
    let button = html! {
        div { button.btn.btn-line type="submit" { (icon("key-round")) "Sign in with a passkey" } }
    };
    match offered {
        Ok(()) => asking(Wanted::One, "/sign-in/passkey", &button),
        Err(why) => why_not(why),
    }
}

/// The door again, after a passkey that opened nothing.
pub fn again(offered: Offered) -> Markup {
    html! {
        div.stack-l {
            (wordmark())
            h1 { "Sign in" }
            div.note.note-warn role="alert" {
                (icon("triangle-alert"))
                p {
                    "This passkey opened nothing. It may have been removed here, somebody may have a "
                    "copy of it, or more than five minutes passed."
                }
            }
            (at_door(offered))
            (super::password::form(""))
            (super::welcome::by_link())
        }
    }
}

/// What lets the next act pass without a password; nothing for whoever has no passkey.
pub fn confirming(asks: Asks, offered: Offered, back: &str, frame: &Frame) -> Markup {
    let inside = html! {
        (token(&frame.csrf))
        (hidden("back", back))
        p.small.muted {
            @if asks.password { "You may confirm with a passkey instead of typing your password." }
            @else { "Confirm with a passkey before you change anything here." }
        }
        div { button.btn.btn-line type="submit" { (icon("key-round")) "Confirm with a passkey" } }
    };
    html! {
        @if asks.confirmed {
            div.note.note-ok role="status" {
                (icon("key-round"))
                p { "You confirmed with a passkey. What you do next, within five minutes, asks for nothing else." }
            }
        } @else if asks.passkey {
            section.part {
                h2 { "Is it you?" }
                @match offered {
                    Ok(()) => { (asking(Wanted::One, "/settings/passkeys/confirm", &inside)) }
                    Err(why) => { (why_not(why)) }
                }
            }
        }
    }
}

/// The way to join with a passkey; the form sends the invitation on.
pub fn joining(offered: Offered, invitation: &str, name: &str, refused: Option<&str>) -> Markup {
    let inside = html! {
        (hidden("invitation", invitation))
        (line(Field {
            name: "called", label: "Your name", value: name, required: true, autocomplete: "name",
            hint: Some("Your team sees it."), error: refused, ..Field::default()
        }))
        div { button.btn.btn-line type="submit" { (icon("key-round")) "Join with a passkey" } }
    };
    html! {
        section.stack-s {
            h2 { "Or without a password" }
            @match offered {
                Ok(()) => { (asking(Wanted::New, "/join/passkey", &inside)) }
                Err(why) => { (why_not(why)) }
            }
        }
    }
}

/// The page.
pub fn page(page: &PasskeysPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                p.small { a href="/settings" { "Settings" } }
                h1 { "Passkeys" }
                p { "A passkey is a key that your device or your password manager keeps. You sign in with it by your face, finger or PIN, without typing anything; it works on this site alone and cannot be given away to another." }
            }
            @if let Some((_, why)) = &page.refused {
                div.note.note-warn role="alert" { (icon("triangle-alert")) p { (why) } }
            }
            @if !page.passkeys.is_empty() {
                section.part {
                    h2 { "Yours" }
                    @for one in &page.passkeys { (listed(one, page, frame)) }
                }
            }
            (confirming(page.asks, page.offered, "/settings/passkeys", frame))
            (adding(page, frame))
        }
    }
}

/// The password, where it has to be typed.
fn current(name: &str, page: &PasskeysPage) -> Markup {
    let error = page.refused.as_ref().filter(|(at, _)| at == name).map(|(_, why)| why.as_str());
    html! {
        @if page.asks.password && !page.asks.confirmed {
            (line(Field {
                name, label: "Your password", kind: "password",
                autocomplete: "current-password", error, ..Field::default()
            }))
        }
    }
}

fn listed(one: &Shown, page: &PasskeysPage, frame: &Frame) -> Markup {
    html! {
        div.setting {
            div.grow.stack-s {
                h3.wrap { (one.name) }
                p {
                    "Made " (words::day(one.made_at))
                    @if let Some(at) = one.used_at { ", last used " (words::ago(at, page.now)) }
                    @else { ", never used" }
                    @if one.synced { ", kept on your devices together" }
                    @else { ", kept on one device" }
                }
                @if one.copied {
                    p.error { (icon("triangle-alert")) "Somebody may have a copy of it, so it opens nothing any more. Remove it and add another." }
                }
                details {
                    summary { "Rename or remove" span.sr { " " (one.name) } }
                    form.line method="post" action={ "/settings/passkeys/" (one.id) "/rename" } {
                        (token(&frame.csrf))
                        input.input.grow name="name" value=(one.name) required maxlength="200"
                            aria-label={ "Name of " (one.name) } autocomplete="off";
                        (submit("Rename", Weight::Line))
                    }
                    form.stack-s method="post" action={ "/settings/passkeys/" (one.id) "/remove" } {
                        (token(&frame.csrf))
                        p.small.muted { "Every other browser of yours is signed out with it. Remove it on your device as well: it would be offered there still." }
                        (current(&format!("current-{}", one.id), page))
                        div { (submit("Remove", Weight::Danger)) }
                    }
                }
            }
        }
    }
}

fn adding(page: &PasskeysPage, frame: &Frame) -> Markup {
    let inside = html! {
        (token(&frame.csrf))
        (line(Field {
            name: "name", label: "Name", placeholder: "My phone",
            hint: Some("To know it by; the browser's name where you say nothing."),
            ..Field::default()
        }))
        (current("current", page))
        div { button.btn.btn-main type="submit" { (icon("plus")) "Add a passkey" } }
    };
    html! {
        section.part id="add" {
            h2 { "Add one" }
            @match page.offered {
                Ok(()) => { (asking(Wanted::New, "/settings/passkeys", &inside)) }
                Err(why) => { (why_not(why)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_of_passkeys_stay_text() {
        let at = datetime!(2026-01-02 03:04 UTC);
        for string in hostile::STRINGS {
            let shown = PasskeysPage {
                passkeys: vec![Shown {
                    id: "p".into(),
                    name: string.into(),
                    made_at: at,
                    used_at: None,
                    synced: true,
                    copied: true,
                }],
                offered: Ok(()),
                asks: Asks { password: true, ..Asks::default() },
                refused: Some(("current".into(), string.into())),
                now: at,
            };
            let all =
                [page(&shown, &Frame::default()), joining(Ok(()), string, string, Some(string))];
            for out in all {
                let script = by_script().into_string();
                hostile::assert_dead(&out.into_string().replace(&script, ""), string);
            }
        }
    }

    #[test]
    fn where_none_can_be_offered_there_is_no_form_and_the_reason_is_said() {
        for (why, words) in
            [(NotOffered::Number, "opened by a number"), (NotOffered::Plain, "without encryption")]
        {
            let out = at_door(Err(why)).into_string();
            assert!(out.contains(words) && !out.contains("<form"), "{out}");
        }
        assert!(at_door(Ok(())).into_string().contains("<noscript>"));
    }
}
