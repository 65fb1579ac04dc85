//! Give a passkey another name.

use crate::authenticate::Signed;
use crate::create_token::checked_name;
use crate::passwords::PasswordDoors;
use crate::privacy::in_person;
use shelf_domain::id::PasskeyId;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

/// Calls a passkey of whoever is signed in `name` from now on. Refused `invalid` at `name`,
/// `not_found` where they have no such passkey, and `forbidden` for keys of programs.
#[tracing::instrument(skip_all)]
pub async fn rename_passkey(
    doors: &PasswordDoors,
    signed: &Signed,
    id: PasskeyId,
    name: &str,
) -> Result<(), Failure> {
    in_person(signed)?;
    let name = checked_name(name)?;
    if doors.passkeys.rename_passkey(signed.person.id, id, &name).await? {
        return Ok(());
    }
    Err(absent(id).into())
}

/// What they do not have.
pub(super) fn absent(id: PasskeyId) -> Refused {
    Refused::not_found(format!("passkey {id}"))
}
