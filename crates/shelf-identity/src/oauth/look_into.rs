//! A program asks what a secret of its own is still good for (RFC 7662), or ends it (RFC 7009).

use super::OAuthDoors;
use crate::audit::record_own;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_ports::Fault;
use shelf_ports::oauth::{AppSecret, Client};

/// The secret, if it was given to `client` and still works; of what was given to others no program
/// learns anything.
#[tracing::instrument(skip_all)]
pub async fn look_into(
    doors: &OAuthDoors,
    client: &Client,
    secret: &Secret,
) -> Result<Option<AppSecret>, Fault> {
    if !secret.is_plausible() {
        return Ok(None);
    }
    let now = doors.doors.clock.now_ms();
    let known = doors.authorizations.app_secret(secret.hash(), now).await?;
    Ok(known.filter(|known| known.client == client.id && known.spent_at.is_none()))
}

/// Ends a secret of `client`: what it acts with alone, or with what it gets new ones with the whole
/// grant. What it was not given is not ended, and that is no error.
#[tracing::instrument(skip_all)]
pub async fn hand_back(doors: &OAuthDoors, client: &Client, secret: &Secret) -> Result<(), Fault> {
    let now = doors.doors.clock.now_ms();
    let known = doors.authorizations.app_secret(secret.hash(), now).await?;
    match known.filter(|known| known.client == client.id) {
        Some(AppSecret { grant, is_refresh: true, .. }) => {
            let deed = (Deed::GrantEnded, Some(grant.id.to_bytes()));
            record_own(&doors.doors, grant.person.into(), deed).await?;
            doors.doors.accounts.revoke(grant.person, grant.id).await.map(drop)
        }
        Some(_) => doors.authorizations.end_secret(secret.hash()).await.map(drop),
        None => Ok(()),
    }
}
