//! Bookmarks of linkding's interface: list, read, check, save, edit, put away.

use super::fields::Fields;
use super::listing::{Listed, Listing};
use super::no::No;
use super::read::body_of;
use super::shown::BookmarkOut;
use super::window::Window;
use super::{Told, names};
use crate::Api;
use crate::facades::call::Call;
use crate::facades::rows::{Bookmark, Moment, Tag, Written};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use shelf_domain::refusal::Code;

/// Those that are not archived.
pub(super) async fn list(call: Call) -> Told {
    listed(&call, false).await
}

/// Those that are.
pub(super) async fn archived(call: Call) -> Told {
    listed(&call, true).await
}

async fn listed(call: &Call, archived: bool) -> Told {
    let listing = Listing::of(call, archived)?;
    let Listed { rows, count } = listing.listed(call).await?;
    let rows: Vec<BookmarkOut> = rows.into_iter().map(BookmarkOut::from).collect();
    Ok(Window::of(call).answer(call, &rows, count))
}

/// Those that everybody here may see: none, since libraries are shared and not bookmarks.
pub(super) async fn shared() -> Json<Value> {
    Json(json!({ "count": 0, "next": null, "previous": null, "results": [] }))
}

/// The living bookmark of a number.
pub(super) async fn found(call: &Call, number: &str) -> Result<Bookmark, No> {
    let Ok(number) = number.parse::<u32>() else {
        return Err(No::detail(StatusCode::NOT_FOUND, "Not found."));
    };
    call.by_number(number).await?.ok_or_else(|| No::missing("Bookmark"))
}

/// One of them.
pub(super) async fn read(call: Call, Path(number): Path<String>) -> Told {
    let row = found(&call, &number).await?;
    call.note(row.id);
    Ok(Json(BookmarkOut::from(row)).into_response())
}

/// Whether an address is saved. Pages are not fetched, so nothing is known of one but that.
pub(super) async fn check(call: Call) -> Told {
    let url = call.said("url").map(str::trim).filter(|url| !url.is_empty());
    let known = match url {
        Some(url) => call.by_url(url).await?.filter(|row| row.trashed_at.is_none()),
        None => None,
    };
    if let Some(row) = &known {
        call.note(row.id);
    }
    let metadata = json!({ "url": url, "title": null, "description": null, "preview_image": null });
    let bookmark = known.map(BookmarkOut::from);
    let body = json!({ "bookmark": bookmark, "metadata": metadata, "auto_tags": [] });
    Ok(Json(body).into_response())
}

/// Saves an address; where it is saved already, the same is edited, or added to.
pub(super) async fn create(State(api): State<Api>, call: Call, request: Request) -> Told {
    let fields = Fields::read(&body_of(request, &api).await?)?;
    let url = fields.needed_url(None)?.to_owned();
    let known = call.by_url(&url).await?.filter(|row| row.trashed_at.is_none());
    let row = match known {
        Some(row) => again(&call, &fields, row).await?,
        None => saved(&call, &fields, &url).await?,
    };
    let mut answer = (StatusCode::CREATED, Json(BookmarkOut::from(row))).into_response();
    // Where the bookmark leads, as there.
    if let Ok(url) = HeaderValue::try_from(url) {
        answer.headers_mut().insert(LOCATION, url);
    }
    Ok(answer)
}

/// Saves an address that is not saved.
pub(super) async fn saved(call: &Call, fields: &Fields, url: &str) -> Result<Bookmark, No> {
    let archived_at = fields.is_archived.unwrap_or_default().then_some(Moment(call.now));
    let body = json!({
        "url": url,
        "title": fields.title.as_deref().unwrap_or_default(),
        "description": fields.description.as_deref().unwrap_or_default(),
        "notes": fields.notes.as_deref().unwrap_or_default(),
        "unread": fields.unread.unwrap_or_default(),
        "tags": tags_of(call, fields, None).await?.unwrap_or_default(),
        "archived_at": archived_at,
        "created_at": fields.date_added.map(Moment),
        "modified_at": fields.date_modified.map(Moment),
    });
    let saved: Written<Bookmark> = call.write("save_bookmark").body(&body).done().await?;
    match saved.status.as_str() {
        // It came back from the trash, or somebody else was quicker.
        "joined" => again(call, fields, saved.item).await,
        _ => Ok(saved.item),
    }
}

/// What a save does to a bookmark that is there. Whoever was shown it a moment ago edits it; for
/// all others what they leave out or leave empty stays, tags are added, and a note is appended.
async fn again(call: &Call, fields: &Fields, row: Bookmark) -> Result<Bookmark, No> {
    let mut patch = if call.was_shown(row.id) { texts(fields) } else { added(fields, &row) };
    // An app that was not shown it sends what its form begins with.
    if let Some(unread) = fields.unread.filter(|unread| *unread || call.was_shown(row.id)) {
        patch.insert("unread".to_owned(), json!(unread));
    }
    let mut tags = tags_of(call, fields, Some(&row)).await?;
    if let Some(tags) = tags.as_mut().filter(|_| !call.was_shown(row.id)) {
        tags.extend(row.tags.iter().map(|tag| tag.name.clone()));
    }
    if let Some(tags) = tags {
        patch.insert("tags".to_owned(), json!(tags));
    }
    if patch.is_empty() {
        return Ok(row);
    }
    edited(call, &row, patch).await
}

/// The texts that are said, empty ones too.
fn texts(fields: &Fields) -> Map<String, Value> {
    let said =
        [("title", &fields.title), ("description", &fields.description), ("notes", &fields.notes)];
    let said = said.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    said.map(|(name, text)| (name.to_owned(), json!(text))).collect()
}

/// The texts that say something else than `row`, so that none of it is lost.
fn added(fields: &Fields, row: &Bookmark) -> Map<String, Value> {
    let mut patch = texts(fields);
    patch.retain(|_, text| text.as_str().is_some_and(|text| !text.is_empty()));
    if let Some(note) = fields.notes.as_ref().filter(|note| !note.is_empty()) {
        if row.notes.contains(note.as_str()) {
            patch.remove("notes");
        } else if !row.notes.is_empty() {
            patch.insert("notes".to_owned(), json!(format!("{}\n\n{note}", row.notes)));
        }
    }
    patch
}

/// Edits a bookmark; with another address that is saved already, it is refused.
async fn edited(call: &Call, row: &Bookmark, patch: Map<String, Value>) -> Result<Bookmark, No> {
    let ask = call.write("edit_bookmark").at("item", row.id);
    let told: Result<Written<Bookmark>, Problem> = ask.patch(&Value::Object(patch)).done().await;
    match told {
        Ok(edited) => Ok(edited.item),
        Err(problem) if problem.code == Code::AlreadySaved.name() => {
            Err(No::field("url", "A bookmark with this URL already exists."))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Our names of the tags that are said.
async fn tags_of(
    call: &Call,
    fields: &Fields,
    row: Option<&Bookmark>,
) -> Result<Option<Vec<String>>, Problem> {
    let Some(said) = &fields.tag_names else { return Ok(None) };
    let given = names::given(said);
    if given.is_empty() {
        return Ok(Some(given));
    }
    let all: Page<Tag> = call.ask("list_tags").read().await?;
    let borne = row.map(|row| row.tags.as_slice()).unwrap_or_default();
    Ok(Some(names::meant(&given, borne, &all.items)))
}

/// Edits one, whose address must be said.
pub(super) async fn replace(
    State(api): State<Api>,
    call: Call,
    Path(number): Path<String>,
    request: Request,
) -> Told {
    let row = found(&call, &number).await?;
    let fields = Fields::read(&body_of(request, &api).await?)?;
    fields.needed_url(Some(&row.url))?;
    change(&call, &fields, row).await
}

/// Edits one; what is not said stays.
pub(super) async fn edit(
    State(api): State<Api>,
    call: Call,
    Path(number): Path<String>,
    request: Request,
) -> Told {
    let row = found(&call, &number).await?;
    let fields = Fields::read(&body_of(request, &api).await?)?;
    fields.checked_url(Some(&row.url))?;
    change(&call, &fields, row).await
}

async fn change(call: &Call, fields: &Fields, row: Bookmark) -> Told {
    let mut patch = texts(fields);
    if let Some(url) = fields.url.as_ref().filter(|url| **url != row.url) {
        patch.insert("url".to_owned(), json!(url));
    }
    if let Some(unread) = fields.unread {
        patch.insert("unread".to_owned(), json!(unread));
    }
    if let Some(archived) = fields.is_archived.filter(|said| *said != row.archived_at.is_some()) {
        patch.insert("archived_at".to_owned(), json!(archived.then_some(Moment(call.now))));
    }
    if let Some(added) = fields.date_added {
        patch.insert("created_at".to_owned(), json!(Moment(added)));
    }
    if let Some(tags) = tags_of(call, fields, Some(&row)).await? {
        patch.insert("tags".to_owned(), json!(tags));
    }
    let row = if patch.is_empty() { row } else { edited(call, &row, patch).await? };
    Ok(Json(BookmarkOut::from(row)).into_response())
}

/// Puts one into the archive.
pub(super) async fn archive(call: Call, Path(number): Path<String>) -> Told {
    put_away(&call, &number, Some(Moment(call.now))).await
}

/// Takes one out of it.
pub(super) async fn unarchive(call: Call, Path(number): Path<String>) -> Told {
    put_away(&call, &number, None).await
}

async fn put_away(call: &Call, number: &str, at: Option<Moment>) -> Told {
    let row = found(call, number).await?;
    if row.archived_at.is_some() == at.is_some() {
        call.may_write(row.id).await?;
    } else {
        let patch = Map::from_iter([("archived_at".to_owned(), json!(at))]);
        edited(call, &row, patch).await?;
    }
    Ok(done())
}

/// Puts one into the trash, where its owner finds it for thirty days.
pub(super) async fn remove(call: Call, Path(number): Path<String>) -> Told {
    let row = found(&call, &number).await?;
    let _told: Value = call.write("trash_bookmark").at("item", row.id).done().await?;
    Ok(done())
}

/// Nothing to say but that it is done.
pub(super) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
