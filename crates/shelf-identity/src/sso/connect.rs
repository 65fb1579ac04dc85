//! Connect an identity provider to a tenant, look at it, change it, and remove it.

use super::SsoDoors;
use super::about::checked_issuer;
use super::known::afresh;
use crate::audit::{Actor, record};
use crate::tenants::{absent, governor_in};
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::refusal::Refused;
use shelf_domain::right::Role;
use shelf_ports::Failure;
use shelf_ports::sso::{ClaimRule, Provider, ProviderSecret};
use shelf_ports::vault::Owner;

/// Longest id of this server at a provider, and longest name of a claim or value of one, characters.
const TEXT_CHARS_MAX: usize = 200;
/// Longest secret, bytes.
const SECRET_BYTES_MAX: usize = 1_000;
/// Most rules of one provider.
pub const RULES_MAX: usize = 200;
/// The claim that names groups, where nobody says otherwise.
pub const GROUPS_CLAIM: &str = "groups";

/// What provider to connect.
#[derive(Clone)]
pub struct ConnectProvider {
    /// What it calls itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves itself by; the one that is kept where none is said.
    pub client_secret: Option<String>,
    /// The claim that names groups; empty where none is followed.
    pub groups_claim: String,
    /// What follows from its values.
    pub rules: Vec<ClaimRule>,
    /// What somebody new is, where no rule says more.
    pub role: Role,
    /// Whether members other than owners reach the tenant in no other way.
    pub is_required: bool,
}

impl std::fmt::Debug for ConnectProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectProvider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The provider of `tenant`; for admins.
#[tracing::instrument(skip_all)]
pub async fn provider_of(
    doors: &SsoDoors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Option<Provider>, Failure> {
    governor_in(doors.doors(), by, tenant).await?;
    Ok(doors.sso.provider(tenant).await?)
}

/// Connects a provider, in the place of the one before; for admins.
///
/// Refused `invalid` at what is wrong: `issuer` where nobody answers there as that provider;
/// `client_secret` where none is said and none is kept or it was lost, or the issuer is another one, which must not
/// be sent the secret of the one before; `is_required` while no domain is proven; `role` and `rules`
/// where they would make an owner.
#[tracing::instrument(skip_all)]
pub async fn connect_provider(
    doors: &SsoDoors,
    by: Actor,
    tenant: TenantId,
    ask: ConnectProvider,
) -> Result<Provider, Failure> {
    governor_in(doors.doors(), by.person, tenant).await?;
    let before = doors.sso.provider(tenant).await?;
    let issuer = checked_issuer(&ask.issuer)?;
    let client_id = checked_text("client_id", &ask.client_id)?;
    check_roles(doors, tenant, &ask).await?;
    if ask.is_required && !has_domain(doors, tenant).await? {
        let detail = "prove a domain first, or nobody could come in";
        return Err(Refused::invalid("required", detail).into());
    }
    let same = before.as_ref().filter(|before| before.issuer == issuer);
    let now = doors.doors().clock.now_ms();
    let secret = match (checked_secret(ask.client_secret.as_deref())?, same) {
        (Some(secret), _) => sealed(doors, tenant, secret).await?,
        (None, Some(before)) if !before.secret.is_lost() => before.secret.clone(),
        (None, _) => {
            let detail = "say the secret the provider gave for this server";
            return Err(Refused::invalid("client_secret", detail).into());
        }
    };
    if let Err(why) = afresh(doors, &issuer, now).await {
        return Err(Refused::invalid("issuer", why.sentence()).into());
    }
    let provider = Provider {
        tenant,
        issuer,
        client_id,
        secret,
        groups_claim: ask.groups_claim.trim().to_owned(),
        rules: ask.rules,
        role: ask.role,
        is_required: ask.is_required,
        created_at: same.map_or(now, |before| before.created_at),
    };
    let deed = if before.is_some() { Deed::ProviderChanged } else { Deed::ProviderConnected };
    let detail = if provider.is_required { "required" } else { "" };
    record(doors.doors(), tenant, by, (deed, None), detail).await?;
    let is_there = doors.sso.put_provider(&provider).await?;
    if is_there { Ok(provider) } else { Err(absent(tenant).into()) }
}

/// Removes the provider of `tenant`; for admins. Whom it knew stay members; they are known by it no
/// more, and what they came in with by it is ended. Whoever has no password and no passkey has no way
/// in then.
#[tracing::instrument(skip_all)]
pub async fn remove_provider(doors: &SsoDoors, by: Actor, tenant: TenantId) -> Result<(), Failure> {
    governor_in(doors.doors(), by.person, tenant).await?;
    record(doors.doors(), tenant, by, (Deed::ProviderRemoved, None), "").await?;
    let was_there = doors.sso.remove_provider(tenant).await?;
    if was_there { Ok(()) } else { Err(Refused::not_found("identity provider").into()) }
}

async fn has_domain(doors: &SsoDoors, tenant: TenantId) -> Result<bool, Failure> {
    let domains = doors.sso.domains(tenant).await?;
    Ok(domains.iter().any(|domain| domain.verified_at.is_some()))
}

/// Refuses rules that would make an owner, or put somebody into a group that is not there.
async fn check_roles(
    doors: &SsoDoors,
    tenant: TenantId,
    ask: &ConnectProvider,
) -> Result<(), Failure> {
    if ask.role == Role::Owner {
        return Err(Refused::invalid("role", "a provider makes no owners").into());
    }
    if ask.groups_claim.chars().count() > TEXT_CHARS_MAX {
        let detail = format!("a claim has at most {TEXT_CHARS_MAX} characters");
        return Err(Refused::invalid("groups_claim", detail).into());
    }
    if ask.rules.len() > RULES_MAX {
        let detail = format!("a provider has at most {RULES_MAX} rules");
        return Err(Refused::invalid("rules", detail).into());
    }
    let groups = doors.doors().tenants.groups(tenant).await?;
    for (at, rule) in ask.rules.iter().enumerate() {
        checked_text(&format!("rules[{at}].value"), &rule.value)?;
        if rule.role == Some(Role::Owner) {
            let place = format!("rules[{at}].role");
            return Err(Refused::invalid(place, "a provider makes no owners").into());
        }
        if rule.group.is_some_and(|id| !groups.iter().any(|group| group.id == id)) {
            let place = format!("rules[{at}].group");
            return Err(Refused::invalid(place, "there is no such group here").into());
        }
    }
    Ok(())
}

fn checked_text(at: &str, text: &str) -> Result<String, Refused> {
    let text = text.trim();
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let detail = format!("this has 1 to {TEXT_CHARS_MAX} characters, none of them a control one");
    Err(Refused::invalid(at, detail))
}

/// The secret that was said, if one was; an empty one is none.
fn checked_secret(said: Option<&str>) -> Result<Option<&str>, Refused> {
    let said = said.map(str::trim).filter(|secret| !secret.is_empty());
    if said.is_some_and(|secret| secret.len() > SECRET_BYTES_MAX) {
        let detail = format!("a secret has at most {SECRET_BYTES_MAX} bytes");
        return Err(Refused::invalid("client_secret", detail));
    }
    Ok(said)
}

async fn sealed(
    doors: &SsoDoors,
    tenant: TenantId,
    secret: &str,
) -> Result<ProviderSecret, Failure> {
    let (owner, of) = (Owner::Tenant(tenant), ProviderSecret::of(tenant));
    Ok(ProviderSecret(doors.vault.seal(owner, of, secret.as_bytes()).await?))
}
