//! The pages as an app on a phone: its manifest, its worker, and the links that wait where the server
//! cannot be reached. None of this is about anybody.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    assets, cookies,
    frame::{Theme, alone},
    pages::offline,
    visit::html,
};

/// What a phone needs to put MindShelf beside its apps, and to share links with it. Addresses in it are
/// beside its own, wherever that is.
pub(crate) async fn manifest() -> Response {
    let icon = assets::address("img/lamp.svg").trim_start_matches('/');
    let manifest = json!({
        "name": "MindShelf",
        "short_name": "MindShelf",
        "start_url": "library",
        "scope": ".",
        "display": "standalone",
        "icons": [{ "src": icon, "sizes": "any", "type": "image/svg+xml", "purpose": "any" }],
        "share_target": {
            "action": "save",
            "method": "GET",
            "enctype": "application/x-www-form-urlencoded",
            "params": { "title": "title", "text": "text", "url": "url" }
        },
    });
    let kind = HeaderValue::from_static("application/manifest+json");
    ([(header::CONTENT_TYPE, kind), fresh()], manifest.to_string()).into_response()
}

/// What stands between the pages and the network.
pub(crate) async fn worker() -> Response {
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    ([(header::CONTENT_TYPE, kind), fresh()], assets::worker()).into_response()
}

/// The links that wait.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    let theme = cookies::read(&headers, cookies::THEME).map(Theme::named).unwrap_or_default();
    html(&alone("Waiting to be saved", theme, "", &offline::offline())).into_response()
}

/// Looked at anew each time.
fn fresh() -> (header::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))
}
