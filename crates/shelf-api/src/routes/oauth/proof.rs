//! Whether whoever sends a secret has the key it is bound to (DPoP, RFC 9449).

use super::form::Sent;
use super::{Denied, TOKEN, issuer};
use crate::Api;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use shelf_identity::oauth::dpop::{Proven, Shown, proven};
use shelf_identity::oauth::{OAuthCode, OAuthDoors, OAuthRefusal, nonce};
use shelf_identity::{Secret, Throttle};
use shelf_ports::Fault;
use shelf_ports::accounts::KeyPrint;

/// The field a proof is sent in.
pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The field that says what the next proof must repeat.
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

fn refuse(why: &'static str) -> OAuthRefusal {
    OAuthRefusal::new(OAuthCode::InvalidDpopProof, why)
}

/// The one proof among `headers`, if there is one.
fn sent(headers: &HeaderMap) -> Result<Option<&str>, OAuthRefusal> {
    let mut all = headers.get_all(DPOP).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(proof), None) => proof.to_str().map(Some).map_err(|_| refuse("it is no text")),
        (Some(_), Some(_)) => Err(refuse("send one proof")),
    }
}

/// What was proven, once.
async fn once(throttle: &Throttle, shown: &Shown<'_>) -> Result<Proven, OAuthRefusal> {
    let proven = proven(shown)?;
    if throttle.once(proven.once).await {
        return Ok(proven);
    }
    Err(refuse("this proof was used before"))
}

/// The key a program that asks for secrets proves to have, if it wants them bound to one. Its proof
/// has to repeat what the server said within the last minutes.
pub(super) async fn of_form(api: &Api, form: &Sent) -> Result<Option<KeyPrint>, Denied> {
    let Some(proof) = sent(&form.headers)? else { return Ok(None) };
    let address = format!("{}{TOKEN}", issuer(api, &form.headers));
    let now = api.stores.clock.now_ms();
    let shown = Shown { proof, method: "POST", address: &address, access: None, now };
    let proven = once(&api.throttle, &shown).await?;
    let doors = api.oauth_doors();
    if is_current(&doors, proven.nonce.as_deref()).await? {
        return Ok(Some(proven.key));
    }
    let why = OAuthRefusal::new(OAuthCode::UseDpopNonce, "repeat the DPoP-Nonce in the proof");
    Err(Denied { failure: why.into(), nonce: Some(nonce::nonce(&doors).await?) })
}

async fn is_current(doors: &OAuthDoors, sent: Option<&str>) -> Result<bool, Fault> {
    match sent {
        Some(sent) => nonce::holds(doors, sent).await,
        None => Ok(false),
    }
}

/// The key a request that came with `access` proves to have.
pub(crate) async fn of_request(
    api: &Api,
    parts: &Parts,
    access: &Secret,
) -> Result<KeyPrint, OAuthRefusal> {
    let proof = sent(&parts.headers)?.ok_or_else(|| refuse("send a proof in the field DPoP"))?;
    let address = format!("{}{}", issuer(api, &parts.headers), parts.uri.path());
    let (method, now) = (parts.method.as_str(), api.stores.clock.now_ms());
    let shown = Shown { proof, method, address: &address, access: Some(access), now };
    once(&api.throttle, &shown).await.map(|proven| proven.key)
}
