//! See and end the grants of a person: sessions, tokens, devices.

use crate::audit::{Actor, record_own};
use crate::authenticate::Signed;
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::Grant;
use shelf_ports::{Failure, Fault};

/// The grants of `person` that have not ended, latest first.
#[tracing::instrument(skip_all)]
pub async fn list_grants(doors: &Doors, person: PersonId) -> Result<Vec<Grant>, Fault> {
    doors.accounts.grants(person, doors.clock.now_ms()).await
}

/// Ends one grant of whoever asks; refused `not_found` where they have no such grant.
#[tracing::instrument(skip_all)]
pub async fn revoke_grant(doors: &Doors, by: Actor, grant: DeviceId) -> Result<(), Failure> {
    record_own(doors, by, (Deed::GrantEnded, Some(grant.to_bytes()))).await?;
    if doors.accounts.revoke(by.person, grant).await? {
        return Ok(());
    }
    Err(Refused::not_found(format!("grant {grant}")).into())
}

/// Ends the grant one is signed in with; ending it twice is no error.
#[tracing::instrument(skip_all)]
pub async fn sign_out(doors: &Doors, signed: &Signed) -> Result<(), Fault> {
    record_own(doors, signed.into(), (Deed::GrantEnded, Some(signed.grant.id.to_bytes()))).await?;
    doors.accounts.revoke(signed.person.id, signed.grant.id).await.map(|_| ())
}
