//! The frame around every page: head, rail, list, item panel, bar, toasts and the dialogs any page may open.

use maud::{DOCTYPE, Markup, html};
use shelf_domain::right::Right;
use time::OffsetDateTime;

use crate::{
    assets::address,
    pages::privacy::leaving_soon,
    ui::{icon::icon, toast},
};

pub mod company;
pub mod rail;
pub mod overlays;

pub use company::Company;
pub use rail::{Folder, LibraryChoice, Mount, Rail, TagCount};

/// How bright the room is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The theme a cookie or a form names; anything unknown follows the system.
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The name cookies, forms and the style sheet use; nothing when the system decides.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Where in MindShelf a page stands, so that the rail can show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Here {
    /// Everything that is not archived or in the trash.
    Library,
    /// What waits to be read.
    Unread,
    /// Favourites.
    Favourite,
    /// The archive.
    Archived,
    /// What stands in no folder.
    Unsorted,
    /// The trash.
    Trash,
    /// Deletions that wait.
    Waiting,
    /// Texts that were written twice at the same time.
    Conflicts,
    /// One folder, by id.
    Folder(String),
    /// One tag, by id.
    Tag(String),
    /// All tags.
    Tags,
    /// Bringing links in or out.
    Import,
    /// The library's history.
    History,
    /// Saving a link.
    Save,
    /// Who may use this library.
    Sharing,
    /// Who is told what happens in it.
    Webhooks,
    /// The people one shares libraries with.
    People,
    /// Settings.
    Settings,
    /// Anywhere else.
    #[default]
    Elsewhere,
}

/// What the frame needs to know, whatever page it holds.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The page's name, for the tab and for screen readers.
    pub title: String,
    /// Where the page stands.
    pub here: Here,
    /// How bright the room is.
    pub theme: Theme,
    /// The proof forms must carry.
    pub csrf: String,
    /// What is being searched for.
    pub query: String,
    /// What the person may do in this library; what they may not is not offered.
    pub right: Right,
    /// What the rail shows.
    pub rail: Rail,
    /// What was just done.
    pub toast: Option<toast::Toast>,
    /// When everything of the person is erased, if they asked for it.
    pub leaving: Option<OffsetDateTime>,
    /// Whether the page holds a list that typing in the search field refreshes.
    pub live_list: bool,
    /// What shows who else is here, where several people may use the library.
    pub company: Option<Company>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            title: String::new(),
            here: Here::default(),
            theme: Theme::default(),
            csrf: String::new(),
            query: String::new(),
            right: Right::Manage,
            rail: Rail::default(),
            toast: None,
            leaving: None,
            live_list: false,
            company: None,
        }
    }
}

/// A page inside the frame: `main` in the middle, `panel` at the right when an item is open.
pub fn page(frame: &Frame, main: &Markup, panel: Option<&Markup>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-base="/" data-theme=[frame.theme.name()] {
            (head(&frame.title))
            body.shell hx-headers=(headers(&frame.csrf)) data-csrf=(frame.csrf) data-right=(frame.right.name()) {
                a.skip href="#main" { "Skip to the list" }
                (rail::find(frame))
                (rail::rail(frame))
                // Where nothing can be written, a hand on the keyboard scrolls by standing on it.
                main.main id="main" tabindex=(if frame.right == Right::Read { "0" } else { "-1" }) {
                    @if let Some(due_at) = frame.leaving { (leaving_soon(due_at)) }
                    @if let Some(company) = &frame.company { (company::company(company)) }
                    (desk(frame, main))
                }
                aside.panel id="panel" aria-label="Item" aria-live="off" {
                    @if let Some(panel) = panel { (desk(frame, panel)) }
                }
                (rail::bar(frame))
                (toast::corner(frame.toast.as_ref(), &frame.csrf, false))
                (overlays::all(frame))
            }
        }
    }
}

/// What stands on a page of a library; for whoever may only read, nothing there can be pressed that
/// would change it.
pub(crate) fn desk(frame: &Frame, inside: &Markup) -> Markup {
    let own = matches!(frame.here, Here::Settings | Here::People | Here::Sharing | Here::Webhooks);
    html! {
        @if frame.right == Right::Read && !own { fieldset.desk disabled { (inside) } }
        @else { (inside) }
    }
}

/// A page without rail or list: signing in, errors, saving from another page.
pub fn alone(title: &str, theme: Theme, csrf: &str, inside: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-base="/" data-theme=[theme.name()] {
            (head(title))
            body.alone hx-headers=(headers(csrf)) data-csrf=(csrf) {
                main id="main" { (inside) }
            }
        }
    }
}

/// The name, with its lamp.
pub fn wordmark() -> Markup {
    html! { a.wordmark href="/" { (icon("lamp-desk")) "MindShelf" } }
}

fn headers(csrf: &str) -> String {
    serde_json::json!({ "X-CSRF-Token": csrf }).to_string()
}

/// What htmx may do here: no inline styles, no evaluation, our own host only, no snapshots kept in the browser.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"attributesToSettle":["class"],"scrollIntoViewOnBoost":false,"timeout":15000}"#;

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            title { @if title.is_empty() { "MindShelf" } @else { (title) " · MindShelf" } }
            meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
            meta name="color-scheme" content="light dark";
            meta name="robots" content="noindex";
            meta name="htmx-config" content=(HTMX);
            link rel="icon" href=(address("img/lamp.svg")) type="image/svg+xml";
            link rel="manifest" href="/app.webmanifest";
            link rel="preload" as="font" type="font/woff2" crossorigin
                href=(address("instrument-sans/instrument-sans-latin-wght-normal.woff2"));
            link rel="preload" as="font" type="font/woff2" crossorigin
                href=(address("newsreader/newsreader-latin-wght-normal.woff2"));
            link rel="stylesheet" href=(address("app.css"));
            script src=(address("js/early.js")) {}
            script src=(address("htmx/htmx.min.js")) defer {}
            @for island in ISLANDS { script type="module" src=(address(island)) {} }
        }
    }
}

/// The scripts that make pages live; none of them is needed to read, search or save.
const ISLANDS: [&str; 7] = [
    "js/live.js",
    "js/keys.js",
    "js/palette.js",
    "js/arrange.js",
    "js/drop.js",
    "js/times.js",
    "js/waiting.js",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_inline_script_and_no_style_attribute() {
        let frame = Frame { title: "x".into(), csrf: "\"'<".into(), ..Frame::default() };
        let out = page(&frame, &html! { p { "hi" } }, None).into_string();
        for script in out.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src=\"/assets/"), "{tag}");
            assert!(rest.starts_with("</script>"));
        }
        assert!(!out.contains(" style="));
        assert!(!out.contains(" onclick="));
        assert!(!out.contains("\"\"'<"));
    }

    #[test]
    fn the_first_page_is_light() {
        let code: usize = ["app.css", "js/early.js", "htmx/htmx.min.js"]
            .iter()
            .chain(&ISLANDS)
            .map(|name| crate::assets::bytes_of(name).map_or(0, <[u8]>::len))
            .sum();
        // Text of this kind compresses to less than a third; the exact bytes are counted over HTTP.
        assert!(code / 3 < 48 * 1024, "{code} bytes before compression");
    }

    #[test]
    fn every_island_exists() {
        for name in ISLANDS.iter().chain(&["js/early.js", "img/lamp.svg"]) {
            assert!(!address(name).is_empty(), "{name}");
        }
    }
}
