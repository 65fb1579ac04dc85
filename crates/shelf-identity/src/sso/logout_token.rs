//! The word of a provider that somebody is signed out (OpenID Connect Back-Channel Logout 1.0 §2.4), and
//! whether it holds.

use super::refusal::TurnedAway;
use super::token::{Audience, Expected, Key, check_made, check_maker, part, signed_body};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// What such a token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// What it may call itself, where it says what it is.
const KINDS: [&str; 2] = ["logout+jwt", "jwt"];

/// Somebody is signed out at their provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoggedOut {
    /// What the provider calls them.
    pub(super) subject: String,
    /// Since when, milliseconds.
    pub(super) at: i64,
}

#[derive(Deserialize)]
struct Said {
    iss: String,
    aud: Audience,
    exp: f64,
    iat: i64,
    #[serde(rename = "jti")]
    _name: String,
    sub: Option<String>,
    nonce: Option<IgnoredAny>,
    events: Map<String, Value>,
}

/// Judges such a token. One that names a session alone is refused as malformed: what a provider calls
/// its sessions is not kept here. Whether it came before is not looked at: it ends what was begun until
/// it was made, and that is over the second time.
pub(super) fn judged_logout(
    token: &str,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<LoggedOut, TurnedAway> {
    let (kind, body) = signed_body(token, keys)?;
    if kind.is_some_and(|kind| !KINDS.contains(&kind.to_ascii_lowercase().as_str())) {
        return Err(TurnedAway::Malformed);
    }
    let said: Said = part(body)?;
    check_maker(&said.iss, &said.aud, None, expected)?;
    check_made(said.iat as f64, said.exp, None, expected)?;
    // A token with one proves a sign-in; this one is for the opposite.
    if said.nonce.is_some() {
        return Err(TurnedAway::Nonce);
    }
    if !said.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(TurnedAway::Malformed);
    }
    let subject = said.sub.filter(|subject| !subject.is_empty()).ok_or(TurnedAway::Malformed)?;
    Ok(LoggedOut { subject, at: said.iat.saturating_mul(1_000) })
}
