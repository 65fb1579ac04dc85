//! Secrets for a code, for a refresh secret, and for a device that was let in.

use super::form::Sent;
use super::{Denied, issuer, proof};
use crate::Api;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shelf_identity::Secret;
use shelf_identity::oauth::act_alone::act_alone;
use shelf_identity::oauth::authorize::is_here;
use shelf_identity::oauth::device::exchange_device;
use shelf_identity::oauth::exchange_code::{BringsCode, exchange_code};
use shelf_identity::oauth::prove_client::prove_client;
use shelf_identity::oauth::refresh::refresh;
use shelf_identity::oauth::secrets::Tokens;
use shelf_identity::oauth::{OAuthCode, OAuthRefusal};

/// The name of the way of devices (RFC 8628).
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Each way to get secrets.
pub(super) const WAYS: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE];

/// What a program is given.
#[derive(Debug, Serialize)]
struct TokensOut {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

impl From<Tokens> for TokensOut {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access.expose().to_owned(),
            token_type: if tokens.bound.is_some() { "DPoP" } else { "Bearer" },
            expires_in: tokens.expires_in_s,
            refresh_token: tokens.refresh.map(|secret| secret.expose().to_owned()),
            scope: tokens.permits.to_string(),
        }
    }
}

/// Gives secrets.
pub(super) async fn token(State(api): State<Api>, sent: Sent) -> Result<Response, Denied> {
    let doors = api.oauth_doors();
    let way = sent.need("grant_type")?;
    if !WAYS.contains(&way) {
        let why = "the grant_type is one of those the server names in its metadata";
        return Err(OAuthRefusal::new(OAuthCode::UnsupportedGrantType, why).into());
    }
    if !is_here(&issuer(&api, &sent.headers), sent.get("resource").unwrap_or_default()) {
        let why = "the resource is not this server";
        return Err(OAuthRefusal::new(OAuthCode::InvalidTarget, why).into());
    }
    let client = prove_client(&doors, &sent.says_it_is()?).await?;
    let bound = proof::of_form(&api, &sent).await?;
    let tokens = match way {
        "authorization_code" => {
            let brings = BringsCode {
                code: Secret::sent(sent.need("code")?),
                verifier: sent.get("code_verifier").unwrap_or_default().to_owned(),
                redirect: sent.get("redirect_uri").map(str::to_owned),
            };
            exchange_code(&doors, &client, &brings, bound).await?
        }
        "refresh_token" => {
            let old = Secret::sent(sent.need("refresh_token")?);
            refresh(&doors, &client, &old, sent.get("scope"), bound).await?
        }
        "client_credentials" => act_alone(&doors, &client, sent.get("scope"), bound).await?,
        _ => {
            let code = Secret::sent(sent.need("device_code")?);
            exchange_device(&doors, &client, &code, bound).await?
        }
    };
    Ok(Json(TokensOut::from(tokens)).into_response())
}
