//! What this server offers programs (RFC 8414), and who lets them in to what it keeps (RFC 9728).

use super::token::WAYS;
use super::{DEVICE, INTROSPECT, PAR, REVOKE, TOKEN, issuer};
use crate::Api;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use shelf_domain::permit::Permit;
use shelf_identity::oauth::app_permits;
use shelf_identity::oauth::dpop::ALGORITHM;

/// The words a program may ask for.
fn scopes() -> Vec<&'static str> {
    app_permits().each().map(Permit::name).collect()
}

/// What the authorization server offers.
pub(super) async fn server(State(api): State<Api>, headers: HeaderMap) -> Json<Value> {
    let iss = issuer(&api, &headers);
    let at = |path: &str| format!("{iss}{path}");
    Json(json!({
        "issuer": iss,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at(TOKEN),
        "pushed_authorization_request_endpoint": at(PAR),
        "require_pushed_authorization_requests": false,
        "device_authorization_endpoint": at(DEVICE),
        "revocation_endpoint": at(REVOKE),
        "introspection_endpoint": at(INTROSPECT),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": WAYS,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes(),
    }))
}

/// What the interface for programs is, and who gives secrets for it.
pub(super) async fn resource(State(api): State<Api>, headers: HeaderMap) -> Json<Value> {
    let iss = issuer(&api, &headers);
    Json(json!({
        "resource": iss,
        "authorization_servers": [iss],
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": [ALGORITHM],
        "resource_name": "MindShelf",
    }))
}
