//! Whether somebody may reach a tenant with what they are signed in with, where it requires its
//! provider.

use super::SsoDoors;
use crate::authenticate::Signed;
use crate::tenants::libraries::governed;
use shelf_domain::id::{LibraryId, TenantId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_ports::{Failure, Fault};

/// Refused `forbidden` where `tenant` requires its provider and `signed` did not come by it. Owners
/// keep a way in; whoever does not belong to it is told nothing by this.
pub async fn may_enter(doors: &SsoDoors, signed: &Signed, tenant: TenantId) -> Result<(), Failure> {
    if is_shut(doors, signed, tenant).await? {
        let detail = "this organisation asks its members to sign in by its own sign-in";
        return Err(Refused::new(Code::Forbidden, "", detail).into());
    }
    Ok(())
}

/// The same for deciding who may use a library of such a tenant.
pub async fn may_govern(
    doors: &SsoDoors,
    signed: &Signed,
    library: LibraryId,
) -> Result<(), Failure> {
    match governed(doors.doors(), signed.person.id, library).await {
        Ok(scope) => may_enter(doors, signed, scope.tenant).await,
        // Whoever may not decide is told so where they ask for it.
        Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn is_shut(doors: &SsoDoors, signed: &Signed, tenant: TenantId) -> Result<bool, Fault> {
    if signed.grant.provided_by == Some(tenant) {
        return Ok(false);
    }
    let provider = doors.sso.provider(tenant).await?;
    if !provider.is_some_and(|provider| provider.is_required) {
        return Ok(false);
    }
    let member = doors.doors().tenants.member(tenant, signed.person.id).await?;
    Ok(member.is_some_and(|member| member.role != Role::Owner))
}
