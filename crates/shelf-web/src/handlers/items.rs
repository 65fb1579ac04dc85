//! One item: shown, edited in place, tagged, placed, put back, trashed.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html as markup};
use shelf_bookmarks::{
    Changed,
    activity::record_opened,
    edit_bookmark::{Edit, EditBookmark, edit_bookmark},
    get_bookmark,
    history::{ItemHistory, RestoreVersion, item_history, restore_version},
    organise::{AddPlace, add_place, remove_place},
    trash::{restore_items, trash_items},
};
use shelf_domain::{id::ItemId, kind::field, refusal::Refused, value::Value, view::Bookmark};

use super::{
    Answer,
    comments::{said_of, thread_of},
    conflicts::twice_of,
    files::files_of,
    texts::{self, Texts},
};
use crate::{
    frame::{Frame, Here, desk},
    link,
    pages::item::{self, ItemPage},
    posted::{Posted, Said, item_id},
    shown::{self, Paths, without_item},
    trouble::Trouble,
    ui::{row, toast},
    visit::{Visit, html},
};

/// Flags, as forms call them.
const FLAGS: [&str; 4] = [field::UNREAD, field::FAVOURITE, field::PRIVATE, ARCHIVED];
/// What forms call that something is in the archive.
const ARCHIVED: &str = "archived";
/// Acts an item shows of its history.
const HISTORY_ROWS: usize = 50;

/// The item on a page of its own.
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Answer {
    let shown = load(&visit, &id, &format!("/items/{id}")).await?;
    let frame = visit.frame(&title(&shown), Here::Elsewhere).await?;
    let inside = markup! { div.page { (item::item(&shown, &frame)) } };
    Ok(visit.page(&frame, &inside, None))
}

/// The item beside a list, as a part of the page.
pub(super) async fn panel(visit: &Visit, id: &str) -> Answer {
    let frame = visit.frame("", Here::Elsewhere).await?;
    Ok(html(&desk(&frame, &drawn(visit, id, &frame).await?)))
}

/// The item beside the list that the address shows.
pub(super) async fn drawn(visit: &Visit, id: &str, frame: &Frame) -> Result<Markup, Trouble> {
    let here = visit.uri.path_and_query().map_or("/library", |here| here.as_str());
    Ok(item::item(&load(visit, id, here).await?, frame))
}

async fn load(visit: &Visit, id: &str, here: &str) -> Result<ItemPage, Trouble> {
    let got = get_bookmark(&visit.ctx, visit.scope, item_id("item", id)?).await?;
    let ask = ItemHistory { item: got.bookmark.id, before: None, limit: HISTORY_ROWS };
    let history = item_history(&visit.ctx, visit.scope, ask).await?;
    let paths = Paths::of(&visit.folders().await?);
    let (thread, split) = thread_of(visit, got.bookmark.id).await?;
    let files = files_of(visit, &got.bookmark).await?;
    let own = (!got.bookmark.copies.is_empty()).then_some(got.bookmark.id);
    let twice = twice_of(visit, own.into_iter().chain(split).collect()).await?;
    let page = shown::item(&got.bookmark, &history.rows, &paths, here, visit.reader().await?);
    Ok(ItemPage { twice, files, thread, ..page })
}

fn title(page: &ItemPage) -> String {
    if page.title.is_empty() { link::site(&page.url) } else { page.title.clone() }
}

/// Puts the texts that were changed. What somebody else wrote into the same long text meanwhile is kept
/// beside it, and whoever sent the form is told so.
pub(crate) async fn edit(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let ask = item_id("item", &id)?;
    let got = get_bookmark(&visit.ctx, visit.scope, ask).await?;
    let Texts { alone, crossed } = Texts::read(&said, &got)?;
    let before = got.bookmark.copies;
    let mut copies = before.clone();
    for edit in [alone, crossed].into_iter().filter(|edit| !edit.puts.is_empty()) {
        let edited = edit_bookmark(&visit.ctx, visit.scope, EditBookmark { id: ask, edit }).await?;
        copies = edited.bookmark.copies;
    }
    let told = (copies != before).then(both_kept);
    if !visit.is_part {
        return Ok(visit.go(said.back(), told.as_ref()));
    }
    let also = markup! {
        (texts::sent(&said))
        @if told.is_some() { (toast::corner(told.as_ref(), visit.csrf.expose(), true)) }
    };
    changed_in_place(&visit, &said, &id, &also).await
}

/// What is told where two wrote the same text at once.
fn both_kept() -> toast::Toast {
    let words =
        "Somebody else changed this meanwhile. Both versions are kept, under “Written twice”.";
    toast::Toast { words: words.to_owned(), undo: None }
}

/// Sets flags: one that the address names, or all that the form shows.
pub(crate) async fn flags(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let whole = said.get("all").is_some();
    let mut edit = Edit::default();
    // A form that shows all says which it showed as on: those that are so still, nobody turned there.
    let shown = said.get("shown").filter(|_| whole);
    for name in FLAGS {
        let on = match said.get(name) {
            Some(value) => value == "yes",
            None if whole => false,
            None => continue,
        };
        if shown.is_some_and(|shown| shown.split(' ').any(|known| known == name) == on) {
            continue;
        }
        edit = if name == ARCHIVED {
            archived(&visit, &id, edit, on).await?
        } else {
            edit.put(name, on.then(|| Value::from(true)))
        };
    }
    let ask = EditBookmark { id: item_id("item", &id)?, edit };
    let edited = edit_bookmark(&visit.ctx, visit.scope, ask).await?;
    let from_row = visit.target.as_deref().is_some_and(|target| target.starts_with("item-"));
    if !(visit.is_part && from_row) {
        let on = FLAGS.into_iter().filter(|name| said.get(name) == Some("yes"));
        let on: Vec<&str> = on.collect();
        let also = if whole { item::fresh_flags(&on) } else { Markup::default() };
        return changed_in_place(&visit, &said, &id, &also).await;
    }
    if said.get("archived").is_some() {
        let words =
            if said.text("archived") == "yes" { "Archived" } else { "Back from the archive" };
        let told =
            toast::Toast { words: words.into(), undo: edited.act.map(|act| act.to_string()) };
        return Ok(html(&toast::corner(Some(&told), visit.csrf.expose(), true)));
    }
    let row = fresh(&visit, edited.bookmark).await?;
    Ok(html(&row::row(&row, &without_item(said.back()), None)))
}

async fn archived(visit: &Visit, id: &str, edit: Edit, on: bool) -> Result<Edit, Trouble> {
    let was =
        get_bookmark(&visit.ctx, visit.scope, item_id("item", id)?).await?.bookmark.archived_at;
    Ok(match (was, on) {
        (None, true) => {
            edit.put(field::ARCHIVED_AT, Some(Value::from(visit.ctx.stores.clock.now_ms())))
        }
        (Some(_), false) => edit.put(field::ARCHIVED_AT, None),
        _ => edit,
    })
}

/// Adds tags by name, or takes one off.
pub(crate) async fn tags(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let ask = item_id("item", &id)?;
    let mut edit = Edit { add_tags: said.names("add"), ..Edit::default() };
    if let Some(gone) = said.maybe_id("remove")? {
        let shown = get_bookmark(&visit.ctx, visit.scope, ask).await?.bookmark;
        edit.remove_tags =
            shown.tags.into_iter().filter(|tag| tag.id == gone).map(|tag| tag.name).collect();
    }
    edit_bookmark(&visit.ctx, visit.scope, EditBookmark { id: ask, edit }).await?;
    drawn_again(&visit, &said, &id, None).await
}

/// Puts the item into one more folder, or takes it out of one.
pub(crate) async fn places(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    if let Some(place) = said.maybe_id("remove")? {
        remove_place(&visit.ctx, visit.scope, place).await?;
    } else if let Some(folder) = said.maybe_id("folder")? {
        let bookmark = item_id("item", &id)?;
        let ask = AddPlace { bookmark, collection: Some(folder), title: String::new() };
        add_place(&visit.ctx, visit.scope, ask).await?;
    }
    drawn_again(&visit, &said, &id, None).await
}

/// Puts the item back to how it was after one row of its history.
pub(crate) async fn put_back(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let seq = said.text("seq").parse().map_err(|_| Refused::invalid("seq", "not a version"))?;
    let ask = RestoreVersion { item: item_id("item", &id)?, seq };
    let changed = restore_version(&visit.ctx, visit.scope, ask).await?;
    if visit.is_part {
        return drawn_again(&visit, &said, &id, None).await;
    }
    Ok(visit.go(said.back(), Some(&told("Put back", &changed))))
}

/// Puts the item into the trash.
pub(crate) async fn trash(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let changed = trash_items(&visit.ctx, visit.scope, vec![item_id("item", &id)?]).await?;
    Ok(visit.go(&without_item(said.back()), Some(&told("Put in the trash", &changed))))
}

/// Takes anything out of the trash.
pub(crate) async fn restore(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let changed = restore_items(&visit.ctx, visit.scope, vec![item_id("item", &id)?]).await?;
    if visit.is_part && visit.target.as_deref() == Some("item") {
        return drawn_again(&visit, &said, &id, None).await;
    }
    Ok(visit.go(said.back(), Some(&told("Restored", &changed))))
}

/// Remembers that the item's page was opened.
pub(crate) async fn opened(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    record_opened(&visit.ctx, visit.scope, item_id("item", &id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What happened, with the way back.
pub(super) fn told(words: &str, changed: &Changed) -> toast::Toast {
    toast::Toast { words: words.to_owned(), undo: changed.act.map(|act| act.to_string()) }
}

/// After a field changed: its row, its history and what `also` changes for a script, the page again for a
/// browser.
async fn changed_in_place(
    visit: &Visit,
    said: &Said,
    id: &str,
    also: &Markup,
) -> Result<Response, Trouble> {
    if !visit.is_part {
        return Ok(visit.go(said.back(), None));
    }
    let page = load(visit, id, said.back()).await?;
    Ok(html(&markup! {
        (item::fresh_history(&page, &visit.bare()))
        (fresh_row(visit, said, id).await?)
        (also)
    }))
}

/// After tags, places or comments changed: the whole item and its row for a script, the page for a browser.
pub(super) async fn drawn_again(
    visit: &Visit,
    said: &Said,
    id: &str,
    told: Option<&toast::Toast>,
) -> Result<Response, Trouble> {
    if !visit.is_part {
        return Ok(visit.go(said.back(), told));
    }
    let frame = visit.frame("", Here::Elsewhere).await?;
    let page = load(visit, id, said.back()).await?;
    Ok(html(&markup! {
        (item::item(&page, &frame))
        (fresh_row(visit, said, id).await?)
        @if told.is_some() { (toast::corner(told, visit.csrf.expose(), true)) }
    }))
}

/// The row of the item in the list it was opened from.
async fn fresh_row(visit: &Visit, said: &Said, id: &str) -> Result<Markup, Trouble> {
    if said.back().starts_with("/items/") {
        return Ok(Markup::default());
    }
    let id: ItemId = item_id("item", id)?;
    let got = get_bookmark(&visit.ctx, visit.scope, id).await?;
    let row = fresh(visit, got.bookmark).await?;
    Ok(row::fresh_row(&row, &without_item(said.back())))
}

/// What a list shows of `bookmark` now.
async fn fresh(visit: &Visit, bookmark: Bookmark) -> Result<row::RowView, Trouble> {
    let paths = Paths::of(&visit.folders().await?);
    let comments = said_of(visit, std::slice::from_ref(&bookmark)).await?;
    let said = comments.get(&bookmark.id).copied().unwrap_or_default();
    Ok(shown::row(&bookmark, &paths, said))
}
