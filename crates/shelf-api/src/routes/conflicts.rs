//! Two versions of one text that were written at the same time: list, settle.

use crate::Api;
use crate::body::Ask;
use crate::caller::{In, Item};
use crate::cursor;
use crate::moment::Moment;
use crate::page::{Here, Paged, Params, limit_of};
use crate::problem::Problem;
use crate::wire::{Answer, ChangedOut, Id, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::conflicts::{
    ConflictRow, Keep, ListConflicts, Resolve, list_conflicts, resolve_conflict,
};
use shelf_domain::change::Head;
use shelf_domain::conflict::Wording;
use shelf_domain::edit::Version;
use shelf_domain::id::DeviceId;
use shelf_domain::refusal::Refused;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(settle))
}

/// One version of a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wording)]
struct WordingOut {
    /// The text; empty where the field was emptied.
    text: String,
    /// The token, session or device it was written with.
    device: String,
    /// What the caller calls that; of those of others, what these people are called. Null where
    /// nobody knows.
    device_name: Option<String>,
    /// When it came to stand there.
    at: Moment,
}

impl WordingOut {
    fn of(wording: Wording, device_name: Option<String>) -> Self {
        let Wording { text, device, at } = wording;
        Self { text, device: device.to_string(), device_name, at: Moment(at) }
    }
}

/// Two versions of one text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conflict)]
struct ConflictOut {
    /// The item that holds both.
    item: Id,
    /// What it is.
    kind: String,
    /// The bookmark it is about, or the item itself, a collection perhaps.
    bookmark: Id,
    /// What that is called.
    title: String,
    /// The field: `notes`, `description`, `comment` or `body`.
    field: String,
    /// The version of the item at which both stand; settling says it.
    version: String,
    /// The one that is shown.
    shown: WordingOut,
    /// The one that lost.
    other: WordingOut,
}

impl ConflictOut {
    fn of(row: ConflictRow, head: &Head) -> Self {
        let ConflictRow { conflict, title, shown_by, other_by, .. } = row;
        Self {
            item: Id(conflict.item),
            kind: conflict.kind.to_string(),
            bookmark: Id(conflict.about),
            title,
            field: conflict.field,
            version: format!("{}-{}", head.epoch, conflict.version),
            shown: WordingOut::of(conflict.shown, shown_by),
            other: WordingOut::of(conflict.other, other_by),
        }
    }
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on the page, 1 to 200; 50 where it is not said. An item may have several such texts.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List the texts of which two versions were written at the same time.
///
/// Neither author had seen what the other wrote; one is shown, the other is kept until somebody
/// settles them.
#[utoipa::path(get, path = "/v1/libraries/{library}/conflicts", tag = "comments",
    operation_id = "list_conflicts", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<ConflictOut>)))]
async fn list(within: In, here: Here, Params(query): Params<ListQuery>) -> Answer {
    let after: Option<Id> = cursor::after("conflicts", query.cursor.as_deref())?;
    let after = after.map(|Id(id)| id);
    let ask = ListConflicts { after, limit: limit_of(query.limit)? };
    let page = list_conflicts(&within.ctx, within.scope, ask).await?;
    let next_cursor = page.next.map(|next| cursor::seal("conflicts", &Id(next)));
    let items = page.rows.into_iter().map(|row| ConflictOut::of(row, &page.head)).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// Which version stands.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Keep)]
enum KeepIn {
    /// The one that is shown.
    Shown,
    /// The one that lost.
    Other,
    /// One made of both, which is said in `text`.
    Text,
}

/// How to settle two versions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResolveConflict, example = json!({"field": "notes",
    "device": "0193f0a0-0000-7000-8000-000000000018", "keep": "other"}))]
struct SettleIn {
    /// The field: `notes`, `description`, `comment` or `body`.
    #[schema(example = "notes")]
    field: String,
    /// The device of the version that lost.
    #[schema(value_type = Id)]
    device: DeviceId,
    /// Which one stands.
    keep: KeepIn,
    /// The text that stands, where it is made of both.
    #[serde(default)]
    text: Option<String>,
    /// The version of the item that was looked at; what was written since is kept. As it is now,
    /// where it is not said.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{1,9}-[0-9]{1,18}$")]
    version: Option<String>,
}

/// Settle two versions of a text.
///
/// As one act, which undo takes back. What was written after `version` stands, or becomes a second
/// version again.
#[utoipa::path(post, path = "/v1/libraries/{library}/conflicts/{item}/resolve", tag = "comments",
    operation_id = "resolve_conflict", request_body = SettleIn,
    responses((status = 200, description = "Settled.", body = ChangedOut)))]
async fn settle(within: In, Item(item): Item, Ask { body, key }: Ask<SettleIn>) -> Answer {
    within.ctx.to_write()?;
    let seen = if let Some(text) = &body.version {
        read(text).ok_or_else(|| Refused::invalid("version", "this is no version"))?
    } else {
        let head = within.ctx.stores.library.head(within.scope).await?;
        Version { epoch: head.epoch, seq: head.seq }
    };
    let keep = kept(body.keep, body.text)?;
    let ask = Resolve { item, field: body.field, device: body.device, keep, seen };
    json(ChangedOut::from(resolve_conflict(&within.under(key), within.scope, ask).await?))
}

fn kept(keep: KeepIn, text: Option<String>) -> Result<Keep, Problem> {
    match (keep, text) {
        (KeepIn::Shown, None) => Ok(Keep::Shown),
        (KeepIn::Other, None) => Ok(Keep::Other),
        (KeepIn::Text, Some(text)) => Ok(Keep::Text(text)),
        (KeepIn::Text, None) => Err(Refused::invalid("text", "say the text that stands").into()),
        (_, Some(_)) => Err(Refused::invalid("text", "only where `keep` is `text`").into()),
    }
}

/// The version that `text` writes.
fn read(text: &str) -> Option<Version> {
    let (epoch, seq) = text.split_once('-')?;
    Some(Version { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}
