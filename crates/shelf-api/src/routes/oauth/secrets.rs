//! Handing a secret back (RFC 7009), and asking what one is good for (RFC 7662).

use super::form::Sent;
use super::{Denied, issuer};
use crate::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shelf_identity::Secret;
use shelf_identity::oauth::look_into::{hand_back, look_into};
use shelf_identity::oauth::prove_client::prove_client;
use shelf_identity::oauth::{OAuthCode, OAuthRefusal};

/// Ends a secret; of one that is unknown, too, it is said that it opens nothing.
pub(super) async fn revoke(State(api): State<Api>, sent: Sent) -> Result<StatusCode, Denied> {
    let doors = api.oauth_doors();
    let client = prove_client(&doors, &sent.says_it_is()?).await?;
    hand_back(&doors, &client, &Secret::sent(sent.need("token")?)).await?;
    Ok(StatusCode::OK)
}

/// Says what a secret of the program that asks is good for.
pub(super) async fn introspect(State(api): State<Api>, sent: Sent) -> Result<Json<Value>, Denied> {
    let doors = api.oauth_doors();
    let client = prove_client(&doors, &sent.says_it_is()?).await?;
    if !client.has_secret {
        let why = "only a client that proves itself asks this";
        return Err(OAuthRefusal::new(OAuthCode::InvalidClient, why).into());
    }
    let secret = Secret::sent(sent.need("token")?);
    let Some(known) = look_into(&doors, &client, &secret).await? else {
        return Ok(Json(json!({ "active": false })));
    };
    let iss = issuer(&api, &sent.headers);
    let mut told = json!({
        "active": true,
        "scope": known.grant.allows.permits.to_string(),
        "client_id": client.id.to_string(),
        "sub": known.grant.person.to_string(),
        "exp": known.expires_at / 1_000,
        "aud": iss,
        "iss": iss,
    });
    let bound = known.grant.bound.map(|key| URL_SAFE_NO_PAD.encode(key.0));
    if !known.is_refresh {
        told["token_type"] = if bound.is_some() { "DPoP" } else { "Bearer" }.into();
    }
    if let Some(bound) = bound {
        told["cnf"] = json!({ "jkt": bound });
    }
    Ok(Json(told))
}
