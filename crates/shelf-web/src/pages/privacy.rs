//! Privacy: everything out as one file, what is done with it, and having all of it erased.

use maud::{Markup, html};
use shelf_domain::privacy::{Choices, Purpose};
use shelf_identity::passwords::by_them::Asks;
use time::OffsetDateTime;

use super::passkeys::{Offered, confirming};
use crate::{
    frame::Frame,
    ui::{
        button::{Weight, link, link_icon, submit},
        field::{Field, hidden, line, token},
        icon::icon,
    },
    words,
};

/// An erasure that waits.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// When it begins.
    pub due_at: OffsetDateTime,
    /// Under which id its receipt will be found.
    pub receipt: String,
    /// Whether it began.
    pub begun: bool,
}

/// Something one agreed to, or took back.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// To what.
    pub purpose: Purpose,
    /// Whether one agreed.
    pub given: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct PrivacyPage<'a> {
    /// What one decided.
    pub choices: Choices,
    /// What one agreed to and took back, latest first.
    pub agreed: Vec<Agreed>,
    /// Who was given something: what they are, and what they are called.
    pub recipients: Vec<(&'static str, String)>,
    /// The notice, a paragraph an entry.
    pub notice: &'a [&'a str],
    /// What is kept how long.
    pub kept: &'a [(&'a str, &'a str)],
    /// What is asked for before one is erased.
    pub asks: Asks,
    /// Whether one can confirm with a passkey.
    pub offered: Offered,
    /// The erasure one waits for.
    pub leaving: Option<Leaving>,
    /// Why asking for one was refused: at which field, and the sentence.
    pub refused: Option<(String, String)>,
}

/// The section of the settings that leads to the page.
pub fn section() -> Markup {
    html! {
        section.part id="privacy" {
            h2 { "Privacy" }
            div.setting {
                div {
                    h3 { "What is yours" }
                    p { "Take everything out as one file, decide what is done with it, or have it erased." }
                }
                (link("Open", "/settings/privacy", Weight::Line))
            }
        }
    }
}

/// The notice on every page while an erasure waits.
pub fn leaving_soon(due_at: OffsetDateTime) -> Markup {
    html! {
        div.note.note-warn.leaving role="status" {
            (icon("triangle-alert"))
            p {
                "Everything of yours is erased on " (words::day(due_at)) ". "
                a href="/settings/privacy" { "Take that back" }
            }
        }
    }
}

/// What a purpose is, as people say it.
fn spoken(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Activity => ("What you open", "It is noted which links you open, for you alone."),
        Purpose::Meaning => ("Searching by meaning", "Searches find what is near in meaning."),
        Purpose::Recommendation => {
            ("Suggestions", "You are offered something to read, from what you keep.")
        }
        Purpose::Social => {
            ("Similar readers", "People whose interests are near yours can find you, and you them.")
        }
        Purpose::Analytics => ("How you read", "How you read is counted and shown to you."),
        Purpose::Llm => (
            "A language model of somebody else",
            "Texts you keep are sent to a model outside of this server, to be summed up or sorted.",
        ),
    }
}

/// The page.
pub fn privacy(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                p.small { a href="/settings" { "Settings" } }
                h1 { "Privacy" }
                p { "What is kept here is yours. You decide what happens to it." }
            }
            (everything_out())
            (restriction(page, frame))
            (consents(page, frame))
            (objections(page, frame))
            (recipients(page))
            (kept(page))
            (erasure(page, frame))
        }
    }
}

fn everything_out() -> Markup {
    html! {
        section.part {
            h2 { "Take everything out" }
            div.setting {
                div {
                    h3 { "One signed file" }
                    p { "A ZIP with your account, every library you use in three formats, what you opened, and every change. MindShelf takes it in again under Import." }
                }
                (link_icon("Download", "/settings/privacy/archive", "download", Weight::Main))
            }
        }
    }
}

/// A button that is a switch.
fn switch(action: &str, on: bool, what: &[(&str, &str)], csrf: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            (token(csrf))
            @for (name, value) in what { (hidden(name, value)) }
            (hidden("on", if on { "no" } else { "yes" }))
            button.btn.btn-line type="submit" role="switch" aria-checked=(on) {
                @if on { (icon("check")) "On" } @else { (icon("eye-off")) "Off" }
            }
        }
    }
}

fn restriction(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "Only keep it" }
            div.setting {
                div {
                    h3 { "Do nothing else with what is mine" }
                    p { "What you open is not noted, your searches go by words alone, webhooks you added are paused, and everything below is off. Saving, finding, syncing and taking out go on." }
                }
                (switch("/settings/privacy/restriction", page.choices.restricted, &[], &frame.csrf))
            }
        }
    }
}

fn consents(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    let asked = Purpose::ALL.into_iter().map(|(purpose, _)| purpose);
    html! {
        section.part {
            h2 { "Only if you agree" }
            p.muted { "Off until you switch it on, and off again as easily." }
            @for purpose in asked.filter(|purpose| purpose.needs_consent()) {
                @let (name, what) = spoken(purpose);
                @let on = page.choices.consented.contains(&purpose);
                div.setting {
                    div { h3 { (name) } p { (what) } }
                    (switch("/settings/privacy/consents", on, &[("purpose", purpose.name())], &frame.csrf))
                }
            }
            @if !page.agreed.is_empty() {
                details {
                    summary { "What you agreed to so far" }
                    ul {
                        @for one in &page.agreed {
                            li { (words::moment(one.at)) ": " (if one.given { "agreed to " } else { "took back " }) (spoken(one.purpose).0.to_lowercase()) }
                        }
                    }
                }
            }
        }
    }
}

fn objections(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    html! {
        section.part {
            h2 { "What you object to" }
            form.stack method="post" action="/settings/privacy/objections" {
                (token(&frame.csrf))
                div.stack-s {
                    @for purpose in Purpose::OPEN_TO_OBJECTION {
                        label.line {
                            input type="checkbox" name="purpose" value=(purpose.name()) checked[page.choices.objected.contains(&purpose)];
                            span { (spoken(purpose).0) }
                        }
                    }
                }
                div.line { (submit("Keep", Weight::Line)) }
            }
        }
    }
}

fn recipients(page: &PrivacyPage<'_>) -> Markup {
    let kind = |kind: &str| match kind {
        "webhook" => "Told what happens",
        "app" => "Program you let in",
        "token" => "Key of a program",
        _ => "Team",
    };
    html! {
        section.part {
            h2 { "Who is given something" }
            @if page.recipients.is_empty() {
                p.muted { "Nobody." }
            } @else {
                @for (what, name) in &page.recipients {
                    div.setting { div { h3.wrap { (name) } p { (kind(what)) } } }
                }
            }
        }
    }
}

fn kept(page: &PrivacyPage<'_>) -> Markup {
    html! {
        section.part {
            h2 { "What is kept, and how long" }
            div.scroll {
                table.kept {
                    tbody {
                        @for (what, how_long) in page.kept {
                            tr { th scope="row" { (what) } td { (how_long) } }
                        }
                    }
                }
            }
            details {
                summary { "The whole notice" }
                div.stack-s { @for paragraph in page.notice { p { (paragraph) } } }
            }
        }
    }
}

fn erasure(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    html! {
        section.part id="erasure" {
            h2 { "Have everything erased" }
            @match &page.leaving {
                Some(leaving) => { (waiting(leaving, frame)) }
                None => {
                    (confirming(page.asks, page.offered, "/settings/privacy", frame))
                    (asking(page, frame))
                }
            }
        }
    }
}

fn waiting(leaving: &Leaving, frame: &Frame) -> Markup {
    html! {
        div.note.note-danger {
            (icon("triangle-alert"))
            div.stack-s {
                @if leaving.begun {
                    p { "It has begun and cannot be taken back." }
                } @else {
                    p { "Everything of yours is erased on " strong { (words::moment(leaving.due_at)) } " (UTC)." }
                }
                p { "Keep this address: there the receipt will be, for thirty days. It names nobody, and says which webhooks were told." }
                p.wrap { code { "/v1/privacy/receipts/" (leaving.receipt) } }
            }
        }
        @if !leaving.begun {
            form.line method="post" action="/settings/privacy/erasure/take-back" {
                (token(&frame.csrf))
                (submit("Take that back", Weight::Main))
            }
        }
    }
}

fn asking(page: &PrivacyPage<'_>, frame: &Frame) -> Markup {
    let (at, why) = match &page.refused {
        Some((at, why)) => (at.as_str(), Some(why.as_str())),
        None => ("", None),
    };
    let asks_password = page.asks.password && !page.asks.confirmed;
    html! {
        p.muted { "Your account, your libraries with all that is in them, keys, sessions and settings. You have seven days to take it back. What you wrote in libraries of others stays there without your name." }
        p.muted { "Take everything out before: afterwards nobody can bring it back." }
        @if let Some(why) = why {
            @if at != "password" || !asks_password { div.note.note-warn role="alert" { (icon("triangle-alert")) p { (why) } } }
        }
        form.stack-s method="post" action="/settings/privacy/erasure" {
            (token(&frame.csrf))
            @if asks_password {
                (line(Field {
                    name: "password", label: "Your password", kind: "password", required: true,
                    autocomplete: "current-password",
                    error: why.filter(|_| at == "password"), ..Field::default()
                }))
            }
            label.line {
                input type="checkbox" name="meant" value="yes" required;
                span { "Yes, erase everything of mine" }
            }
            div.line { (submit("Erase everything", Weight::Danger)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    #[test]
    fn hostile_names_of_recipients_stay_text() {
        for string in hostile::STRINGS {
            let page = PrivacyPage {
                choices: Choices::default(),
                agreed: vec![Agreed {
                    purpose: Purpose::Llm,
                    given: true,
                    at: datetime!(2026-01-02 03:04 UTC),
                }],
                recipients: vec![("webhook", string.into())],
                notice: &["a"],
                kept: &[("a", "b")],
                asks: Asks { password: true, ..Asks::default() },
                offered: Ok(()),
                leaving: None,
                refused: Some(("password".into(), string.into())),
            };
            hostile::assert_dead(&privacy(&page, &Frame::default()).into_string(), string);
        }
    }

    #[test]
    fn an_erasure_that_began_is_not_taken_back() {
        let at = datetime!(2026-01-02 03:04 UTC);
        let shown = |begun| {
            let leaving = Leaving { due_at: at, receipt: "r".into(), begun };
            waiting(&leaving, &Frame::default()).into_string()
        };
        assert!(shown(false).contains("take-back"));
        assert!(!shown(true).contains("take-back"));
    }
}
