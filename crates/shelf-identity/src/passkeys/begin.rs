//! Ask a browser for a passkey: to sign in with, to confirm with, or a new one.

use super::ceremony::{CEREMONY_MS, Ceremony, Purpose};
use super::cose::ALGORITHMS;
use super::relying_party::RelyingParty;
use super::{Begun, PASSKEYS_MAX};
use crate::authenticate::Signed;
use crate::create_token::checked_name;
use crate::passwords::by_them::{by_them, usable};
use crate::passwords::set_password::{is_recovered, login_of};
use crate::passwords::{PasswordDoors, Typed, in_person};
use crate::secret::Secret;
use crate::tenants::invitations::look_at_invitation;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::passkeys::Passkey;
use shelf_ports::{Failure, Fault};

/// Asks for any passkey of this site, from a browser nobody is signed in with.
#[tracing::instrument(skip_all)]
pub async fn begin_sign_in(doors: &PasswordDoors, site: &RelyingParty) -> Result<Begun, Fault> {
    let ceremony = Ceremony::new(&doors.doors, Purpose::SignIn, [0; 16], [0; 32]);
    use_one(doors, site, &ceremony, &[]).await
}

/// Asks whoever is signed in for one of theirs. Refused `not_found` where they have none that opens
/// something.
#[tracing::instrument(skip_all)]
pub async fn begin_confirming(
    doors: &PasswordDoors,
    signed: &Signed,
    site: &RelyingParty,
) -> Result<Begun, Failure> {
    in_person(signed)?;
    let own = usable(doors, signed.person.id).await?;
    if own.is_empty() {
        return Err(Refused::not_found("passkey of yours").into());
    }
    let bound = signed.grant.id.to_bytes();
    let ceremony = Ceremony::new(&doors.doors, Purpose::Confirm, bound, [0; 32]);
    Ok(use_one(doors, site, &ceremony, &own).await?)
}

/// Asks whoever is signed in for a new one. Refused `quota` where they have as many as they may, and
/// like [`by_them`] where they do not prove that it is them.
#[tracing::instrument(skip_all)]
pub async fn begin_adding(
    doors: &PasswordDoors,
    signed: &Signed,
    site: &RelyingParty,
    current: &Typed,
) -> Result<Begun, Failure> {
    in_person(signed)?;
    let person = signed.person.id;
    let own = doors.passkeys.passkeys_of(person).await?;
    if own.len() >= PASSKEYS_MAX {
        return Err(full().into());
    }
    if !is_recovered(doors, signed).await? {
        by_them(doors, signed, current).await?;
    }
    // All of one person are known by one handle, so that a device keeps one for them and site.
    let known = own.first().and_then(|one| one.handle.as_slice().try_into().ok());
    let handle = known.unwrap_or_else(|| doors.doors.chance.secret());
    let login = login_of(doors, person).await?;
    let name = login.map_or_else(|| signed.person.name.clone(), |login| login.shown().to_owned());
    let bound = signed.grant.id.to_bytes();
    let ceremony = Ceremony::new(&doors.doors, Purpose::Add, bound, handle);
    Ok(make_one(doors, site, &ceremony, (&name, &signed.person.name), &own).await?)
}

/// Asks whoever holds an invitation, and will be called `name`, for a new one. Refused like
/// [`look_at_invitation`], and `invalid` at `name`.
#[tracing::instrument(skip_all)]
pub async fn begin_joining(
    doors: &PasswordDoors,
    invitation: &Secret,
    name: &str,
    site: &RelyingParty,
) -> Result<Begun, Failure> {
    look_at_invitation(&doors.doors, invitation).await?;
    let name = checked_name(name)?;
    let (bound, handle) = (bound_to(invitation), doors.doors.chance.secret());
    let ceremony = Ceremony::new(&doors.doors, Purpose::Join, bound, handle);
    Ok(make_one(doors, site, &ceremony, (&name, &name), &[]).await?)
}

/// What ties a ceremony to an invitation.
pub(super) fn bound_to(invitation: &Secret) -> [u8; 16] {
    let mut bound = [0; 16];
    bound.copy_from_slice(&invitation.hash().0[..16]);
    bound
}

/// Refuses one more than there may be.
pub(super) fn full() -> Refused {
    let detail =
        format!("you have {PASSKEYS_MAX} passkeys, the most there may be; remove one first");
    Refused::new(Code::Quota, "passkey", detail)
}

fn listed(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&passkey.credential) });
    passkeys.iter().map(one).collect()
}

/// What `navigator.credentials.get` is given (§5.5).
async fn use_one(
    doors: &PasswordDoors,
    site: &RelyingParty,
    ceremony: &Ceremony,
    own: &[Passkey],
) -> Result<Begun, Fault> {
    let challenge = ceremony.challenge(&doors.doors).await?;
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge),
        "rpId": site.id(),
        "allowCredentials": listed(own),
        "userVerification": "required",
        "timeout": CEREMONY_MS,
    });
    Ok(Begun { options, kept: ceremony.kept() })
}

/// What `navigator.credentials.create` is given (§5.4).
async fn make_one(
    doors: &PasswordDoors,
    site: &RelyingParty,
    ceremony: &Ceremony,
    (name, shown): (&str, &str),
    own: &[Passkey],
) -> Result<Begun, Fault> {
    let challenge = ceremony.challenge(&doors.doors).await?;
    let accepted = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge),
        "rp": { "id": site.id(), "name": "MindShelf" },
        "user": {
            "id": URL_SAFE_NO_PAD.encode(ceremony.handle), "name": name, "displayName": shown,
        },
        "pubKeyCredParams": accepted,
        "excludeCredentials": listed(own),
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
        },
        "attestation": "none",
        "timeout": CEREMONY_MS,
    });
    Ok(Begun { options, kept: ceremony.kept() })
}
