//! The domains of mail addresses a provider may speak for: name one, prove it, see and remove them.

use super::about::told;
use super::{SsoDoors, asked};
use crate::audit::{Actor, record};
use crate::secret::Secret;
use crate::tenants::governor_in;
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::mail::MailDomain;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::outbound::Method;
use shelf_ports::sso::{DOMAINS_MAX, TenantDomain, Verified};

/// The path at which a domain says whose it is.
pub const PATH: &str = "/.well-known/mindshelf-domain";
/// Most lines of such a file that are looked at.
const LINES_MAX: usize = 100;

/// Where `domain` has to say whose it is.
pub fn place_of(domain: &MailDomain) -> String {
    format!("https://{domain}{PATH}")
}

/// The domains of `tenant`, by name; for admins.
#[tracing::instrument(skip_all)]
pub async fn list_domains(
    doors: &SsoDoors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Vec<TenantDomain>, Failure> {
    governor_in(doors.doors(), by, tenant).await?;
    Ok(doors.sso.domains(tenant).await?)
}

/// Names a domain, of which nothing is believed until it is proven; for admins. Naming it again
/// changes nothing.
#[tracing::instrument(skip_all)]
pub async fn add_domain(
    doors: &SsoDoors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<TenantDomain, Failure> {
    governor_in(doors.doors(), by.person, tenant).await?;
    let name = MailDomain::read(name)?;
    let known = doors.sso.domains(tenant).await?;
    if let Some(known) = known.iter().find(|known| known.name == name) {
        return Ok(known.clone());
    }
    let (added_at, secret) = (doors.doors().clock.now_ms(), Secret::new(&*doors.doors().chance));
    let token = format!("mindshelf-domain={}", secret.expose());
    let domain = TenantDomain { tenant, name, token, added_at, verified_at: None };
    record(doors.doors(), tenant, by, (Deed::DomainAdded, None), "").await?;
    if doors.sso.add_domain(&domain).await? {
        return Ok(domain);
    }
    let detail = format!("a tenant names at most {DOMAINS_MAX} domains");
    Err(Refused::new(Code::Quota, "", detail).into())
}

/// Looks whether a domain says that it is the tenant's, and believes it from then on; for admins.
/// Refused `invalid` at `domain` where it does not say so, or says so of another tenant that proved
/// it before.
#[tracing::instrument(skip_all)]
pub async fn verify_domain(
    doors: &SsoDoors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<TenantDomain, Failure> {
    governor_in(doors.doors(), by.person, tenant).await?;
    let mut domain = named(doors, tenant, name).await?;
    if domain.verified_at.is_some() {
        return Ok(domain);
    }
    look(doors, &domain).await?;
    record(doors.doors(), tenant, by, (Deed::DomainVerified, None), "").await?;
    let now = doors.doors().clock.now_ms();
    match doors.sso.verify_domain(tenant, &domain.name, now).await? {
        Verified::Done => {
            domain.verified_at = Some(now);
            Ok(domain)
        }
        Verified::Taken => {
            let detail =
                "another organisation proved this domain before; ask whoever runs the server";
            Err(Refused::invalid("domain", detail).into())
        }
        Verified::Absent => Err(absent(&domain.name).into()),
    }
}

/// Removes a domain: nobody new comes in by it; whoever is known stays known. For admins.
#[tracing::instrument(skip_all)]
pub async fn remove_domain(
    doors: &SsoDoors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<(), Failure> {
    governor_in(doors.doors(), by.person, tenant).await?;
    let domain = named(doors, tenant, name).await?;
    record(doors.doors(), tenant, by, (Deed::DomainRemoved, None), "").await?;
    let was_there = doors.sso.remove_domain(tenant, &domain.name).await?;
    if was_there { Ok(()) } else { Err(absent(&domain.name).into()) }
}

async fn named(doors: &SsoDoors, tenant: TenantId, name: &str) -> Result<TenantDomain, Failure> {
    let name = MailDomain::read(name).map_err(|_| Refused::not_found("such domain here"))?;
    let known = doors.sso.domains(tenant).await?.into_iter().find(|known| known.name == name);
    known.ok_or_else(|| absent(&name).into())
}

fn absent(name: &MailDomain) -> Refused {
    Refused::not_found(format!("domain {name} here"))
}

/// Refuses a domain that does not say what it has to.
async fn look(doors: &SsoDoors, domain: &TenantDomain) -> Result<(), Failure> {
    let place = place_of(&domain.name);
    let answer = match doors.outbound.send(asked(Method::Get, &place, &["text/plain"])).await {
        Ok(answer) => answer,
        Err(why) => {
            let detail = format!("{place} was not read: {}", told(why));
            return Err(Refused::invalid("domain", detail).into());
        }
    };
    let text = String::from_utf8_lossy(&answer.body);
    let says = text.lines().take(LINES_MAX).any(|line| line.trim() == domain.token);
    if answer.status == 200 && says {
        return Ok(());
    }
    let detail = format!("{place} does not say {}", domain.token);
    Err(Refused::invalid("domain", detail).into())
}
