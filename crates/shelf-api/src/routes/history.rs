//! History and time machine: who changed what, undo, older versions.

use crate::Api;
use crate::body::{Ask, Once};
use crate::caller::{Act, In, Item};
use crate::cursor;
use crate::moment::Moment;
use crate::page::{Here, ListQuery, Paged, Params, limit_of};
use crate::routes::me::PersonOut;
use crate::wire::{Answer, ChangedOut, Id, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::history::{
    ActRow, FieldChange, HistoryRow, ItemHistory, LibraryHistory, RestoreVersion, item_history,
    library_history, restore_library, restore_version, undo_act,
};
use shelf_domain::stamp::Seq;
use shelf_domain::value::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(of_item))
        .routes(routes!(put_back))
        .routes(routes!(acts))
        .routes(routes!(undo))
        .routes(routes!(rewind))
}

/// What one change did to one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
struct FieldOut {
    /// The field: `title`, `tag/ID`, `notes/copy/DEVICE`.
    field: String,
    /// What it held before.
    #[schema(value_type = serde_json::Value)]
    from: Option<Value>,
    /// What was put.
    #[schema(value_type = serde_json::Value)]
    to: Option<Value>,
    /// Whether the put won; a later edit may have come first.
    won: bool,
    /// The name of the tag or collection this is about, as it is called now.
    name: Option<String>,
}

impl From<FieldChange> for FieldOut {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, from, to, won, name } = change;
        Self { field, from, to, won, name }
    }
}

/// One change of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryRow)]
struct RowOut {
    /// Its position in the log: the version to put back.
    #[schema(value_type = u64)]
    seq: Seq,
    /// When.
    at: Moment,
    /// Who: a token, session or device.
    device: String,
    /// What its owner calls that token, session or device.
    device_name: Option<String>,
    /// Who did it; null where they were erased, or it was the server itself.
    person: Option<PersonOut>,
    /// The gesture; undo takes it.
    act: Id,
    /// The item: the one asked for, or one of its places.
    item: Id,
    /// What that item is.
    kind: String,
    /// Whether this made it.
    created: bool,
    /// The item that joined through this.
    joined: Option<Id>,
    /// What it did; empty where the texts were removed for good.
    changes: Vec<FieldOut>,
}

impl From<HistoryRow> for RowOut {
    fn from(row: HistoryRow) -> Self {
        Self {
            seq: row.seq,
            at: Moment(row.at),
            device: row.device.to_string(),
            device_name: row.device_name,
            person: row.person.map(PersonOut::from),
            act: Id::from(row.act),
            item: Id(row.item),
            kind: row.kind.to_string(),
            created: row.created,
            joined: row.joined.map(Id),
            changes: row.changes.into_iter().map(FieldOut::from).collect(),
        }
    }
}

/// The history of an item, latest first.
///
/// Of a bookmark together with its places.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks/{item}/history", tag = "history",
    operation_id = "get_item_history", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<RowOut>)))]
async fn of_item(
    within: In,
    Item(item): Item,
    here: Here,
    Params(query): Params<ListQuery>,
) -> Answer {
    let before = cursor::after("item", query.cursor.as_deref())?;
    let ask = ItemHistory { item, before, limit: limit_of(query.limit)? };
    let page = item_history(&within.ctx, within.scope, ask).await?;
    let next_cursor = page.next.map(|next| cursor::seal("item", &next));
    let items = page.rows.into_iter().map(RowOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// Which version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RestoreVersion, example = json!({"seq": 7}))]
struct VersionIn {
    /// The last change that shall still hold.
    #[schema(value_type = u64, minimum = 1)]
    seq: Seq,
}

/// Put an older version of an item back.
///
/// As an ordinary act: nothing is lost, and it can be undone.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/{item}/restore", tag = "history",
    operation_id = "restore_version", request_body = VersionIn,
    responses((status = 200, description = "Put back.", body = ChangedOut)))]
async fn put_back(within: In, Item(item): Item, Ask { body, key }: Ask<VersionIn>) -> Answer {
    let ask = RestoreVersion { item, seq: body.seq };
    json(ChangedOut::from(restore_version(&within.under(key), within.scope, ask).await?))
}

/// What one gesture did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Act)]
struct ActOut {
    /// The gesture; undo takes it.
    act: Id,
    /// When.
    at: Moment,
    /// Who: a token, session or device.
    device: String,
    /// What its owner calls that token, session or device.
    device_name: Option<String>,
    /// Who did it; null where they were erased, or it was the server itself.
    person: Option<PersonOut>,
    /// Its first change in the log.
    #[schema(value_type = u64)]
    first: Seq,
    /// Its last change in the log.
    #[schema(value_type = u64)]
    last: Seq,
    /// How many changes it has.
    changes: u64,
    /// The item of its first change.
    item: Id,
    /// What that item is.
    kind: Option<String>,
    /// What that item is called now.
    name: Option<String>,
    /// The file, where the gesture is an import.
    import: Option<String>,
}

impl From<ActRow> for ActOut {
    fn from(row: ActRow) -> Self {
        Self {
            act: Id::from(row.line.act),
            at: Moment(row.line.at),
            device: row.line.device.to_string(),
            device_name: row.device_name,
            person: row.person.map(PersonOut::from),
            first: row.line.first,
            last: row.line.last,
            changes: row.line.rows,
            item: Id(row.line.item),
            kind: row.kind.map(|kind| kind.to_string()),
            name: row.name,
            import: row.import,
        }
    }
}

/// The history of a library, latest first.
#[utoipa::path(get, path = "/v1/libraries/{library}/history", tag = "history",
    operation_id = "list_acts", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<ActOut>)))]
async fn acts(within: In, here: Here, Params(query): Params<ListQuery>) -> Answer {
    let before = cursor::after("acts", query.cursor.as_deref())?;
    let ask = LibraryHistory { before, limit: limit_of(query.limit)? };
    let (rows, next) = library_history(&within.ctx, within.scope, ask).await?;
    let next_cursor = next.map(|next| cursor::seal("acts", &next));
    let items = rows.into_iter().map(ActOut::from).collect();
    Ok(Paged { items, next_cursor }.answer(&here))
}

/// Undo a gesture.
///
/// What others changed since is left and listed. Undoing the answer's own act does it again.
#[utoipa::path(post, path = "/v1/libraries/{library}/acts/{act}/undo", tag = "history",
    operation_id = "undo_act",
    responses((status = 200, description = "Undone.", body = ChangedOut)))]
async fn undo(within: In, Act(act): Act, Once(key): Once) -> Answer {
    json(ChangedOut::from(undo_act(&within.under(key), within.scope, act).await?))
}

/// Which moment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RestoreLibrary, example = json!({"at": "2026-05-01T12:00:00Z"}))]
struct MomentIn {
    /// Everything later is taken back.
    at: Moment,
}

/// Put a whole library back to a moment.
///
/// As an ordinary act: nothing is lost, and it can be undone. Items that were removed for good
/// stay away.
#[utoipa::path(post, path = "/v1/libraries/{library}/restore", tag = "history",
    operation_id = "restore_library", request_body = MomentIn,
    responses((status = 200, description = "Put back.", body = ChangedOut)))]
async fn rewind(within: In, Ask { body, key }: Ask<MomentIn>) -> Answer {
    let Moment(at) = body.at;
    json(ChangedOut::or_nothing(restore_library(&within.under(key), within.scope, at).await?))
}
