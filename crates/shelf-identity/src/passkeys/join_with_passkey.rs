//! Take an invitation up as somebody new, who signs in with a passkey from then on.

use super::Brought;
use super::add_passkey::{judge, keep};
use super::begin::bound_to;
use super::ceremony::Purpose;
use super::relying_party::RelyingParty;
use super::sign_in_with_passkey::listed_as;
use crate::create_token::{New, NewGrant, open};
use crate::passwords::PasswordDoors;
use crate::secret::Secret;
use crate::tenants::invitations::join_as_new;
use shelf_ports::Failure;
use shelf_ports::tenants::Invitation;

/// Somebody new, who brings a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// What they are called.
    pub name: &'a str,
    /// Their passkey.
    pub brought: Brought<'a>,
    /// What their session and their passkey are listed as.
    pub browser: &'a str,
}

/// Somebody new, let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// Their session.
    pub session: NewGrant,
    /// What they were invited to.
    pub invitation: Invitation,
    /// Whether their passkey was kept; not where somebody else brought it in that moment.
    pub has_passkey: bool,
}

/// Lets somebody new join with a library of their own, and signs them in.
///
/// What they bring is judged before the invitation is used up: refused `invalid` at `name` or at
/// `passkey`; `not_found` like [`crate::tenants::invitations::look_at_invitation`].
#[tracing::instrument(skip_all)]
pub async fn join_with_passkey(
    doors: &PasswordDoors,
    site: &RelyingParty,
    secret: &Secret,
    who: Newcomer<'_>,
) -> Result<Came, Failure> {
    let fresh = judge(doors, site, who.brought, (Purpose::Join, bound_to(secret))).await?;
    let (person, invitation) = join_as_new(&doors.doors, who.name, secret).await?;
    let by = person.id.into();
    let has_passkey = match keep(doors, by, fresh, who.browser.to_owned()).await {
        Ok(_) => true,
        Err(Failure::Refused(_)) => false,
        Err(fault) => return Err(fault),
    };
    let new = New::session(&listed_as(who.browser), doors.doors.clock.now_ms());
    let session = open(&doors.doors, by, new).await?;
    Ok(Came { session, invitation, has_passkey })
}
