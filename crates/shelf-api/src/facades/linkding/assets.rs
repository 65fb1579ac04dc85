//! Files of linkding's interface: what was brought for a bookmark, and pages that `SingleFile` saved.

use super::Told;
use super::bookmarks::{done, found, saved};
use super::fields::Fields;
use super::no::No;
use super::window::Window;
use crate::Api;
use crate::facades::call::Call;
use crate::facades::rows::{Bookmark, File, Moment, time_of};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shelf_bookmarks::import::{Received, receive};
use shelf_domain::id::PersonId;
use shelf_domain::limits::CAPTURE_BYTES_MAX;
use shelf_domain::refusal::Code;
use shelf_ports::Fault;
use tokio::io::AsyncSeekExt;
use tokio_util::io::ReaderStream;

/// The longest form with a file, bytes: the file, its name, an address, and what stands between.
pub(super) const FORM_BYTES_MAX: usize = 26 << 20;
/// Most parts of a form that are looked at.
const PARTS_MAX: usize = 8;
/// What a saved page is.
const HTML: &str = "text/html";
/// What nobody said the type of.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A file, as apps know it.
#[derive(Debug, Serialize)]
struct AssetOut {
    id: u32,
    bookmark: u32,
    date_created: String,
    file_size: u64,
    asset_type: String,
    content_type: String,
    display_name: String,
    status: &'static str,
}

impl AssetOut {
    fn of(bookmark: &Bookmark, file: File) -> Self {
        let Moment(made) = file.created_at;
        Self {
            id: file.number,
            bookmark: bookmark.number,
            date_created: time_of(made),
            file_size: file.bytes,
            asset_type: file.kind,
            content_type: file.content_type,
            display_name: file.name,
            // One that is not kept whole is not there.
            status: "complete",
        }
    }
}

/// The bookmark of a number, where files are asked about.
async fn owner(call: &Call, number: &str) -> Result<Bookmark, No> {
    found(call, number).await.map_err(|no| match no {
        No::Told(StatusCode::NOT_FOUND, _) => {
            No::detail(StatusCode::NOT_FOUND, "Bookmark does not exist")
        }
        no => no,
    })
}

async fn files(call: &Call, bookmark: &Bookmark) -> Result<Vec<File>, Problem> {
    let page: Page<File> = call.ask("list_files").at("item", bookmark.id).read().await?;
    Ok(page.items)
}

/// The bookmark and the file that a path of two numbers names.
async fn named(call: &Call, path: &(String, String)) -> Result<(Bookmark, File), No> {
    let (bookmark, asset) = path;
    let bookmark = owner(call, bookmark).await?;
    let number = asset.parse::<u32>().ok();
    let all = files(call, &bookmark).await?;
    let file = all.into_iter().find(|file| Some(file.number) == number);
    Ok((bookmark, file.ok_or_else(|| No::missing("BookmarkAsset"))?))
}

/// Those of a bookmark.
pub(super) async fn list(call: Call, Path(number): Path<String>) -> Told {
    let bookmark = owner(&call, &number).await?;
    let all = files(&call, &bookmark).await?;
    let (window, count) = (Window::of(&call), all.len());
    let rows: Vec<AssetOut> =
        window.cut(all).into_iter().map(|file| AssetOut::of(&bookmark, file)).collect();
    Ok(window.answer(&call, &rows, count))
}

/// One of them.
pub(super) async fn read(call: Call, Path(path): Path<(String, String)>) -> Told {
    let (bookmark, file) = named(&call, &path).await?;
    Ok(Json(AssetOut::of(&bookmark, file)).into_response())
}

/// Its content, to be kept.
pub(super) async fn download(call: Call, Path(path): Path<(String, String)>) -> Told {
    let (_, file) = named(&call, &path).await?;
    Ok(call.ask("get_file_content").at("file", file.id).streamed().await?)
}

/// Removes one, for good.
pub(super) async fn remove(call: Call, Path(path): Path<(String, String)>) -> Told {
    let (_, file) = named(&call, &path).await?;
    let _told: Value = call.write("remove_file").at("file", file.id).done().await?;
    Ok(done())
}

/// Keeps a file with a bookmark.
pub(super) async fn upload(
    State(api): State<Api>,
    call: Call,
    Path(number): Path<String>,
    request: Request,
) -> Told {
    let bookmark = owner(&call, &number).await?;
    call.may("add_file")?;
    let Some(part) = form(&api, &call, request).await?.file else {
        return Err(No::error(StatusCode::BAD_REQUEST, "No file provided."));
    };
    let kept = keep(&call, &bookmark, "upload", part).await?;
    Ok((StatusCode::CREATED, Json(AssetOut::of(&bookmark, kept))).into_response())
}

/// Keeps a page as `SingleFile` saved it; its address is saved first, where it is not.
pub(super) async fn snapshot(State(api): State<Api>, call: Call, request: Request) -> Told {
    call.may("save_bookmark")?;
    call.may("add_file")?;
    let Form { url: Some(url), file: Some(part) } = form(&api, &call, request).await? else {
        return Err(No::error(StatusCode::BAD_REQUEST, "Both url and file are required."));
    };
    let fields = Fields::read(&Map::from_iter([("url".to_owned(), json!(url))]))?;
    let url = fields.needed_url(None)?;
    let known = call.by_url(url).await?.filter(|row| row.trashed_at.is_none());
    let bookmark = match known {
        Some(row) => row,
        None => saved(&call, &fields, url).await?,
    };
    let day: String = time_of(call.now).chars().take("2026-12-01".len()).collect();
    let name = format!("HTML snapshot from {day}.html");
    let kind = HeaderValue::from_static(HTML);
    keep(&call, &bookmark, "snapshot", Part { name, kind, ..part }).await?;
    let said = json!({ "message": "Snapshot uploaded successfully." });
    Ok((StatusCode::CREATED, Json(said)).into_response())
}

/// A file that came in a form.
#[derive(Debug)]
struct Part {
    name: String,
    kind: HeaderValue,
    received: Received,
}

/// What a form says.
#[derive(Debug, Default)]
struct Form {
    url: Option<String>,
    file: Option<Part>,
}

/// Reads the form in `request`; what is none says nothing.
async fn form(api: &Api, call: &Call, request: Request) -> Result<Form, No> {
    let person = call.person.id.parse::<PersonId>().ok();
    let of_one = person.map(|person| api.throttle.file(person)).transpose();
    let _turn = (of_one.map_err(Problem::from)?, api.background.file()?);
    let mut form = Form::default();
    let Ok(mut parts) = Multipart::from_request(request, api).await else { return Ok(form) };
    for _ in 0..PARTS_MAX {
        let broken = |_| No::error(StatusCode::BAD_REQUEST, "The form is broken off.");
        let Some(part) = parts.next_field().await.map_err(broken)? else { break };
        let name = part.name().map(str::to_owned);
        match name.as_deref() {
            Some("url") => form.url = Some(part.text().await.map_err(broken)?),
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                let kind = part.content_type().and_then(|kind| HeaderValue::from_str(kind).ok());
                let kind = kind.unwrap_or(UNKNOWN);
                let received = receive(&*api.stores.blobs, part, CAPTURE_BYTES_MAX).await;
                let received = received.map_err(|failure| said(failure.into()))?;
                form.file = Some(Part { name, kind, received });
            }
            _ => {}
        }
    }
    Ok(form)
}

/// Hands a file that came on to be kept.
async fn keep(call: &Call, bookmark: &Bookmark, kind: &str, part: Part) -> Result<File, No> {
    let mut file = tokio::fs::File::from_std(part.received.file);
    let rewound = file.rewind().await.map_err(|error| Fault::of_file("reading a form", error));
    rewound.map_err(Problem::from)?;
    let ask = call.write("add_file").at("item", bookmark.id);
    let ask = ask.with("name", Some(part.name)).with("kind", Some(kind));
    ask.sending(part.kind, Body::from_stream(ReaderStream::new(file))).await.map_err(said)
}

/// A refusal of a file in the shape linkding gives those.
fn said(problem: Problem) -> No {
    let is_of_file = [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE]
        .contains(&problem.status)
        || problem.code == Code::Quota.name();
    if !is_of_file {
        return No::Problem(problem);
    }
    let place = problem.errors.first().map(|place| place.detail.as_str());
    let detail = place.filter(|detail| !detail.is_empty()).unwrap_or(&problem.detail);
    No::error(problem.status, detail)
}
