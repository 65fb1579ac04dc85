//! Whom the claims of a provider mean: somebody who is known, a member who connects their account,
//! or somebody new.

use super::follow_claim::Means;
use super::token::Claims;
use super::{SsoDoors, SsoFailure, TurnedAway};
use crate::audit::{Actor, record};
use crate::create_token::NAME_CHARS_MAX;
use crate::first_run::FIRST_LIBRARY;
use shelf_domain::audit::Deed;
use shelf_domain::id::PersonId;
use shelf_domain::login::LoginName;
use shelf_domain::mail::MailDomain;
use shelf_domain::right::Role;
use shelf_ports::Fault;
use shelf_ports::accounts::{LibraryInfo, Person};
use shelf_ports::sso::{Identity, Provider};
use shelf_ports::tenants::Joining;

/// What somebody is called of whom nothing is said.
const NAMELESS: &str = "Somebody";

/// Whom `claims` mean. `connecting` is the member who began the sign-in to be known by it.
///
/// What a provider calls somebody decides; a mail address never leads to anybody who is here, and
/// lets somebody in only where the provider verified it and the tenant proved its domain.
pub(super) async fn identified(
    doors: &SsoDoors,
    provider: &Provider,
    claims: &Claims,
    means: &Means,
    connecting: Option<PersonId>,
) -> Result<Identity, SsoFailure> {
    let (tenant, issuer) = (provider.tenant, &provider.issuer);
    let known = doors.sso.identity(tenant, issuer, &claims.subject).await?;
    if let Some(known) = known {
        return still_here(doors, known, connecting).await;
    }
    let mail = claims.mail.as_deref().ok_or(TurnedAway::UnverifiedMail)?;
    let domain = MailDomain::of_address(mail).ok_or(TurnedAway::OtherDomain)?;
    if doors.sso.tenant_of_domain(&domain).await? != Some(tenant) {
        return Err(TurnedAway::OtherDomain.into());
    }
    let (joining, role) = match connecting {
        Some(person) => (connected(doors, provider, person).await?, None),
        None => (newcomer(doors, provider, claims, mail).await?, Some(means.role)),
    };
    let person = joining.person();
    let now = doors.doors().clock.now_ms();
    let identity = Identity {
        tenant,
        issuer: issuer.clone(),
        subject: claims.subject.clone(),
        person,
        role,
        since: now,
        signed_in_at: now,
        groups: Vec::new(),
    };
    let deed = (Deed::ProviderLinked, Some(person.to_bytes()));
    let detail = role.map_or("", Role::name);
    record(doors.doors(), tenant, Actor::from(person), deed, detail).await?;
    if doors.sso.put_identity(&identity, &joining, means.role).await? {
        return Ok(identity);
    }
    // Somebody came in by the same name at the same moment, or the account is known by another.
    match doors.sso.identity(tenant, issuer, &claims.subject).await? {
        Some(known) => still_here(doors, known, connecting).await,
        None => Err(TurnedAway::OtherAccount.into()),
    }
}

/// Somebody who is known, if they are a member still.
async fn still_here(
    doors: &SsoDoors,
    known: Identity,
    connecting: Option<PersonId>,
) -> Result<Identity, SsoFailure> {
    if connecting.is_some_and(|person| person != known.person) {
        return Err(TurnedAway::OtherAccount.into());
    }
    let member = doors.doors().tenants.member(known.tenant, known.person).await?;
    if member.is_some() { Ok(known) } else { Err(TurnedAway::NotMember.into()) }
}

/// A member who proved both accounts.
async fn connected(
    doors: &SsoDoors,
    provider: &Provider,
    person: PersonId,
) -> Result<Joining, SsoFailure> {
    let member = doors.doors().tenants.member(provider.tenant, person).await?;
    if member.is_none() {
        return Err(TurnedAway::NotMember.into());
    }
    let before = doors.sso.identities_of(person).await?;
    if before.iter().any(|one| one.tenant == provider.tenant) {
        return Err(TurnedAway::OtherAccount.into());
    }
    Ok(Joining::Known(person))
}

/// Somebody new, with a library of their own. Not where a member signs in with this address: they
/// would be here twice, and who they are is for them to say.
async fn newcomer(
    doors: &SsoDoors,
    provider: &Provider,
    claims: &Claims,
    mail: &str,
) -> Result<Joining, SsoFailure> {
    if is_login_of_member(doors, provider, mail).await? {
        return Err(TurnedAway::HasAccount.into());
    }
    let (mut ids, created_at) = (doors.doors().ids(), doors.doors().clock.now_ms());
    let person = Person { id: ids.make(), tenant: ids.make(), name: called(claims, mail) };
    let (id, tenant, name) = (ids.make(), person.tenant, FIRST_LIBRARY.to_owned());
    Ok(Joining::New(person, LibraryInfo { id, tenant, name, created_at }))
}

async fn is_login_of_member(
    doors: &SsoDoors,
    provider: &Provider,
    mail: &str,
) -> Result<bool, Fault> {
    let Ok(login) = LoginName::read(mail) else { return Ok(false) };
    let Some(found) = doors.passwords.credentials.credential_by(&login).await? else {
        return Ok(false);
    };
    Ok(doors.doors().tenants.member(provider.tenant, found.person).await?.is_some())
}

/// What somebody new is called.
fn called(claims: &Claims, mail: &str) -> String {
    let local = mail.split('@').next().unwrap_or_default();
    let names = [claims.name.as_deref().unwrap_or_default(), local, NAMELESS];
    let plain = |name: &str| {
        let kept = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX);
        kept.collect::<String>().trim().to_owned()
    };
    names.into_iter().map(plain).find(|name| !name.is_empty()).unwrap_or_default()
}
