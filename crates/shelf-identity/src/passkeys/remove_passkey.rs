//! Remove a passkey, such as that of a device one lost.

use super::rename_passkey::absent;
use crate::audit::record_own;
use crate::authenticate::Signed;
use crate::passwords::by_them::{by_them, has_links};
use crate::passwords::{PasswordDoors, Typed};
use crate::privacy::in_person;
use shelf_domain::audit::Deed;
use shelf_domain::id::PasskeyId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::passkeys::Removed;

/// Removes a passkey of whoever is signed in, and ends their other sessions.
///
/// Refused `not_found` where they have no such passkey, `forbidden` for keys of programs, `invalid` where
/// it is their only way in, and like [`by_them`] where they do not prove that it is them. The sign-in
/// of an organisation counts for none: the organisation can end it, and them with it.
#[tracing::instrument(skip_all)]
pub async fn remove_passkey(
    doors: &PasswordDoors,
    signed: &Signed,
    id: PasskeyId,
    current: &Typed,
) -> Result<(), Failure> {
    in_person(signed)?;
    let person = signed.person.id;
    let own = doors.passkeys.passkeys_of(person).await?;
    if !own.iter().any(|one| one.id == id) {
        return Err(absent(id).into());
    }
    let has_password = doors.credentials.credential_of(person).await?.is_some();
    let may_be_last = has_password || has_links(doors, person).await?;
    // One that opens nothing any more is no way in.
    let opens = own.iter().filter(|one| one.id != id && one.copied_at.is_none()).count();
    let opened = own.iter().any(|one| one.id == id && one.copied_at.is_none());
    if !may_be_last && opened && opens == 0 {
        return Err(needed().into());
    }
    by_them(doors, signed, current).await?;
    let deed = (Deed::PasskeyRemoved, Some(id.to_bytes()));
    record_own(&doors.doors, signed.into(), deed).await?;
    let (least, keep) = (usize::from(!may_be_last && opened), Some(signed.grant.id));
    match doors.passkeys.remove_passkey(person, id, least, keep).await? {
        Removed::Gone => Ok(()),
        Removed::Unknown => Err(absent(id).into()),
        Removed::Needed => Err(needed().into()),
    }
}

fn needed() -> Refused {
    let detail = "this passkey is your only way in that nobody else can end (an organisation's \
                  sign-in can be); add another, or set a password, first";
    Refused::invalid("current", detail)
}
