//! Judges what a browser brings, step by step as W3C Web Authentication Level 3 says: §7.1 for a
//! passkey that was made, §7.2 for one that was used. Pure: nothing is asked or kept here.
//!
//! What the steps leave to the site is decided once: user verification is required, since a passkey
//! stands for a password; attestation is "none", so that statements about the maker of a device are
//! not asked for, not believed and not looked at; no extension is asked for, and none that comes
//! unasked changes anything.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::Unfit;
use super::authenticator::{AuthenticatorData, is_credential};
use super::cbor::{Item, read};
use super::client::{Doing, check};
use super::cose::PublicKey;
use super::relying_party::RelyingParty;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Most bytes of an answer as the browser sends it.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// base64url, with and without padding: browsers write none, and scripts of old wrote some.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What was asked, and on which site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) site: &'a RelyingParty,
    pub(super) challenge: &'a [u8; 32],
}

/// A passkey that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// The id its authenticator gave it.
    pub(super) credential: Vec<u8>,
    /// Its public key, as it was written.
    pub(super) key: Vec<u8>,
    pub(super) count: u32,
    pub(super) synced: bool,
    pub(super) backed_up: bool,
}

/// A passkey that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) count: u32,
    pub(super) backed_up: bool,
}

/// What is known of a passkey that says it was used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) key: &'a [u8],
    pub(super) handle: &'a [u8],
    pub(super) synced: bool,
}

/// An answer by which a passkey was made, as our script sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// An answer by which one was used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// An answer by which a passkey says it was used, read and not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The id its authenticator gave it.
    pub(super) credential: Vec<u8>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    handle: Option<Vec<u8>>,
}

fn bytes(text: &str) -> Result<Vec<u8>, Unfit> {
    BASE64.decode(text).map_err(|_| Unfit("a part of it is no base64url"))
}

fn parsed<'a, T: Deserialize<'a>>(answer: &'a str) -> Result<T, Unfit> {
    let whole = (answer.len() <= ANSWER_BYTES_MAX).then_some(answer);
    let whole = whole.ok_or(Unfit("it is too long"))?;
    serde_json::from_str(whole).map_err(|_| Unfit("a part of it is missing"))
}

/// What both judge of the authenticator's words: §7.1 steps 14 to 17, §7.2 steps 15 to 18.
fn judged(data: &AuthenticatorData<'_>, site: &RelyingParty) -> Result<(), Unfit> {
    if data.site != site.hash().as_slice() {
        return Err(Unfit("it is for another site"));
    }
    if !data.is_present() {
        return Err(Unfit("nobody was there when it was used"));
    }
    if !data.is_verified() {
        return Err(Unfit(
            "its device did not make sure who used it: set a PIN or a fingerprint there",
        ));
    }
    if data.is_backed_up() && !data.is_eligible() {
        return Err(Unfit("it says that it was copied and cannot be"));
    }
    Ok(())
}

/// Judges a passkey that was made (§7.1). Whether its id is known already (step 26) is for whoever
/// keeps them.
pub(super) fn made(answer: &str, asked: &Asked<'_>) -> Result<Made, Unfit> {
    let creation: Creation = parsed(answer)?;
    // Steps 5 to 11.
    check(&bytes(&creation.client_data)?, Doing::Create, asked.site, asked.challenge)?;
    // Step 12 hashes that for the attestation statement, which is not looked at. Step 13.
    let object = bytes(&creation.attestation_object)?;
    let unread = Unfit("what its authenticator made cannot be read");
    let (object, rest) = read(&object).ok_or(unread)?;
    let said = object.under(&Item::Text("authData")).and_then(Item::bytes);
    let (Some(said), true) = (said, rest.is_empty()) else { return Err(unread) };
    let has_form = matches!(object.under(&Item::Text("fmt")), Some(Item::Text(_)))
        && matches!(object.under(&Item::Text("attStmt")), Some(Item::Map(_)));
    if !has_form {
        return Err(unread);
    }
    let data = AuthenticatorData::read(said)?;
    // Steps 14 to 19.
    judged(&data, asked.site)?;
    let (credential, key) = data.made.ok_or(Unfit("its authenticator made nothing"))?;
    // Step 20: an algorithm that was asked for. Steps 21 to 24: see above.
    PublicKey::read(key)?;
    // Step 25.
    if !is_credential(credential) {
        return Err(Unfit("its id is too short or too long"));
    }
    Ok(Made {
        credential: credential.to_vec(),
        key: key.to_vec(),
        count: data.count,
        synced: data.is_eligible(),
        backed_up: data.is_backed_up(),
    })
}

/// Reads an answer by which a passkey says it was used (§7.2 steps 3 to 7).
pub(super) fn claim(answer: &str) -> Result<Claim, Unfit> {
    let assertion: Assertion = parsed(answer)?;
    let credential = bytes(&assertion.id)?;
    if !is_credential(&credential) {
        return Err(Unfit("its id is too short or too long"));
    }
    // A browser says nothing, or an empty text, where there is none.
    let handle = assertion.user_handle.filter(|handle| !handle.is_empty());
    Ok(Claim {
        credential,
        client_data: bytes(&assertion.client_data)?,
        authenticator_data: bytes(&assertion.authenticator_data)?,
        signature: bytes(&assertion.signature)?,
        handle: handle.as_deref().map(bytes).transpose()?,
    })
}

/// Judges a passkey that says it was used (§7.2), by what is known of the one with its id. Whether
/// its counter went back (step 22) and whether its challenge was answered before are for whoever
/// keeps them; `names` says whether it has to name its person because nobody else did (step 6).
pub(super) fn shown(
    claim: &Claim,
    known: &Known<'_>,
    names: Names,
    asked: &Asked<'_>,
) -> Result<Shown, Unfit> {
    // Step 6.
    match (&claim.handle, names) {
        (Some(handle), _) if handle != known.handle => {
            return Err(Unfit("it is of somebody else"));
        }
        (None, Names::Needed) => return Err(Unfit("it does not say whose it is")),
        (Some(_), _) | (None, Names::Known) => {}
    }
    // Steps 8 to 14.
    check(&claim.client_data, Doing::Get, asked.site, asked.challenge)?;
    let data = AuthenticatorData::read(&claim.authenticator_data)?;
    // Steps 15 to 18.
    judged(&data, asked.site)?;
    // Step 19.
    if data.is_eligible() != known.synced {
        return Err(Unfit("whether it may be copied changed"));
    }
    // Steps 20 and 21.
    let hash = Sha256::digest(&claim.client_data);
    let message = [claim.authenticator_data.as_slice(), hash.as_slice()].concat();
    if !PublicKey::read(known.key)?.signed(&message, &claim.signature) {
        return Err(Unfit("it is not signed by this passkey"));
    }
    Ok(Shown { count: data.count, backed_up: data.is_backed_up() })
}

/// Whether a passkey has to say whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// It has to: nobody is known yet.
    Needed,
    /// It need not: it was asked of somebody who is known.
    Known,
}

#[cfg(test)]
mod tests;
