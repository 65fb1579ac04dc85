//! What follows from the groups a provider names: groups here, and a role that is never owner.

use super::SsoDoors;
use super::token::Claims;
use crate::audit::{Actor, record};
use serde_json::Value;
use shelf_domain::audit::Deed;
use shelf_domain::id::GroupId;
use shelf_domain::right::Role;
use shelf_ports::Failure;
use shelf_ports::sso::{Identity, Provider};
use std::collections::BTreeSet;

/// Most values of a claim that are looked at.
const VALUES_MAX: usize = 2_000;

/// What a provider's words mean here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Means {
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) role: Role,
}

/// What the claims of somebody mean, by the rules of `provider`.
pub(super) fn meant(provider: &Provider, claims: &Claims) -> Means {
    let said = match claims.all.get(&provider.groups_claim) {
        Some(Value::Array(all)) => all.iter().take(VALUES_MAX).filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
        _ => BTreeSet::new(),
    };
    let held: Vec<_> =
        provider.rules.iter().filter(|rule| said.contains(rule.value.as_str())).collect();
    let groups = held.iter().filter_map(|rule| rule.group).collect();
    let role = held.iter().filter_map(|rule| rule.role).max().unwrap_or(provider.role);
    // Rules are refused that would make an owner; what is kept is not trusted to be one of those.
    Means { groups, role: role.min(Role::Admin) }
}

/// Puts a member into the groups the claim means, and out of those they were in for its sake alone;
/// what was given by hand stays. The role follows too, where the provider gave the one they have.
pub(super) async fn follow_claim(
    doors: &SsoDoors,
    identity: &Identity,
    means: &Means,
    by: Actor,
) -> Result<(), Failure> {
    let (identity_doors, tenant) = (doors.doors(), identity.tenant);
    let known = identity_doors.tenants.groups(tenant).await?;
    let groups: Vec<GroupId> =
        known.iter().map(|group| group.id).filter(|id| means.groups.contains(id)).collect();
    let person = identity.person;
    let is_in =
        |id: &GroupId| known.iter().any(|group| group.id == *id && group.people.contains(&person));
    for id in groups.iter().filter(|id| !is_in(id)) {
        let deed = (Deed::GroupJoinedByClaim, Some(id.to_bytes()));
        record(identity_doors, tenant, by, deed, person.to_string()).await?;
    }
    for id in identity.groups.iter().filter(|id| !groups.contains(id)) {
        let deed = (Deed::GroupLeftByClaim, Some(id.to_bytes()));
        record(identity_doors, tenant, by, deed, person.to_string()).await?;
    }
    doors.sso.follow_groups(tenant, person, &groups).await?;
    let role = follow_role(doors, identity, means.role, by).await?;
    doors.sso.note_came(tenant, person, role, identity_doors.clock.now_ms()).await?;
    Ok(())
}

/// What the provider made them from now on; nothing where somebody here decided it.
async fn follow_role(
    doors: &SsoDoors,
    identity: &Identity,
    role: Role,
    by: Actor,
) -> Result<Option<Role>, Failure> {
    let (tenant, person, tenants) = (identity.tenant, identity.person, &doors.doors().tenants);
    let now = tenants.member(tenant, person).await?.map(|member| member.role);
    if identity.role.is_none() || now != identity.role || now == Some(Role::Owner) {
        return Ok(None);
    }
    if now != Some(role) {
        let deed = (Deed::RoleChangedByClaim, Some(person.to_bytes()));
        record(doors.doors(), tenant, by, deed, role.name()).await?;
        tenants.set_role(tenant, person, role).await?;
    }
    Ok(Some(role))
}
