//! A program acts for who registered it, by its secret alone (client credentials).

use super::authorize::wanted;
use super::secrets::Tokens;
use super::{ACCESS_MS, OAuthCode, OAuthDoors, OAuthFailure};
use crate::secret::Secret;
use sha2::{Digest, Sha256};
use shelf_domain::id::DeviceId;
use shelf_domain::permit::{Allowance, Permits};
use shelf_ports::accounts::{Grant, GrantKind, KeyPrint};
use shelf_ports::oauth::Client;

/// Gives `client` what it acts with for who registered it: for `scope`, or all it may ask for.
/// Each set of scopes has one grant, however often it is asked for, so that history does not grow
/// an author every quarter of an hour.
#[tracing::instrument(skip_all)]
pub async fn act_alone(
    doors: &OAuthDoors,
    client: &Client,
    scope: Option<&str>,
    bound: Option<KeyPrint>,
) -> Result<Tokens, OAuthFailure> {
    if !client.acts_alone {
        let why = "this client was not registered to act alone";
        return Err(OAuthFailure::new(OAuthCode::UnauthorizedClient, why));
    }
    let permits = match scope {
        Some(scope) => wanted(client, scope)?,
        None => client.permits,
    };
    let now = doors.doors.clock.now_ms();
    let access = Secret::new(&*doors.doors.chance);
    let grant = Grant {
        id: id(client, permits, bound),
        person: client.person,
        kind: GrantKind::App,
        name: client.name.clone(),
        created_at: now,
        expires_at: Some(now + ACCESS_MS),
        used_at: None,
        allows: Allowance { permits, libraries: None },
        bound,
        // Where a provider is required, programs that were let in stay outside.
        provided_by: None,
    };
    doors.authorizations.put_own(&grant, client.id, access.hash()).await?;
    Ok(Tokens { access, expires_in_s: ACCESS_MS / 1_000, refresh: None, permits, bound })
}

/// The grant of a program that acts alone for `permits`, with that key.
fn id(client: &Client, permits: Permits, bound: Option<KeyPrint>) -> DeviceId {
    let hash = Sha256::new()
        .chain_update("mindshelf.own.1\0")
        .chain_update(client.id.to_bytes())
        .chain_update(bound.map_or([0; 32], |key| key.0))
        .chain_update(permits.to_string())
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    DeviceId::from_bytes(id)
}
