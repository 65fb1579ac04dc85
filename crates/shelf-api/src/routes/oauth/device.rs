//! A device without a browser begins to ask (RFC 8628).

use super::form::Sent;
use super::{Denied, issuer};
use crate::Api;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use shelf_identity::Address;
use shelf_identity::oauth::device::{DEVICE_MS, POLL_MS, begin_device};
use shelf_identity::oauth::prove_client::prove_client;

/// What a device is told.
#[derive(Debug, Serialize)]
pub(super) struct DeviceOut {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// Begins a request.
pub(super) async fn begin(
    State(api): State<Api>,
    address: Option<Extension<Address>>,
    sent: Sent,
) -> Result<Json<DeviceOut>, Denied> {
    let doors = api.oauth_doors();
    let client = prove_client(&doors, &sent.says_it_is()?).await?;
    let place = address.map(|Extension(address)| address.shown()).unwrap_or_default();
    let device = sent.get("device_name").unwrap_or_default();
    let scope = sent.get("scope").unwrap_or_default();
    let start = begin_device(&doors, &client, scope, (device, place)).await?;
    let page = format!("{}/device", issuer(&api, &sent.headers));
    Ok(Json(DeviceOut {
        device_code: start.secret.expose().to_owned(),
        verification_uri_complete: format!("{page}?code={}", start.typed),
        verification_uri: page,
        user_code: start.typed,
        expires_in: DEVICE_MS / 1_000,
        interval: POLL_MS / 1_000,
    }))
}
