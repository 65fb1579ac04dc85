//! What else linkding's interface has: how the server is, who asks, and what is nowhere.

use super::no::No;
use crate::Api;
use crate::facades::call::{Call, plain};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde_json::{Value, json};

/// The version of linkding whose interface this is; its apps look at it.
const VERSION: &str = "1.46.2";

/// How the server is, for whoever asks.
pub(super) async fn health(State(api): State<Api>) -> impl IntoResponse {
    let is_well = api.probes.waiting().await.is_empty();
    let well = (StatusCode::OK, "healthy");
    let unwell = (StatusCode::INTERNAL_SERVER_ERROR, "unhealthy");
    let (status, word) = if is_well { well } else { unwell };
    (status, Json(json!({ "version": VERSION, "status": word })))
}

/// That it is there.
pub(super) async fn root(_: Call) -> Json<Value> {
    Json(json!({}))
}

/// How things are set. No preferences are kept here, and a bookmark is not shared by itself.
pub(super) async fn profile(_: Call) -> Json<Value> {
    Json(json!({
        "theme": "auto",
        "bookmark_date_display": "relative",
        "bookmark_link_target": "_blank",
        "web_archive_integration": "disabled",
        "tag_search": "strict",
        "enable_sharing": false,
        "enable_public_sharing": false,
        "enable_favicons": false,
        "display_url": false,
        "permanent_notes": false,
        "search_preferences": {},
        "version": VERSION,
    }))
}

/// The page of ours on which a link is saved, filled as linkding's would be.
pub(super) async fn save_page(Query(pairs): Query<Vec<(String, String)>>) -> Redirect {
    let of = |name: &str| {
        let said = pairs.iter().find(|(known, value)| known == name && !value.is_empty());
        said.map(|(_, value)| plain(value))
    };
    let said = [("url", of("url")), ("title", of("title")), ("text", of("notes"))];
    let said = said.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    Redirect::to(&format!("/save?{}", said.collect::<Vec<_>>().join("&")))
}

/// What people know as linkding's first page.
pub(super) async fn home() -> Redirect {
    Redirect::to("/library")
}

/// What is nowhere in the interface.
pub(super) async fn missing() -> impl IntoResponse {
    No::detail(StatusCode::NOT_FOUND, "Not found.")
}
