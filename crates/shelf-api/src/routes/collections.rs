//! Collections: the tree of folders.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{In, Item};
use crate::etag::Seen;
use crate::moment::Moment;
use crate::page::Paged;
use crate::routes::bookmarks::WrittenOut;
use crate::routes::places::spot_of;
use crate::wire::{Answer, ChangedOut, Id, json, located, tagged, unchanged, version};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::organise::{
    CreateCollection, EditCollection, MoveItem, create_collection, delete_collection,
    edit_collection, get_collection, list_collections, move_item,
};
use shelf_domain::change::Head;
use shelf_domain::id::{ActId, ItemId};
use shelf_domain::turn::Status;
use shelf_domain::view::Collection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, edit, trash))
}

/// A collection: a folder of bookmarks and of other collections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Collection)]
pub(super) struct CollectionOut {
    /// Its id.
    id: Id,
    /// A small number of its own, never given again.
    number: u32,
    /// Its version: the text in `ETag`.
    version: String,
    /// Its name.
    name: String,
    /// The collection it is in; null is the root.
    parent: Option<Id>,
    /// Position among siblings: sorts as text.
    order: String,
    /// What it is for.
    description: String,
    /// Its icon.
    icon: String,
    /// The query that fills it; empty where it is filled by hand.
    query: String,
    /// The library that is mounted there; what is in it is asked for by that id.
    mount: Option<Id>,
    /// When it was made.
    created_at: Option<Moment>,
    /// When its source says it was changed.
    modified_at: Option<Moment>,
    /// When it was put into the trash.
    trashed_at: Option<Moment>,
    /// How deep it lies, 0 at the root; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    /// Bookmarks that stand directly in it; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    bookmarks: Option<u64>,
    /// Places in it and in all under it; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    under: Option<u64>,
}

impl CollectionOut {
    fn of(collection: Collection, head: &Head) -> Self {
        Self {
            id: Id(collection.id),
            number: collection.number,
            version: format!("{}-{}", head.epoch, collection.version),
            name: collection.name,
            parent: collection.parent.map(Id),
            order: collection.order,
            description: collection.description,
            icon: collection.icon,
            query: collection.query,
            mount: collection.mount.map(|library| Id(ItemId::from_bytes(library.to_bytes()))),
            created_at: collection.created_at.map(Moment),
            modified_at: collection.modified_at.map(Moment),
            trashed_at: collection.trashed_at.map(Moment),
            depth: None,
            bookmarks: None,
            under: None,
        }
    }
}

/// List the tree of collections.
///
/// Every living one, parents before children, siblings in their order.
#[utoipa::path(get, path = "/v1/libraries/{library}/collections", tag = "collections",
    operation_id = "list_collections",
    responses((status = 200, description = "All of them.", body = Paged<CollectionOut>)))]
async fn list(within: In) -> Answer {
    let head = within.ctx.stores.library.head(within.scope).await?;
    let branches = list_collections(&within.ctx, within.scope).await?;
    let rows = branches.into_iter().map(|branch| CollectionOut {
        depth: Some(branch.depth),
        bookmarks: Some(branch.bookmarks),
        under: Some(branch.under),
        ..CollectionOut::of(branch.collection, &head)
    });
    json(Paged::whole(rows.collect()))
}

/// What collection to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CreateCollection, example = json!({"name": "Reading", "description": "for winter"}))]
struct CreateIn {
    /// Its name.
    #[schema(required = true, min_length = 1, max_length = 1024, pattern = r"\S")]
    name: String,
    /// The collection it goes into; the root, where it is not said.
    parent: Option<Id>,
    /// What it is for.
    description: String,
    /// Its icon.
    icon: String,
    /// The query that fills it.
    query: String,
}

/// Make a collection.
///
/// At the end of its parent. Two of one name are legal.
#[utoipa::path(post, path = "/v1/libraries/{library}/collections", tag = "collections",
    operation_id = "create_collection", request_body = CreateIn,
    responses((status = 201, description = "Made.", body = WrittenOut<CollectionOut>)))]
async fn create(within: In, Ask { body, key }: Ask<CreateIn>) -> Answer {
    let ask = CreateCollection {
        name: body.name,
        parent: body.parent.map(|Id(id)| id),
        description: body.description,
        icon: body.icon,
        query: body.query,
    };
    let changed = create_collection(&within.under(key), within.scope, ask, None).await?;
    let status = changed.outcomes.first().map_or(Status::Noop, |outcome| outcome.status);
    let id = changed.item().unwrap_or(ItemId::from_bytes([0; 16]));
    let location = format!("/v1/libraries/{}/collections/{id}", within.scope.library);
    Ok(located(told(&within, StatusCode::CREATED, id, status, changed.act).await?, &location))
}

/// Read a collection.
#[utoipa::path(get, path = "/v1/libraries/{library}/collections/{item}", tag = "collections",
    operation_id = "get_collection",
    responses((status = 200, description = "The collection.", body = CollectionOut),
        (status = 304, description = "The caller has this version.")))]
async fn read(within: In, Item(id): Item, seen: Seen) -> Answer {
    let (collection, head) = get_collection(&within.ctx, within.scope, id).await?;
    let at = version(&head, collection.version);
    if seen.holds(at) {
        return unchanged(at);
    }
    tagged(StatusCode::OK, at, CollectionOut::of(collection, &head))
}

/// What to change; what is absent stays, null empties a field.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditCollection, example = json!({"name": "Reading list", "after": null}))]
struct EditIn {
    /// Its name; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 1024)]
    name: Option<Option<String>>,
    /// What it is for.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Its icon.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    /// The query that fills it.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    query: Option<Option<String>>,
    /// The collection to move it into; null is the root.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Id>)]
    parent: Option<Option<Id>>,
    /// The collection or place it shall stand right after; null is the front.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<Id>)]
    after: Option<Option<Id>>,
}

/// Edit or move a collection.
///
/// A merge patch. With `parent` or `after` it moves; it cannot be put under itself.
#[utoipa::path(patch, path = "/v1/libraries/{library}/collections/{item}", tag = "collections",
    operation_id = "edit_collection",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Edited.", body = WrittenOut<CollectionOut>)))]
async fn edit(within: In, Item(id): Item, seen: Seen, patch: Patch<EditIn>) -> Answer {
    let (ctx, scope, body) = (within.under(patch.key), within.scope, patch.body);
    let parent = body.parent.map(|parent| parent.map(|Id(id)| id));
    let edit = EditCollection {
        id,
        name: never_empty("name", body.name)?,
        description: body.description.map(Option::unwrap_or_default),
        icon: body.icon.map(Option::unwrap_or_default),
        query: body.query.map(Option::unwrap_or_default),
        parent: if body.after.is_none() { parent } else { None },
        version: seen.required()?,
    };
    let edits = edit != EditCollection::of(id);
    let mut told_of = (Status::Noop, None);
    if edits || body.after.is_none() {
        let changed = edit_collection(&ctx, scope, edit).await?;
        told_of = (strongest(&changed), changed.act);
    }
    if body.after.is_some() {
        let (known, _) = get_collection(&ctx, scope, id).await?;
        let parent = parent.unwrap_or(known.parent);
        let ask = MoveItem { item: known.id, parent, spot: spot_of(body.after) };
        let changed = move_item(&ctx, scope, ask).await?;
        told_of = (strongest(&changed), changed.act);
    }
    told(&within, StatusCode::OK, id, told_of.0, told_of.1).await
}

/// `applied` where anything was.
pub(super) fn strongest(changed: &shelf_bookmarks::Changed) -> Status {
    let mut statuses = changed.outcomes.iter().map(|outcome| outcome.status);
    statuses.find(|status| *status != Status::Noop).unwrap_or(Status::Noop)
}

pub(super) async fn told(
    within: &In,
    code: StatusCode,
    id: ItemId,
    status: Status,
    act: Option<ActId>,
) -> Answer {
    let (collection, head) = get_collection(&within.ctx, within.scope, id).await?;
    let at = version(&head, collection.version);
    let item = CollectionOut::of(collection, &head);
    tagged(code, at, WrittenOut { status, act: act.map(Id::from), item })
}

/// Put a collection into the trash.
///
/// With all that is in it and stands nowhere else, as one act.
#[utoipa::path(delete, path = "/v1/libraries/{library}/collections/{item}", tag = "collections",
    operation_id = "trash_collection",
    responses((status = 200, description = "In the trash.", body = ChangedOut)))]
async fn trash(within: In, Item(id): Item, Once(key): Once) -> Answer {
    json(ChangedOut::from(delete_collection(&within.under(key), within.scope, id).await?))
}
