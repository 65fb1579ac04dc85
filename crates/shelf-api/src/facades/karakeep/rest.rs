//! What else Karakeep's interface has: who asks, the tags, how the server is.

use crate::facades::call::Call;
use crate::graphql::asks::Page;
use crate::problem::Problem;
use crate::wire::Id;
use axum::Json;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// That the server is there.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whom the key speaks for.
pub(super) async fn me(call: Call) -> Json<Value> {
    Json(json!({ "id": call.person.id, "name": call.person.name, "email": null }))
}

/// A tag, with how many bookmarks bear it.
#[derive(Debug, Deserialize)]
struct Counted {
    id: Id,
    name: String,
    #[serde(default)]
    bookmarks: u64,
}

/// All tags.
pub(super) async fn tags(call: Call) -> Result<Json<Value>, Problem> {
    let page: Page<Counted> = call.ask("list_tags").read().await?;
    let rows = page.items.into_iter().map(|Counted { id, name, bookmarks }| {
        let by_whom = json!({ "human": bookmarks });
        json!({
            "id": id, "name": name, "numBookmarks": bookmarks,
            "numBookmarksByAttachedType": by_whom,
        })
    });
    Ok(Json(json!({ "tags": rows.collect::<Vec<_>>(), "nextCursor": null })))
}

/// What is nowhere in the interface.
pub(super) async fn missing() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}
