//! Make a tenant, see one's own, and rename one.

use super::{absent, governor_in};
use crate::audit::{Actor, record};
use crate::create_token::checked_name;
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_ports::tenants::Tenant;
use shelf_ports::{Failure, Fault};

/// Most tenants one person belongs to by making them.
pub const TENANTS_MAX: usize = 100;

/// Makes a tenant called `name`, which `person` owns.
#[tracing::instrument(skip_all)]
pub async fn create_tenant(doors: &Doors, by: Actor, name: &str) -> Result<Tenant, Failure> {
    let name = checked_name(name)?;
    let mine = doors.tenants.tenants_of(by.person).await?;
    if mine.iter().filter(|(_, role)| *role == Role::Owner).count() >= TENANTS_MAX {
        let detail = format!("one person owns at most {TENANTS_MAX} tenants");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    let tenant = Tenant { id: doors.ids().make(), name, created_at: doors.clock.now_ms() };
    record(doors, tenant.id, by, (Deed::TenantMade, None), "").await?;
    doors.tenants.add_tenant(&tenant, by.person).await?;
    Ok(tenant)
}

/// The tenants of `person` and what they are in each, oldest first.
#[tracing::instrument(skip_all)]
pub async fn list_tenants(doors: &Doors, person: PersonId) -> Result<Vec<(Tenant, Role)>, Fault> {
    doors.tenants.tenants_of(person).await
}

/// Renames a tenant; for its admins and owners.
#[tracing::instrument(skip_all)]
pub async fn rename_tenant(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    let name = checked_name(name)?;
    record(doors, tenant, by, (Deed::TenantRenamed, None), "").await?;
    let is_there = doors.tenants.rename_tenant(tenant, &name).await?;
    if is_there { Ok(()) } else { Err(absent(tenant).into()) }
}
