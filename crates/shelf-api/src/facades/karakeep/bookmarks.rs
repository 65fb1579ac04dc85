//! Bookmarks of Karakeep's interface.

use super::lists::take_out;
use super::read::{body_of, bookmark_of, limit_of};
use super::shown::{BookmarkOut, SavedOut, page};
use crate::Api;
use crate::body::{objects, said};
use crate::facades::call::Call;
use crate::facades::rows::{Bookmark, Moment, Row, Tag, TagRef, Written};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use crate::wire::{Answer, Id, done, json as told};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shelf_domain::id::ItemId;
use shelf_domain::refusal::{Code, Refused};
use std::collections::BTreeSet;

/// Rows of a bookmark's history that are looked at before it is trashed; what has more was touched
/// often enough to stay.
const HISTORY_MAX: usize = 200;

/// A page of bookmarks, newest first.
pub(super) async fn list(call: Call) -> Answer {
    let flag = |name: &str| match call.said(name) {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    let sort = if call.said("sortOrder") == Some("asc") { "oldest" } else { "newest" };
    let ask = call.ask("list_bookmarks").with("archived", flag("archived"));
    let ask = ask.with("favourite", flag("favourited")).with("sort", Some(sort));
    let cursor = call.said("cursor").filter(|cursor| !cursor.is_empty());
    let ask = ask.with("limit", Some(limit_of(&call))).with("cursor", cursor);
    let rows: Page<Bookmark> = ask.read().await?;
    told(page(&call, rows.items, rows.next_cursor))
}

/// What a search found.
#[derive(Debug, Deserialize)]
struct Found {
    hits: Vec<Hit>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Hit {
    id: ItemId,
}

/// Searches by words, by meaning, or by both.
pub(super) async fn search(call: Call) -> Answer {
    let mode = match call.said("searchMode") {
        Some("fts") => "words",
        Some("semantic") => "meaning",
        _ => "hybrid",
    };
    let ask = call.ask("search_library").with("q", Some(call.said("q").unwrap_or_default()));
    let ask = ask.with("mode", Some(mode)).with("limit", Some(limit_of(&call)));
    let cursor = call.said("cursor").filter(|cursor| !cursor.is_empty());
    let found: Found = ask.with("cursor", cursor).read().await?;
    let ids: Vec<ItemId> = found.hits.into_iter().map(|hit| hit.id).collect();
    told(page(&call, call.by_ids(&ids).await?, found.next_cursor))
}

/// Whether an address is saved.
pub(super) async fn check(call: Call) -> Answer {
    let known = match call.said("url").filter(|url| !url.trim().is_empty()) {
        Some(url) => call.by_url(url).await?.filter(|row| row.trashed_at.is_none()),
        None => return Err(Problem::query("url", "say which address")),
    };
    told(json!({ "bookmarkId": known.map(|row| Id(row.id)) }))
}

/// One of them.
pub(super) async fn read(call: Call, Path(id): Path<String>) -> Answer {
    told(BookmarkOut::of(bookmark_of(&call, &id).await?, &call))
}

/// What to save.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SaveIn {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    title: Option<String>,
    note: Option<String>,
    archived: Option<bool>,
    favourited: Option<bool>,
    created_at: Option<Moment>,
}

/// Saves an address; where it is saved already, that bookmark is the answer, and it stays as it is.
pub(super) async fn create(State(api): State<Api>, call: Call, request: Request) -> Answer {
    let ask: SaveIn = body_of(request, &api).await?;
    if ask.kind != "link" {
        return Err(Refused::invalid("type", "only links are kept here").into());
    }
    let known = call.by_url(&ask.url).await?.filter(|row| row.trashed_at.is_none());
    if let Some(row) = known {
        let bookmark = BookmarkOut::of(row, &call);
        return told(SavedOut { bookmark, already_exists: true });
    }
    let archived_at = ask.archived.unwrap_or_default().then_some(Moment(call.now));
    let body = json!({
        "url": ask.url,
        "title": ask.title,
        "notes": ask.note,
        "favourite": ask.favourited,
        "archived_at": archived_at,
        "created_at": ask.created_at,
    });
    let saved: Written<Bookmark> = call.write("save_bookmark").body(&body).done().await?;
    let bookmark = BookmarkOut::of(saved.item, &call);
    let body = SavedOut { bookmark, already_exists: false };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EditIn {
    url: Option<String>,
    #[serde(deserialize_with = "said")]
    title: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    note: Option<Option<String>>,
    archived: Option<bool>,
    favourited: Option<bool>,
    created_at: Option<Moment>,
}

/// Edits one.
pub(super) async fn edit(
    State(api): State<Api>,
    call: Call,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let row = bookmark_of(&call, &id).await?;
    let ask: EditIn = body_of(request, &api).await?;
    let archived = ask.archived.filter(|archived| *archived != row.archived_at.is_some());
    let url = ask.url.clone();
    let said = [
        ("url", ask.url.map(|url| json!(url))),
        ("title", ask.title.map(|title| json!(title))),
        ("notes", ask.note.map(|note| json!(note))),
        ("favourite", ask.favourited.map(|favourite| json!(favourite))),
        ("archived_at", archived.map(|archived| json!(archived.then_some(Moment(call.now))))),
        ("created_at", ask.created_at.map(|at| json!(at))),
    ];
    let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let patch: Map<String, Value> = said.collect();
    let told_of = match edited(&call, row.clone(), patch.clone()).await {
        Err(problem) if problem.code == Code::AlreadySaved.name() && is_listed(&row) => {
            match owner_of(&call, url).await? {
                Some(owner) => replaced(&call, row, owner, patch).await?,
                None => return Err(problem),
            }
        }
        told_of => told_of?,
    };
    told(BookmarkOut::of(told_of, &call))
}

/// Whether one stands in any list.
fn is_listed(row: &Bookmark) -> bool {
    row.places.iter().any(|place| place.collection.is_some())
}

/// The living bookmark that has this address.
async fn owner_of(call: &Call, url: Option<String>) -> Result<Option<Bookmark>, Problem> {
    let Some(url) = url else { return Ok(None) };
    Ok(call.by_url(&url).await?.filter(|row| row.trashed_at.is_none()))
}

/// In a browser an address may stand twice, and floccus asks for it again and again where that is refused.
/// Here it is one bookmark: `owner` takes the places of `row` in lists, and what else is said of it.
async fn replaced(
    call: &Call,
    row: Bookmark,
    owner: Bookmark,
    mut patch: Map<String, Value>,
) -> Result<Bookmark, Problem> {
    let lists: BTreeSet<ItemId> = row.places.iter().filter_map(|place| place.collection).collect();
    for list in lists {
        let ask = call.ask("add_place").at("item", owner.id);
        let _told: Value = ask.body(&json!({ "collection": Id(list) })).done().await?;
        take_out(call, &row, list).await?;
    }
    let row: Bookmark = call.ask("get_bookmark").at("item", row.id).read().await?;
    let_go(call, &row).await?;
    patch.remove("url");
    if patch.is_empty() {
        return Ok(owner);
    }
    // Not under the key of the request: the edit that was refused had that.
    let ask = call.ask("edit_bookmark").at("item", owner.id).patch(&Value::Object(patch));
    let edited: Written<Bookmark> = ask.done().await?;
    Ok(edited.item)
}

async fn edited(
    call: &Call,
    row: Bookmark,
    patch: Map<String, Value>,
) -> Result<Bookmark, Problem> {
    if patch.is_empty() {
        return Ok(row);
    }
    let ask = call.write("edit_bookmark").at("item", row.id).patch(&Value::Object(patch));
    let edited: Written<Bookmark> = ask.done().await?;
    Ok(edited.item)
}

/// Puts one into the trash, if it stands nowhere and nobody but this key ever touched it. A sync that
/// went wrong takes nothing away that way; the answer is the same.
pub(super) async fn remove(call: Call, Path(id): Path<String>) -> Answer {
    let row = bookmark_of(&call, &id).await?;
    let_go(&call, &row).await?;
    done()
}

async fn let_go(call: &Call, row: &Bookmark) -> Result<(), Problem> {
    let ask = call.ask("get_item_history").at("item", row.id).with("limit", Some(HISTORY_MAX));
    let history: Page<Row> = ask.read().await?;
    let is_own = history.next_cursor.is_none()
        && history.items.iter().all(|change| change.device == call.grant);
    if is_own && row.places.is_empty() {
        let _told: Value = call.write("trash_bookmark").at("item", row.id).done().await?;
    } else {
        call.may_write(row.id).await?;
    }
    Ok(())
}

/// Which tags.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TagsIn {
    #[serde(deserialize_with = "objects")]
    tags: Vec<TagIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TagIn {
    tag_id: Option<Id>,
    tag_name: Option<String>,
}

impl TagsIn {
    /// The names that are meant; those of ids that are not there are left out.
    async fn names(self, call: &Call) -> Result<Vec<String>, Problem> {
        let all: Page<Tag> = call.ask("list_tags").read().await?;
        let named = |Id(id): Id| all.items.iter().find(|tag| tag.id == id);
        let name = |tag: TagIn| match tag.tag_id {
            Some(id) => named(id).map(|tag| tag.name.clone()),
            None => tag.tag_name.map(|name| name.trim().to_owned()),
        };
        Ok(self.tags.into_iter().filter_map(name).filter(|name| !name.is_empty()).collect())
    }
}

fn is_among(names: &[String], tag: &TagRef) -> bool {
    names.iter().any(|name| name.to_lowercase() == tag.name.to_lowercase())
}

/// Puts tags on one.
pub(super) async fn attach(
    State(api): State<Api>,
    call: Call,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let row = bookmark_of(&call, &id).await?;
    let names = body_of::<TagsIn>(request, &api).await?.names(&call).await?;
    let all: Vec<&str> = row
        .tags
        .iter()
        .map(|tag| tag.name.as_str())
        .chain(names.iter().map(String::as_str))
        .collect();
    let patch = Map::from_iter([("tags".to_owned(), json!(all))]);
    let row = edited(&call, row, patch).await?;
    let attached: Vec<Id> =
        row.tags.iter().filter(|tag| is_among(&names, tag)).map(|tag| Id(tag.id)).collect();
    told(json!({ "attached": attached }))
}

/// Takes tags off one.
pub(super) async fn detach(
    State(api): State<Api>,
    call: Call,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let row = bookmark_of(&call, &id).await?;
    let names = body_of::<TagsIn>(request, &api).await?.names(&call).await?;
    let (gone, kept): (Vec<TagRef>, Vec<TagRef>) =
        row.tags.iter().cloned().partition(|tag| is_among(&names, tag));
    let kept: Vec<String> = kept.into_iter().map(|tag| tag.name).collect();
    let patch = Map::from_iter([("tags".to_owned(), json!(kept))]);
    edited(&call, row, patch).await?;
    let gone: Vec<Id> = gone.into_iter().map(|tag| Id(tag.id)).collect();
    told(json!({ "detached": gone }))
}
