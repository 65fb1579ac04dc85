//! Files that are kept with bookmarks: list, keep, read, remove. What comes in is never shown as a page
//! of ours: it goes out to be kept, and nothing in it runs.

use crate::Api;
use crate::body::{Asked, Once};
use crate::caller::{FilePath, In, Item};
use crate::moment::Moment;
use crate::page::{Paged, Params};
use crate::replays;
use crate::wire::{Answer, Id, done, json, located};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::unfold;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::captures::{
    KeepFile, get_file, keep_file, list_files, open_file, remove_file,
};
use shelf_bookmarks::import::{Received, receive};
use shelf_domain::id::ItemId;
use shelf_domain::limits::CAPTURE_BYTES_MAX;
use shelf_ports::captures::{Capture, CaptureKind};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What of a name stands as it is in a header (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(read, remove))
        .routes(routes!(content))
}

/// A file that is kept with a bookmark.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookmarkFile)]
struct FileOut {
    /// Its id.
    id: Id,
    /// The bookmark.
    bookmark: Id,
    /// A small number for programs that need one; no other file of the bookmark has it.
    number: u32,
    /// `upload` for what somebody brought, `snapshot` for the page as a program saved it.
    kind: String,
    /// Its name.
    name: String,
    /// Its media type, as whoever brought it said.
    content_type: String,
    /// How long it is.
    bytes: u64,
    /// SHA-256 of its content, in hex.
    sha256: String,
    /// When it came.
    created_at: Moment,
}

impl From<Capture> for FileOut {
    fn from(capture: Capture) -> Self {
        Self {
            id: Id(ItemId::from_bytes(capture.id.to_bytes())),
            bookmark: Id(capture.item),
            number: capture.id.number(),
            kind: capture.kind.name().to_owned(),
            name: capture.name,
            content_type: capture.content_type,
            bytes: capture.bytes,
            sha256: capture.sha256,
            created_at: Moment(capture.made_at),
        }
    }
}

/// List the files of a bookmark, oldest first.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks/{item}/files", tag = "files",
    operation_id = "list_files",
    responses((status = 200, description = "All of them.", body = Paged<FileOut>)))]
async fn list(within: In, Item(bookmark): Item) -> Answer {
    let files = list_files(&within.ctx, within.scope, bookmark).await?;
    let of = |capture| FileOut::from(Capture { item: bookmark, ..capture });
    json(Paged::whole(files.into_iter().map(of).collect()))
}

/// What a file is.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KindIn {
    /// Something somebody brings.
    #[default]
    Upload,
    /// The page of the bookmark.
    Snapshot,
}

/// What is known of a file that comes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AddQuery {
    /// Its name. Folders before it, and what no name may hold, are left out.
    #[param(example = "page.html")]
    name: Option<String>,
    /// What it is; `upload` where it is not said.
    #[param(inline)]
    kind: Option<KindIn>,
}

/// Keep a file with a bookmark.
///
/// The body is the file as it is, of at most 25 MiB, and `Content-Type` says its media type. The same
/// content of the same name is kept once. A bookmark takes 100 files.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks/{item}/files", tag = "files",
    operation_id = "add_file", params(AddQuery),
    request_body(content = String, content_type = "application/octet-stream",
        example = "A page as it was.\n"),
    responses((status = 201, description = "Kept.", body = FileOut),
        (status = 200, description = "It was kept before.", body = FileOut)))]
async fn add(
    within: In,
    State(api): State<Api>,
    Item(bookmark): Item,
    Params(query): Params<AddQuery>,
    asked: Option<Asked>,
    request: Request,
) -> Answer {
    within.ctx.to_write()?;
    let turn = (api.throttle.file(within.actor.person)?, api.background.file()?);
    let (parts, body) = request.into_parts();
    let portions = body.into_data_stream();
    let received = receive(&*api.stores.blobs, portions, CAPTURE_BYTES_MAX).await?;
    let kind = match query.kind.unwrap_or_default() {
        KindIn::Upload => CaptureKind::Upload,
        KindIn::Snapshot => CaptureKind::Snapshot,
    };
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let ask = KeepFile { bookmark, kind, name: query.name.unwrap_or_default(), content_type };
    let key = asked.map(|asked| asked.key(&received.digest));
    let work = async move {
        let answer = kept(within, ask, received).await;
        drop(turn);
        answer.into_response()
    };
    Ok(replays::keyed(&api, key, work).await)
}

/// Keeps a file that is in.
async fn kept(within: In, ask: KeepFile, received: Received) -> Answer {
    let (capture, is_new) = keep_file(&within.ctx, within.scope, ask, received).await?;
    let location = format!("/v1/libraries/{}/files/{}", within.scope.library, capture.id);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let answer = (status, Json(FileOut::from(capture))).into_response();
    Ok(located(answer, &location))
}

/// Read what is known of a file.
#[utoipa::path(get, path = "/v1/libraries/{library}/files/{file}", tag = "files",
    operation_id = "get_file",
    responses((status = 200, description = "The file.", body = FileOut)))]
async fn read(within: In, FilePath(id): FilePath) -> Answer {
    json(FileOut::from(get_file(&within.ctx, within.scope, id).await?))
}

/// Read the content of a file.
///
/// It is for keeping: a browser that is sent there saves it, and shows it nowhere.
#[utoipa::path(get, path = "/v1/libraries/{library}/files/{file}/content", tag = "files",
    operation_id = "get_file_content",
    responses((status = 200, body = String, content_type = "application/octet-stream",
        description = "The content, in its own media type; scripts and style sheets as bytes.")))]
async fn content(within: In, State(api): State<Api>, FilePath(id): FilePath) -> Answer {
    let turn = (api.throttle.file(within.actor.person)?, api.background.file()?);
    let (capture, file) = open_file(&within.ctx, within.scope, id).await?;
    let pieces = ReaderStream::new(tokio::fs::File::from_std(file));
    // The turn is over when the last piece was read, or nobody reads on.
    let pieces = unfold((pieces, turn), |(mut pieces, turn)| async move {
        let piece = pieces.next().await?;
        Some((piece, (pieces, turn)))
    });
    // Whoever compresses it asks once more after the end.
    let mut response = Response::new(Body::from_stream(pieces.fuse()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(capture.bytes));
    for (name, value) in described(&capture) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// What is said of the content of `capture`, so that nothing in it runs on our behalf.
fn described(capture: &Capture) -> [(HeaderName, String); 4] {
    let sandbox = "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned();
    [
        (CONTENT_TYPE, capture.type_out().to_owned()),
        (CONTENT_DISPOSITION, attached(&capture.name)),
        (CONTENT_SECURITY_POLICY, sandbox),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ]
}

/// That a file is to be kept under `name` (RFC 6266): plainly for old programs, and whole.
fn attached(name: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-._~ ()+,=@".contains(char);
    let plain: String = name.chars().map(|char| if is_plain(char) { char } else { '_' }).collect();
    let whole = utf8_percent_encode(name, PLAIN);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// Remove a file, for good.
///
/// It does not go through the trash.
#[utoipa::path(delete, path = "/v1/libraries/{library}/files/{file}", tag = "files",
    operation_id = "remove_file",
    responses((status = 204, description = "It is gone.")))]
async fn remove(within: In, FilePath(id): FilePath, Once(_key): Once) -> Answer {
    remove_file(&within.ctx, within.scope, id).await?;
    done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_ends_no_header_and_begins_none() {
        let told = attached("a\"b\\c\r\nX: y; ü.html");
        assert_eq!(
            told,
            "attachment; filename=\"a_b_c__X_ y_ _.html\"; \
             filename*=UTF-8''a%22b%5Cc%0D%0AX%3A%20y%3B%20%C3%BC.html"
        );
        assert!(HeaderValue::try_from(told).is_ok());
    }
}
