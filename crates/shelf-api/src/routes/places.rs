//! Places: the spots of a bookmark in the tree of collections.

use crate::Api;
use crate::body::{Ask, Once, Patch, said};
use crate::caller::{In, Item};
use crate::page::Paged;
use crate::problem::Problem;
use crate::routes::bookmarks::PlaceIn;
use crate::routes::shown::PlaceOut;
use crate::wire::{Answer, ChangedOut, Id, json, located};
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use shelf_bookmarks::get_bookmark;
use shelf_bookmarks::organise::{AddPlace, MoveItem, Spot, add_place, move_item, remove_place};
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(shift, remove))
}

/// List the places of a bookmark.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks/{item}/places", tag = "bookmarks",
    operation_id = "list_places",
    responses((status = 200, description = "All of them.", body = Paged<PlaceOut>)))]
async fn list(within: In, Item(id): Item) -> Answer {
    let bookmark = get_bookmark(&within.ctx, within.scope, id).await?.bookmark;
    json(Paged::whole(bookmark.places.into_iter().map(PlaceOut::from).collect()))
}

/// Put a bookmark into one more collection.
///
/// Where it stands there already, nothing changes.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/{item}/places", tag = "bookmarks",
    operation_id = "add_place",
    request_body(content = PlaceIn,
        example = json!({"collection": "0193f0a0-0000-7000-8000-000000000002"})),
    responses((status = 201, description = "Placed; the place is the first item.",
        body = ChangedOut)))]
async fn add(within: In, Item(bookmark): Item, ask: Ask<PlaceIn>) -> Answer {
    let collection = ask.body.collection.map(|Id(id)| id);
    let place = AddPlace { bookmark, collection, title: ask.body.title };
    let changed = add_place(&within.under(ask.key), within.scope, place).await?;
    let place = changed.item().map(|item| item.to_string()).unwrap_or_default();
    let location = format!("/v1/libraries/{}/places/{place}", within.scope.library);
    let answer = (StatusCode::CREATED, Json(ChangedOut::from(changed))).into_response();
    Ok(located(answer, &location))
}

/// Where to move a place; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = MovePlace, example = json!({"collection": null, "after": null}))]
struct ShiftIn {
    /// The collection to move it into; null is the root.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Id>)]
    collection: Option<Option<Id>>,
    /// The folder or place it shall stand right after; null is the front; the end, where it is
    /// not said.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Id>)]
    after: Option<Option<Id>>,
}

/// The spot that `after` names.
pub(crate) fn spot_of(after: Option<Option<Id>>) -> Spot {
    match after {
        None => Spot::End,
        Some(None) => Spot::Start,
        Some(Some(Id(id))) => Spot::After(id),
    }
}

/// Move a place.
#[utoipa::path(patch, path = "/v1/libraries/{library}/places/{item}", tag = "bookmarks",
    operation_id = "move_place",
    request_body(content = ShiftIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Moved.", body = ChangedOut)))]
async fn shift(within: In, Item(id): Item, patch: Patch<ShiftIn>) -> Answer {
    let (item, now_in) = known(&within, id).await?;
    let parent = match patch.body.collection {
        None => now_in,
        Some(to) => to.map(|Id(id)| id),
    };
    let ask = MoveItem { item, parent, spot: spot_of(patch.body.after) };
    json(ChangedOut::from(move_item(&within.under(patch.key), within.scope, ask).await?))
}

/// Take a bookmark out of a collection.
///
/// The bookmark itself stays.
#[utoipa::path(delete, path = "/v1/libraries/{library}/places/{item}", tag = "bookmarks",
    operation_id = "remove_place",
    responses((status = 200, description = "Removed.", body = ChangedOut)))]
async fn remove(within: In, Item(id): Item, Once(key): Once) -> Answer {
    json(ChangedOut::from(remove_place(&within.under(key), within.scope, id).await?))
}

/// The place `id` and the collection it is in.
async fn known(within: &In, id: ItemId) -> Result<(ItemId, Option<ItemId>), Problem> {
    let shelf = within.ctx.stores.library.read(within.scope, Reads::none().items([id])).await?;
    match shelf.item(id).filter(|item| item.kind == Kind::Place && item.is_living()) {
        Some(item) => {
            let parent = item.reference(field::PARENT).map(|parent| shelf.resolve(parent));
            Ok((item.id, parent))
        }
        None => Err(Refused::not_found(format!("place {id}")).into()),
    }
}
