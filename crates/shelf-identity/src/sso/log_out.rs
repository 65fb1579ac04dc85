//! Sign somebody out whom their provider signed out (OpenID Connect Back-Channel Logout 1.0).

use super::exchange::with_keys;
use super::logout_token::judged_logout;
use super::token::Expected;
use super::{SsoDoors, SsoFailure, TurnedAway};
use crate::audit::{Actor, record};
use shelf_domain::audit::Deed;
use shelf_domain::id::TenantId;

/// How much later than a provider says its sessions end here: the clocks of both may differ by so much,
/// and what it says is cut to the second, milliseconds.
const LATER_MS: i64 = 61_000;

/// Where a provider of `tenant` says that somebody is signed out, below the address this server is
/// reached by.
pub fn logout_uri(reached: &str, tenant: TenantId) -> String {
    format!("{}/logout", super::redirect_uri(reached, tenant))
}

/// Ends the sessions in which somebody came in by the provider of `tenant`, whose word for that `token`
/// is; how many. What they made there stays: tokens and devices have an end of their own, and the provider
/// lets nobody make more.
///
/// Turned away like a sign-in, where the token does not hold; nothing is written down of that, as
/// anybody may send one. Of whom nobody knows here nothing is done.
#[tracing::instrument(skip_all)]
pub async fn log_out(doors: &SsoDoors, tenant: TenantId, token: &str) -> Result<u64, SsoFailure> {
    let provider = doors.sso.provider(tenant).await?.ok_or(TurnedAway::NoProvider)?;
    let now = doors.doors().clock.now_ms();
    // It belongs to no sign-in.
    let expected =
        Expected { issuer: &provider.issuer, client_id: &provider.client_id, nonce: "", now };
    let told =
        with_keys(doors, &provider.issuer, |keys| judged_logout(token, keys, &expected)).await?;
    let known = doors.sso.identity(tenant, &provider.issuer, &told.subject).await?;
    let Some(known) = known else { return Ok(0) };
    let until = told.at.saturating_add(LATER_MS);
    let by = Actor { provided_by: Some(tenant), ..Actor::from(known.person) };
    record(doors.doors(), tenant, by, (Deed::ProviderSignedOut, None), "").await?;
    let ended = doors.sso.end_sessions(tenant, known.person, until).await?;
    metrics::counter!("mindshelf_sso_logged_out_total").increment(ended);
    Ok(ended)
}
