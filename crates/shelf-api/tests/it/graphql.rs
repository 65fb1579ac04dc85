//! GraphQL over the embedded stores: each field is an operation of REST.

mod cases;
mod audits;
mod bounds;
mod joins;
mod keys;
mod pages;
mod persisted;
mod schema;
mod scopes;
pub(crate) mod sockets;
mod walk;

use crate::world::{Someone, Told, World};
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What `who` is answered to `query`.
pub(crate) async fn ask(world: &World, who: &Someone, query: &str, variables: Value) -> Told {
    let body = json!({ "query": query, "variables": variables }).to_string();
    world.ask(who, Method::POST, "/graphql", &body).await
}

/// The global id of what `ids` name.
pub(crate) fn id(kind: &str, ids: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{}", ids.join(":")))
}

/// The global id of the library of `who`.
pub(crate) fn library(who: &Someone) -> String {
    id("library", &[&who.library.to_string()])
}

/// The answer to what goes well.
pub(crate) fn data(told: &Told) -> &Value {
    assert!(told.json["errors"].is_null(), "{}", told.text);
    &told.json["data"]
}

/// The code of the first error.
pub(crate) fn code(told: &Told) -> &str {
    told.json["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}
