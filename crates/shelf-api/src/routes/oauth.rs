//! OAuth 2.1: where programs get their secrets, and what says how. People let programs in on pages.
//!
//! These addresses are described by their own metadata (RFC 8414, RFC 9728), not by the document of
//! the interface, and answer in the standard's words. They are outside of what is replayed: an
//! answer that holds a secret is kept nowhere.

pub(crate) mod form;
mod push;
mod token;
mod device;
mod secrets;
mod metadata;
pub(crate) mod proof;

use crate::Api;
use axum::Router;
use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, extract::DefaultBodyLimit};
use serde_json::json;
use shelf_identity::oauth::{OAuthCode, OAuthFailure, OAuthRefusal};

use crate::problem::Problem;

/// Most bytes of a form.
const FORM_BYTES_MAX: usize = 16 << 10;
/// Where each thing is, beneath the server's address.
pub(crate) const TOKEN: &str = "/oauth/token";
pub(crate) const PAR: &str = "/oauth/par";
pub(crate) const DEVICE: &str = "/oauth/device_authorization";
pub(crate) const REVOKE: &str = "/oauth/revoke";
pub(crate) const INTROSPECT: &str = "/oauth/introspect";
pub(crate) const SERVER: &str = "/.well-known/oauth-authorization-server";
pub(crate) const RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// The routes of this folder.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route(TOKEN, post(token::token))
        .route(PAR, post(push::push))
        .route(DEVICE, post(device::begin))
        .route(REVOKE, post(secrets::revoke))
        .route(INTROSPECT, post(secrets::introspect))
        .route(SERVER, get(metadata::server))
        .route(RESOURCE, get(metadata::resource))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// Why a program gets no answer.
#[derive(Debug)]
pub(crate) struct Denied {
    failure: OAuthFailure,
    /// What its next proof must repeat, where that is why.
    nonce: Option<String>,
}

impl<E: Into<OAuthFailure>> From<E> for Denied {
    fn from(failure: E) -> Self {
        Self { failure: failure.into(), nonce: None }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let OAuthRefusal { code, detail } = match self.failure {
            OAuthFailure::Refused(refusal) => refusal,
            OAuthFailure::Fault(fault) => return Problem::from(fault).into_response(),
        };
        let status = match code {
            OAuthCode::InvalidClient => StatusCode::UNAUTHORIZED,
            OAuthCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Json(json!({ "error": code.name(), "error_description": detail }));
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let way = HeaderValue::from_static("Basic realm=\"mindshelf\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, way);
        }
        if let Some(nonce) = self.nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
            response.headers_mut().insert(proof::DPOP_NONCE, nonce);
        }
        response
    }
}

/// The address of this server, as programs know it.
pub(crate) fn issuer(api: &Api, headers: &HeaderMap) -> String {
    if let Some(known) = &api.public_url {
        return known.clone();
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", text("host").unwrap_or("localhost"))
}
