//! What replicas need besides the log: where a library stands, its checksum, repair, a snapshot.

use crate::Api;
use crate::caller::In;
use crate::page::Params;
use crate::problem::{Problem, Wrong};
use crate::routes::sync::{HeadOut, doors};
use crate::wire::{Answer, Id, json};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_domain::sums::written;
use shelf_ports::Fault;
use shelf_sync::{PROTOCOL, Repair, Snapshot, checksum, repair, snapshot, stand};
use std::collections::BTreeSet;
use std::io::SeekFrom;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The media type of a snapshot.
const GZIP: &str = "application/gzip";

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(standing))
        .routes(routes!(summed))
        .routes(routes!(repaired))
        .routes(routes!(taken))
}

/// Whose counter is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandQuery {
    /// A paired device of the caller.
    #[param(value_type = Option<Id>)]
    device: Option<DeviceId>,
}

/// How far a device has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncDevice)]
struct DeviceOut {
    /// The device.
    #[schema(value_type = Id)]
    id: DeviceId,
    /// Its last counter; 0 where it never pushed.
    n: u64,
}

/// Where a library stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standing)]
struct StandingOut {
    /// What is spoken here.
    protocol: &'static str,
    /// Where the log stands.
    head: HeadOut,
    /// That as a cursor.
    cursor: String,
    /// The device that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<DeviceOut>,
    /// How many changes wait for a person: of that device, or of all.
    held: u64,
}

/// Where the library stands, and how far a device has come.
#[utoipa::path(get, path = "/v1/libraries/{library}/sync", tag = "sync",
    operation_id = "get_sync", params(StandQuery),
    responses((status = 200, description = "Where it stands.", body = StandingOut)))]
async fn standing(within: In, Params(query): Params<StandQuery>) -> Answer {
    let (doors, person) = (doors(&within.ctx.stores), within.ctx.person);
    let stands = stand(&doors, within.scope, person, query.device).await;
    let stands = stands.map_err(|failure| Problem::from(failure).named("#/device", "?device"))?;
    json(StandingOut {
        protocol: PROTOCOL,
        head: stands.head.into(),
        cursor: stands.cursor,
        device: stands.device.map(|(id, n)| DeviceOut { id, n }),
        held: stands.held,
    })
}

/// The sums of a library.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checksum)]
struct ChecksumOut {
    /// The epoch it is of.
    epoch: u32,
    /// The position it is of.
    seq: u64,
    /// The sum of the library: sixteen hexadecimal digits.
    checksum: String,
    /// The sum of each of the 256 ranges.
    ranges: Vec<String>,
}

/// Sum up the library, so that a replica finds whether it went another way, and where.
#[utoipa::path(get, path = "/v1/libraries/{library}/checksum", tag = "sync",
    operation_id = "get_checksum",
    responses((status = 200, description = "The sums.", body = ChecksumOut)))]
async fn summed(within: In) -> Answer {
    let told = checksum(&doors(&within.ctx.stores), within.scope).await?;
    json(ChecksumOut {
        epoch: told.head.epoch,
        seq: told.head.seq,
        checksum: written(told.sums.whole()),
        ranges: told.sums.ranges().map(written).collect(),
    })
}

/// Which ranges, from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RepairQuery {
    /// 1 to 16 ranges, numbers from 0 to 255 with commas between.
    #[param(example = "11,44")]
    ranges: String,
    /// `next` of the answer before; the beginning, where it is not said.
    #[param(value_type = Option<Id>)]
    after: Option<ItemId>,
}

/// Items of ranges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Repaired)]
struct RepairedOut {
    /// The epoch they are of.
    epoch: u32,
    /// The position they are of.
    seq: u64,
    /// The items as they are folded, by rising id: see the description of sync.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Stated>,
    /// Ids of those ranges that joined an item; in the first answer alone.
    #[schema(value_type = Vec<Object>)]
    aliases: Vec<StatedAlias>,
    /// What to ask on from, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id>,
}

/// Read the items of ranges in which a replica went another way.
#[utoipa::path(get, path = "/v1/libraries/{library}/sync/repair", tag = "sync",
    operation_id = "repair_ranges", params(RepairQuery),
    responses((status = 200, description = "The items.", body = RepairedOut)))]
async fn repaired(within: In, Params(query): Params<RepairQuery>) -> Answer {
    let numbers = query.ranges.split(',').map(|number| number.trim().parse::<u8>());
    let ranges: Result<BTreeSet<u8>, _> = numbers.collect();
    let bad = |_| Problem::query("ranges", "these are numbers from 0 to 255 with commas between");
    let ask = Repair { ranges: ranges.map_err(bad)?, after: query.after };
    let told = repair(&doors(&within.ctx.stores), within.scope, ask).await;
    let told = told.map_err(|failure| Problem::from(failure).named("#/ranges", "?ranges"))?;
    json(RepairedOut {
        epoch: told.head.epoch,
        seq: told.head.seq,
        items: told.items.iter().map(Stated::from).collect(),
        aliases: told
            .aliases
            .into_iter()
            .map(|(younger, item)| StatedAlias { younger, item })
            .collect(),
        next: told.next.map(Id),
    })
}

/// Take the folded library as one file, to begin a replica from.
///
/// Lines of JSON, packed with gzip: see the description of sync. `Range` with `If-Range` resumes.
#[utoipa::path(get, path = "/v1/libraries/{library}/snapshot", tag = "sync",
    operation_id = "get_snapshot",
    responses((status = 200, description = "The file.", body = String,
        content_type = "application/gzip")))]
async fn taken(within: In, State(api): State<Api>, headers: HeaderMap) -> Answer {
    let turn = api.background.export()?;
    let made = snapshot(&doors(&within.ctx.stores), within.scope).await?;
    drop(turn);
    let tag = format!("\"{}\"", hex::encode(made.digest));
    let from = match from_of(&headers, &tag) {
        Some(from) if from >= made.bytes => return Err(beyond(made.bytes)),
        from => from,
    };
    file(made, &tag, from).await
}

/// From which byte on a file is asked for; `None` is the whole, also where the caller has another.
fn from_of(headers: &HeaderMap, tag: &str) -> Option<u64> {
    let same = |known: &HeaderValue| known.to_str().is_ok_and(|known| known == tag);
    if !headers.get(IF_RANGE).is_none_or(same) {
        return None;
    }
    let asked = headers.get(RANGE)?.to_str().ok()?;
    // Anything else may be answered with the whole (RFC 9110).
    asked.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn beyond(bytes: u64) -> Problem {
    let detail = format!("the file has {bytes} bytes");
    let problem = Problem::wrong(Wrong::Other(StatusCode::RANGE_NOT_SATISFIABLE), detail);
    match HeaderValue::try_from(format!("bytes */{bytes}")) {
        Ok(range) => problem.with(CONTENT_RANGE, range),
        Err(_) => problem,
    }
}

/// The file, from `from` on.
async fn file(made: Snapshot, tag: &str, from: Option<u64>) -> Answer {
    let Snapshot { file, bytes, .. } = made;
    let begin = from.unwrap_or(0);
    let mut file = tokio::fs::File::from_std(file);
    let fault = |error| Fault::of_file("reading a snapshot", error);
    file.seek(SeekFrom::Start(Snapshot::BEGIN + begin)).await.map_err(fault)?;
    let left = bytes.saturating_sub(begin);
    let body = Body::from_stream(ReaderStream::new(file.take(left)));
    let mut response = Response::new(body);
    if from.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GZIP));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(left));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    if from.is_some() {
        let range = format!("bytes {begin}-{}/{bytes}", bytes.saturating_sub(1));
        if let Ok(range) = HeaderValue::try_from(range) {
            headers.insert(CONTENT_RANGE, range);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_followed_while_the_caller_has_the_same_file() {
        let asked = |range: &str, has: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, range.parse().unwrap());
            has.map(|has| headers.insert(IF_RANGE, has.parse().unwrap()));
            from_of(&headers, "\"a\"")
        };
        assert_eq!(asked("bytes=7-", None), Some(7));
        assert_eq!(asked("bytes=7-", Some("\"a\"")), Some(7));
        assert_eq!(asked("bytes=7-", Some("\"b\"")), None, "it has another one");
        for other in ["bytes=0-7", "bytes=-7", "bytes=1-,3-", "lines=7-", "bytes=x-"] {
            assert_eq!(asked(other, None), None, "{other}");
        }
        assert_eq!(from_of(&HeaderMap::new(), "\"a\""), None);
    }
}
