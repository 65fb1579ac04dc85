//! What a browser says beside an answer (WebAuthn §5.8.1): for what it was given, to which challenge,
//! and on which page.

use super::Unfit;
use super::relying_party::RelyingParty;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Most bytes of it.
const CLIENT_BYTES_MAX: usize = 8_192;

/// For what an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Making a passkey.
    Create,
    /// Using one.
    Get,
}

/// The members that are looked at; others may be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    r#type: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<IgnoredAny>,
}

/// Refuses what was not said on a page of `site`, of `doing` this, to `challenge`: §7.1 steps 5 to 11,
/// §7.2 steps 8 to 14.
pub(super) fn check(
    bytes: &[u8],
    doing: Doing,
    site: &RelyingParty,
    challenge: &[u8; 32],
) -> Result<(), Unfit> {
    if bytes.len() > CLIENT_BYTES_MAX {
        return Err(Unfit("what the browser says is too long"));
    }
    // "UTF-8 decode" takes a mark of the order of bytes off.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let said: Said =
        serde_json::from_slice(text).map_err(|_| Unfit("what the browser says cannot be read"))?;
    let expected = match doing {
        Doing::Create => "webauthn.create",
        Doing::Get => "webauthn.get",
    };
    if said.r#type != expected {
        return Err(Unfit("it was given for something else"));
    }
    if said.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err(Unfit("it answers another question"));
    }
    if said.origin != site.origin() {
        return Err(Unfit("it was given on another page"));
    }
    // Our pages stand in no page of others.
    if said.cross_origin == Some(true) || said.top_origin.is_some() {
        return Err(Unfit("it was given inside of another page"));
    }
    Ok(())
}
