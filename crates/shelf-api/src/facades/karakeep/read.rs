//! What Karakeep's apps send: ids, pages and bodies.

use crate::Api;
use crate::body::{bytes, parsed};
use crate::facades::call::Call;
use crate::facades::rows::Bookmark;
use crate::problem::Problem;
use axum::extract::Request;
use serde::de::DeserializeOwned;
use shelf_domain::id::ItemId;
use shelf_domain::refusal::Refused;

/// Most rows on a page, and as many where the caller does not say: floccus reads all there are.
const LIMIT_MAX: usize = 100;

/// The id that `text` is; what is none names nothing.
pub(super) fn id_of(text: &str) -> Result<ItemId, Problem> {
    text.parse().map_err(|_| Refused::not_found("item").into())
}

/// The living bookmark of an id.
pub(super) async fn bookmark_of(call: &Call, text: &str) -> Result<Bookmark, Problem> {
    let row: Bookmark = call.ask("get_bookmark").at("item", id_of(text)?).read().await?;
    if row.trashed_at.is_some() {
        return Err(Refused::not_found("bookmark").into());
    }
    Ok(row)
}

/// The body of `request`; what it says that is not known is left unread.
pub(super) async fn body_of<T: DeserializeOwned>(
    request: Request,
    api: &Api,
) -> Result<T, Problem> {
    parsed(&bytes(request, api).await?)
}

/// How many rows `call` asks for.
pub(super) fn limit_of(call: &Call) -> usize {
    let said = call.said("limit").and_then(|limit| limit.parse().ok());
    said.unwrap_or(LIMIT_MAX).clamp(1, LIMIT_MAX)
}
