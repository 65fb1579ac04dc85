//! See one's passkeys.

use crate::passwords::PasswordDoors;
use shelf_domain::id::PersonId;
use shelf_ports::Fault;
use shelf_ports::passkeys::Passkey;

/// The passkeys of `person`, oldest first.
#[tracing::instrument(skip_all)]
pub async fn list_passkeys(doors: &PasswordDoors, person: PersonId) -> Result<Vec<Passkey>, Fault> {
    doors.passkeys.passkeys_of(person).await
}
