//! Take what a provider sends a browser back with, and open a session for whom it means.

use super::begin::state;
use super::come_in::identified;
use super::exchange::exchanged;
use super::follow_claim::{follow_claim, meant};
use super::known::known;
use super::{SsoDoors, SsoFailure, TurnedAway};
use crate::audit::{Actor, record};
use crate::authenticate::Signed;
use crate::create_token::{New, NewGrant, open};
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, TenantId};
use shelf_ports::sso::{Flow, Provider};
use std::fmt;

/// Longest code and state that are looked at, bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
/// Who stands in the audit log for whom nobody knows.
const NOBODY: PersonId = PersonId::from_bytes([0; 16]);

/// What a browser comes back with; absent is empty.
#[derive(Clone, Default)]
pub struct Answered {
    /// What it brings to the provider's token endpoint.
    pub code: String,
    /// What it was sent with.
    pub state: String,
    /// Who says so (RFC 9207).
    pub iss: String,
    /// Why there is no code.
    pub error: String,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A code opens something.
        f.debug_struct("Answered").field("error", &self.error).finish_non_exhaustive()
    }
}

/// The browser that came back.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// What it kept from the beginning.
    pub secret: Option<&'a Secret>,
    /// Whoever is signed in with it already.
    pub signed: Option<&'a Signed>,
    /// What its session is listed as.
    pub name: &'a str,
    /// The address it reached this server by.
    pub reached: &'a str,
}

/// Somebody came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// Their session.
    pub session: NewGrant,
    /// Where they go.
    pub landing: String,
}

/// Ends a sign-in that [`begin`](super::begin::begin) began in the same browser: once, in time, and
/// for the tenant whose address the provider answers at, so that the code of one provider is never
/// brought to another.
#[tracing::instrument(skip_all)]
pub async fn finish(
    doors: &SsoDoors,
    tenant: TenantId,
    answered: &Answered,
    browser: &Browser<'_>,
) -> Result<Came, SsoFailure> {
    let (secret, flow) = taken(doors, answered, browser).await?;
    if flow.tenant != tenant {
        return Err(TurnedAway::Stale.into());
    }
    let came = come(doors, &flow, secret, answered, browser).await;
    if let Err(SsoFailure::TurnedAway(why)) = &came {
        let by = Actor::from(flow.person.unwrap_or(NOBODY));
        record(doors.doors(), tenant, by, (Deed::ProviderTurnedAway, None), why.name()).await?;
        metrics::counter!("mindshelf_sso_turned_away_total", "why" => why.name()).increment(1);
    }
    came
}

/// The sign-in this browser began, which is used up by this.
async fn taken<'a>(
    doors: &SsoDoors,
    answered: &Answered,
    browser: &Browser<'a>,
) -> Result<(&'a Secret, Flow), SsoFailure> {
    let secret = browser.secret.filter(|secret| secret.is_plausible());
    let secret = secret.ok_or(TurnedAway::Stale)?;
    // Looked at before it is used up, so that an address of others ends nothing.
    if answered.state.len() > ANSWER_BYTES_MAX || answered.state != state(secret) {
        return Err(TurnedAway::Stale.into());
    }
    let now = doors.doors().clock.now_ms();
    let flow = doors.sso.take_flow(secret.hash(), now).await?.ok_or(TurnedAway::Stale)?;
    let signed = browser.signed.map(|signed| signed.person.id);
    if flow.person.is_some() && flow.person != signed {
        return Err(TurnedAway::Stale.into());
    }
    Ok((secret, flow))
}

async fn come(
    doors: &SsoDoors,
    flow: &Flow,
    secret: &Secret,
    answered: &Answered,
    browser: &Browser<'_>,
) -> Result<Came, SsoFailure> {
    let provider = doors.sso.provider(flow.tenant).await?.ok_or(TurnedAway::NoProvider)?;
    if provider.issuer != flow.issuer || provider.client_id != flow.client_id {
        return Err(TurnedAway::Changed.into());
    }
    check_answer(doors, &provider, answered).await?;
    let claims = exchanged(doors, &provider, &answered.code, secret, browser.reached).await?;
    let means = meant(&provider, &claims);
    let identity = identified(doors, &provider, &claims, &means, flow.person).await?;
    let by = Actor { provided_by: Some(flow.tenant), ..Actor::from(identity.person) };
    record(doors.doors(), flow.tenant, by, (Deed::ProviderSignedIn, None), "").await?;
    follow_claim(doors, &identity, &means, by).await?;
    let new = New::session(browser.name, doors.doors().clock.now_ms());
    let session = open(doors.doors(), by, new).await?;
    Ok(Came { session, landing: flow.landing.clone() })
}

/// Refuses an answer without a code, or of another provider.
async fn check_answer(
    doors: &SsoDoors,
    provider: &Provider,
    answered: &Answered,
) -> Result<(), SsoFailure> {
    let about = &known(doors, &provider.issuer).await?.about;
    let is_other = !answered.iss.is_empty() && answered.iss != provider.issuer;
    if is_other || (answered.iss.is_empty() && about.says_who_answers) {
        return Err(TurnedAway::Issuer.into());
    }
    let has_code = (1..=ANSWER_BYTES_MAX).contains(&answered.code.len());
    if !answered.error.is_empty() || !has_code {
        return Err(TurnedAway::Declined.into());
    }
    Ok(())
}
