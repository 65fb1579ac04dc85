//! Activity: what the person opened, remembered only while they want it.

use crate::Api;
use crate::body::Ask;
use crate::caller::{In, Item, Me};
use crate::moment::Moment;
use crate::page::{Paged, Params, limit_of};
use crate::routes::shown::BookmarkOut;
use crate::wire::{Answer, done, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::activity::{
    forget_activity, is_activity_on, recent_activity, record_opened, switch_activity,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(recent, forget))
        .routes(routes!(state, switch))
}

/// Remember that a bookmark is being opened.
///
/// Unless the person switched that off. The answer is the bookmark, to go to.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/{item}/open", tag = "activity",
    operation_id = "open_bookmark",
    responses((status = 200, description = "The bookmark.", body = BookmarkOut)))]
async fn open(within: In, Item(id): Item) -> Answer {
    let head = within.ctx.stores.library.head(within.scope).await?;
    let bookmark = record_opened(&within.ctx, within.scope, id).await?;
    json(BookmarkOut::of(bookmark, &head))
}

/// One thing the person did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
struct EventOut {
    /// When.
    at: Moment,
    /// What: `opened`, `read`, `kept` or `dismissed`.
    deed: &'static str,
    /// With which bookmark; null when it was removed for good.
    bookmark: Option<BookmarkOut>,
}

/// How much.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecentQuery {
    /// Events, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What the person did lately in this library, latest first.
#[utoipa::path(get, path = "/v1/libraries/{library}/activity", tag = "activity",
    operation_id = "list_activity", params(RecentQuery),
    responses((status = 200, description = "The latest.", body = Paged<EventOut>)))]
async fn recent(within: In, Params(query): Params<RecentQuery>) -> Answer {
    let head = within.ctx.stores.library.head(within.scope).await?;
    let rows = recent_activity(&within.ctx, within.scope, limit_of(query.limit)?).await?;
    let rows = rows.into_iter().map(|row| EventOut {
        at: Moment(row.event.at),
        deed: row.event.deed.name(),
        bookmark: row.bookmark.map(|bookmark| BookmarkOut::of(bookmark, &head)),
    });
    json(Paged::whole(rows.collect()))
}

/// Forget what the person did in this library.
#[utoipa::path(delete, path = "/v1/libraries/{library}/activity", tag = "activity",
    operation_id = "forget_activity",
    responses((status = 204, description = "Forgotten.")))]
async fn forget(within: In) -> Answer {
    forget_activity(&within.ctx, within.scope).await?;
    done()
}

/// Whether what the person opens is remembered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActivitySwitch, example = json!({"on": false}))]
struct Switch {
    /// Whether it is.
    on: bool,
}

/// Whether activity is remembered.
#[utoipa::path(get, path = "/v1/activity", tag = "activity", operation_id = "get_activity_switch",
    responses((status = 200, description = "The switch.", body = Switch)))]
async fn state(me: Me) -> Answer {
    json(Switch { on: is_activity_on(&me.ctx).await? })
}

/// Switch the memory of activity on or off.
///
/// Switching off keeps what was remembered until it is forgotten.
#[utoipa::path(put, path = "/v1/activity", tag = "activity", operation_id = "switch_activity",
    request_body = Switch,
    responses((status = 200, description = "The switch.", body = Switch)))]
async fn switch(me: Me, Ask { body, .. }: Ask<Switch>) -> Answer {
    switch_activity(&me.ctx, body.on).await?;
    json(body)
}
