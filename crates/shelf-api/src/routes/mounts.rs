//! Folders that are libraries of their own: share one, and mount a library at one.

use crate::Api;
use crate::body::{Ask, said};
use crate::caller::{In, Item, Me};
use crate::routes::bookmarks::WrittenOut;
use crate::routes::collections::{CollectionOut, strongest, told};
use crate::wire::{Answer, Id, json};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::organise::{mount_library, share_folder, to_share};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::refusal::Refused;
use shelf_identity::reach_of;
use shelf_identity::tenants::libraries::library_of_folder;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(share)).routes(routes!(mount))
}

/// What sharing a collection did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedCollection, example = json!({
    "library": "0193f0a0-0000-7000-8000-000000000016",
    "act": "0193f0a0-0000-7000-8000-000000000009", "moved": 1, "copied": 0, "private": 0
}))]
struct SharedOut {
    /// The library it is now, which the caller manages.
    #[schema(format = Uuid)]
    library: String,
    /// The gesture in the library it left; null where it was done before.
    act: Option<Id>,
    /// Bookmarks that live there alone now.
    moved: u64,
    /// Bookmarks that stand elsewhere too: each lives on in both libraries, from now on its own.
    copied: u64,
    /// How many of both are marked private: whoever may read the library it is now sees these too.
    private: u64,
}

/// Turn a collection into a library of its own; for who manages the library.
///
/// What is under it moves into a new library of the same tenant, under the same ids, and that is
/// mounted at the collection; then it can be shared. Asked again it goes on where it stopped. What was
/// written until then stays in the history of the library it left.
#[utoipa::path(post, path = "/v1/libraries/{library}/collections/{item}/share",
    tag = "collections", operation_id = "share_collection",
    responses((status = 200, description = "It is a library now.", body = SharedOut)))]
async fn share(within: In, State(api): State<Api>, Item(id): Item) -> Answer {
    let (ctx, scope) = (&within.ctx, within.scope);
    let ask = to_share(ctx, scope, id).await?;
    let into = Scope { library: ask.library, ..scope };
    if !ask.is_mounted {
        let named = (ask.library, ask.name.as_str());
        library_of_folder(&api.doors(), within.actor, scope, named).await?;
    }
    let shared = share_folder(ctx, scope, &ask, into).await?;
    json(SharedOut {
        library: ask.library.to_string(),
        act: shared.act.map(Id::from),
        moved: u64::try_from(shared.moved).unwrap_or(u64::MAX),
        copied: u64::try_from(shared.copied).unwrap_or(u64::MAX),
        private: u64::try_from(shared.private).unwrap_or(u64::MAX),
    })
}

/// Which library to mount.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MountLibrary, example = json!({"library": null}))]
struct MountIn {
    /// A library the caller may use; null takes the mount off.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Id>, required = true)]
    library: Option<Option<Id>>,
}

/// Mount a library at a collection, or take the mount off.
///
/// A mount is a way to a library. It gives nobody a right to it, and taken off it changes nothing
/// in it.
#[utoipa::path(put, path = "/v1/libraries/{library}/collections/{item}/mount",
    tag = "collections", operation_id = "mount_library", request_body = MountIn,
    responses((status = 200, description = "As it is mounted now.",
        body = WrittenOut<CollectionOut>)))]
async fn mount(
    me: Me,
    within: In,
    State(api): State<Api>,
    Item(id): Item,
    Ask { body, key }: Ask<MountIn>,
) -> Answer {
    let asked = body.library.ok_or_else(|| Refused::invalid("library", "say which, or null"))?;
    let library = asked.map(|Id(id)| LibraryId::from_bytes(id.to_bytes()));
    if let Some(library) = library {
        reach_of(&api.doors(), &me.signed, library).await?;
    }
    let changed = mount_library(&within.under(key), within.scope, id, library).await?;
    told(&within, StatusCode::OK, id, strongest(&changed), changed.act).await
}
