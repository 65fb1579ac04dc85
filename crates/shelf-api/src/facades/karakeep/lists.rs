//! Lists of Karakeep's interface: our collections, and what stands in them.

use super::read::{body_of, bookmark_of, id_of, limit_of};
use super::shown::{ListOut, icon_of, name_of, page};
use crate::Api;
use crate::body::said;
use crate::facades::call::{Call, PAGE};
use crate::facades::rows::{Bookmark, Collection, Written};
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
use shelf_domain::refusal::Refused;
use std::collections::BTreeSet;

/// Most bookmarks that are taken out of a list that goes.
const EMPTIED_MAX: usize = 100_000;
/// How often the places of one bookmark in one collection are looked for again.
const PLACES_MAX: usize = 50;

async fn all(call: &Call) -> Result<Vec<Collection>, Problem> {
    let page: Page<Collection> = call.ask("list_collections").read().await?;
    Ok(page.items)
}

/// All lists.
pub(super) async fn list(call: Call) -> Answer {
    let rows: Vec<ListOut> = all(&call).await?.into_iter().map(ListOut::from).collect();
    told(json!({ "lists": rows }))
}

/// The living collection of an id.
async fn found(call: &Call, id: &str) -> Result<Collection, Problem> {
    let row: Collection = call.ask("get_collection").at("item", id_of(id)?).read().await?;
    if row.trashed_at.is_some() {
        return Err(Refused::not_found("collection").into());
    }
    Ok(row)
}

/// One list.
pub(super) async fn read(call: Call, Path(id): Path<String>) -> Answer {
    told(ListOut::from(found(&call, &id).await?))
}

/// What list to make.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CreateIn {
    name: String,
    icon: Option<String>,
    description: Option<String>,
    parent_id: Option<Id>,
}

/// Makes a list; one of a name that is there is another.
pub(super) async fn create(State(api): State<Api>, call: Call, request: Request) -> Answer {
    let CreateIn { name, icon, description, parent_id } = body_of(request, &api).await?;
    let icon = icon_of(icon);
    let body =
        json!({ "name": name, "icon": icon, "description": description, "parent": parent_id });
    let made: Written<Collection> = call.write("create_collection").body(&body).done().await?;
    Ok((StatusCode::CREATED, Json(ListOut::from(made.item))).into_response())
}

/// What to change of a list; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EditIn {
    name: Option<String>,
    icon: Option<String>,
    #[serde(deserialize_with = "said")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    parent_id: Option<Option<Id>>,
}

/// Renames or moves a list. A name that is shown cut, and comes back so, is left as it is.
pub(super) async fn edit(
    State(api): State<Api>,
    call: Call,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let known = found(&call, &id).await?;
    let ask: EditIn = body_of(request, &api).await?;
    let mut patch = Map::new();
    if let Some(name) = ask.name.filter(|name| *name != name_of(&known.name)) {
        patch.insert("name".to_owned(), json!(name));
    }
    if let Some(icon) = icon_of(ask.icon).filter(|icon| *icon != known.icon) {
        patch.insert("icon".to_owned(), json!(icon));
    }
    if let Some(description) = ask.description {
        patch.insert("description".to_owned(), json!(description));
    }
    if let Some(parent) = ask.parent_id.filter(|parent| parent.map(|Id(id)| id) != known.parent) {
        patch.insert("parent".to_owned(), json!(parent));
    }
    if patch.is_empty() {
        return told(ListOut::from(known));
    }
    let edit = call.write("edit_collection").at("item", known.id).patch(&Value::Object(patch));
    let edited: Written<Collection> = edit.done().await?;
    told(ListOut::from(edited.item))
}

/// Puts a list into the trash. There a bookmark outlives its list, so what stands in it is taken
/// out first, and what else is under it goes up.
pub(super) async fn remove(call: Call, Path(id): Path<String>) -> Answer {
    let known = found(&call, &id).await?;
    for child in all(&call).await?.into_iter().filter(|row| row.parent == Some(known.id)) {
        let patch = json!({ "parent": known.parent.map(Id) });
        let edit = call.ask("edit_collection").at("item", child.id).patch(&patch);
        let _told: Value = edit.done().await?;
    }
    let (mut emptied, mut before) = (0, BTreeSet::new());
    while emptied < EMPTIED_MAX {
        let rows = standing_in(&call, known.id, PAGE, None).await?.items;
        let ids: BTreeSet<ItemId> = rows.iter().map(|row| row.id).collect();
        if rows.is_empty() || ids == before {
            break;
        }
        emptied += rows.len();
        for row in rows {
            take_out(&call, &row, known.id).await?;
        }
        before = ids;
    }
    let _told: Value = call.write("trash_collection").at("item", known.id).done().await?;
    done()
}

async fn standing_in(
    call: &Call,
    collection: ItemId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Bookmark>, Problem> {
    let ask = call.ask("list_bookmarks").with("collection", Some(collection));
    ask.with("sort", Some("place")).with("limit", Some(limit)).with("cursor", cursor).read().await
}

/// What stands in a list, page by page.
pub(super) async fn bookmarks(call: Call, Path(id): Path<String>) -> Answer {
    let known = found(&call, &id).await?;
    let cursor = call.said("cursor").filter(|cursor| !cursor.is_empty());
    let rows = standing_in(&call, known.id, limit_of(&call), cursor).await?;
    told(page(&call, rows.items, rows.next_cursor))
}

/// Puts a bookmark into a list, unless it is there.
pub(super) async fn put(call: Call, Path((id, bookmark)): Path<(String, String)>) -> Answer {
    let (known, row) = (found(&call, &id).await?, bookmark_of(&call, &bookmark).await?);
    let ask = call.write("add_place").at("item", row.id);
    let _told: Value = ask.body(&json!({ "collection": Id(known.id) })).done().await?;
    done()
}

/// Takes a bookmark out of a list.
pub(super) async fn take(call: Call, Path((id, bookmark)): Path<(String, String)>) -> Answer {
    let (known, row) = (found(&call, &id).await?, bookmark_of(&call, &bookmark).await?);
    if places_in(&row, known.id).is_empty() {
        call.may_write(row.id).await?;
    }
    take_out(&call, &row, known.id).await?;
    done()
}

/// Ends every place of `row` in `collection`. Of two places there one is shown, so it is read again.
pub(super) async fn take_out(
    call: &Call,
    row: &Bookmark,
    collection: ItemId,
) -> Result<(), Problem> {
    let mut places: Vec<ItemId> = places_in(row, collection);
    for _ in 0..PLACES_MAX {
        if places.is_empty() {
            break;
        }
        for place in places {
            let _told: Value = call.ask("remove_place").at("item", place).done().await?;
        }
        let again: Bookmark = call.ask("get_bookmark").at("item", row.id).read().await?;
        places = places_in(&again, collection);
    }
    Ok(())
}

fn places_in(row: &Bookmark, collection: ItemId) -> Vec<ItemId> {
    let there = row.places.iter().filter(|place| place.collection == Some(collection));
    there.map(|place| place.id).collect()
}

/// The lists a bookmark is in.
pub(super) async fn of_bookmark(call: Call, Path(id): Path<String>) -> Answer {
    let row = bookmark_of(&call, &id).await?;
    let is_in = |list: &Collection| row.places.iter().any(|spot| spot.collection == Some(list.id));
    let rows = all(&call).await?.into_iter().filter(is_in).map(ListOut::from);
    told(json!({ "lists": rows.collect::<Vec<_>>() }))
}
