//! What is sent: a `CloudEvents` 1.0 event that holds what an act did, read from the log.

use serde::Serialize;
use serde_json::{Value as Json, json};
use shelf_domain::change::Change;
use shelf_domain::diff::{FieldChange, changes_of};
use shelf_domain::event::EventType;
use shelf_domain::id::{DeliveryId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::value::Value;
use shelf_domain::view::name_of;
use shelf_ports::Fault;
use shelf_ports::library::Library;
use shelf_ports::webhooks::Due;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The type of the event that tells that a library is erased. Nobody chooses it: everybody who was sent
/// something is told.
const ERASED: &str = "mindshelf.library.erased";
/// The media type of an event.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json";
/// Rows of the log that are looked through for those of one act.
const SPAN_MAX: u64 = 1_000;
/// Most rows one event tells.
const ROWS_MAX: usize = 100;
/// About the largest event, bytes; what comes after that is left out.
const BYTES_MAX: usize = 256 << 10;
/// The longest text that is told, bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Longest name of a thing that is told, characters.
const NAME_CHARS_MAX: usize = 200;

/// One row of the log, as it is told.
#[derive(Debug, Serialize)]
struct Row {
    seq: Seq,
    at: String,
    item: String,
    kind: String,
    /// What the item is called after it.
    name: Option<String>,
    /// The address of a bookmark after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The bookmark a place belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bookmark: Option<String>,
    created: bool,
    joined: Option<String>,
    changes: Vec<Told>,
}

/// What became of one field.
#[derive(Debug, Serialize)]
struct Told {
    field: String,
    from: Json,
    to: Json,
    won: bool,
    name: Option<String>,
}

/// The body of the event of `due`.
pub(crate) async fn body_of(library: &dyn Library, due: &Due) -> Result<Vec<u8>, Fault> {
    let (delivery, scope) = (&due.delivery, due.scope);
    let id = delivery.id.to_string();
    let source = format!("/v1/libraries/{}", scope.library);
    let kind = delivery.types.first().unwrap_or(EventType::TEST);
    if delivery.is_test() {
        let data = json!({"library": scope.library.to_string(), "test": true});
        let event = json!({"specversion": "1.0", "id": id, "source": source, "type": kind.name(),
            "time": moment(delivery.created_at), "datacontenttype": "application/json",
            "data": data});
        return Ok(event.to_string().into_bytes());
    }
    let span = (delivery.last - delivery.first + 1).min(SPAN_MAX);
    let limit = usize::try_from(span).unwrap_or(ROWS_MAX);
    let mut rows = library.changes(scope, delivery.first - 1, limit).await?;
    let seen = rows.last().map_or(0, |row| row.seq);
    rows.retain(|row| row.act == delivery.act && row.seq <= delivery.last);
    let mut more = seen < delivery.last || rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let (told, all) = told(library, due, &rows).await?;
    more |= !all;
    let main = rows.iter().find(|row| EventType::of(row) == Some(kind)).or(rows.first());
    let data = json!({
        "library": scope.library.to_string(),
        "act": delivery.act.to_string(),
        "part": delivery.part,
        "device": main.map(|row| row.device.to_string()),
        "first": delivery.first,
        "last": delivery.last,
        "changes": told,
        "more": more,
    });
    let at = main.map_or(delivery.created_at, |row| row.at);
    let event = json!({"specversion": "1.0", "id": id, "source": source, "type": kind.name(),
        "subject": main.map(|row| row.item.to_string()), "time": moment(at),
        "datacontenttype": "application/json", "data": data});
    Ok(event.to_string().into_bytes())
}

/// The body of the event that tells that all there was in a library is erased; the last one.
pub(crate) fn erased_body(scope: Scope, id: DeliveryId, at: i64) -> Vec<u8> {
    let library = scope.library.to_string();
    let source = format!("/v1/libraries/{library}");
    let event = json!({"specversion": "1.0", "id": id.to_string(), "source": source,
        "type": ERASED, "time": moment(at), "datacontenttype": "application/json",
        "data": {"library": library, "erased": true}});
    event.to_string().into_bytes()
}

/// What each of `rows` did, and whether that is all of them: folded from the beginning, so that what
/// was before is what was before then.
async fn told(
    library: &dyn Library,
    due: &Due,
    rows: &[Change],
) -> Result<(Vec<Row>, bool), Fault> {
    let items: BTreeSet<ItemId> = rows.iter().map(|row| row.item).collect();
    let shelf = library.read(due.scope, Reads::none().history(items)).await?;
    let wanted: BTreeSet<Seq> = rows.iter().map(|row| row.seq).collect();
    let mut folded: BTreeMap<ItemId, Item> = BTreeMap::new();
    let (mut told, mut left) = (Vec::new(), BYTES_MAX);
    for row in shelf.history.values().filter(|row| row.seq <= due.delivery.last) {
        let new = || Item::new(row.item, row.kind.clone(), 0, row.seq);
        let state = folded.entry(row.item).or_insert_with(new);
        let changes = wanted.contains(&row.seq).then(|| changes_of(state, row));
        state.fold(row);
        let Some(changes) = changes else { continue };
        if left == 0 {
            return Ok((told, false));
        }
        told.push(row_of(row, state, changes, &shelf, &mut left));
    }
    Ok((told, true))
}

/// One row, with as much of its values as there is room `left` for.
fn row_of(
    row: &Change,
    state: &Item,
    changes: Vec<FieldChange>,
    shelf: &Shelf,
    left: &mut usize,
) -> Row {
    *left = left.saturating_sub(256);
    let text = |name: &'static str| Some(state.text(name).to_owned()).filter(|t| !t.is_empty());
    let field = |change: FieldChange| {
        let name = change.mentioned().pop().and_then(|id| shelf.item(id)).map(name_of);
        let name = name.filter(|name| !name.is_empty()).map(|name| cut(&name));
        let (from, to) = (shown(change.from, left), shown(change.to, left));
        *left = left.saturating_sub(change.field.len() + 64);
        Told { field: change.field, from, to, won: change.won, name }
    };
    let changes = changes.into_iter().map(field).collect();
    Row {
        seq: row.seq,
        at: moment(row.at),
        item: row.item.to_string(),
        kind: row.kind.to_string(),
        name: Some(cut(&name_of(state))).filter(|name| !name.is_empty()),
        url: text(field::URL)
            .filter(|url| row.kind == Kind::Bookmark && url.len() <= TEXT_BYTES_MAX),
        bookmark: text(field::BOOKMARK),
        created: row.number.is_some(),
        joined: row.joined.map(|id| id.to_string()),
        changes,
    }
}

/// A value as it is told: what is too long, or for which there is no room, by its length alone.
fn shown(value: Option<Value>, left: &mut usize) -> Json {
    let Some(value) = value else { return Json::Null };
    let bytes = match &value {
        Value::Sealed(bytes) => bytes.len(),
        plain @ Value::Plain(_) => plain.as_text().map_or(8, str::len),
    };
    if bytes > TEXT_BYTES_MAX || bytes > *left {
        return json!({"left_out": bytes});
    }
    *left -= bytes;
    serde_json::to_value(value).unwrap_or_default()
}

fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// A moment as `CloudEvents` writes it.
fn moment(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
