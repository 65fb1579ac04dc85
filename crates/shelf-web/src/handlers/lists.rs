//! Lists of links: the library, its parts, folders, tags and searches.

use axum::extract::{Path, Query};
use serde::Deserialize;
use shelf_bookmarks::{
    counts,
    list_bookmarks::{Filter, ListBookmarks, Page, Position, Sort, list_bookmarks},
    organise::get_collection,
    tags::{get_tag, list_tags},
};
use shelf_domain::id::ItemId;

use super::{Answer, comments::said_of, items, search};
use crate::{
    cookies,
    frame::{Folder, Frame, Here, Mount, TagCount, overlays},
    link,
    pages::list::{self, Coat, ListPage},
    posted::item_id,
    shown::{Paths, row},
    trouble::Trouble,
    visit::{Visit, html},
};

/// Rows of one page of a list.
const PAGE_ROWS: usize = 60;

/// What the address of a list may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    pub(crate) q: String,
    #[serde(default)]
    pub(super) view: String,
    #[serde(default)]
    pub(super) after: String,
    #[serde(default)]
    pub(super) item: String,
}

/// Which list.
#[derive(Debug, Clone)]
struct Which {
    heading: String,
    here: Here,
    path: String,
    filter: Filter,
    sort: Sort,
    folder: Option<ItemId>,
    mount: Option<Mount>,
    total: u64,
}

pub(crate) async fn library(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    if !ask.q.trim().is_empty() {
        return search::search(visit, ask).await;
    }
    let filter = Filter { archived: Some(false), ..Filter::default() };
    let counts = counts(&visit.ctx, visit.scope).await?;
    let total = counts.bookmarks.saturating_sub(counts.archived);
    let which = Which::of("Library", Here::Library, "/library", filter, total);
    list(visit, which, ask).await
}

pub(crate) async fn unread(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let filter = Filter { unread: Some(true), ..Filter::default() };
    let total = counts(&visit.ctx, visit.scope).await?.unread;
    list(visit, Which::of("To read", Here::Unread, "/unread", filter, total), ask).await
}

pub(crate) async fn favourites(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let filter = Filter { favourite: Some(true), ..Filter::default() };
    let total = counts(&visit.ctx, visit.scope).await?.favourite;
    list(visit, Which::of("Favourites", Here::Favourite, "/favourites", filter, total), ask).await
}

pub(crate) async fn archive(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let filter = Filter { archived: Some(true), ..Filter::default() };
    let total = counts(&visit.ctx, visit.scope).await?.archived;
    list(visit, Which::of("Archive", Here::Archived, "/archive", filter, total), ask).await
}

pub(crate) async fn unsorted(visit: Visit, Query(ask): Query<Ask>) -> Answer {
    let filter = Filter { unsorted: true, ..Filter::default() };
    let total = counts(&visit.ctx, visit.scope).await?.unsorted;
    list(visit, Which::of("Unsorted", Here::Unsorted, "/unsorted", filter, total), ask).await
}

pub(crate) async fn folder(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let id = item_id("folder", &id)?;
    let (collection, _) = get_collection(&visit.ctx, visit.scope, id).await?;
    let filter = Filter { collection: Some(collection.id), ..Filter::default() };
    let (here, path) = (Here::Folder(id.to_string()), format!("/folders/{id}"));
    let which = Which::of(&collection.name, here, &path, filter, 0);
    let mount = collection.mount.map(|library| visit.mounted(library));
    let folder = Some(collection.id);
    list(visit, Which { sort: Sort::Place, folder, mount, ..which }, ask).await
}

pub(crate) async fn tag(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let (tag, _) = get_tag(&visit.ctx, visit.scope, item_id("tag", &id)?).await?;
    let filter = Filter { tags: vec![tag.id], ..Filter::default() };
    let all = list_tags(&visit.ctx, visit.scope).await?;
    let total = all.iter().find(|(one, _)| one.id == tag.id).map_or(0, |(_, count)| *count);
    let path = format!("/tags/{}", tag.id);
    let which =
        Which::of(&format!("#{}", tag.name), Here::Tag(tag.id.to_string()), &path, filter, total);
    list(visit, which, ask).await
}

/// Every place one can go to, for the palette.
pub(crate) async fn palette(visit: Visit) -> Answer {
    let tags = list_tags(&visit.ctx, visit.scope).await?;
    let tags: Vec<TagCount> = tags
        .into_iter()
        .map(|(tag, count)| TagCount { id: tag.id.to_string(), name: tag.name, count })
        .collect();
    Ok(html(&overlays::places(&visit.folders().await?, &tags)))
}

impl Which {
    fn of(heading: &str, here: Here, path: &str, filter: Filter, total: u64) -> Self {
        let (heading, path) = (heading.to_owned(), path.to_owned());
        let sort = Sort::Newest;
        Self { heading, here, path, filter, sort, folder: None, mount: None, total }
    }
}

/// Whether only the item beside the list is asked for.
pub(super) fn is_panel(visit: &Visit, ask: &Ask) -> bool {
    visit.is_part && visit.target.as_deref() == Some("panel") && !ask.item.is_empty()
}

/// The list as a page, as its own inside, as more rows, or as the item beside it: what was asked.
async fn list(visit: Visit, which: Which, ask: Ask) -> Answer {
    if is_panel(&visit, &ask) {
        return items::panel(&visit, &ask.item).await;
    }
    let coat = if ask.view.is_empty() { visit.coat } else { Coat::named(&ask.view) };
    let folders = visit.folders().await?;
    let paths = Paths::of(&folders);
    let found = list_bookmarks(&visit.ctx, visit.scope, asked(&which, &ask)?).await?;
    let comments = said_of(&visit, &found.bookmarks).await?;
    let said = |id: ItemId| comments.get(&id).copied().unwrap_or_default();
    let page = ListPage {
        heading: which.heading.clone(),
        total: total(&which, &folders),
        crumbs: crumbs(&which, &folders),
        folder: which.folder.map(|id| id.to_string()),
        mount: which.mount.clone(),
        base: which.path.clone(),
        coat,
        rows: found.bookmarks.iter().map(|one| row(one, &paths, said(one.id))).collect(),
        next: next(&which, &found),
        open: Some(ask.item.clone()).filter(|item| !item.is_empty()),
        ..ListPage::default()
    };
    answer(visit, which.here, &page, &ask).await
}

/// Draws the list as it was asked for, and remembers a coat that was chosen.
pub(super) async fn answer(visit: Visit, here: Here, page: &ListPage, ask: &Ask) -> Answer {
    let mut response = if visit.is_part {
        let frame = Frame { query: ask.q.clone(), ..visit.bare() };
        html(&if ask.after.is_empty() { list::results(page, &frame) } else { list::more(page) })
    } else {
        let frame = visit.frame(&page.heading, here).await?;
        let frame = Frame { query: ask.q.clone(), live_list: true, ..frame };
        let panel = match &page.open {
            Some(id) => items::drawn(&visit, id, &frame).await.ok(),
            None => None,
        };
        visit.page(&frame, &list::list(page, &frame), panel.as_ref())
    };
    if !ask.view.is_empty() {
        let name = Coat::named(&ask.view).name();
        let secure = visit.reached.is_secure();
        cookies::set(response.headers_mut(), cookies::COAT, name, cookies::YEAR_S, secure);
    }
    Ok(response)
}

fn asked(which: &Which, ask: &Ask) -> Result<ListBookmarks, Trouble> {
    let after = match ask.after.split_once('~') {
        Some((id, key)) => Some(Position { key: key.to_owned(), id: item_id("after", id)? }),
        None => None,
    };
    Ok(ListBookmarks { filter: which.filter.clone(), sort: which.sort, after, limit: PAGE_ROWS })
}

fn next(which: &Which, found: &Page) -> Option<String> {
    let next = found.next.as_ref()?;
    Some(link::with(&which.path, "after", &format!("{}~{}", next.id, next.key)))
}

fn total(which: &Which, folders: &[Folder]) -> u64 {
    let Some(id) = which.folder.map(|id| id.to_string()) else { return which.total };
    Folder::flat(folders).iter().find(|folder| folder.id == id).map_or(0, |folder| folder.count)
}

/// The folders above the one shown, outermost first.
fn crumbs(which: &Which, folders: &[Folder]) -> Vec<(String, String)> {
    let Some(id) = which.folder.map(|id| id.to_string()) else { return Vec::new() };
    let mut above: Vec<(usize, (String, String))> = Vec::new();
    for folder in Folder::flat(folders) {
        above.retain(|(depth, _)| *depth < folder.depth);
        if folder.id == id {
            return above.into_iter().map(|(_, crumb)| crumb).collect();
        }
        above.push((folder.depth, (folder.name, folder.id)));
    }
    Vec::new()
}
