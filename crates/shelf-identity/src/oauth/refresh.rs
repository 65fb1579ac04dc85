//! A program uses its refresh secret up for new ones.

use super::exchange_code::shut_out;
use super::secrets::{Pair, Tokens};
use super::{GRACE_MS, OAuthCode, OAuthDoors, OAuthFailure, OAuthRefusal};
use crate::secret::Secret;
use shelf_domain::permit::Permits;
use shelf_ports::accounts::KeyPrint;
use shelf_ports::oauth::{Client, Rotated, Rotation};

/// Gives `client` new secrets for `old`, which is used up, where it proves to have the key that is
/// bound to, if one is. Brought again it gives the same answer
/// for ten seconds, as long as the new one was not used: an answer may get lost. After that somebody
/// has a copy, and the grant ends with all its secrets.
#[tracing::instrument(skip_all)]
pub async fn refresh(
    doors: &OAuthDoors,
    client: &Client,
    old: &Secret,
    scope: Option<&str>,
    bound: Option<KeyPrint>,
) -> Result<Tokens, OAuthFailure> {
    let refuse = || {
        let why = "the refresh token is unknown, was used, has ended, or is not of this client";
        OAuthFailure::new(OAuthCode::InvalidGrant, why)
    };
    if !old.is_plausible() {
        return Err(refuse());
    }
    let now = doors.doors.clock.now_ms();
    let known = doors.authorizations.app_secret(old.hash(), now).await?;
    let known = known.filter(|known| known.is_refresh && known.client == client.id);
    let known = known.ok_or_else(refuse)?;
    if known.grant.bound != bound {
        let why = "the refresh token is bound to another key, or to none";
        return Err(OAuthFailure::new(OAuthCode::InvalidGrant, why));
    }
    must_not_widen(known.grant.allows.permits, scope)?;
    let seed = doors.doors.chance.seed();
    let pair = Pair::made_of(old, seed, now, known.until);
    let rotation = Rotation { old: old.hash(), seed, issued: pair.issued, grace_ms: GRACE_MS };
    match doors.authorizations.rotate(&rotation, now).await? {
        Rotated::Fresh => Ok(pair.told(now, &known.grant)),
        Rotated::Again { seed, at } => {
            Ok(Pair::made_of(old, seed, at, known.until).told(now, &known.grant))
        }
        Rotated::Reused(ended) => {
            shut_out(doors, &ended).await?;
            Err(refuse())
        }
        Rotated::Unknown => Err(refuse()),
    }
}

/// New secrets are good for what the program was let in for; what it names must be within that.
fn must_not_widen(permits: Permits, scope: Option<&str>) -> Result<(), OAuthRefusal> {
    let refuse = |why| OAuthRefusal::new(OAuthCode::InvalidScope, why);
    let Some(scope) = scope else { return Ok(()) };
    let wanted = Permits::read(scope).map_err(|_| refuse("there is no such scope"))?;
    if permits.hold(wanted) { Ok(()) } else { Err(refuse("this is more than was granted")) }
}
