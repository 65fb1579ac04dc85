//! Groups of a tenant: see, make, rename and remove them, and decide who is in one.

use super::{governor_in, role_in};
use crate::audit::{Actor, record};
use crate::create_token::checked_name;
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{GroupId, PersonId, TenantId};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::tenants::Group;

/// Most groups of one tenant.
pub const GROUPS_MAX: usize = 1_000;

/// The groups of a tenant, by name; for its members.
#[tracing::instrument(skip_all)]
pub async fn list_groups(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Vec<Group>, Failure> {
    role_in(doors, by, tenant).await?;
    Ok(doors.tenants.groups(tenant).await?)
}

/// Makes a group; for admins. Refused `invalid` where the name is taken.
#[tracing::instrument(skip_all)]
pub async fn create_group(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<Group, Failure> {
    governor_in(doors, by.person, tenant).await?;
    if doors.tenants.groups(tenant).await?.len() >= GROUPS_MAX {
        let detail = format!("a tenant has at most {GROUPS_MAX} groups");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    let group = Group { id: doors.ids().make(), name: checked_name(name)?, people: Vec::new() };
    record(doors, tenant, by, (Deed::GroupMade, Some(group.id.to_bytes())), "").await?;
    put(doors, tenant, &group).await?;
    Ok(group)
}

/// Renames a group; for admins. Refused `invalid` where the name is taken.
#[tracing::instrument(skip_all)]
pub async fn rename_group(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    id: GroupId,
    name: &str,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    if !doors.tenants.groups(tenant).await?.iter().any(|group| group.id == id) {
        return Err(no_group(id).into());
    }
    let name = checked_name(name)?;
    record(doors, tenant, by, (Deed::GroupRenamed, Some(id.to_bytes())), "").await?;
    put(doors, tenant, &Group { id, name, people: Vec::new() }).await
}

/// Removes a group and what it might use; for admins.
#[tracing::instrument(skip_all)]
pub async fn remove_group(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    id: GroupId,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    record(doors, tenant, by, (Deed::GroupRemoved, Some(id.to_bytes())), "").await?;
    let was_there = doors.tenants.remove_group(tenant, id).await?;
    if was_there { Ok(()) } else { Err(no_group(id).into()) }
}

/// Puts a member into a group; for admins.
#[tracing::instrument(skip_all)]
pub async fn put_into_group(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    id: GroupId,
    person: PersonId,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    let deed = (Deed::GroupJoined, Some(id.to_bytes()));
    record(doors, tenant, by, deed, person.to_string()).await?;
    let is_in = doors.tenants.put_into_group(tenant, id, person).await?;
    if is_in { Ok(()) } else { Err(not_there(id, person).into()) }
}

/// Takes a member from a group; for admins.
#[tracing::instrument(skip_all)]
pub async fn take_from_group(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    id: GroupId,
    person: PersonId,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    let deed = (Deed::GroupLeft, Some(id.to_bytes()));
    record(doors, tenant, by, deed, person.to_string()).await?;
    let was_in = doors.tenants.take_from_group(tenant, id, person).await?;
    if was_in { Ok(()) } else { Err(not_there(id, person).into()) }
}

async fn put(doors: &Doors, tenant: TenantId, group: &Group) -> Result<(), Failure> {
    if doors.tenants.put_group(tenant, group.id, &group.name).await? {
        return Ok(());
    }
    Err(Refused::new(Code::Invalid, "name", "another group has this name").into())
}

fn no_group(id: GroupId) -> Refused {
    Refused::not_found(format!("group {id}"))
}

fn not_there(id: GroupId, person: PersonId) -> Refused {
    Refused::not_found(format!("group {id} with member {person}"))
}
