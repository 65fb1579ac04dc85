//! Letting the command line in as a device: a person types its code in a browser (RFC 8628), and it
//! gets the next secrets by itself (OAuth 2.1).

use crate::client::encoded;
use crate::transport::{Request, Transport};
use crate::{ClientFailure, client::read};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use shelf_domain::id::ClientId;
use std::fmt;

const TOKEN: &str = "/oauth/token";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device is told, and what it shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct DeviceStart {
    /// What it asks with whether it was let in.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// How long it may wait, seconds.
    pub expires_in: u64,
    /// How long between two questions, seconds.
    pub interval: u64,
}

impl fmt::Debug for DeviceStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceStart").field("page", &self.verification_uri).finish_non_exhaustive()
    }
}

/// What the command line acts with, and what it gets the next ones with.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// What it acts with.
    pub access_token: String,
    /// How long that works, seconds.
    pub expires_in: i64,
    /// What it gets the next ones with; works once.
    pub refresh_token: String,
    /// What it was let in for.
    pub scope: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What came of asking whether one was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Nobody answered yet.
    Waiting,
    /// Nobody answered yet, and it is to ask less often.
    SlowDown,
    /// It was let in.
    In(Tokens),
}

/// What a refused program is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Denied {
    error: String,
    error_description: String,
}

/// Begins to ask for `scope`, as a device called `device`.
pub async fn begin_login(
    server: &dyn Transport,
    scope: &str,
    device: &str,
) -> Result<DeviceStart, ClientFailure> {
    let fields = [("scope", scope), ("device_name", device)];
    asked(server, "/oauth/device_authorization", &fields).await
}

/// Asks whether it was let in.
pub async fn poll_login(server: &dyn Transport, code: &str) -> Result<Polled, ClientFailure> {
    let fields = [("grant_type", DEVICE_CODE), ("device_code", code)];
    match asked(server, TOKEN, &fields).await {
        Ok(tokens) => Ok(Polled::In(tokens)),
        Err(failure) => match failure.code() {
            Some("authorization_pending") => Ok(Polled::Waiting),
            Some("slow_down") => Ok(Polled::SlowDown),
            _ => Err(failure),
        },
    }
}

/// Gets the next secrets for `refresh`, which works once.
pub async fn renew(server: &dyn Transport, refresh: &str) -> Result<Tokens, ClientFailure> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    asked(server, TOKEN, &fields).await
}

/// Hands `refresh` back: the command line is let in no more.
pub async fn hand_back(server: &dyn Transport, refresh: &str) -> Result<(), ClientFailure> {
    let answer = server.send(form("/oauth/revoke", &[("token", refresh)])).await?;
    if answer.is_yes() {
        return Ok(());
    }
    let status = answer.status;
    Err(denied(status, &answer.bytes().await?))
}

async fn asked<T: serde::de::DeserializeOwned>(
    server: &dyn Transport,
    target: &str,
    fields: &[(&str, &str)],
) -> Result<T, ClientFailure> {
    let answer = server.send(form(target, fields)).await?;
    if answer.is_yes() {
        return read(answer).await;
    }
    let status = answer.status;
    Err(denied(status, &answer.bytes().await?))
}

fn denied(status: u16, body: &[u8]) -> ClientFailure {
    let denied: Denied = serde_json::from_slice(body).unwrap_or_default();
    if denied.error.is_empty() {
        return ClientFailure::refused(status, body);
    }
    let (code, title) = (denied.error, denied.error_description);
    ClientFailure::Refused { status, code, title, detail: String::new(), retry_after: None }
}

/// A form that says who sends it.
fn form(target: &str, fields: &[(&str, &str)]) -> Request {
    let id = ClientId::COMMAND_LINE.to_string();
    let all = fields.iter().copied().chain([("client_id", id.as_str())]);
    let body = all.map(|(name, value)| format!("{name}={}", encoded(value)));
    let body = body.collect::<Vec<_>>().join("&");
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    Request::new(Method::POST, target).header(CONTENT_TYPE, kind).bytes(body)
}
