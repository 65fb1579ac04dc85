//! Settings: appearance, the bookmarklet, activity, sessions, apps, tokens, and the sample.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::{
    apps::{App, apps},
    keys::{KeysPart, keys},
    welcome::bookmarklet_way,
};
use crate::{
    frame::{Frame, Theme},
    ui::{
        button::{Weight, link_icon},
        field::{hidden, token},
        icon::icon,
    },
    words,
};

/// Everything the settings page shows.
#[derive(Debug, Clone)]
pub struct SettingsPage {
    /// Where this server is reached: `http://127.0.0.1:4747`.
    pub address: String,
    /// What the person is called.
    pub name: String,
    /// The name one signs in with, where there is a password.
    pub login: Option<String>,
    /// How many passkeys the person has.
    pub passkeys: usize,
    /// Browsers that are signed in.
    pub sessions: Vec<Session>,
    /// Programs that were let in.
    pub apps: Vec<App>,
    /// Keys that programs use.
    pub keys: KeysPart,
    /// Whether opening a link is remembered.
    pub activity: bool,
    /// Whether others see the person in libraries they share.
    pub presence: bool,
    /// Whether the sample library is in.
    pub sample: bool,
    /// Now, for telling how long ago.
    pub now: OffsetDateTime,
}

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// What it calls itself, shortened.
    pub name: String,
    /// When it was last here.
    pub seen_at: OffsetDateTime,
    /// Whether it is this one.
    pub this: bool,
    /// Whether it came by the sign-in of an organisation.
    pub by_provider: bool,
}

/// The settings page.
pub fn settings(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header { h1 { "Settings" } }
            (you(page, frame))
            (appearance(frame))
            (saving(page))
            (activity(page, frame))
            (together(page, frame))
            (super::privacy::section())
            (super::passkeys::section(page.passkeys))
            (super::password::section(page.login.as_deref()))
            (sessions(page, frame))
            (apps(&page.apps, frame, page.now))
            (keys(&page.keys, frame, page.now))
            (connect(&page.address))
            (keys_and_sample(page, frame))
        }
    }
}

fn you(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "You" }
            form.line method="post" action="/settings/name" {
                (token(&frame.csrf))
                input.input.grow name="name" value=(page.name) required maxlength="200"
                    aria-label="What others see you called" autocomplete="name";
                button.btn.btn-line type="submit" { "Rename" }
            }
        }
    }
}

fn appearance(frame: &Frame) -> Markup {
    let choices = [
        (Theme::System, "system", "monitor", "As the system says"),
        (Theme::Light, "light", "sun", "Light"),
        (Theme::Dark, "dark", "moon", "Dark"),
    ];
    html! {
        section.part {
            h2 { "Appearance" }
            div.setting {
                div { h3 { "Light" } p { "Follows the system, or stays as you like it, in this browser." } }
                form method="post" action="/settings/appearance" {
                    (token(&frame.csrf))
                    div.seg role="group" aria-label="Light" {
                        @for (theme, value, picture, name) in choices {
                            button type="submit" name="theme" value=(value) aria-pressed=(theme == frame.theme) title=(name) {
                                (icon(picture)) span.sr { (name) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn saving(page: &SettingsPage) -> Markup {
    html! {
        section.part {
            h2 { "Saving" }
            (bookmarklet_way(&page.address))
        }
    }
}

fn activity(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Activity" }
            div.setting {
                div {
                    h3 { "Remember what I open" }
                    p { "When you open a saved link, this library notes it, for you alone. It stays on this server and is forgotten after thirteen months." }
                }
                form method="post" action="/settings/activity" {
                    (token(&frame.csrf))
                    (hidden("on", if page.activity { "no" } else { "yes" }))
                    button.btn.btn-line type="submit" role="switch" aria-checked=(page.activity) {
                        @if page.activity { (icon("check")) "On" } @else { (icon("eye-off")) "Off" }
                    }
                }
            }
            div.setting {
                div { h3 { "Forget what I opened" } p { "Everything noted so far in this library is removed." } }
                form method="post" action="/settings/activity/forget" {
                    (token(&frame.csrf))
                    button.btn.btn-line type="submit" { "Forget" }
                }
            }
        }
    }
}

fn together(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Together" }
            div.setting {
                div {
                    h3 { "Show others that I am here" }
                    p { "In a library you share, others see your name while you look at it, and which link you have open. Nothing of it is kept. Switched off, you are not shown; you still see others." }
                }
                form method="post" action="/settings/presence" {
                    (token(&frame.csrf))
                    (hidden("on", if page.presence { "no" } else { "yes" }))
                    button.btn.btn-line type="submit" role="switch" aria-checked=(page.presence) {
                        @if page.presence { (icon("check")) "On" } @else { (icon("eye-off")) "Off" }
                    }
                }
            }
        }
    }
}

fn sessions(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Signed in" }
            @for session in &page.sessions {
                div.setting {
                    div {
                        h3 { (session.name) }
                        p {
                            @if session.this { "This browser" } @else { "Last here " (words::ago(session.seen_at, page.now)) }
                            @if session.by_provider { ", by your organisation's sign-in" }
                        }
                    }
                    form method="post" action={ "/settings/sessions/" (session.id) "/end" } {
                        (token(&frame.csrf))
                        button.btn.btn-line.btn-small type="submit" {
                            @if session.this { (icon("log-out")) } "Sign out"
                        }
                    }
                }
            }
        }
    }
}

/// Where apps made for other servers find this one.
fn connect(address: &str) -> Markup {
    let ways = [
        (
            "Apps for linkding",
            "/linkding",
            "On phones and in browsers: paste this as the address of the server.",
        ),
        (
            "floccus",
            "/karakeep",
            "Keeps a browser's folders in step: choose Karakeep there, and paste this.",
        ),
    ];
    html! {
        section.part id="connect" {
            h2 { "Connect an app" }
            p.muted {
                "Apps made for other servers can keep their bookmarks here. "
                a href="#tokens" { "Make a key" }
                " for each, which may read and change bookmarks in one library, and paste it where the app asks for a token or key."
            }
            @for (name, path, words) in ways {
                div.setting {
                    div.grow {
                        h3 { (name) }
                        p { (words) }
                        code.secret { (address) (path) }
                    }
                }
            }
        }
    }
}

fn keys_and_sample(page: &SettingsPage, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Keys on the keyboard" }
            (crate::frame::overlays::keys())
        }
        section.part {
            h2 { "Library" }
            div.line {
                (link_icon("Import", "/import", "upload", Weight::Line))
                (link_icon("Export", "/export", "download", Weight::Line))
                @if page.sample {
                    form method="post" action="/sample/remove" {
                        (token(&frame.csrf))
                        button.btn.btn-danger type="submit" { (icon("trash-2")) "Remove the sample" }
                    }
                }
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
    fn hostile_names_of_browsers_stay_text() {
        let at = datetime!(2026-01-02 03:04 UTC);
        for string in hostile::STRINGS {
            let page = SettingsPage {
                address: "http://127.0.0.1:4747".into(),
                name: string.into(),
                login: Some(string.into()),
                passkeys: 1,
                sessions: vec![Session {
                    id: "s".into(),
                    name: string.into(),
                    seen_at: at,
                    this: false,
                    by_provider: true,
                }],
                apps: Vec::new(),
                keys: KeysPart::default(),
                activity: true,
                presence: true,
                sample: true,
                now: at,
            };
            let out = settings(&page, &Frame::default()).into_string();
            let without = out.replace(
                &maud::html! { (crate::pages::welcome::bookmarklet("http://127.0.0.1:4747")) }
                    .into_string(),
                "",
            );
            hostile::assert_dead(&without, string);
        }
    }
}
