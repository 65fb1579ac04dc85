//! Every component in every state, for eyes and for screenshots; a page for development.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use crate::{
    frame::Frame,
    marked::Marked,
    ui::{
        button::{Weight, link, submit},
        chip,
        empty::empty,
        field::{Field, line, lines, switch},
        icon::icon,
        menu::menu,
        progress,
        row::{RowView, rows},
        toast::{self, Toast},
    },
};

/// The page; `now` dates its sample rows.
pub fn design(frame: &Frame, now: OffsetDateTime) -> Markup {
    html! {
        div.page.page-wide.stack-l {
            header { h1 { "Components" } p { "Everything pages are made of, in all its states." } }
            section.stack { h2 { "Colour" } ul.swatches {
                @for name in ["paper", "ink", "muted", "line", "accent", "mark", "lamp", "danger", "ok", "warn"] {
                    li data-c=(name) { (name) }
                }
            } }
            (type_scale())
            (buttons())
            (fields())
            section.stack { h2 { "Chips, menu, switch of views" }
                div.line {
                    (chip::link("rust", "/design", Some(1204), false))
                    (chip::link("databases", "/design", Some(88), true))
                    (chip::link("a tag with a name so long that it cannot be shown whole", "/design", None, false))
                    (chip::removable("removable", "remove", "x"))
                    (menu("Menu", &html! { (icon("ellipsis")) }, &html! { button.btn { (icon("pencil")) "Rename" } button.btn.btn-danger { (icon("trash-2")) "Trash" } }))
                    div.seg { a href="#" aria-current="true" { (icon("list")) "Rows" } a href="#" { (icon("layout-grid")) "Cards" } a href="#" { (icon("table-2")) "Table" } }
                }
            }
            section { h2 { "Rows" } ul.rows { (rows(&samples(now), "/design", Some("2"), None)) } }
            section { h2 { "Cards" } ul.cards { (rows(&samples(now), "/design", None, None)) } }
            section { h2 { "Table" } ul.rows.table { (rows(&samples(now), "/design", None, None)) } }
            (notes())
            section.stack { h2 { "Waiting" }
                (progress::bar("Sample", 620, 1000))
                (progress::skeleton_rows(3))
            }
            section.box { (empty("book-open", "Nothing here yet", "Links you save or move here appear in this place.", &link("Save a link", "/save", Weight::Line))) }
            section.stack { h2 { "Toast" } (toast::one(&Toast { words: "3 links archived".into(), undo: Some("sample".into()) }, &frame.csrf)) }
            section.stack { h2 { "Keys" } div.line { kbd { "Ctrl" } kbd { "K" } button.btn.btn-line type="button" data-dialog="keys" { "Open a dialog" } } }
        }
    }
}

fn type_scale() -> Markup {
    html! {
        section.stack {
            h2 { "Type" }
            p.hero.serif { "Everything you have saved" }
            h1 { "A heading of the first order" }
            h2 { "A heading of the second order" }
            h3 { "A heading of the third order" }
            p.lede { "Reading is done in a serif, with a measure of about sixty-six characters, " mark { "marked words" } " and lines that breathe." }
            p { "The interface speaks in a sans. " a href="#" { "A link" } ", " span.muted { "something muted" } ", " code { "some code" } ", 0123456789." }
        }
    }
}

fn buttons() -> Markup {
    html! {
        section.stack {
            h2 { "Buttons" }
            div.line {
                (submit("Main", Weight::Main)) (submit("Line", Weight::Line)) (submit("Quiet", Weight::Quiet)) (submit("Danger", Weight::Danger))
                button.btn.btn-main disabled { "Disabled" }
                button.btn.btn-line aria-busy="true" { "Busy" }
                button.btn.btn-icon aria-label="Favourite" aria-pressed="false" { (icon("star")) }
                button.btn.btn-icon aria-label="Favourite" aria-pressed="true" { (icon("star")) }
                button.btn.btn-line.btn-small { "Small" }
            }
        }
    }
}

fn fields() -> Markup {
    html! {
        section.stack {
            h2 { "Fields" }
            (line(Field { name: "d1", label: "Title", value: "The Rust Programming Language", ..Field::default() }))
            (line(Field { name: "d2", label: "Address", placeholder: "https://", hint: Some("Any web address."), ..Field::default() }))
            (line(Field { name: "d3", label: "Address", value: "htp:/x", error: Some("not a web address"), ..Field::default() }))
            (lines(Field { name: "d4", label: "Notes", value: "Several lines\nof text.", ..Field::default() }))
            (switch("d5", "On", true))
            (switch("d6", "Off", false))
        }
    }
}

fn notes() -> Markup {
    html! {
        section.stack {
            h2 { "Notes" }
            p.note { (icon("lamp-desk")) "Something worth knowing." }
            p.note.note-ok { (icon("circle-check")) "Something went well." }
            p.note.note-warn { (icon("triangle-alert")) "Something to mind." }
            p.note.note-danger { (icon("triangle-alert")) "Something went wrong." }
        }
    }
}

fn samples(now: OffsetDateTime) -> Vec<RowView> {
    let one = |id: &str, title: Marked, url: &str, snippet: &str, days: i64| RowView {
        id: id.into(),
        url: url.into(),
        title,
        snippet: Marked::plain(snippet),
        tags: vec![("/tags/1".into(), "rust".into()), ("/tags/2".into(), "reading".into())],
        place: Some(("Reading / Languages".into(), "f".into())),
        saved_at: now - Duration::days(days),
        unread: days == 0,
        favourite: days == 3,
        archived: false,
        comments: 0,
        why: Vec::new(),
    };
    let mut found = one(
        "1",
        Marked::at("Understanding the borrow checker", &[(18, 24)]),
        "https://example.org/borrow",
        "Why the compiler wants to know how long things live, told slowly.",
        0,
    );
    found.why = vec!["word in the title".into(), "meaning".into()];
    vec![
        found,
        one("2", Marked::plain("活字印刷と組版の歴史"), "https://example.com/ja", "", 3),
        one(
            "3",
            Marked::plain(
                "A title so long that it must be folded: on the keeping of libraries, their catalogues, their readers, and the quiet of rooms with one lamp",
            ),
            "https://very-long-site-name.example.net/path",
            "",
            400,
        ),
    ]
}
