//! The left rail and its narrow twin, the bottom bar: search, places, folders, tags.

use maud::{Markup, html};
use shelf_domain::right::Right;

use super::{Frame, Here, wordmark};
use crate::{
    ui::{chip, icon::icon},
    words,
};

/// What the rail shows; empty for pages that stand outside a library.
#[derive(Debug, Clone, Default)]
pub struct Rail {
    /// How many links there are outside archive and trash.
    pub all: u64,
    /// How many wait to be read.
    pub unread: u64,
    /// How many are favourites.
    pub favourite: u64,
    /// How many are archived.
    pub archived: u64,
    /// How many stand in no folder.
    pub unsorted: u64,
    /// How many are in the trash.
    pub trash: u64,
    /// How many of its webhooks were given up.
    pub given_up: usize,
    /// How many deletions of devices wait.
    pub waiting: u64,
    /// How many items hold a text that was written twice at the same time.
    pub conflicts: u64,
    /// The libraries to choose from; empty where there is no choice.
    pub libraries: Vec<LibraryChoice>,
    /// The folders, in their order, children inside.
    pub folders: Vec<Folder>,
    /// The tags used most.
    pub tags: Vec<TagCount>,
}

/// A library one may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LibraryChoice {
    /// Its address.
    pub href: String,
    /// Its name.
    pub name: String,
    /// The tenant it belongs to, where that is not one's own; else empty.
    pub of: String,
    /// Whether it is the one of this page.
    pub current: bool,
    /// Whether one may only read it.
    pub reads_only: bool,
}

/// A library that is mounted at a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mount {
    /// Its address; nothing for whoever may not read it.
    pub href: Option<String>,
    /// Its name; empty for whoever may not read it.
    pub name: String,
}

/// A folder of the tree.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// Its id.
    pub id: String,
    /// Its name, as typed.
    pub name: String,
    /// How many links stand directly in it.
    pub count: u64,
    /// The library that is mounted there.
    pub mount: Option<Mount>,
    /// The folders inside it, in order.
    pub inside: Vec<Folder>,
}

impl Mount {
    /// What it is, in words.
    pub fn words(&self) -> String {
        if self.name.is_empty() {
            "A library that is not shared with you".to_owned()
        } else {
            format!("The library {}", self.name)
        }
    }
}

impl Folder {
    /// Every folder of `tree` with its depth and its path, in reading order.
    pub fn flat(tree: &[Folder]) -> Vec<FlatFolder> {
        let mut out = Vec::new();
        walk(tree, 0, "", &mut out);
        out
    }

    /// Those of them that take something: not where a library is mounted.
    pub fn taking(tree: &[Folder]) -> Vec<FlatFolder> {
        Self::flat(tree).into_iter().filter(|folder| folder.mount.is_none()).collect()
    }

    /// The tree whose folders are given in reading order, each with its depth.
    pub fn grown(flat: impl IntoIterator<Item = (usize, Folder)>) -> Vec<Folder> {
        let mut open: Vec<Vec<Folder>> = vec![Vec::new()];
        for (depth, folder) in flat {
            fold_up(&mut open, depth + 1);
            if let Some(last) = open.last_mut() {
                last.push(folder);
            }
            open.push(Vec::new());
        }
        fold_up(&mut open, 1);
        open.pop().unwrap_or_default()
    }

    fn holds(&self, id: &str) -> bool {
        self.id == id || self.inside.iter().any(|folder| folder.holds(id))
    }
}

/// Hangs branches onto the folders they grow from until `levels` are left.
fn fold_up(open: &mut Vec<Vec<Folder>>, levels: usize) {
    while open.len() > levels {
        let inside = open.pop().unwrap_or_default();
        if let Some(folder) = open.last_mut().and_then(|level| level.last_mut()) {
            folder.inside = inside;
        }
    }
}

/// A folder as one line of a flat list.
#[derive(Debug, Clone)]
pub struct FlatFolder {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `Outer / Inner / Name`.
    pub path: String,
    /// How many folders it stands in.
    pub depth: usize,
    /// How many links stand directly in it.
    pub count: u64,
    /// The library that is mounted there.
    pub mount: Option<Mount>,
}

fn walk(tree: &[Folder], depth: usize, above: &str, out: &mut Vec<FlatFolder>) {
    for folder in tree {
        let path = if above.is_empty() {
            folder.name.clone()
        } else {
            format!("{above} / {}", folder.name)
        };
        out.push(FlatFolder {
            id: folder.id.clone(),
            name: folder.name.clone(),
            path: path.clone(),
            depth,
            count: folder.count,
            mount: folder.mount.clone(),
        });
        walk(&folder.inside, depth + 1, &path, out);
    }
}

/// A tag with the number of links that wear it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagCount {
    /// Its id.
    pub id: String,
    /// Its name, as typed.
    pub name: String,
    /// How many links wear it.
    pub count: u64,
}

/// Folders shown beside each other; the others are on the page of all folders.
const SHELVES_SHOWN: usize = 200;

/// The search field with the name above it.
pub fn find(frame: &Frame) -> Markup {
    html! {
        header.find {
            div.top {
                (wordmark())
                button.btn.btn-icon.only-live type="button" data-do="theme" title="Light or dark" {
                    (icon("sun-moon")) span.sr { "Switch between light and dark" }
                }
            }
            form.search role="search" action="/library" method="get"
                hx-get=[frame.live_list.then_some("/library")] hx-target="#results" hx-swap="outerHTML" hx-replace-url="true"
                hx-trigger="input changed delay:70ms from:find input, submit" hx-sync="this:replace" {
                (icon("search"))
                input id="q" type="search" name="q" value=(frame.query) placeholder="Search your library"
                    aria-label="Search your library" autocomplete="off" spellcheck="false" maxlength="1000"
                    enterkeyhint="search";
                kbd aria-hidden="true" { "/" }
            }
            (splits())
        }
    }
}

/// The rail.
pub fn rail(frame: &Frame) -> Markup {
    let rail = &frame.rail;
    let here = &frame.here;
    html! {
        nav.rail id="rail" aria-label="Library" {
            (switch(&rail.libraries))
            div {
                (place(here, &Here::Library, "/library", "library", "Library", rail.all))
                (place(here, &Here::Unread, "/unread", "book-open", "To read", rail.unread))
                (place(here, &Here::Favourite, "/favourites", "star", "Favourites", rail.favourite))
                (place(here, &Here::Unsorted, "/unsorted", "inbox", "Unsorted", rail.unsorted))
                (place(here, &Here::Archived, "/archive", "archive", "Archive", rail.archived))
            }
            div {
                h2 {
                    a href="/folders" { "Folders" }
                    @if frame.right >= Right::Write {
                        a.btn.btn-icon href="/folders" data-dialog="new-folder" title="New folder" {
                            (icon("plus")) span.sr { "New folder" }
                        }
                    }
                }
                (tree(&rail.folders, here))
            }
            @if !rail.tags.is_empty() {
                div {
                    h2 { a href="/tags" { "Tags" } }
                    div.tag-cloud {
                        @for tag in &rail.tags {
                            (chip::link(&tag.name, &format!("/tags/{}", tag.id), Some(tag.count), *here == Here::Tag(tag.id.clone())))
                        }
                    }
                }
            }
            div.rail-foot {
                @if frame.right >= Right::Write {
                    (place(here, &Here::Save, "/save", "bookmark-plus", "Save a link", 0))
                }
                (place(here, &Here::Import, "/import", "file-up", "Import and export", 0))
                (place(here, &Here::History, "/history", "history", "History", 0))
                (place(here, &Here::Trash, "/trash", "trash-2", "Trash", rail.trash))
                @if rail.waiting > 0 {
                    (place(here, &Here::Waiting, "/waiting", "trash-2", "Waiting deletions", rail.waiting))
                }
                @if rail.conflicts > 0 {
                    (place(here, &Here::Conflicts, "/conflicts", "copy", "Written twice", rail.conflicts))
                }
                @if frame.right >= Right::Manage {
                    (place(here, &Here::Sharing, "/sharing", "share-2", "Share this library", 0))
                    (webhooks(here, rail.given_up))
                }
                (place(here, &Here::People, "/people", "users", "People", 0))
                (place(here, &Here::Settings, "/settings", "settings", "Settings", 0))
            }
        }
    }
}

/// The name of the library one is in, and the others; nothing where there is only one.
fn switch(libraries: &[LibraryChoice]) -> Markup {
    html! {
        @if let Some(current) = libraries.iter().find(|library| library.current) {
            details.menu.switcher data-menu {
                summary.nav-item {
                    (icon("library"))
                    span.sr { "Library: " }
                    span.name { (current.name) @if !current.of.is_empty() { " · " (current.of) } }
                    @if current.reads_only { span.small.muted { "read only" } }
                    span.sr { ". Choose another" }
                    (icon("chevrons-up-down"))
                }
                div.menu-list {
                    @for library in libraries {
                        a.btn href=(library.href) aria-current=[library.current.then_some("true")] {
                            span.name { (library.name) }
                            @if !library.of.is_empty() { span.small.muted { (library.of) } }
                        }
                    }
                }
            }
        }
    }
}

fn place(
    here: &Here,
    this: &Here,
    href: &str,
    picture: &'static str,
    name: &str,
    count: u64,
) -> Markup {
    html! {
        a.nav-item href=(href) aria-current=[(here == this).then_some("page")] {
            (icon(picture))
            span.name { (name) }
            @if count > 0 { span.num { (words::count(count)) } }
        }
    }
}

/// The way to the webhooks, which says where it stands on every page when some were given up.
fn webhooks(here: &Here, given_up: usize) -> Markup {
    html! {
        a.nav-item href="/webhooks" aria-current=[(*here == Here::Webhooks).then_some("page")] {
            (icon("terminal"))
            span.name { "Webhooks" }
            @if given_up > 0 { span.num { (given_up) " given up" } }
        }
    }
}

/// The folder tree; branches on the way to where one is are open.
pub fn tree(folders: &[Folder], here: &Here) -> Markup {
    let current = if let Here::Folder(id) = here { id.as_str() } else { "" };
    html! {
        @if folders.is_empty() {
            p.small.muted.nav-item { span.name { "No folders yet" } }
        } @else {
            ul.tree data-tree {
                @for folder in folders.iter().take(SHELVES_SHOWN) { (branch(folder, current)) }
                @if folders.len() > SHELVES_SHOWN { li { a.nav-item href="/folders" { "All folders" } } }
            }
        }
    }
}

fn branch(folder: &Folder, current: &str) -> Markup {
    let mounted = folder.mount.as_ref().and_then(|mount| mount.href.as_deref());
    let href = mounted.map_or_else(|| format!("/folders/{}", folder.id), str::to_owned);
    let on_the_way = folder.inside.iter().any(|inner| inner.holds(current));
    html! {
        li data-folder=(folder.id) {
            div.twig {
                @if folder.inside.is_empty() { span {} } @else {
                    button.twist type="button" aria-expanded=(on_the_way) data-twist=(folder.id)
                        aria-label={ "Folders in " (folder.name) } { (icon("chevron-right")) }
                }
                a.nav-item href=(href) draggable="true"
                    aria-current=[(folder.id == current).then_some("page")] {
                    @if let Some(mount) = &folder.mount {
                        (icon("library"))
                        span.sr { (mount.words()) ": " }
                    }
                    span.name { (folder.name) }
                    @if folder.count > 0 { span.num { (words::count(folder.count)) } }
                }
            }
            @if !folder.inside.is_empty() {
                ul { @for inner in folder.inside.iter().take(SHELVES_SHOWN) { (branch(inner, current)) } }
            }
        }
    }
}

/// The two edges that can be dragged; widths in pixels, as the style sheet begins.
fn splits() -> Markup {
    html! {
        button.split.split-rail.only-live type="button" role="separator" aria-orientation="vertical"
            aria-label="Width of the rail" aria-valuenow="264" aria-valuemin="180" aria-valuemax="480"
            data-split="rail" {}
        button.split.split-panel.only-live type="button" role="separator" aria-orientation="vertical"
            aria-label="Width of the item" aria-valuenow="432" aria-valuemin="320" aria-valuemax="900"
            data-split="panel" {}
    }
}

/// The bar at the bottom of a narrow screen.
pub fn bar(frame: &Frame) -> Markup {
    let here = &frame.here;
    let mut places = vec![
        (matches!(here, Here::Library), "/library", "library", "Library"),
        (false, "/library#q", "search", "Search"),
        (matches!(here, Here::Save), "/save", "bookmark-plus", "Save"),
        (matches!(here, Here::Folder(_)), "#rail", "folder", "Shelves"),
        (matches!(here, Here::Settings), "/settings", "settings", "Settings"),
    ];
    places.retain(|(_, href, ..)| *href != "/save" || frame.right >= Right::Write);
    html! {
        nav.bar aria-label="Main" {
            @for (current, href, picture, name) in places {
                a href=(href) aria-current=[current.then_some("page")] { (icon(picture)) (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forest() -> Vec<Folder> {
        vec![Folder {
            id: "a".into(),
            name: "Reading".into(),
            count: 2,
            mount: None,
            inside: vec![Folder { id: "b".into(), name: "<i>Rust".into(), ..Folder::default() }],
        }]
    }

    #[test]
    fn the_branch_to_where_one_is_stands_open() {
        let out = tree(&forest(), &Here::Folder("b".into())).into_string();
        assert!(out.contains("aria-expanded=\"true\""));
        assert!(tree(&forest(), &Here::Library).into_string().contains("aria-expanded=\"false\""));
        assert!(!out.contains("<i>"));
    }

    #[test]
    fn a_mounted_folder_leads_to_its_library_or_to_words_that_say_why_not() {
        let at = |mount: Mount| {
            let folder = Folder { id: "a".into(), mount: Some(mount), ..Folder::default() };
            tree(&[folder], &Here::Library).into_string()
        };
        let open = at(Mount { href: Some("/in/l/library".into()), name: "Recipes".into() });
        assert!(open.contains("href=\"/in/l/library\"") && open.contains("The library Recipes"));
        let shut = at(Mount::default());
        assert!(shut.contains("href=\"/folders/a\"") && shut.contains("not shared with you"));
    }

    #[test]
    fn nothing_is_offered_to_be_put_where_a_library_is_mounted() {
        let mounted = Folder { id: "m".into(), mount: Some(Mount::default()), ..Folder::default() };
        let tree = [mounted, Folder { id: "a".into(), ..Folder::default() }];
        let ids: Vec<String> = Folder::taking(&tree).into_iter().map(|folder| folder.id).collect();
        assert_eq!(ids, ["a"]);
    }

    #[test]
    fn a_tree_grows_from_its_flat_list() {
        let flat = |tree: &[Folder]| -> Vec<(usize, String)> {
            Folder::flat(tree).into_iter().map(|folder| (folder.depth, folder.id)).collect()
        };
        let given = [(0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e")];
        let folders =
            given.map(|(depth, id)| (depth, Folder { id: id.into(), ..Folder::default() }));
        let grown = Folder::grown(folders);
        assert_eq!(flat(&grown), given.map(|(depth, id)| (depth, id.to_owned())));
    }

    #[test]
    fn a_flat_tree_knows_paths_and_depths() {
        let flat = Folder::flat(&forest());
        assert_eq!(flat[1].path, "Reading / <i>Rust");
        assert_eq!(flat[1].depth, 1);
    }

    #[test]
    fn searching_works_without_a_script() {
        let out = find(&Frame::default()).into_string();
        assert!(out.contains("action=\"/library\" method=\"get\""));
        assert!(!out.contains("hx-get"), "pages without a list do not refresh one");
    }
}
