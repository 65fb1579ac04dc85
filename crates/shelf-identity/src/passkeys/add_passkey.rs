//! Add a passkey that a browser was asked to make.

use super::begin::full;
use super::ceremony::{Ceremony, Purpose};
use super::judge::{Asked, Made, made};
use super::relying_party::RelyingParty;
use super::{Brought, PASSKEYS_MAX, Unfit};
use crate::audit::{Actor, record_own};
use crate::authenticate::Signed;
use crate::create_token::checked_name;
use crate::passwords::{PasswordDoors, in_person};
use shelf_domain::audit::Deed;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::passkeys::{Added, Answered, Passkey};

/// Adds the passkey that [`super::begin::begin_adding`] asked for, called `name`.
///
/// Refused `invalid` at `name`, or at `passkey` where it is not accepted or known already; `quota`
/// where they have as many as they may.
#[tracing::instrument(skip_all)]
pub async fn add_passkey(
    doors: &PasswordDoors,
    signed: &Signed,
    site: &RelyingParty,
    brought: Brought<'_>,
    name: &str,
) -> Result<Passkey, Failure> {
    in_person(signed)?;
    let name = checked_name(name)?;
    let of = (Purpose::Add, signed.grant.id.to_bytes());
    let fresh = judge(doors, site, brought, of).await?;
    keep(doors, signed.into(), fresh, name).await
}

/// A passkey that was made, and what it answered.
pub(super) struct Fresh {
    made: Made,
    handle: [u8; 32],
    answered: Answered,
}

/// Judges what was made for a purpose, of a session or an invitation.
pub(super) async fn judge(
    doors: &PasswordDoors,
    site: &RelyingParty,
    brought: Brought<'_>,
    of: (Purpose, [u8; 16]),
) -> Result<Fresh, Failure> {
    let ceremony = Ceremony::read(&doors.doors, brought.kept, of).map_err(Refused::from)?;
    let challenge = ceremony.challenge(&doors.doors).await?;
    let asked = Asked { site, challenge: &challenge };
    let made = made(brought.answer, &asked).map_err(Refused::from)?;
    // Who brings one that is known is told before anything is written down.
    if doors.passkeys.passkey_by(&made.credential).await?.is_some() {
        return Err(taken().into());
    }
    let answered = ceremony.answered(&doors.doors, challenge);
    Ok(Fresh { made, handle: ceremony.handle, answered })
}

/// Keeps it for `by`.
pub(super) async fn keep(
    doors: &PasswordDoors,
    by: Actor,
    fresh: Fresh,
    name: String,
) -> Result<Passkey, Failure> {
    let passkey = passkey(doors, by.person, &fresh, name);
    let deed = (Deed::PasskeyAdded, Some(passkey.id.to_bytes()));
    record_own(&doors.doors, by, deed).await?;
    match doors.passkeys.add_passkey(&passkey, fresh.answered, PASSKEYS_MAX).await? {
        Added::Fresh => Ok(passkey),
        Added::Again => Err(Refused::from(Unfit("it was added already, or begin again")).into()),
        Added::Taken => Err(taken().into()),
        Added::Full => Err(full().into()),
    }
}

fn passkey(doors: &PasswordDoors, person: PersonId, fresh: &Fresh, name: String) -> Passkey {
    let Made { credential, key, count, synced, backed_up } = fresh.made.clone();
    Passkey {
        id: doors.doors.ids().make(),
        person,
        credential,
        handle: fresh.handle.to_vec(),
        key,
        name,
        created_at: doors.doors.clock.now_ms(),
        used_at: None,
        count,
        synced,
        backed_up,
        copied_at: None,
    }
}

fn taken() -> Refused {
    Unfit("it is known here already").into()
}
