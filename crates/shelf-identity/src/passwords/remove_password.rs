//! Remove one's password: from then on one signs in with links.

use super::set_password::current;
use super::{PasswordDoors, Typed, in_person};
use crate::audit::record_own;
use crate::authenticate::Signed;
use shelf_domain::audit::Deed;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

/// Removes the login name, password and recovery codes of whoever is signed in, and ends their other
/// sessions. Refused `not_found` where there is no password, and like
/// [`super::set_password::set_password`] where `password` is not theirs.
#[tracing::instrument(skip_all)]
pub async fn remove_password(
    doors: &PasswordDoors,
    signed: &Signed,
    password: &Typed,
) -> Result<(), Failure> {
    in_person(signed)?;
    let none = || Refused::not_found("password of yours");
    let stored = doors.credentials.credential_of(signed.person.id).await?.ok_or_else(none)?;
    current(doors, &doors.hashing.place()?, &stored, password).await?;
    record_own(&doors.doors, signed.into(), (Deed::PasswordRemoved, None)).await?;
    doors.credentials.remove_credential(signed.person.id, Some(signed.grant.id)).await?;
    Ok(())
}
