//! Send a browser to the provider of its organisation, with a secret that it brings back.

use super::known::known;
use super::{FLOW_MS, SsoDoors, SsoFailure, TurnedAway, derived, redirect_uri};
use crate::authenticate::Signed;
use crate::secret::Secret;
use crate::tenants::role_in;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::mail::MailDomain;
use shelf_ports::sso::{Flow, Provider};
use url::Url;

/// What a sign-in asks for: who somebody is, what they are called, and their mail address.
const SCOPE: &str = "openid profile email";

/// A sign-in that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// The host it goes to, for people.
    pub host: String,
    /// What the browser keeps and brings back: nobody else can end this sign-in.
    pub secret: Secret,
}

/// Begins a sign-in for whoever has a mail address of an organisation. Whether there is anybody with
/// that address is not looked at, so nothing is told of it.
#[tracing::instrument(skip_all)]
pub async fn begin(
    doors: &SsoDoors,
    mail: &str,
    reached: &str,
    landing: &str,
) -> Result<Begun, SsoFailure> {
    let domain = MailDomain::of_address(mail).ok_or(TurnedAway::NoProvider)?;
    let tenant = doors.sso.tenant_of_domain(&domain).await?.ok_or(TurnedAway::NoProvider)?;
    let provider = doors.sso.provider(tenant).await?.ok_or(TurnedAway::NoProvider)?;
    sent(doors, &provider, (None, Some(mail.trim())), reached, landing).await
}

/// Begins a sign-in after which whoever is signed in is known to the provider of their tenant: both
/// are proven, this account by its session, the other one there.
#[tracing::instrument(skip_all)]
pub async fn begin_connecting(
    doors: &SsoDoors,
    signed: &Signed,
    tenant: TenantId,
    reached: &str,
) -> Result<Begun, SsoFailure> {
    role_in(doors.doors(), signed.person.id, tenant).await?;
    let provider = doors.sso.provider(tenant).await?.ok_or(TurnedAway::NoProvider)?;
    let landing = format!("/people/{tenant}");
    sent(doors, &provider, (Some(signed.person.id), None), reached, &landing).await
}

async fn sent(
    doors: &SsoDoors,
    provider: &Provider,
    (person, hint): (Option<PersonId>, Option<&str>),
    reached: &str,
    landing: &str,
) -> Result<Begun, SsoFailure> {
    if provider.secret.is_lost() {
        return Err(TurnedAway::NoSecret.into());
    }
    let said = known(doors, &provider.issuer).await?;
    let mut address =
        Url::parse(&said.about.authorization_endpoint).map_err(|_| TurnedAway::OtherProvider)?;
    let secret = Secret::new(&*doors.doors().chance);
    let now = doors.doors().clock.now_ms();
    let flow = Flow {
        tenant: provider.tenant,
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        person,
        landing: landing.to_owned(),
        expires_at: now + FLOW_MS,
    };
    doors.sso.put_flow(secret.hash(), &flow, now).await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier(&secret)));
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &redirect_uri(reached, provider.tenant))
        .append_pair("scope", SCOPE)
        .append_pair("state", &state(&secret))
        .append_pair("nonce", &nonce(&secret))
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(hint.map(|mail| ("login_hint", mail)))
        // Whoever connects an account signs in there now: somebody else's session may be open there, in
        // a browser they share, and would have a way in here for good.
        .extend_pairs(person.map(|_| ("prompt", "login")));
    let host = address.host_str().unwrap_or_default().to_owned();
    Ok(Begun { address: address.into(), host, secret })
}

/// What comes back with the answer.
pub(super) fn state(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(derived("state", secret.expose()))
}

/// What stands in the token.
pub(super) fn nonce(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(derived("nonce", secret.expose()))
}

/// What proves that whoever brings the code asked for it (PKCE).
pub(super) fn verifier(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(derived("verifier", secret.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_sent_leads_to_anything_else_that_is() {
        let secret = Secret::sent("the secret of a browser");
        let all = [state(&secret), nonce(&secret), verifier(&secret)];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 43, "as long as PKCE demands");
            assert!(all.iter().skip(at + 1).all(|other| other != one));
            assert!(!one.contains(secret.expose()));
        }
        assert_ne!(state(&Secret::sent("another")), state(&secret));
    }
}
