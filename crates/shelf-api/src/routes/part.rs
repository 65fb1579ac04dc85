//! A part of a library, for replicas that do not hold it whole.

use crate::Api;
use crate::caller::In;
use crate::moment::Moment;
use crate::page::Params;
use crate::problem::Problem;
use crate::routes::sync::{HeadOut, doors, expired};
use crate::wire::{Answer, Id, json};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_sync::{Part, Start, part};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(parted))
}

/// Which part, from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PartQuery {
    /// What stands in these folders or beneath them: at most 100 ids with commas between.
    folders: Option<String>,
    /// Bookmarks saved at or after this moment.
    since: Option<Moment>,
    /// Without long texts.
    thin: Option<bool>,
    /// `next` of the answer before, for whoever begins.
    #[param(value_type = Option<Id>)]
    after: Option<ItemId>,
    /// `next_cursor` of an answer before; the beginning, where it is not said.
    cursor: Option<String>,
}

/// What came into the part, and what left it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Parted)]
struct PartedOut {
    /// Items of the part, whole as they are now: see the description of sync.
    #[schema(value_type = Vec<Object>)]
    enter: Vec<Stated>,
    /// Items that are not of it; that they are gone is not said.
    leave: Vec<Id>,
    /// Ids that joined an item.
    #[schema(value_type = Vec<Object>)]
    aliases: Vec<StatedAlias>,
    /// Where whoever begins goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id>,
    /// The cursor to go on with; of a beginning, that of its first answer.
    next_cursor: String,
    /// Whether there is more to be had at once.
    has_more: bool,
    /// Whether a folder moved, so that a replica begins again and keeps its queue.
    again: bool,
    /// Where the log stands.
    head: HeadOut,
}

/// The ids in `text`.
fn folders(text: Option<&str>) -> Result<BTreeSet<ItemId>, Problem> {
    let ids = text.unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
    let bad = |_| Problem::query("folders", "these are ids with commas between");
    ids.map(str::parse).collect::<Result<_, _>>().map_err(bad)
}

/// Read a part of the library, or what came into it and left it since.
#[utoipa::path(get, path = "/v1/libraries/{library}/sync/part", tag = "sync",
    operation_id = "get_part", params(PartQuery),
    responses((status = 200, description = "What came and went.", body = PartedOut)))]
async fn parted(within: In, Params(query): Params<PartQuery>) -> Answer {
    let is_thin = query.thin.unwrap_or_default();
    let since = query.since.map(|Moment(at)| at);
    let asked = Part { folders: folders(query.folders.as_deref())?, since, is_thin };
    let start = match &query.cursor {
        Some(cursor) => Start::Cursor(cursor.clone()),
        None => Start::Begin(query.after),
    };
    let doors = doors(&within.ctx.stores);
    let told = match part(&doors, within.scope, &asked, start).await {
        Ok(told) => told,
        Err(failure) => {
            let cursor = query.cursor.as_deref();
            let problem = expired(&doors, within.scope, cursor, failure).await?;
            return Err(problem.named("#/cursor", "?cursor").named("#/folders", "?folders"));
        }
    };
    let alias = |(younger, item)| StatedAlias { younger, item };
    json(PartedOut {
        enter: told.enter.iter().map(Stated::from).collect(),
        leave: told.leave.into_iter().map(Id).collect(),
        aliases: told.aliases.into_iter().map(alias).collect(),
        next: told.next.map(Id),
        next_cursor: told.next_cursor,
        has_more: told.has_more,
        again: told.again,
        head: told.head.into(),
    })
}
