//! Take an invitation up as somebody new, who signs in with a password from then on.

use super::set_password::check;
use super::{PasswordDoors, Typed};
use crate::audit::record_own;
use crate::create_token::{New, NewGrant, open};
use crate::secret::Secret;
use crate::tenants::invitations::{join_as_new, look_at_invitation};
use shelf_domain::audit::Deed;
use shelf_domain::login::LoginName;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::credentials::Credential;
use shelf_ports::tenants::Invitation;

/// Somebody new.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// What they are called, and sign in as.
    pub name: String,
    /// Their password.
    pub password: Typed,
    /// What their session is listed as.
    pub browser: String,
}

/// Somebody new, let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// Their session.
    pub session: NewGrant,
    /// What they were invited to.
    pub invitation: Invitation,
    /// Whether they can sign in with their name; not where somebody else took it in that moment.
    pub has_password: bool,
}

/// Lets somebody new join with a library of their own, and signs them in.
///
/// What they typed is looked at before the invitation is used up: refused `invalid` at `name`, also
/// where somebody else signs in with it, or at `password`; `not_found` like
/// [`look_at_invitation`].
#[tracing::instrument(skip_all)]
pub async fn join_with_password(
    doors: &PasswordDoors,
    secret: &Secret,
    who: Newcomer,
) -> Result<Came, Failure> {
    look_at_invitation(&doors.doors, secret).await?;
    let login =
        LoginName::read(&who.name).map_err(|refused| Refused::invalid("name", refused.detail))?;
    check(&login, &who.password)?;
    if doors.credentials.credential_by(&login).await?.is_some() {
        let detail = "somebody else signs in with this name; add a second one";
        return Err(Refused::invalid("name", detail).into());
    }
    let hash = doors.hashing.place()?.hash(&who.password, doors.doors.chance.seed()).await?;
    let (person, invitation) = join_as_new(&doors.doors, &who.name, secret).await?;
    let by = person.id.into();
    record_own(&doors.doors, by, (Deed::PasswordSet, None)).await?;
    let credential = Credential { person: person.id, login, hash };
    let has_password = doors.credentials.put_credential(&credential, None).await?;
    let new = New::session(&who.browser, doors.doors.clock.now_ms());
    let session = open(&doors.doors, by, new).await?;
    Ok(Came { session, invitation, has_password })
}
