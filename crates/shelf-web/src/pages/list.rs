//! The library, a search, a folder or a tag: one list, shown as rows, cards or a table.

use maud::{Markup, html};
use shelf_domain::right::Right;

use super::mounts;
use crate::{
    frame::{Folder, Frame, Mount},
    link,
    ui::{
        button::{Weight, link as link_button},
        chip,
        empty::empty,
        field::{hidden, token},
        icon::icon,
        menu::menu,
        row::{RowView, rows},
    },
    words,
};

/// In which coat a list goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coat {
    /// Rows.
    #[default]
    List,
    /// Cards.
    Cards,
    /// A table.
    Table,
}

impl Coat {
    /// The coat a cookie or a query names; anything unknown is the list.
    pub fn named(name: &str) -> Self {
        match name {
            "cards" => Self::Cards,
            "table" => Self::Table,
            _ => Self::List,
        }
    }

    /// Its name in cookies and queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Cards => "cards",
            Self::Table => "table",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::List => "rows",
            Self::Cards => "cards",
            Self::Table => "rows table",
        }
    }
}

/// One way to narrow a list down.
#[derive(Debug, Clone)]
pub struct FacetGroup {
    /// What the choices are: `Tags`, `Sites`, `Years`.
    pub name: String,
    /// The choices, the most frequent first.
    pub choices: Vec<Facet>,
}

/// One choice of a facet.
#[derive(Debug, Clone)]
pub struct Facet {
    /// What people read.
    pub name: String,
    /// How many links of this list it would leave.
    pub count: u64,
    /// Where choosing it (or letting it go) leads.
    pub href: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// Everything a list shows.
#[derive(Debug, Clone, Default)]
pub struct ListPage {
    /// The list's name.
    pub heading: String,
    /// How many links it holds in all.
    pub total: u64,
    /// The folders above this one, outermost first: name and id.
    pub crumbs: Vec<(String, String)>,
    /// The folder this is, when it is one.
    pub folder: Option<String>,
    /// The library that is mounted there, when it is a folder with one.
    pub mount: Option<Mount>,
    /// The list's own address, without the chosen item.
    pub base: String,
    /// In which coat it goes.
    pub coat: Coat,
    /// The links of this page.
    pub rows: Vec<RowView>,
    /// Where the next page is.
    pub next: Option<String>,
    /// Ways to narrow it down.
    pub facets: Vec<FacetGroup>,
    /// How long the search took, in microseconds, when it was one.
    pub took_us: Option<u64>,
    /// What was read differently from how it was typed: `"rsut" read as "rust"`.
    pub remarks: Vec<String>,
    /// The chosen item.
    pub open: Option<String>,
}

/// The whole middle of the page: the list, and the bar for what is selected in it.
pub fn list(page: &ListPage, frame: &Frame) -> Markup {
    let twice = frame.rail.conflicts;
    html! {
        @if twice > 0 {
            p.facets.muted {
                a href="/conflicts" {
                    (words::counted(twice, "text was written twice", "texts were written twice"))
                }
                " at the same time."
            }
        }
        (results(page, frame))
        (many(frame))
    }
}

/// The list with its head and its facets, in the element searches refresh.
pub fn results(page: &ListPage, frame: &Frame) -> Markup {
    html! {
        div id="results" data-base=(page.base) {
            (head(page, frame))
            @if let Some(mount) = &page.mount { (mounts::shown_here(mount)) }
            @if page.facets.iter().any(|group| !group.choices.is_empty()) { (facets(&page.facets)) }
            @for remark in &page.remarks { p.facets.muted { (remark) } }
            @if page.rows.is_empty() { (nothing(page, frame)) } @else { (picks(page, frame)) }
        }
    }
}

/// What an infinite scroll adds: more rows and the way to the next.
pub fn more(page: &ListPage) -> Markup {
    rows(&page.rows, &page.base, page.open.as_deref(), page.next.as_deref())
}

fn head(page: &ListPage, frame: &Frame) -> Markup {
    html! {
        header.list-head {
            @if !page.crumbs.is_empty() {
                nav.crumbs aria-label="Where this folder stands" {
                    a href="/folders" { "Folders" }
                    @for (name, id) in &page.crumbs {
                        (icon("chevron-right"))
                        a href={ "/folders/" (id) } { (name) }
                    }
                }
            }
            h1 { (page.heading) span.count { (words::counted(page.total, "link", "links")) } }
            div.line {
                @if let Some(took) = page.took_us {
                    span.took.num { (format!("{:.1} ms", took as f64 / 1000.0)) }
                }
                @if let Some(folder) = &page.folder { (folder_menu(folder, &page.heading, frame)) }
                (coats(page))
            }
        }
    }
}

fn coats(page: &ListPage) -> Markup {
    let coats = [
        (Coat::List, "list", "Rows"),
        (Coat::Cards, "layout-grid", "Cards"),
        (Coat::Table, "table-2", "Table"),
    ];
    html! {
        div.seg role="group" aria-label="Show as" {
            @for (coat, picture, name) in coats {
                a href=(link::with(&page.base, "view", coat.name())) title=(name)
                    aria-current=[(coat == page.coat).then_some("true")] { (icon(picture)) span.sr { (name) } }
            }
        }
    }
}

fn folder_menu(id: &str, name: &str, frame: &Frame) -> Markup {
    let inside = html! {
        form.stack-s method="post" action={ "/folders/" (id) "/rename" } {
            (token(&frame.csrf))
            input.input name="name" value=(name) required aria-label="New name";
            button.btn type="submit" { (icon("pencil")) "Rename" }
        }
        @if frame.right >= Right::Write {
            a.btn href={ "/folders/" (id) "/share" } { (icon("users")) "Share this folder…" }
        }
        form method="post" action={ "/folders/" (id) "/delete" } {
            (token(&frame.csrf))
            button.btn.btn-danger type="submit" { (icon("trash-2")) "Put in the trash" }
        }
    };
    menu("This folder", &icon("ellipsis"), &inside)
}

fn facets(groups: &[FacetGroup]) -> Markup {
    html! {
        nav.facets aria-label="Narrow down" {
            @for group in groups.iter().filter(|group| !group.choices.is_empty()) {
                div.group {
                    span { (group.name) }
                    @for facet in &group.choices {
                        (chip::link(&facet.name, &facet.href, Some(facet.count), facet.chosen))
                    }
                }
            }
        }
    }
}

fn picks(page: &ListPage, frame: &Frame) -> Markup {
    html! {
        form id="picks" method="post" action="/bulk" {
            (token(&frame.csrf))
            (hidden("back", &page.base))
            // Enter in a field must never press the first button of the first row.
            button.sr type="submit" name="act" value="none" tabindex="-1" aria-hidden="true" { "Nothing" }
            @if page.coat == Coat::Table {
                div.table-head aria-hidden="true" {
                    span {} span { "Title" } span { "Site" } span { "Folder" } span { "Saved" } span {}
                }
            }
            ul class=(page.coat.class()) id="rows" data-rows { (more(page)) }
        }
    }
}

/// The bar that appears when something is selected; its buttons belong to the list's form.
fn many(frame: &Frame) -> Markup {
    let tag = html! {
        div.stack-s {
            input.input form="picks" name="tag" placeholder="Tag, or several, with commas" list="known-tags"
                aria-label="Tags to add or take off" autocomplete="off" data-tag-input;
            datalist id="known-tags" { @for tag in &frame.rail.tags { option value=(tag.name) {} } }
            (bulk("tag", "tag", "Add", "btn"))
            (bulk("untag", "x", "Take off", "btn"))
        }
    };
    let move_to = move_menu();
    html! {
        div.many role="toolbar" aria-label="Selected links" {
            span.sum.num data-selected-count { "Selected" }
            (bulk("archive", "archive", "Archive", "btn btn-small"))
            (bulk("read", "check", "Read", "btn btn-small"))
            div data-many-tag { (menu("Tag", &html! { (icon("tag")) "Tag" }, &tag)) }
            div data-many-move { (menu("Move", &html! { (icon("folder-input")) "Move" }, &move_to)) }
            (bulk("trash", "trash-2", "Trash", "btn btn-small btn-danger"))
            button.btn.btn-icon.only-live type="button" data-do="let-go" title="Let go" {
                (icon("x")) span.sr { "Let go of all" }
            }
        }
    }
}

fn bulk(act: &str, picture: &'static str, words: &str, class: &str) -> Markup {
    html! {
        button class=(class) type="submit" form="picks" formaction="/bulk" name="act" value=(act)
            hx-post="/bulk" hx-swap="none" data-act-many=(act) { (icon(picture)) (words) }
    }
}

fn move_menu() -> Markup {
    html! {
        input.input.only-live placeholder="Folder" aria-label="Find a folder" data-filter="next";
        div hx-get="/folders/choices" hx-trigger="toggle from:closest details once" {
            (bulk("move:", "inbox", "Unsorted", "btn"))
        }
    }
}

/// The folders to move to, asked for when the menu is first opened.
pub fn choices(folders: &[Folder]) -> Markup {
    html! {
        button.btn type="submit" form="picks" formaction="/bulk" name="act" value="move:"
            hx-post="/bulk" hx-swap="none" data-name="unsorted" { (icon("inbox")) "Unsorted" }
        @for folder in Folder::taking(folders) {
            button.btn type="submit" form="picks" formaction="/bulk" name="act" value={ "move:" (folder.id) }
                hx-post="/bulk" hx-swap="none" data-name=(folder.path.to_lowercase()) {
                (icon("folder")) (folder.path)
            }
        }
    }
}

fn nothing(page: &ListPage, frame: &Frame) -> Markup {
    if frame.query.trim().is_empty() {
        empty(
            "book-open",
            "Nothing here yet",
            "Links you save or move here appear in this place.",
            &html! {
                (link_button("Save a link", "/save", Weight::Line))
            },
        )
    } else {
        empty(
            "search",
            "Nothing found",
            "No word and no meaning came close. Fewer words, or without a filter, may find more.",
            &html! {
                @if page.base != "/library" { (link_button("Back to the library", "/library", Weight::Line)) }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::hostile;

    #[test]
    fn a_hostile_query_heading_or_facet_stays_text() {
        for string in hostile::STRINGS {
            let facet = Facet {
                name: string.into(),
                count: 1,
                href: link::with("/library", "q", string),
                chosen: true,
            };
            let page = ListPage {
                heading: string.into(),
                base: link::with("/library", "q", string),
                facets: vec![FacetGroup { name: string.into(), choices: vec![facet] }],
                remarks: vec![string.into()],
                ..ListPage::default()
            };
            let frame = Frame { query: string.into(), ..Frame::default() };
            hostile::assert_dead(&results(&page, &frame).into_string(), string);
            hostile::assert_dead(
                &crate::frame::page(&frame, &results(&page, &frame), None).into_string(),
                string,
            );
        }
    }

    #[test]
    fn an_empty_search_says_so_and_an_empty_folder_says_something_else() {
        let searched = Frame { query: "x".into(), ..Frame::default() };
        assert!(results(&ListPage::default(), &searched).into_string().contains("Nothing found"));
        assert!(
            results(&ListPage::default(), &Frame::default())
                .into_string()
                .contains("Nothing here yet")
        );
    }
}
