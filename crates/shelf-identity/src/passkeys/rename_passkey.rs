//! Give a passkey another name.

use crate::create_token::checked_name;
use crate::passwords::PasswordDoors;
use shelf_domain::id::{PasskeyId, PersonId};
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

/// Calls a passkey of `person` `name` from now on. Refused `invalid` at `name`, and `not_found` where
/// they have no such passkey.
#[tracing::instrument(skip_all)]
pub async fn rename_passkey(
    doors: &PasswordDoors,
    person: PersonId,
    id: PasskeyId,
    name: &str,
) -> Result<(), Failure> {
    let name = checked_name(name)?;
    if doors.passkeys.rename_passkey(person, id, &name).await? {
        return Ok(());
    }
    Err(absent(id).into())
}

/// What they do not have.
pub(super) fn absent(id: PasskeyId) -> Refused {
    Refused::not_found(format!("passkey {id}"))
}
