//! Many bookmarks at once, as one act.

use crate::Api;
use crate::body::{Ask, object};
use crate::caller::In;
use crate::wire::{Answer, ChangedOut, Id, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::bulk_edit;
use shelf_bookmarks::bulk_edit::{BulkEdit, Shelve};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(bulk))
}

/// Where bookmarks are moved to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveTo)]
struct MoveIn {
    /// The collection; null is the root.
    collection: Option<Id>,
    /// Out of all collections.
    #[serde(default)]
    unsorted: bool,
}

/// What to do to every one of `ids`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = BulkEdit, example = json!({
    "ids": ["0193f0a0-0000-7000-8000-000000000001"], "add_tags": ["rust"], "archive": true
}))]
struct BulkIn {
    /// The bookmarks, 1 to 500.
    #[schema(required = true, min_items = 1, max_items = 500)]
    ids: Vec<Id>,
    /// Names of tags to add; missing ones are made.
    add_tags: Vec<String>,
    /// Names of tags to take off.
    remove_tags: Vec<String>,
    /// Archive, or take out of the archive.
    archive: Option<bool>,
    /// Make favourites, or not.
    favourite: Option<bool>,
    /// Mark as still to be read, or as read.
    unread: Option<bool>,
    /// Where to move them.
    #[serde(deserialize_with = "object")]
    move_to: Option<MoveIn>,
    /// Put them into the trash.
    trash: bool,
}

/// Edit many bookmarks at once.
///
/// One act, so that one undo takes it back. Bookmarks that are not there are answered in `left`.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/bulk", tag = "bookmarks",
    operation_id = "bulk_edit", request_body = BulkIn,
    responses((status = 200, description = "Done.", body = ChangedOut)))]
async fn bulk(within: In, Ask { body, key }: Ask<BulkIn>) -> Answer {
    let shelve = body.move_to.map(|to| {
        if to.unsorted { Shelve::Unsorted } else { Shelve::Into(to.collection.map(|Id(id)| id)) }
    });
    let ask = BulkEdit {
        ids: body.ids.into_iter().map(|Id(id)| id).collect(),
        add_tags: body.add_tags,
        remove_tags: body.remove_tags,
        archive: body.archive,
        favourite: body.favourite,
        unread: body.unread,
        shelve,
        trash: body.trash,
    };
    json(ChangedOut::from(bulk_edit(&within.under(key), within.scope, ask).await?))
}
