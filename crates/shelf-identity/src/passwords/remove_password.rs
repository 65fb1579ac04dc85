//! Remove one's password: from then on one signs in with passkeys, or with links.

use super::by_them::{by_them, has_links, usable};
use super::{PasswordDoors, Typed, in_person};
use crate::audit::record_own;
use crate::authenticate::Signed;
use shelf_domain::audit::Deed;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

/// Removes the login name, password and recovery codes of whoever is signed in, and ends their other
/// sessions. Refused `not_found` where there is no password, `invalid` where it is their only way in,
/// and like [`by_them`] where they do not prove that it is them. The sign-in of an organisation counts
/// for none: the organisation can end it, and them with it.
#[tracing::instrument(skip_all)]
pub async fn remove_password(
    doors: &PasswordDoors,
    signed: &Signed,
    password: &Typed,
) -> Result<(), Failure> {
    in_person(signed)?;
    let none = || Refused::not_found("password of yours");
    let person = signed.person.id;
    doors.credentials.credential_of(person).await?.ok_or_else(none)?;
    if usable(doors, person).await?.is_empty() && !has_links(doors, person).await? {
        let detail = "this is your only way in that nobody else can end (an organisation's sign-in can \
                      be); add a passkey first";
        return Err(Refused::invalid("current", detail).into());
    }
    by_them(doors, signed, password).await?;
    record_own(&doors.doors, signed.into(), (Deed::PasswordRemoved, None)).await?;
    doors.credentials.remove_credential(person, Some(signed.grant.id)).await?;
    Ok(())
}
