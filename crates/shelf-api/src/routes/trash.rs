//! The trash: list, restore, remove for good.

use crate::Api;
use crate::body::{Ask, Once};
use crate::caller::In;
use crate::cursor;
use crate::moment::Moment;
use crate::page::{Here, ListQuery, Paged, Params, limit_of};
use crate::problem::Problem;
use crate::wire::{Answer, ChangedOut, Id, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::trash::{ListTrash, empty_trash, list_trash, purge_items, restore_items};
use shelf_ports::views::Trashed;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, purge)).routes(routes!(restore))
}

/// Something in the trash.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trashed)]
struct TrashedOut {
    /// Its id.
    id: Id,
    /// What it is: `bookmark`, `collection`, `tag`, ….
    kind: String,
    /// The name it goes by.
    name: String,
    /// The address, for bookmarks.
    url: String,
    /// When it was put into the trash.
    trashed_at: Moment,
}

impl From<Trashed> for TrashedOut {
    fn from(trashed: Trashed) -> Self {
        Self {
            id: Id(trashed.id),
            kind: trashed.kind.to_string(),
            name: trashed.name,
            url: trashed.url,
            trashed_at: Moment(trashed.trashed_at),
        }
    }
}

/// List the trash, latest first.
#[utoipa::path(get, path = "/v1/libraries/{library}/trash", tag = "trash",
    operation_id = "list_trash", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<TrashedOut>)))]
async fn list(within: In, here: Here, Params(query): Params<ListQuery>) -> Answer {
    let after: Option<(i64, Id)> = cursor::after("trash", query.cursor.as_deref())?;
    let after = after.map(|(at, Id(id))| (at, id));
    let ask = ListTrash { after, limit: limit_of(query.limit)? };
    let page = list_trash(&within.ctx, within.scope, ask).await?;
    let next_cursor = page.next.map(|(at, id)| cursor::seal("trash", &(at, Id(id))));
    let items = page.items.into_iter().map(TrashedOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// Which items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Ids, example = json!({"ids": ["0193f0a0-0000-7000-8000-000000000004"]}))]
struct IdsIn {
    /// Their ids, 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<Id>,
}

/// Take items out of the trash.
///
/// With what the same gesture put there.
#[utoipa::path(post, path = "/v1/libraries/{library}/trash/restore", tag = "trash",
    operation_id = "restore_items", request_body = IdsIn,
    responses((status = 200, description = "Restored.", body = ChangedOut)))]
async fn restore(within: In, Ask { body, key }: Ask<IdsIn>) -> Answer {
    let ids = body.ids.into_iter().map(|Id(id)| id).collect();
    json(ChangedOut::from(restore_items(&within.under(key), within.scope, ids).await?))
}

/// What to remove for good.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PurgeQuery {
    /// Ids separated by commas; everything in the trash, where it is not said.
    ids: Option<String>,
}

/// Remove for good what is in the trash.
///
/// Its texts are blanked everywhere; this cannot be undone.
#[utoipa::path(delete, path = "/v1/libraries/{library}/trash", tag = "trash",
    operation_id = "purge_trash", params(PurgeQuery),
    responses((status = 200, description = "Gone.", body = ChangedOut)))]
async fn purge(within: In, Params(query): Params<PurgeQuery>, Once(key): Once) -> Answer {
    let ctx = within.under(key);
    let Some(text) = query.ids else {
        return json(ChangedOut::or_nothing(empty_trash(&ctx, within.scope).await?));
    };
    let ids: Option<Vec<_>> = text.split(',').map(|id| Id::read(id).map(|Id(id)| id)).collect();
    let ids = ids.ok_or_else(|| Problem::query("ids", "these are not all ids"))?;
    json(ChangedOut::from(purge_items(&ctx, within.scope, ids).await?))
}
