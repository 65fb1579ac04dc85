//! A program pushes what it asks before it sends the browser (PAR, RFC 9126).

use super::form::{Sent, wrong};
use super::{Denied, issuer};
use crate::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use shelf_identity::oauth::authorize::Asks;
use shelf_identity::oauth::prove_client::prove_client;
use shelf_identity::oauth::push::{PUSHED_MS, push_request};

/// What stands for the request, and for how long.
#[derive(Debug, Serialize)]
pub(super) struct PushedOut {
    request_uri: String,
    expires_in: i64,
}

/// Takes a request in.
pub(super) async fn push(
    State(api): State<Api>,
    sent: Sent,
) -> Result<(StatusCode, Json<PushedOut>), Denied> {
    let doors = api.oauth_doors();
    let client = prove_client(&doors, &sent.says_it_is()?).await?;
    if sent.get("request_uri").is_some() {
        return Err(wrong("a request that is pushed stands for no other").into());
    }
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let asks = Asks {
        response_type: text("response_type"),
        client_id: client.id.to_string(),
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        state: text("state"),
        code_challenge: text("code_challenge"),
        code_challenge_method: text("code_challenge_method"),
        resource: text("resource"),
    };
    let issuer = issuer(&api, &sent.headers);
    let request_uri = push_request(&doors, &issuer, &client, asks).await?;
    let told = PushedOut { request_uri, expires_in: PUSHED_MS / 1_000 };
    Ok((StatusCode::CREATED, Json(told)))
}
