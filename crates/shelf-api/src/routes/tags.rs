//! Tags: list, make, rename, merge, trash.

use crate::Api;
use crate::body::{Ask, Once, Patch, never_empty, said};
use crate::caller::{In, Item};
use crate::etag::Seen;
use crate::page::Paged;
use crate::routes::bookmarks::WrittenOut;
use crate::wire::{Answer, ChangedOut, Id, json, located, tagged, unchanged, version};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::tags::{
    CreateTag, EditTag, create_tag, delete_tag, edit_tag, get_tag, list_tags,
};
use shelf_domain::change::Head;
use shelf_domain::id::ItemId;
use shelf_domain::turn::Status;
use shelf_domain::view::Tag;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, edit, trash))
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
struct TagOut {
    /// Its id.
    id: Id,
    /// A small number of its own, never given again.
    number: u32,
    /// Its version: the text in `ETag`.
    version: String,
    /// Its name.
    name: String,
    /// Its colour; empty where it has none.
    colour: String,
    /// How many living bookmarks bear it; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    bookmarks: Option<u64>,
}

impl TagOut {
    fn of(tag: Tag, head: &Head) -> Self {
        Self {
            id: Id(tag.id),
            number: tag.number,
            version: format!("{}-{}", head.epoch, tag.version),
            name: tag.name,
            colour: tag.colour,
            bookmarks: None,
        }
    }
}

/// List the tags, by name.
#[utoipa::path(get, path = "/v1/libraries/{library}/tags", tag = "tags",
    operation_id = "list_tags",
    responses((status = 200, description = "All of them.", body = Paged<TagOut>)))]
async fn list(within: In) -> Answer {
    let head = within.ctx.stores.library.head(within.scope).await?;
    let tags = list_tags(&within.ctx, within.scope).await?;
    let rows = tags
        .into_iter()
        .map(|(tag, count)| TagOut { bookmarks: Some(count), ..TagOut::of(tag, &head) });
    json(Paged::whole(rows.collect()))
}

/// What tag to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CreateTag, example = json!({"name": "databases", "colour": "#336699"}))]
struct CreateIn {
    /// Its name.
    #[schema(required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: String,
    /// Its colour.
    colour: String,
}

/// Make a tag that no bookmark bears yet.
///
/// Where the name lives already, that tag is the answer, with 200.
#[utoipa::path(post, path = "/v1/libraries/{library}/tags", tag = "tags",
    operation_id = "create_tag", request_body = CreateIn,
    responses((status = 201, description = "Made.", body = WrittenOut<TagOut>),
        (status = 200, description = "It was there.", body = WrittenOut<TagOut>)))]
async fn create(within: In, Ask { body, key }: Ask<CreateIn>) -> Answer {
    let ask = CreateTag { name: body.name, colour: body.colour };
    let changed = create_tag(&within.under(key), within.scope, ask).await?;
    let id = changed.item().unwrap_or(ItemId::from_bytes([0; 16]));
    let location = format!("/v1/libraries/{}/tags/{id}", within.scope.library);
    Ok(located(told(&within, changed, StatusCode::CREATED).await?, &location))
}

/// Read a tag.
#[utoipa::path(get, path = "/v1/libraries/{library}/tags/{item}", tag = "tags",
    operation_id = "get_tag",
    responses((status = 200, description = "The tag.", body = TagOut),
        (status = 304, description = "The caller has this version.")))]
async fn read(within: In, Item(id): Item, seen: Seen) -> Answer {
    let (tag, head) = get_tag(&within.ctx, within.scope, id).await?;
    let at = version(&head, tag.version);
    if seen.holds(at) {
        return unchanged(at);
    }
    tagged(StatusCode::OK, at, TagOut::of(tag, &head))
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditTag, example = json!({"colour": "#993366"}))]
struct EditIn {
    /// Its name.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 256)]
    name: Option<Option<String>>,
    /// Its colour; null takes it off.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    colour: Option<Option<String>>,
}

/// Rename or recolour a tag.
///
/// Renaming it to a name that lives merges the two: the status is `joined` and the item is the
/// tag that stays.
#[utoipa::path(patch, path = "/v1/libraries/{library}/tags/{item}", tag = "tags",
    operation_id = "edit_tag",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Edited.", body = WrittenOut<TagOut>)))]
async fn edit(within: In, Item(id): Item, seen: Seen, patch: Patch<EditIn>) -> Answer {
    let ask = EditTag {
        id,
        name: never_empty("name", patch.body.name)?,
        colour: patch.body.colour.map(Option::unwrap_or_default),
        version: seen.required()?,
    };
    let changed = edit_tag(&within.under(patch.key), within.scope, ask).await?;
    told(&within, changed, StatusCode::OK).await
}

/// The tag a gesture ended with; `code` where it is a new one.
async fn told(within: &In, changed: shelf_bookmarks::Changed, code: StatusCode) -> Answer {
    let status = changed.outcomes.first().map_or(Status::Noop, |outcome| outcome.status);
    let id = changed.item().unwrap_or(ItemId::from_bytes([0; 16]));
    let (tag, head) = get_tag(&within.ctx, within.scope, id).await?;
    let at = version(&head, tag.version);
    let code = if status == Status::Noop { StatusCode::OK } else { code };
    let item = TagOut::of(tag, &head);
    tagged(code, at, WrittenOut { status, act: changed.act.map(Id::from), item })
}

/// Put a tag into the trash.
///
/// Bookmarks that bear it bear it again when it is restored.
#[utoipa::path(delete, path = "/v1/libraries/{library}/tags/{item}", tag = "tags",
    operation_id = "trash_tag",
    responses((status = 200, description = "In the trash.", body = ChangedOut)))]
async fn trash(within: In, Item(id): Item, Once(key): Once) -> Answer {
    json(ChangedOut::from(delete_tag(&within.under(key), within.scope, id).await?))
}
