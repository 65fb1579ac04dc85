//! A program says what it asks before it sends the browser (PAR, RFC 9126), so that nobody on the way
//! changes it.
//!
//! Nothing is stored: the address it gets back holds the request and the moment, and a seal of this
//! server's (HMAC-SHA256). It is used up by the person's answer.

use super::authorize::{Asks, NotAsked, check_request};
use super::{OAuthCode, OAuthDoors, OAuthFailure};
use crate::server_secret::server_secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shelf_ports::Fault;
use shelf_ports::oauth::Client;

/// The setting, of nobody, that holds the key of the seals.
const SETTING: &str = "oauth_request_key";
/// What every such address begins with.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long the browser may take to bring it, milliseconds.
pub const PUSHED_MS: i64 = 60 * 1_000;
/// How long the person may take to answer, milliseconds; not longer than what is used up is known.
pub const ANSWER_MS: i64 = 10 * 60 * 1_000;
/// Longest address that is looked at, bytes: the longest request fits.
const URI_BYTES_MAX: usize = 8 << 10;
/// Bytes of a seal.
const SEAL: usize = 32;

/// What is within an address.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pushed {
    at: i64,
    id: [u8; 16],
    asks: Asks,
}

/// A request that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What is asked.
    pub asks: Asks,
    /// What it is known by; works once.
    pub once: [u8; 32],
}

/// Checks what `client` asks of `issuer`, which is this server; the address that stands for it.
pub async fn push_request(
    doors: &OAuthDoors,
    issuer: &str,
    client: &Client,
    asks: Asks,
) -> Result<String, OAuthFailure> {
    if asks.client_id != client.id.to_string() {
        let why = "client_id is not the one that proves itself";
        return Err(OAuthFailure::new(OAuthCode::InvalidRequest, why));
    }
    check_request(doors, issuer, &asks).await.map_err(|why| match why {
        NotAsked::Here(refusal) | NotAsked::Back(refusal) => OAuthFailure::Refused(refusal),
        NotAsked::Fault(fault) => OAuthFailure::Fault(fault),
    })?;
    let (at, id) = (doors.doors.clock.now_ms(), doors.doors.chance.seed());
    let text = serde_json::to_vec(&Pushed { at, id, asks });
    let text = text.map_err(|error| Fault::new("writing a request down", error))?;
    let seal = hmac::sign(&sealer(doors).await?, &text);
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([seal.as_ref(), &text].concat())))
}

/// What `uri` stands for, if this server made it for the client `client_id` no longer than
/// `within_ms` ago. Whether it was used before is for whoever keeps that.
pub async fn opened_request(
    doors: &OAuthDoors,
    client_id: &str,
    uri: &str,
    within_ms: i64,
) -> Result<Opened, OAuthFailure> {
    let refuse = |why| OAuthFailure::new(OAuthCode::InvalidRequest, why);
    let unsealed = unsealed(&sealer(doors).await?, uri);
    let unknown = || refuse("the request_uri is none of this server");
    let (Pushed { at, asks, .. }, once) = unsealed.ok_or_else(unknown)?;
    if asks.client_id != client_id {
        return Err(refuse("the request_uri is of another client"));
    }
    let age = doors.doors.clock.now_ms().saturating_sub(at);
    if !(0..=within_ms).contains(&age) {
        return Err(refuse("the request_uri has ended; begin again"));
    }
    Ok(Opened { asks, once })
}

/// What `uri` holds and what it is known by, if `key` sealed it.
pub(crate) fn unsealed(key: &hmac::Key, uri: &str) -> Option<(Pushed, [u8; 32])> {
    let sealed = uri.strip_prefix(PREFIX).filter(|_| uri.len() <= URI_BYTES_MAX)?;
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (seal, text) = sealed.split_at_checked(SEAL)?;
    hmac::verify(key, text, seal).ok()?;
    Some((serde_json::from_slice(text).ok()?, Sha256::digest(&sealed).into()))
}

async fn sealer(doors: &OAuthDoors) -> Result<hmac::Key, Fault> {
    let key = server_secret(&doors.doors, SETTING).await?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
}
