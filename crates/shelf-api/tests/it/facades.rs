//! The interfaces of other servers, asked as their apps ask.

mod linkding;
mod upsert;
mod bundles;
mod assets;
mod karakeep;
mod doors;

use crate::world::{Someone, Told, World};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use serde_json::Value;

/// A request as an app of `who` sends it: with the word `Token`, and JSON whether or not it has a body.
pub(crate) fn request(who: &Someone, method: Method, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost:4747")
        .header(AUTHORIZATION, format!("Token {}", who.token))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// Asks linkding's interface.
pub(crate) async fn ding(
    world: &World,
    who: &Someone,
    method: Method,
    path: &str,
    body: Value,
) -> Told {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.send(request(who, method, &format!("/linkding/api{path}"), &body)).await
}

/// Asks Karakeep's interface.
pub(crate) async fn keep(
    world: &World,
    who: &Someone,
    method: Method,
    path: &str,
    body: Value,
) -> Told {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.send(request(who, method, &format!("/karakeep/api/v1{path}"), &body)).await
}
