//! Tenants: who belongs to one, what they are there, and who may use which library.
//!
//! Every use case here takes whoever asks, and asks first what they are in the tenant. A tenant
//! somebody does not belong to is as absent for them as one that never was.

pub mod create_tenant;
pub mod members;
pub mod groups;
pub mod invitations;
pub mod libraries;
pub mod shares;

use crate::doors::Doors;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_ports::Failure;

/// What `person` is in `tenant`; refused `not_found` for whoever does not belong to it.
pub(crate) async fn role_in(
    doors: &Doors,
    person: PersonId,
    tenant: TenantId,
) -> Result<Role, Failure> {
    let member = doors.tenants.member(tenant, person).await?;
    member.map(|member| member.role).ok_or_else(|| absent(tenant).into())
}

/// The same for what admins and owners do; refused `forbidden` for other members.
pub(crate) async fn governor_in(
    doors: &Doors,
    person: PersonId,
    tenant: TenantId,
) -> Result<Role, Failure> {
    let role = role_in(doors, person, tenant).await?;
    if role.governs() { Ok(role) } else { Err(forbidden("ask an admin or owner for this").into()) }
}

pub(crate) fn absent(tenant: TenantId) -> Refused {
    Refused::not_found(format!("tenant {tenant}"))
}

pub(crate) fn forbidden(detail: &str) -> Refused {
    Refused::new(Code::Forbidden, "", detail)
}
