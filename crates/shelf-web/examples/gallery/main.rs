//! Serves every page with sample words on loopback, for looking at; no library stands behind it.

mod items;

use axum::{
    Router,
    extract::{Query, Request},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use items::an_item;
use maud::Markup;
use serde::Deserialize;
use shelf_domain::{
    permit::{Permit, Permits},
    right::Right,
};
use shelf_web::{
    assets,
    frame::{self, Folder, Frame, Here, Rail, TagCount, Theme},
    marked::Marked,
    pages::{
        apps, consent, design, export, folders, history, import, item, keys, list, problem, save,
        settings, tags, trash, welcome,
    },
    policy,
    ui::{row::RowView, toast::Toast},
};
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 15:30 UTC);

#[derive(Debug, Default, Deserialize)]
struct Ask {
    theme: Option<String>,
    view: Option<String>,
    q: Option<String>,
    item: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4801".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let router = Router::new()
        .route(
            "/assets/{name}",
            get(|request: Request| async move { assets::serve(request.uri().path()) }),
        )
        .fallback(show);
    axum::serve(listener, router).await
}

async fn show(Query(ask): Query<Ask>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let frame = frame_for(&path, &ask);
    let panel = ask.item.is_some().then(|| item::item(&an_item(), &frame));
    let main = match path.as_str() {
        "/design" => design::design(&frame, NOW),
        "/welcome" => welcome::first_run(&frame, "http://127.0.0.1:4747"),
        "/import" => import::start(&frame, &[]),
        "/import/preview" => import::import(&an_import(import::Stage::Preview), &frame),
        "/import/running" => import::import(&an_import(import::Stage::Running), &frame),
        "/import/done" => import::import(&an_import(import::Stage::Done), &frame),
        "/export" => export::export(12_345),
        "/folders" => folders::folders(&frame),
        "/tags" => tags::tags(&tags::TagsPage { tags: frame.rail.tags.clone() }, &frame),
        "/trash" => trash::trash(&a_trash(), &frame),
        "/history" => history::history(&a_history(), &frame),
        "/settings" => settings::settings(&some_settings(), &frame),
        "/save" => save::save(&save::SavePage::default(), &frame),
        "/items/1" => item::item(&an_item(), &frame),
        "/door" => return alone(&frame, &welcome::door(welcome::Door::SpentLink, Ok(()))),
        "/knock" => return alone(&frame, &welcome::knock("sample")),
        "/consent" => return alone(&frame, &consent::consent(&a_request(false), "sample")),
        "/device" => return alone(&frame, &consent::type_code("sample", "", true)),
        "/device/answer" => return alone(&frame, &consent::consent(&a_request(true), "sample")),
        "/problem" => return alone(&frame, &problem::problem(&problem::Problem::not_found())),
        _ => list::list(&a_list(&ask), &frame),
    };
    dressed(frame::page(&frame, &main, panel.as_ref()))
}

fn alone(frame: &Frame, inside: &Markup) -> Response {
    dressed(frame::alone(&frame.title, frame.theme, "", inside))
}

fn dressed(page: Markup) -> Response {
    let mut response = Html(page.into_string()).into_response();
    policy::apply(response.headers_mut());
    response
}

fn frame_for(path: &str, ask: &Ask) -> Frame {
    let folder = |id: &str, name: &str, count, inside| Folder {
        id: id.into(),
        name: name.into(),
        count,
        mount: None,
        inside,
    };
    let tag = |name: &str, count| TagCount { id: name.into(), name: name.into(), count };
    Frame {
        title: "Library".into(),
        here: match path {
            "/settings" => Here::Settings,
            "/trash" => Here::Trash,
            "/history" => Here::History,
            "/folders/2" => Here::Folder("2".into()),
            _ => Here::Library,
        },
        theme: Theme::named(ask.theme.as_deref().unwrap_or_default()),
        csrf: "sample".into(),
        query: ask.q.clone().unwrap_or_default(),
        right: Right::Manage,
        rail: Rail {
            all: 12_345,
            unread: 86,
            favourite: 214,
            archived: 3_020,
            unsorted: 41,
            trash: 3,
            given_up: 0,
            waiting: 0,
            conflicts: 0,
            libraries: Vec::new(),
            folders: vec![
                folder(
                    "1",
                    "Reading",
                    120,
                    vec![
                        folder("2", "Languages", 88, vec![]),
                        folder("3", "Databases", 240, vec![folder("4", "Papers", 31, vec![])]),
                    ],
                ),
                folder("5", "House and garden", 57, vec![]),
                folder("6", "日本語", 12, vec![]),
                folder("7", "Recipes", 203, vec![]),
            ],
            tags: vec![
                tag("rust", 1204),
                tag("databases", 402),
                tag("typography", 180),
                tag("history of books", 96),
                tag("garden", 57),
                tag("料理", 12),
            ],
        },
        toast: ask
            .item
            .is_none()
            .then(|| Toast { words: "3 links archived".into(), undo: Some("act".into()) })
            .filter(|_| path == "/toast"),
        leaving: None,
        live_list: true,
        company: None,
    }
}

fn a_list(ask: &Ask) -> list::ListPage {
    let searching = ask.q.as_deref().is_some_and(|q| !q.is_empty());
    let facet = |name: &str, count, chosen| list::Facet {
        name: name.into(),
        count,
        href: "/library".into(),
        chosen,
    };
    list::ListPage {
        heading: if searching { "Found".into() } else { "Library".into() },
        total: if searching { 48 } else { 12_345 },
        base: if searching { "/library?q=borrow".into() } else { "/library".into() },
        coat: list::Coat::named(ask.view.as_deref().unwrap_or_default()),
        rows: some_rows(searching),
        next: None,
        facets: if searching {
            vec![
                list::FacetGroup {
                    name: "Tags".into(),
                    choices: vec![
                        facet("rust", 31, true),
                        facet("compilers", 9, false),
                        facet("reading", 4, false),
                    ],
                },
                list::FacetGroup {
                    name: "Sites".into(),
                    choices: vec![
                        facet("doc.rust-lang.org", 12, false),
                        facet("without.boats", 3, false),
                    ],
                },
                list::FacetGroup {
                    name: "Years".into(),
                    choices: vec![facet("2024", 20, false), facet("2023", 11, false)],
                },
            ]
        } else {
            vec![]
        },
        took_us: searching.then_some(2_340),
        open: ask.item.clone(),
        ..list::ListPage::default()
    }
}

const LINES: [(&str, &str, &str, &str); 14] = [
    (
        "What is ownership?",
        "https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html",
        "Ownership is a set of rules that govern how a program manages memory; the borrow checker holds them.",
        "Reading / Languages",
    ),
    (
        "The two-phase borrow, explained with a drawing",
        "https://example.org/two-phase",
        "Why v.push(v.len()) is allowed, and what it took to make it so.",
        "Reading / Languages",
    ),
    (
        "How to light a reading room",
        "https://www.example.net/lamps",
        "One lamp at the shoulder, none overhead. A short essay with plans.",
        "House and garden",
    ),
    (
        "活字印刷と組版の歴史",
        "https://example.jp/type",
        "本の組版はどのように変わってきたか。",
        "日本語",
    ),
    (
        "ARIES: a transaction recovery method",
        "https://papers.example.edu/aries.pdf",
        "",
        "Reading / Databases / Papers",
    ),
    (
        "Readings in Database Systems",
        "https://redbook.example/5ed",
        "The fifth edition, with the editors' introductions to each part.",
        "Reading / Databases",
    ),
    (
        "Sourdough without a schedule",
        "https://bread.example.com/slow",
        "A loaf that waits for you rather than the other way round.",
        "Recipes",
    ),
    (
        "The Elements of Typographic Style, applied to the web",
        "https://webtypography.example",
        "",
        "",
    ),
    (
        "A note on the quiet of small libraries, their catalogues, their readers, and the habit of returning books to the wrong shelf",
        "https://essays.example.org/quiet",
        "It is not silence one goes there for.",
        "",
    ),
    (
        "SQLite as an application file format",
        "https://sqlite.example.org/appfileformat.html",
        "One file, a schema, and forty years of promises.",
        "Reading / Databases",
    ),
    ("Когда книга становится картой", "https://example.ru/maps", "", ""),
    (
        "Pruning old apple trees",
        "https://garden.example.com/apple",
        "Take out the dead, then the crossing, then stop.",
        "House and garden",
    ),
    (
        "Designing Data-Intensive Applications: notes",
        "https://notes.example.dev/ddia",
        "Chapter by chapter, with the questions that stayed open.",
        "Reading / Databases",
    ),
    ("", "https://a-page-without-a-title.example/very/long/path/that/goes/on", "", ""),
];

fn some_rows(searching: bool) -> Vec<RowView> {
    LINES
        .iter()
        .enumerate()
        .map(|(at, (title, url, snippet, place))| RowView {
            id: at.to_string(),
            url: (*url).into(),
            title: mark(title, searching),
            snippet: mark(snippet, searching),
            tags: if at % 3 == 0 {
                vec![("/tags/1".into(), "rust".into()), ("/tags/2".into(), "reading".into())]
            } else {
                vec![]
            },
            place: (!place.is_empty()).then(|| ((*place).to_owned(), "2".to_owned())),
            saved_at: NOW - Duration::days(i64::try_from(at * at * 3).unwrap_or(0)),
            unread: at == 1 || at == 6,
            favourite: at == 2,
            archived: false,
            comments: 0,
            why: if searching && at < 3 { vec!["word".into(), "meaning".into()] } else { vec![] },
        })
        .collect()
}

fn mark(text: &str, searching: bool) -> Marked {
    match text.find("borrow").filter(|_| searching) {
        Some(start) => Marked::at(text, &[(start, start + 6)]),
        None => Marked::plain(text),
    }
}

fn an_import(stage: import::Stage) -> import::ImportPage {
    let line = |row, outcome: &str, name: &str, reason: &str| import::LedgerLine {
        row,
        outcome: outcome.into(),
        reason: reason.into(),
        name: name.into(),
        item: (outcome == "merged").then(|| "1".into()),
    };
    import::ImportPage {
        id: "imp".into(),
        file: "bookmarks_22_11_2026.html".into(),
        format: "bookmarks file of a browser".into(),
        stage,
        parsed: 12_410,
        done: 7_320,
        stored: 12_102,
        merged: 297,
        refused: 11,
        tree: vec![
            (0, "Bookmarks bar".into(), 34),
            (1, "Reading".into(), 1200),
            (2, "Papers".into(), 311),
            (0, "Other bookmarks".into(), 9_040),
        ],
        tree_more: 41,
        ledger: vec![
            line(
                18,
                "merged",
                "What is ownership?",
                "same address as row 4; its folder and two tags were added",
            ),
            line(77, "refused", "javascript:void(0)", "not a web address"),
            line(
                1204,
                "merged",
                "Readings in Database Systems",
                "already in the library; earlier date kept",
            ),
        ],
        filter: String::new(),
        next: Some("/import/done".into()),
        act: Some("act".into()),
        trouble: None,
    }
}

fn a_trash() -> trash::TrashPage {
    trash::TrashPage {
        items: vec![trash::Trashed {
            id: "1".into(),
            kind: "link".into(),
            name: "An old link".into(),
            at: NOW,
            gone_at: NOW + Duration::days(30),
        }],
        next: None,
    }
}

fn a_history() -> history::HistoryPage {
    let act = |days: i64, words: &str| history::Act {
        id: "a".into(),
        at: NOW - Duration::hours(days * 9),
        words: words.into(),
        by: "Firefox on Linux".into(),
        item: None,
        settled: false,
    };
    history::HistoryPage {
        acts: vec![
            act(0, "Moved 3 links to Reading / Languages"),
            act(1, "Renamed the tag “db” to “databases”"),
            act(2, "Imported bookmarks_22_11_2026.html"),
            act(5, "Saved “What is ownership?”"),
        ],
        next: Some("/history".into()),
        floor: None,
        moment: None,
    }
}

fn some_settings() -> settings::SettingsPage {
    settings::SettingsPage {
        address: "http://127.0.0.1:4747".into(),
        name: "Ada".into(),
        login: Some("Ada".into()),
        passkeys: 2,
        sessions: vec![
            settings::Session {
                id: "1".into(),
                name: "Firefox on Linux".into(),
                seen_at: NOW,
                this: true,
                by_provider: false,
            },
            settings::Session {
                id: "2".into(),
                name: "Safari on iPhone".into(),
                seen_at: NOW - Duration::hours(5),
                this: false,
                by_provider: true,
            },
        ],
        apps: vec![apps::App {
            id: "1".into(),
            name: "Reading list".into(),
            since: NOW - Duration::days(12),
            used_at: Some(NOW - Duration::hours(3)),
            permits: [Permit::BookmarksRead, Permit::BookmarksWrite].into_iter().collect(),
            libraries: None,
        }],
        keys: keys::KeysPart {
            tokens: vec![
                keys::Token {
                    id: "1".into(),
                    name: "backup script".into(),
                    made_at: NOW - Duration::days(40),
                    used_at: Some(NOW - Duration::minutes(7)),
                    ends_at: None,
                    permits: Permits::EVERY,
                    libraries: None,
                },
                keys::Token {
                    id: "2".into(),
                    name: "reading list on the wall".into(),
                    made_at: NOW - Duration::days(3),
                    used_at: None,
                    ends_at: Some(NOW + Duration::days(27)),
                    permits: [Permit::BookmarksRead].into_iter().collect(),
                    libraries: Some(vec!["Papers".into()]),
                },
            ],
            libraries: vec![("1".into(), "Bookmarks".into()), ("2".into(), "Papers".into())],
            ..keys::KeysPart::default()
        },
        activity: true,
        presence: true,
        sample: true,
        now: NOW,
    }
}

fn a_request(of_device: bool) -> consent::ConsentPage {
    consent::ConsentPage {
        program: if of_device { "MindShelf on the command line" } else { "Reading list" }.into(),
        goes_to: (!of_device).then(|| "reading.example".to_owned()),
        device: of_device.then(|| consent::Device {
            name: "Ada's laptop".into(),
            place: "192.0.2.7".into(),
            code: "BCDF-GHJK".into(),
        }),
        permits: [Permit::BookmarksRead, Permit::BookmarksWrite].into_iter().collect(),
        libraries: vec![("1".into(), "Bookmarks".into()), ("2".into(), "Papers".into())],
        person: "Ada".into(),
        action: "/oauth/authorize",
        fields: Vec::new(),
        refused: None,
    }
}
