//! One item: everything editable in place, where it stands, its tags, and its history with the way back.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    frame::{Folder, Frame},
    link, marks,
    pages::{
        conflicts::{Twice, of_item},
        files::{FileLine, files},
        thread::{Thread, thread},
    },
    ui::{
        field::{hidden, token},
        icon::icon,
        when,
    },
    words,
};

/// Everything the item page shows.
#[derive(Debug, Clone)]
pub struct ItemPage {
    /// The item's id.
    pub id: String,
    /// How far the log had come when this was read.
    pub seen: u64,
    /// The saved address, as typed.
    pub url: String,
    /// Its title; empty when it has none.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What its reader wrote.
    pub notes: String,
    /// Texts of it, and of comments on it, that were written twice at the same time.
    pub twice: Vec<Twice>,
    /// The files that are kept with it.
    pub files: Vec<FileLine>,
    /// What people say of it.
    pub thread: Thread,
    /// Its tags: id and name.
    pub tags: Vec<(String, String)>,
    /// The folders it stands in: place id, folder id, path.
    pub places: Vec<Place>,
    /// When it was saved.
    pub saved_at: OffsetDateTime,
    /// When it was put in the trash, if it was.
    pub trashed_at: Option<OffsetDateTime>,
    /// Whether it waits to be read.
    pub unread: bool,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it is marked private: whoever may read the library sees it all the same.
    pub private: bool,
    /// What happened to it, latest first.
    pub history: Vec<Event>,
    /// Where it is shown: a list with this item beside it, or its own page.
    pub here: String,
    /// Where closing it leads; the list it was opened from.
    pub close: String,
}

/// One spot in the tree.
#[derive(Debug, Clone)]
pub struct Place {
    /// The place's own id.
    pub id: String,
    /// The folder's id.
    pub folder: String,
    /// The folder's path.
    pub path: String,
}

/// One act on an item.
#[derive(Debug, Clone)]
pub struct Event {
    /// The position in the log it ended at; what "put back" names.
    pub seq: u64,
    /// When.
    pub at: OffsetDateTime,
    /// By what: the browser's, program's or device's name.
    pub by: String,
    /// What changed: field, before, after.
    pub changes: Vec<(String, String, String)>,
}

/// The item, for the panel at the right or for a page of its own.
pub fn item(page: &ItemPage, frame: &Frame) -> Markup {
    html! {
        article.item id="item" data-item=(page.id) aria-label=(page.title) {
            h2.sr { (page.title) }
            (tools(page, frame))
            @if let Some(at) = page.trashed_at { (in_the_trash(page, frame, at)) }
            (words_form(page, frame))
            (of_item(&page.twice, &page.here, frame))
            (flags(page, frame))
            (tags(page, frame))
            (places(page, frame))
            @if page.trashed_at.is_none() { (files(&page.id, &page.here, &page.files, frame)) }
            (thread(&page.id, &page.here, &page.thread, frame))
            (timeline(page, frame))
        }
    }
}

fn tools(page: &ItemPage, frame: &Frame) -> Markup {
    html! {
        div.item-tools {
            a.btn.btn-icon href=(page.close) data-close title="Close" { (icon("x")) span.sr { "Close" } }
            div.line {
                span.small.muted role="status" data-saved {}
                a.btn.btn-icon href={ "/items/" (page.id) } title="A page of its own" {
                    (icon("link")) span.sr { "A page of its own" }
                }
                @if page.trashed_at.is_none() {
                    form method="post" action={ "/items/" (page.id) "/trash" } {
                        (token(&frame.csrf))
                        (hidden("back", &page.close))
                        button.btn.btn-icon type="submit" title="Put in the trash" {
                            (icon("trash-2")) span.sr { "Put in the trash" }
                        }
                    }
                }
                @if let Some(href) = link::followable(&page.url) {
                    a.btn.btn-line.btn-small href=(href) target="_blank" rel="noopener noreferrer"
                        data-opened=(page.id) { "Open" (icon("external-link")) }
                }
            }
        }
    }
}

fn in_the_trash(page: &ItemPage, frame: &Frame, at: OffsetDateTime) -> Markup {
    html! {
        div.note.note-warn {
            (icon("trash-2"))
            p.grow { "In the trash since " (words::day(at)) ". Thirty days after that it is gone." }
            form method="post" action={ "/items/" (page.id) "/restore" }
                hx-post={ "/items/" (page.id) "/restore" } hx-target="#item" hx-swap="outerHTML" {
                (token(&frame.csrf))
                (hidden("back", &page.here))
                button.btn.btn-line.btn-small type="submit" { "Restore" }
            }
        }
    }
}

fn words_form(page: &ItemPage, frame: &Frame) -> Markup {
    html! {
        form.stack method="post" action={ "/items/" (page.id) } data-live hx-post={ "/items/" (page.id) }
            hx-trigger="change" hx-swap="none" {
            (token(&frame.csrf))
            (hidden("back", &page.here))
            (marks_of(page))
            div {
                textarea.input.input-bare.item-title name="title" rows="1" aria-label="Title" dir="auto"
                    placeholder="No title" maxlength="4000" { "\n" (page.title) }
                input.input.input-bare.item-url name="url" value=(page.url) aria-label="Address" required
                    spellcheck="false";
            }
            textarea.input.input-bare.item-words name="description" rows="2" aria-label="Description" dir="auto"
                placeholder="What is it about?" { "\n" (page.description) }
            div.field {
                label for="item-notes" { "Notes" }
                textarea.input id="item-notes" name="notes" rows="3" dir="auto"
                    placeholder="What do you want to remember?" { "\n" (page.notes) }
            }
            dl {
                dt { "Saved" }
                dd {
                    input.input.input-bare type="date" name="created_on" aria-label="Saved on"
                        value=(saved_on(page));
                }
            }
            div.only-plain { button.btn.btn-line type="submit" { "Save" } }
        }
    }
}

/// The day a page shows as the one it was saved on.
fn saved_on(page: &ItemPage) -> String {
    words::machine(page.saved_at).get(..10).unwrap_or_default().to_owned()
}

/// The marks of what the form shows at first.
fn marks_of(page: &ItemPage) -> Markup {
    let day = saved_on(page);
    let texts = [
        ("title", page.title.as_str()),
        ("url", page.url.as_str()),
        ("description", page.description.as_str()),
        ("notes", page.notes.as_str()),
        ("created_on", day.as_str()),
    ];
    shown_marks(&page.seen.to_string(), &texts, None)
}

/// The marks of what the form shows now that these texts were sent, to be put where they stand already.
pub fn fresh_marks(seen: &str, texts: &[(&str, &str)]) -> Markup {
    shown_marks(seen, texts, Some("true"))
}

fn shown_marks(seen: &str, texts: &[(&str, &str)], swap: Option<&str>) -> Markup {
    html! {
        div id="item-shown" hidden hx-swap-oob=[swap] {
            (hidden("seen", seen))
            @for (name, text) in texts { (hidden(&marks::named(name), &marks::mark(text))) }
        }
    }
}

/// The flags that are shown as on now that the form was sent, to be put where they stand already.
pub fn fresh_flags(on: &[&str]) -> Markup {
    shown_flags(on, Some("true"))
}

/// Says which flags are shown as on, so that it is known which of them somebody turned.
fn shown_flags(on: &[&str], swap: Option<&str>) -> Markup {
    let on = on.join(" ");
    html! { input type="hidden" id="item-flags-shown" name="shown" value=(on) hx-swap-oob=[swap]; }
}

/// What the mark is, and is not.
const PRIVATE: &str =
    "A mark for searching and exports: whoever may read this library sees the link all the same";

fn flags_of(page: &ItemPage) -> [(&'static str, &'static str, bool); 4] {
    [
        ("unread", "To read", page.unread),
        ("favourite", "Favourite", page.favourite),
        ("archived", "Archived", page.archived),
        ("private", "Marked private", page.private),
    ]
}

fn flags(page: &ItemPage, frame: &Frame) -> Markup {
    let on = flags_of(page).into_iter().filter(|(.., on)| *on).map(|(name, ..)| name);
    let on: Vec<&str> = on.collect();
    html! {
        form method="post" action={ "/items/" (page.id) "/flags" } data-live hx-trigger="change" hx-swap="none"
            hx-post={ "/items/" (page.id) "/flags" } {
            (token(&frame.csrf))
            (hidden("back", &page.here))
            (hidden("all", "yes"))
            (shown_flags(&on, None))
            div.flags {
                @for (name, label, is_on) in flags_of(page) {
                    label.flag title=[(name == "private").then_some(PRIVATE)] {
                        input.check type="checkbox" name=(name) value="yes" checked[is_on]; (label)
                    }
                }
                button.btn.btn-small.only-plain type="submit" { "Save" }
            }
        }
    }
}

fn tags(page: &ItemPage, frame: &Frame) -> Markup {
    html! {
        section id="item-tags" {
            h3 { "Tags" }
            form.line method="post" action={ "/items/" (page.id) "/tags" }
                hx-post={ "/items/" (page.id) "/tags" } hx-target="#item" hx-swap="outerHTML" {
                (token(&frame.csrf))
                (hidden("back", &page.here))
                // Enter adds; without this it would press the first tag's cross.
                button.sr type="submit" tabindex="-1" aria-hidden="true" { "Add" }
                @for (id, name) in &page.tags {
                    span.chip {
                        a href={ "/tags/" (id) } { (name) }
                        button type="submit" name="remove" value=(id) formnovalidate aria-label={ "Remove " (name) } {
                            (icon("x"))
                        }
                    }
                }
                input.input.input-add name="add" placeholder="Add a tag" aria-label="Add a tag" list="item-known-tags"
                    autocomplete="off" data-item-tag;
                datalist id="item-known-tags" { @for tag in &frame.rail.tags { option value=(tag.name) {} } }
                button.btn.btn-small.only-plain type="submit" { "Add" }
            }
        }
    }
}

fn places(page: &ItemPage, frame: &Frame) -> Markup {
    html! {
        section {
            h3 { "Stands in" }
            form.stack-s method="post" action={ "/items/" (page.id) "/places" }
                hx-post={ "/items/" (page.id) "/places" } hx-target="#item" hx-swap="outerHTML" {
                (token(&frame.csrf))
                (hidden("back", &page.here))
                button.sr type="submit" tabindex="-1" aria-hidden="true" { "Put there too" }
                div.line {
                    @if page.places.is_empty() { span.muted { "No folder" } }
                    @for place in &page.places {
                        span.chip {
                            (icon("folder"))
                            a href={ "/folders/" (place.folder) } { (place.path) }
                            button type="submit" name="remove" value=(place.id)
                                aria-label={ "Take out of " (place.path) } { (icon("x")) }
                        }
                    }
                }
                div.line {
                    select.input.input-add name="folder" aria-label="Put in another folder" data-send {
                        option value="" { "Put in another folder" }
                        @for folder in Folder::taking(&frame.rail.folders) {
                            option value=(folder.id) { (folder.path) }
                        }
                    }
                    button.btn.btn-small.only-plain type="submit" { "Put there too" }
                }
            }
        }
    }
}

fn timeline(page: &ItemPage, frame: &Frame) -> Markup {
    history(page, frame, None)
}

/// The history alone, to be put where it stands already.
pub fn fresh_history(page: &ItemPage, frame: &Frame) -> Markup {
    history(page, frame, Some("true"))
}

fn history(page: &ItemPage, frame: &Frame, swap: Option<&str>) -> Markup {
    html! {
        section id="item-history" hx-swap-oob=[swap] {
            h3 { "History" }
            ol.timeline {
                @for (place, event) in page.history.iter().enumerate() {
                    li data-now[place == 0] {
                        div.line-apart {
                            span.small.muted {
                                (when::moment(event.at))
                                @if !event.by.is_empty() { " · " (event.by) }
                            }
                            @if place > 0 {
                                form method="post" action={ "/items/" (page.id) "/put-back" }
                hx-post={ "/items/" (page.id) "/put-back" } hx-target="#item" hx-swap="outerHTML" {
                                    (token(&frame.csrf))
                                    (hidden("seq", &event.seq.to_string()))
                                    (hidden("back", &page.here))
                                    button.btn.btn-small type="submit" { (icon("rotate-ccw")) "Put back this version" }
                                }
                            }
                        }
                        @for change in &event.changes { (changed(change)) }
                    }
                }
            }
        }
    }
}

/// One changed field, as a line.
pub fn changed((field, before, after): &(String, String, String)) -> Markup {
    html! {
        p {
            span.muted { (field) " " }
            @if !before.is_empty() { del { (before) } " " }
            @if !after.is_empty() { ins { (after) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::pages::hostile;

    fn page_of(text: &str) -> ItemPage {
        let text = text.to_owned();
        ItemPage {
            id: "0198".into(),
            seen: 4,
            url: text.clone(),
            title: text.clone(),
            description: text.clone(),
            notes: text.clone(),
            twice: Vec::new(),
            files: Vec::new(),
            thread: Thread::default(),
            tags: vec![("t".into(), text.clone())],
            places: vec![Place { id: "p".into(), folder: "f".into(), path: text.clone() }],
            saved_at: datetime!(2024-03-12 10:00 UTC),
            trashed_at: Some(datetime!(2024-03-13 10:00 UTC)),
            unread: true,
            favourite: false,
            archived: false,
            private: false,
            history: vec![Event {
                seq: 4,
                at: datetime!(2024-03-12 10:00 UTC),
                by: text.clone(),
                changes: vec![("title".into(), text.clone(), text)],
            }],
            here: "/library?item=0198".into(),
            close: "/library".into(),
        }
    }

    #[test]
    fn hostile_words_in_any_field_stay_text() {
        for string in hostile::STRINGS {
            hostile::assert_dead(&item(&page_of(string), &Frame::default()).into_string(), string);
        }
    }

    #[test]
    fn an_address_that_could_run_can_be_edited_but_not_followed() {
        let out = item(&page_of("javascript:alert(1)"), &Frame::default()).into_string();
        assert!(!out.contains("href=\"javascript"));
        assert!(out.contains("value=\"javascript:alert(1)\""));
    }

    #[test]
    fn the_private_mark_promises_nothing_that_it_does_not_do() {
        let out = item(&page_of("x"), &Frame::default()).into_string();
        assert!(
            out.contains("Marked private") && out.contains("sees the link all the same"),
            "{out}"
        );
    }

    #[test]
    fn the_present_version_cannot_be_put_back() {
        let out = item(&page_of("x"), &Frame::default()).into_string();
        assert!(!out.contains("Put back this version"));
    }
}
