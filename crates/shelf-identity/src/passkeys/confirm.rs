//! Confirm with a passkey that it is whoever is signed in, instead of typing a password.

use super::Brought;
use super::prove::prove;
use super::relying_party::RelyingParty;
use crate::authenticate::Signed;
use crate::passwords::by_them::confirmed;
use crate::passwords::{PasswordDoors, in_person};
use shelf_ports::Failure;

/// Lets the next act that asks for it pass in this session, within five minutes. Refused `invalid`
/// where the passkey is not accepted.
#[tracing::instrument(skip_all)]
pub async fn confirm(
    doors: &PasswordDoors,
    signed: &Signed,
    site: &RelyingParty,
    brought: Brought<'_>,
) -> Result<(), Failure> {
    in_person(signed)?;
    prove(doors, site, brought, Some(signed)).await?;
    Ok(confirmed(doors, signed).await?)
}
