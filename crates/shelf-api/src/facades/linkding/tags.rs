//! Tags of linkding's interface.

use super::Told;
use super::bookmarks::done;
use super::names;
use super::no::No;
use super::read::body_of;
use super::shown::TagOut;
use super::window::Window;
use crate::Api;
use crate::facades::call::Call;
use crate::facades::rows::{Tag, Written};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// Longest name of a tag that is made here, in characters.
const NAME_CHARS_MAX: usize = 64;

/// All of them, as they were made; with `q`, those whose name holds it.
pub(super) async fn list(call: Call) -> Told {
    let mut tags = all(&call).await?;
    if let Some(part) = call.said("q").map(|part| part.trim().to_lowercase()) {
        tags.retain(|tag| names::shown(&tag.name).to_lowercase().contains(&part));
    }
    tags.sort_unstable_by_key(|tag| tag.number);
    let (window, count) = (Window::of(&call), tags.len());
    let rows: Vec<TagOut> = window.cut(tags).into_iter().map(TagOut::from).collect();
    Ok(window.answer(&call, &rows, count))
}

async fn all(call: &Call) -> Result<Vec<Tag>, Problem> {
    let page: Page<Tag> = call.ask("list_tags").read().await?;
    Ok(page.items)
}

async fn found(call: &Call, number: &str) -> Result<Tag, No> {
    let Ok(number) = number.parse::<u32>() else {
        return Err(No::detail(StatusCode::NOT_FOUND, "Not found."));
    };
    let tag = all(call).await?.into_iter().find(|tag| tag.number == number);
    tag.ok_or_else(|| No::missing("Tag"))
}

/// One of them.
pub(super) async fn read(call: Call, Path(number): Path<String>) -> Told {
    Ok(Json(TagOut::from(found(&call, &number).await?)).into_response())
}

/// Makes one; where there is one of that name, it is the answer.
pub(super) async fn create(State(api): State<Api>, call: Call, request: Request) -> Told {
    let body = body_of(request, &api).await?;
    let name = match body.get("name") {
        None => return Err(No::field("name", "This field is required.")),
        Some(Value::Null) => return Err(No::field("name", "This field may not be null.")),
        Some(Value::String(name)) => name.trim(),
        Some(_) => return Err(No::field("name", "Not a valid string.")),
    };
    if name.is_empty() {
        return Err(No::field("name", "This field may not be blank."));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        let why = format!("Ensure this field has no more than {NAME_CHARS_MAX} characters.");
        return Err(No::field("name", &why));
    }
    let ask = call.write("create_tag").body(&json!({ "name": name }));
    let made: Written<Tag> = ask.done().await?;
    Ok((StatusCode::CREATED, Json(TagOut::from(made.item))).into_response())
}

/// Puts one into the trash; bookmarks stay.
pub(super) async fn remove(call: Call, Path(number): Path<String>) -> Told {
    let tag = found(&call, &number).await?;
    let _told: Value = call.write("trash_tag").at("item", tag.id).done().await?;
    Ok(done())
}
