//! Webhooks: who is told what happens in a library, and what was sent to each of them.

use maud::{Markup, html};
use shelf_domain::event::EventType;
use shelf_ports::webhooks::{DeliveryState, EndpointState};
use time::OffsetDateTime;

use crate::{
    frame::Frame,
    ui::{
        button::{Weight, link, submit},
        empty,
        field::{self, Field, hidden, token},
        icon::icon,
        when,
    },
    words,
};

/// An endpoint, as a line of the list and as the head of its page.
#[derive(Debug, Clone)]
pub struct EndpointLine {
    /// Its id.
    pub id: String,
    /// Where events are posted to.
    pub url: String,
    /// What was written about it.
    pub description: String,
    /// The types it is told of; none for all.
    pub types: Vec<EventType>,
    /// How it stands.
    pub state: EndpointState,
    /// When something got through last.
    pub succeeded_at: Option<OffsetDateTime>,
    /// Tries that failed in a row.
    pub failures: u32,
    /// How much waits for it.
    pub waiting: u64,
    /// How much it was not told of.
    pub missed: u64,
}

/// Everything the list shows.
#[derive(Debug, Clone)]
pub struct WebhooksPage {
    /// What the library is called.
    pub library: String,
    /// Who is told.
    pub endpoints: Vec<EndpointLine>,
    /// Now, for telling how long ago.
    pub now: OffsetDateTime,
}

/// A delivery, as a line of the log.
#[derive(Debug, Clone)]
pub struct DeliveryLine {
    /// Its id.
    pub id: String,
    /// The name of its event's type.
    pub kind: String,
    /// When it was written down.
    pub created_at: OffsetDateTime,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: OffsetDateTime,
    /// The status it was answered with last.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub trouble: Option<String>,
    /// How long the last try took, milliseconds.
    pub took_ms: Option<u32>,
}

/// Everything the page of one endpoint shows.
#[derive(Debug, Clone)]
pub struct EndpointPage {
    /// The endpoint.
    pub endpoint: EndpointLine,
    /// A secret made just now, shown once.
    pub secret: Option<String>,
    /// Until when deliveries carry a signature by the secret before, too.
    pub both_until: Option<OffsetDateTime>,
    /// What was sent, latest first.
    pub deliveries: Vec<DeliveryLine>,
    /// Only what became this is shown.
    pub only: Option<DeliveryState>,
    /// Where older ones are.
    pub older: Option<String>,
    /// Now, for telling how long ago.
    pub now: OffsetDateTime,
}

/// How an endpoint stands, in words, with the picture beside them.
fn standing(one: &EndpointLine) -> (&'static str, &'static str) {
    match one.state {
        EndpointState::Active if one.failures > 0 => {
            ("triangle-alert", "Does not take what happens; it is tried again")
        }
        EndpointState::Active => ("circle-check", "Told what happens"),
        EndpointState::Paused => ("clock", "Paused: what happens waits for it"),
        EndpointState::Failing => {
            ("triangle-alert", "Given up: nothing got through for three days")
        }
        EndpointState::Gone => ("triangle-alert", "Given up: it said it wants no more (410)"),
    }
}

/// What became of a delivery, in a word, with the picture beside it.
fn outcome(state: DeliveryState) -> (&'static str, &'static str) {
    match state {
        DeliveryState::Waiting => ("clock", "Waiting"),
        DeliveryState::Delivered => ("check", "Delivered"),
        DeliveryState::Failed => ("triangle-alert", "Failed"),
    }
}

/// The list.
pub fn webhooks(page: &WebhooksPage, frame: &Frame) -> Markup {
    html! {
        div.page {
            header {
                h1 { "Webhooks" }
                p { "A program elsewhere is told what happens in " strong { (page.library) } ", as it happens: one signed message for each gesture." }
            }
            @if page.endpoints.is_empty() {
                (empty::empty("share-2", "Nobody is told", "Add the address of a program below; it is told of every gesture from then on.", &html! {}))
            } @else {
                section.part {
                    h2 { "Who is told" }
                    @for one in &page.endpoints { (endpoint_line(one, page.now)) }
                }
            }
            section.part {
                h2 { "Add an address" }
                form.stack method="post" action="/webhooks" {
                    (token(&frame.csrf))
                    (field::line(Field { name: "url", label: "Address", kind: "url", required: true,
                        placeholder: "https://hooks.example/mindshelf", hint: Some("Messages are posted there. It has to be on the public internet, unless whoever runs this server named it."),
                        ..Field::default() }))
                    (field::line(Field { name: "description", label: "What is it for?", ..Field::default() }))
                    (types(&[]))
                    div.line { (submit("Add", Weight::Main)) }
                }
            }
        }
    }
}

fn endpoint_line(one: &EndpointLine, now: OffsetDateTime) -> Markup {
    let (picture, words) = standing(one);
    html! {
        div.setting {
            div {
                h3.wrap { a href={ "/webhooks/" (one.id) } { @if one.description.is_empty() { (one.url) } @else { (one.description) } } }
                @if !one.description.is_empty() { p.wrap { (one.url) } }
                p.line { (icon(picture)) (words) }
                p { (told(one, now)) }
            }
            (link("Open", &format!("/webhooks/{}", one.id), Weight::Line))
        }
    }
}

/// How it went lately, in a sentence.
fn told(one: &EndpointLine, now: OffsetDateTime) -> Markup {
    html! {
        @match one.succeeded_at {
            Some(at) => { "Last reached " (words::ago(at, now)) "." }
            None => { "Not reached yet." }
        }
        @if one.failures > 0 { " " (words::counted(one.failures.into(), "try", "tries")) " failed in a row." }
        @if one.waiting > 0 { " " (words::counted(one.waiting, "message waits", "messages wait")) "." }
        @if one.missed > 0 { " It was not told of " (words::counted(one.missed, "gesture", "gestures")) "." }
    }
}

/// The types one may choose from, folded away: none chosen is all.
fn types(chosen: &[EventType]) -> Markup {
    html! {
        details open[!chosen.is_empty()] {
            summary { "Only some kinds of messages" }
            p.muted { "Nothing chosen is everything." }
            div.kinds {
                @for kind in EventType::all() {
                    @let name = kind.name();
                    label.line {
                        input type="checkbox" name="type" value=(name) checked[chosen.contains(&kind)];
                        span { (spoken(&name)) }
                    }
                }
            }
        }
    }
}

/// `mindshelf.bookmark.created` as people say it.
fn spoken(name: &str) -> String {
    name.trim_start_matches("mindshelf.").replace('.', " ")
}

/// One endpoint.
pub fn endpoint(page: &EndpointPage, frame: &Frame) -> Markup {
    let one = &page.endpoint;
    html! {
        div.page {
            header {
                p.small { a href="/webhooks" { "Webhooks" } }
                h1.wrap { @if one.description.is_empty() { (one.url) } @else { (one.description) } }
                @if !one.description.is_empty() { p.wrap { (one.url) } }
            }
            (state_of(page, frame))
            @if let Some(secret) = &page.secret { (new_secret(secret)) }
            (log(page, frame))
            (settings(page, frame))
        }
    }
}

fn state_of(page: &EndpointPage, frame: &Frame) -> Markup {
    let one = &page.endpoint;
    let (picture, words) = standing(one);
    let class = match one.state {
        EndpointState::Active if one.failures > 0 => "note note-warn",
        EndpointState::Active => "note note-ok",
        EndpointState::Paused => "note",
        EndpointState::Failing | EndpointState::Gone => "note note-danger",
    };
    let at = format!("/webhooks/{}/state", one.id);
    html! {
        div class=(class) role="status" {
            (icon(picture))
            div.grow { p { strong { (words) } } p { (told(one, page.now)) } }
        }
        div.line.acts {
            form method="post" action=(at) {
                (token(&frame.csrf))
                @if one.state == EndpointState::Active {
                    (hidden("paused", "yes"))
                    (submit("Pause", Weight::Line))
                } @else {
                    (hidden("paused", "no"))
                    (submit("Resume", Weight::Main))
                }
            }
            @if one.state == EndpointState::Active {
                form method="post" action={ "/webhooks/" (one.id) "/test" } {
                    (token(&frame.csrf))
                    (submit("Send a test", Weight::Line))
                }
            }
        }
    }
}

fn new_secret(secret: &str) -> Markup {
    html! {
        div.note.note-ok {
            (icon("key-round"))
            div.grow.stack-s {
                p { "The secret messages are signed with. It is shown this once: give it to the program that receives them." }
                code.secret { (secret) }
            }
        }
    }
}

fn log(page: &EndpointPage, frame: &Frame) -> Markup {
    let id = &page.endpoint.id;
    let filters = [None, Some(DeliveryState::Failed), Some(DeliveryState::Waiting)];
    html! {
        section.part id="log" {
            h2 { "What was sent" }
            p.muted { "Of the last thirty days, latest first. What was answered is not kept." }
            nav.line aria-label="Which messages" {
                @for only in filters {
                    @let name = only.map_or("", DeliveryState::name);
                    a.chip href={ "/webhooks/" (id) "?only=" (name) "#log" } aria-current=[(only == page.only).then_some("true")] {
                        (only.map_or("All", |state| outcome(state).1))
                    }
                }
            }
            @if page.deliveries.is_empty() {
                p.muted { "Nothing yet." }
            } @else {
                div.scroll {
                    table.sent {
                        thead { tr { th { "Outcome" } th { "Message" } th { "How it went" } th { span.sr { "Again" } } } }
                        tbody { @for one in &page.deliveries { (delivery(id, one, page.now, frame)) } }
                    }
                }
            }
            @if let Some(older) = &page.older { p { (link("Older", older, Weight::Line)) } }
            @if page.deliveries.iter().any(|one| one.state == DeliveryState::Failed) {
                form.line method="post" action={ "/webhooks/" (id) "/again" } {
                    (token(&frame.csrf))
                    label for="f-since" { "Send all again that failed since" }
                    input.input id="f-since" type="date" name="since" required value=(page.now.date());
                    (submit("Send again", Weight::Line))
                }
            }
        }
    }
}

fn delivery(endpoint: &str, one: &DeliveryLine, now: OffsetDateTime, frame: &Frame) -> Markup {
    let (picture, word) = outcome(one.state);
    html! {
        tr {
            td { span class={ "outcome sent-" (one.state.name()) } { (icon(picture)) (word) } }
            td { (spoken(&one.kind)) br; span.small.muted { (when::moment(one.created_at)) } }
            td { (how(one, now)) }
            td {
                form method="post" action={ "/webhooks/" (endpoint) "/deliveries/" (one.id) "/again" } {
                    (token(&frame.csrf))
                    button.btn.btn-line.btn-small type="submit" aria-label={ "Send again: " (spoken(&one.kind)) } { (icon("rotate-ccw")) "Again" }
                }
            }
        }
    }
}

/// How the last try went and when the next one is, in a sentence.
fn how(one: &DeliveryLine, now: OffsetDateTime) -> Markup {
    html! {
        @if let Some(status) = one.status { "Answered " (status) }
        @if let (Some(_), Some(ms)) = (one.status, one.took_ms) { " in " (ms) " ms" }
        @if let Some(trouble) = &one.trouble {
            @if one.status.is_some() { ": " } @else { "Not taken: " }
            (trouble)
        }
        @if one.status.is_none() && one.trouble.is_none() { "Not tried yet" }
        "."
        @if one.attempts > 1 { " " (words::counted(one.attempts.into(), "try", "tries")) "." }
        @if one.state == DeliveryState::Waiting && one.attempts > 0 && one.next_at > now {
            br; span.small.muted { "Again on " (when::moment(one.next_at)) }
        }
    }
}

fn settings(page: &EndpointPage, frame: &Frame) -> Markup {
    let one = &page.endpoint;
    html! {
        section.part {
            h2 { "Change it" }
            form.stack method="post" action={ "/webhooks/" (one.id) } {
                (token(&frame.csrf))
                (field::line(Field { name: "url", label: "Address", kind: "url", required: true, value: &one.url, ..Field::default() }))
                (field::line(Field { name: "description", label: "What is it for?", value: &one.description, ..Field::default() }))
                (types(&one.types))
                div.line { (submit("Save", Weight::Line)) }
            }
        }
        section.part {
            h2 { "Secret and end" }
            div.setting {
                div {
                    h3 { "Another secret" }
                    p {
                        "For a day messages are signed with both, so that the program can change over."
                        @if let Some(at) = page.both_until { " That is so until " (when::moment(at)) "." }
                    }
                }
                form method="post" action={ "/webhooks/" (one.id) "/secret" } {
                    (token(&frame.csrf))
                    button.btn.btn-line type="submit" { (icon("key-round")) "Make one" }
                }
            }
            div.setting {
                div { h3 { "Remove it" } p { "With what waits for it, and the list of what was sent." } }
                form method="post" action={ "/webhooks/" (one.id) "/remove" } {
                    (token(&frame.csrf))
                    (submit("Remove", Weight::Danger))
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

    const AT: OffsetDateTime = datetime!(2026-01-02 03:04 UTC);

    fn line(text: &str, state: EndpointState) -> EndpointLine {
        EndpointLine {
            id: "e".into(),
            url: text.into(),
            description: text.into(),
            types: vec![EventType::TEST],
            state,
            succeeded_at: Some(AT),
            failures: 2,
            waiting: 3,
            missed: 4,
        }
    }

    fn page(text: &str, state: EndpointState) -> EndpointPage {
        EndpointPage {
            endpoint: line(text, state),
            secret: Some(text.into()),
            both_until: Some(AT),
            deliveries: vec![DeliveryLine {
                id: "d".into(),
                kind: "mindshelf.bookmark.created".into(),
                created_at: AT,
                state: DeliveryState::Failed,
                attempts: 10,
                next_at: AT,
                status: Some(503),
                trouble: Some(text.into()),
                took_ms: Some(12),
            }],
            only: None,
            older: Some("/webhooks/e?before=1".into()),
            now: AT,
        }
    }

    #[test]
    fn hostile_addresses_stay_text() {
        for string in hostile::STRINGS {
            let endpoints = vec![line(string, EndpointState::Active)];
            let list = WebhooksPage { library: string.into(), endpoints, now: AT };
            let out = webhooks(&list, &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
            let out = endpoint(&page(string, EndpointState::Gone), &Frame::default()).into_string();
            hostile::assert_dead(&out, string);
        }
    }

    #[test]
    fn a_page_says_how_it_stands_and_what_can_be_done() {
        let of = |state| endpoint(&page("x", state), &Frame::default()).into_string();
        let active = of(EndpointState::Active);
        assert!(active.contains(">Pause<") && active.contains(">Send a test<"));
        assert!(active.contains("Answered 503 in 12 ms: x. 10 tries."), "{active}");
        let gone = of(EndpointState::Gone);
        assert!(gone.contains(">Resume<") && !gone.contains(">Send a test<"));
        assert!(gone.contains("note-danger") && gone.contains("(410)"));
    }
}
