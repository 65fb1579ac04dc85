//! See who belongs to a tenant, change what somebody is there, take somebody out, leave.

use super::{forbidden, governor_in, role_in};
use crate::audit::{Actor, record};
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_ports::Failure;
use shelf_ports::tenants::{Member, Seated};

/// The members of a tenant, by when they came; for its members.
#[tracing::instrument(skip_all)]
pub async fn list_members(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Vec<Member>, Failure> {
    role_in(doors, by, tenant).await?;
    Ok(doors.tenants.members(tenant).await?)
}

/// Makes a member into `role`; for admins, and where owners are touched for owners. Refused
/// `invalid` for the last owner.
#[tracing::instrument(skip_all)]
pub async fn change_role(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    person: PersonId,
    role: Role,
) -> Result<(), Failure> {
    let mine = governor_in(doors, by.person, tenant).await?;
    let theirs = known(doors, tenant, person).await?;
    if !mine.may_change(Some(theirs), Some(role)) {
        return Err(forbidden("only an owner makes or unmakes owners").into());
    }
    let deed = (Deed::RoleChanged, Some(person.to_bytes()));
    record(doors, tenant, by, deed, role.name()).await?;
    seated(doors.tenants.set_role(tenant, person, role).await?, person)
}

/// Takes a member out, with their groups there and their rights to its libraries; anyone may leave.
/// Refused `invalid` for the last owner, and for whoever came with this tenant: it is theirs.
#[tracing::instrument(skip_all)]
pub async fn remove_member(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    person: PersonId,
) -> Result<(), Failure> {
    let mine = role_in(doors, by.person, tenant).await?;
    let theirs = known(doors, tenant, person).await?;
    if by.person != person && !mine.may_change(Some(theirs), None) {
        return Err(forbidden("ask an admin or owner for this").into());
    }
    if doors.accounts.person(person).await?.is_some_and(|person| person.tenant == tenant) {
        let detail = "this tenant is their own; their libraries are here";
        return Err(Refused::new(Code::Invalid, "", detail).into());
    }
    record(doors, tenant, by, (Deed::MemberRemoved, Some(person.to_bytes())), "").await?;
    seated(doors.tenants.remove_member(tenant, person).await?, person)
}

async fn known(doors: &Doors, tenant: TenantId, person: PersonId) -> Result<Role, Failure> {
    let member = doors.tenants.member(tenant, person).await?;
    member.map(|member| member.role).ok_or_else(|| no_member(person).into())
}

fn seated(seated: Seated, person: PersonId) -> Result<(), Failure> {
    match seated {
        Seated::Done => Ok(()),
        Seated::Absent => Err(no_member(person).into()),
        Seated::LastOwner => {
            let detail = "they are the last owner; make somebody else an owner first";
            Err(Refused::new(Code::Invalid, "role", detail).into())
        }
    }
}

fn no_member(person: PersonId) -> Refused {
    Refused::not_found(format!("member {person}"))
}
