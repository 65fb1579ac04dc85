//! See which programs one let in.

use super::OAuthDoors;
use shelf_domain::id::{ClientId, PersonId};
use shelf_ports::Fault;
use shelf_ports::accounts::Grant;

/// The grants of programs `person` let in, latest first, each with its program.
#[tracing::instrument(skip_all)]
pub async fn list_apps(
    doors: &OAuthDoors,
    person: PersonId,
) -> Result<Vec<(Grant, ClientId)>, Fault> {
    let now = doors.doors.clock.now_ms();
    let clients = doors.authorizations.apps(person, now).await?;
    let grants = doors.doors.accounts.grants(person, now).await?;
    let with_client = |grant: Grant| {
        let known = clients.iter().find(|(id, _)| *id == grant.id);
        known.map(|(_, client)| (grant, *client))
    };
    Ok(grants.into_iter().filter_map(with_client).collect())
}
