//! What is known of a person's account, as the file their archive begins with.

use super::choose::decided;
use super::notice::KEPT;
use super::recipients::{origin, recipients};
use super::{PrivacyDoors, for_everything, moment};
use crate::authenticate::Signed;
use serde_json::{Map, Value, json};
use shelf_domain::audit::Sealed;
use shelf_domain::id::{LibraryId, PersonId};
use shelf_domain::permit::{Allowance, Permit, Permits};
use shelf_domain::privacy::Purpose;
use shelf_domain::right::Right;
use shelf_ports::accounts::Grant;
use shelf_ports::tenants::{Holder, Share, Tenant};
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Where the file is in an archive.
pub const ACCOUNT_FILE: &str = "account.json";
/// Records of an audit log read at once.
const AT_ONCE: usize = 1_000;
/// Most records of audit logs that are told: the first ones, where there are more.
const RECORDS_MAX: usize = 100_000;

/// What is known of whoever is signed in, without a secret. Refused `forbidden` for what is good for
/// a part alone.
#[tracing::instrument(skip_all)]
pub async fn account_file(doors: &PrivacyDoors, signed: &Signed) -> Result<Vec<u8>, Failure> {
    for_everything(signed)?;
    let (person, identity) = (&signed.person, doors.doors());
    let now = identity.clock.now_ms();
    let credential = doors.passwords.credentials.credential_of(person.id).await?;
    let grants = identity.accounts.grants(person.id, now).await?;
    let settings = doors.privacy.settings_of(person.id).await?;
    let settings: Map<String, Value> =
        settings.into_iter().map(|(name, value)| (name, value.into())).collect();
    let mut account = json!({
        "format": "mindshelf-account",
        "version": 1,
        "made_at": moment(now),
        "person": { "id": person.id, "name": person.name, "tenant": person.tenant },
        "login": credential.map(|credential| credential.login.shown().to_owned()),
        "recovery_codes_left": doors.passwords.credentials.codes_left(person.id).await?,
        "passkeys": passkeys(doors, person.id).await?,
        "settings": settings,
        "grants": grants.iter().map(grant_of).collect::<Vec<_>>(),
        "apps": apps(doors, person.id, now).await?,
        "programs": programs(doors, person.id).await?,
        "libraries": libraries(doors, person.id).await?,
        "memberships": memberships(doors, person.id).await?,
        "providers": providers(doors, person.id).await?,
        "webhooks": webhooks(doors, person.id).await?,
        "recipients": recipients(doors, person.id).await?,
        "inferences": "of each bookmark a vector of numbers, computed on this server from its title, \
            address, tags and notes, by which searches find what is near in meaning; nothing is \
            inferred about the person",
        "kept": KEPT.map(|(what, how_long)| json!({ "what": what, "how_long": how_long })),
        "audit": audit(doors, person.id).await?,
    });
    decisions(doors, person.id, &mut account).await?;
    let written = serde_json::to_vec_pretty(&account);
    Ok(written.map_err(|error| Fault::new("writing an account", error))?)
}

/// Adds what they decided, and whether they wait for their erasure.
async fn decisions(
    doors: &PrivacyDoors,
    person: PersonId,
    account: &mut Value,
) -> Result<(), Fault> {
    let decided = decided(doors, person).await?;
    let names =
        |of: &BTreeSet<Purpose>| of.iter().map(|purpose| purpose.name()).collect::<Vec<_>>();
    account["restricted"] = decided.choices.restricted.into();
    account["objections"] = names(&decided.choices.objected).into();
    let consents = decided.consents.iter().map(|one| {
        json!({ "at": moment(one.at), "purpose": one.purpose.name(), "given": one.given,
            "notice": one.notice })
    });
    account["consents"] = consents.collect::<Vec<_>>().into();
    let erasure = doors.privacy.erasure(person).await?;
    account["erasure"] = erasure.map_or(
        Value::Null,
        |one| json!({ "asked_at": moment(one.asked_at), "due_at": moment(one.due_at) }),
    );
    Ok(())
}

async fn passkeys(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let all = doors.passwords.passkeys.passkeys_of(person).await?;
    let told = all.into_iter().map(|one| {
        json!({ "id": one.id, "name": one.name, "created_at": moment(one.created_at),
            "used_at": one.used_at.map(moment), "uses": one.count, "synced": one.synced,
            "backed_up": one.backed_up, "copied_at": one.copied_at.map(moment) })
    });
    Ok(told.collect())
}

fn grant_of(grant: &Grant) -> Value {
    let Allowance { permits, libraries } = &grant.allows;
    let scopes: Option<Vec<&str>> =
        (*permits != Permits::EVERY).then(|| permits.each().map(Permit::name).collect());
    json!({
        "id": grant.id,
        "kind": grant.kind.name(),
        "name": grant.name,
        "created_at": moment(grant.created_at),
        "expires_at": grant.expires_at.map(moment),
        "used_at": grant.used_at.map(moment),
        "provided_by": grant.provided_by,
        "scopes": scopes,
        "libraries": libraries.as_ref().map(|ids| ids.iter().collect::<Vec<&LibraryId>>()),
    })
}

async fn apps(doors: &PrivacyDoors, person: PersonId, now: i64) -> Result<Vec<Value>, Fault> {
    let apps = doors.authorizations.apps(person, now).await?;
    Ok(apps.iter().map(|(grant, client)| json!({ "grant": grant, "program": client })).collect())
}

async fn programs(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let programs = doors.clients.clients_of(person).await?;
    let told = programs.iter().map(|program| {
        json!({
            "id": program.id,
            "name": program.name,
            "redirects": program.redirects,
            "scopes": program.permits.each().map(Permit::name).collect::<Vec<_>>(),
            "has_secret": program.has_secret,
            "created_at": moment(program.created_at),
        })
    });
    Ok(told.collect())
}

async fn libraries(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let reach = doors.doors().tenants.reach(person).await?;
    let told = reach.iter().map(|reach| {
        json!({
            "id": reach.library.id,
            "name": reach.library.name,
            "tenant": reach.library.tenant,
            "created_at": moment(reach.library.created_at),
            "right": reach.right.name(),
        })
    });
    Ok(told.collect())
}

async fn memberships(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let tenants = &doors.doors().tenants;
    let mut all = Vec::new();
    for (tenant, role) in tenants.tenants_of(person).await? {
        let member = tenants.member(tenant.id, person).await?;
        let groups = tenants.groups(tenant.id).await?;
        let groups = groups.iter().filter(|group| group.people.contains(&person));
        all.push(json!({
            "tenant": tenant.id,
            "name": tenant.name,
            "role": role.name(),
            "since": member.map(|member| moment(member.since)),
            "groups": groups.map(|group| group.name.as_str()).collect::<Vec<_>>(),
            "shares": shares(doors, &tenant, person).await?,
            "invitations": invitations(doors, &tenant, person).await?,
        }));
    }
    Ok(all)
}

/// How they are known to the identity providers of their tenants.
async fn providers(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let known = doors.sso.identities_of(person).await?;
    let told = known.iter().map(|one| {
        json!({
            "tenant": one.tenant,
            "issuer": one.issuer,
            "subject": one.subject,
            "since": moment(one.since),
            "signed_in_at": moment(one.signed_in_at),
        })
    });
    Ok(told.collect())
}

async fn shares(
    doors: &PrivacyDoors,
    tenant: &Tenant,
    person: PersonId,
) -> Result<Vec<Value>, Fault> {
    let tenants = &doors.doors().tenants;
    let mut all = Vec::new();
    for library in tenants.libraries_of(tenant.id).await? {
        let own = |share: &Share| share.holder == Holder::Person(person);
        for share in tenants.shares(library.scope()).await?.into_iter().filter(own) {
            all.push(json!({ "library": library.id, "right": share.right.name() }));
        }
    }
    Ok(all)
}

async fn invitations(
    doors: &PrivacyDoors,
    tenant: &Tenant,
    person: PersonId,
) -> Result<Vec<Value>, Fault> {
    let identity = doors.doors();
    let open = identity.tenants.invitations(tenant.id, identity.clock.now_ms()).await?;
    let own = open.iter().filter(|invitation| invitation.made_by == person);
    let told = own.map(|invitation| {
        json!({
            "id": invitation.id,
            "role": invitation.role.name(),
            "note": invitation.note,
            "expires_at": moment(invitation.expires_at),
        })
    });
    Ok(told.collect())
}

/// Endpoints of the libraries of a person; where they do not manage one, no more than where it leads.
async fn webhooks(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for reach in doors.doors().tenants.reach(person).await? {
        let manages = reach.right >= Right::Manage;
        for endpoint in doors.webhooks.endpoints(reach.library.scope()).await? {
            let url = if manages { endpoint.url.as_str() } else { origin(&endpoint.url) };
            all.push(json!({
                "id": endpoint.id,
                "library": reach.library.id,
                "url": url,
                "description": manages.then_some(&endpoint.description),
                "state": endpoint.state.name(),
                "made_by_you": endpoint.made_by == person,
                "created_at": moment(endpoint.created_at),
            }));
        }
    }
    Ok(all)
}

/// What the audit logs of their tenants say of a person.
async fn audit(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Value>, Fault> {
    let identity = doors.doors();
    let mut all = Vec::new();
    for (tenant, _) in identity.tenants.tenants_of(person).await? {
        let mut after = 0;
        while all.len() < RECORDS_MAX {
            let page = identity.audit.records_after(tenant.id, after, AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = last.n;
            let of_them = |sealed: &&Sealed| {
                let record = &sealed.record;
                record.person == person || record.subject == Some(person.to_bytes())
            };
            all.extend(page.iter().filter(of_them).map(|Sealed { n, record, .. }| {
                json!({ "tenant": tenant.id, "n": n, "at": moment(record.at),
                    "deed": record.deed.name(), "by_you": record.person == person,
                    "detail": record.detail })
            }));
        }
    }
    Ok(all)
}
