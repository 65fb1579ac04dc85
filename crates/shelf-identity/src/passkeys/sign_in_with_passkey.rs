//! Sign in with a passkey, without saying who one is.

use super::Brought;
use super::prove::prove;
use super::relying_party::RelyingParty;
use crate::create_token::{New, open};
use crate::passwords::{Knocked, PasswordDoors};
use shelf_ports::Failure;

/// Opens a session that is listed as `browser`, where the passkey is somebody's; why it is not, the
/// door does not say.
#[tracing::instrument(skip_all)]
pub async fn sign_in_with_passkey(
    doors: &PasswordDoors,
    site: &RelyingParty,
    brought: Brought<'_>,
    browser: &str,
) -> Result<Knocked, Failure> {
    let passkey = match prove(doors, site, brought, None).await {
        Ok(passkey) => passkey,
        Err(Failure::Refused(_)) => return Ok(Knocked::Wrong),
        Err(fault) => return Err(fault),
    };
    let new = New::session(&listed_as(browser), doors.doors.clock.now_ms());
    Ok(Knocked::Open(open(&doors.doors, passkey.person.into(), new).await?))
}

/// What a session is listed as that began with a passkey.
pub(super) fn listed_as(browser: &str) -> String {
    format!("{browser}, with a passkey")
}
