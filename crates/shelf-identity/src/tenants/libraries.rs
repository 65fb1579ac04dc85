//! Libraries: see those one may use, make one, rename one, and the scope of one.

use super::{forbidden, governor_in, role_in};
use crate::audit::{Actor, record};
use crate::authenticate::Signed;
use crate::create_token::{NAME_CHARS_MAX, checked_name};
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{LibraryId, PersonId, Scope, TenantId};
use shelf_domain::plan::Stock;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::tenants::Reach;
use shelf_ports::{Failure, Fault};

/// Most libraries of one tenant.
pub const LIBRARIES_MAX: usize = 10_000;

/// The libraries `signed` may use: their own first, then those of other tenants, oldest first. Where a
/// tenant requires its identity provider, only what came by it reaches them; owners keep a way in.
#[tracing::instrument(skip_all)]
pub async fn libraries(doors: &Doors, signed: &Signed) -> Result<Vec<Reach>, Fault> {
    let mut reach = doors.tenants.reach(signed.person.id).await?;
    let came_by = |tenant| signed.grant.provided_by == Some(tenant);
    reach.retain(|reach| {
        let is_open = !reach.only_by_provider || came_by(reach.library.tenant);
        is_open && signed.reaches(reach.library.id)
    });
    reach.sort_by_key(|reach| reach.library.tenant != signed.person.tenant);
    Ok(reach)
}

/// `library` and what `signed` may do in it. A library that is not shared with them, or that what
/// they ask with does not reach, is as absent as one that never was: both are refused `not_found`. Every scope of a request is made here.
pub async fn reach_of(
    doors: &Doors,
    signed: &Signed,
    library: LibraryId,
) -> Result<Reach, Failure> {
    let reach = libraries(doors, signed).await?;
    let found = reach.into_iter().find(|reach| reach.library.id == library);
    found.ok_or_else(|| Refused::not_found(format!("library {library}")).into())
}

/// Makes a library in `tenant`, which its maker manages; for members who are no viewers.
#[tracing::instrument(skip_all)]
pub async fn create_library(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    name: &str,
) -> Result<LibraryInfo, Failure> {
    must_make_libraries(doors, by.person, tenant).await?;
    let id = doors.ids().make();
    make(doors, by, (tenant, id), checked_name(name)?, String::new()).await
}

/// The library that a folder of `old` becomes, under the id that follows from the folder: made
/// where it is not there yet. For who manages `old`, and is no viewer of its tenant.
#[tracing::instrument(skip_all)]
pub async fn library_of_folder(
    doors: &Doors,
    by: Actor,
    old: Scope,
    (id, name): (LibraryId, &str),
) -> Result<LibraryInfo, Failure> {
    if managed(doors, by.person, old.library).await?.is_none() {
        return Err(forbidden("only who manages a library shares its folders").into());
    }
    if let Some(begun) = managed(doors, by.person, id).await? {
        return Ok(begun);
    }
    must_make_libraries(doors, by.person, old.tenant).await?;
    let all = doors.tenants.libraries_of(old.tenant).await?;
    if all.iter().any(|library| library.id == id) {
        let detail = "somebody else has begun to share this folder; ask them to go on";
        return Err(forbidden(detail).into());
    }
    let name: String = name.trim().chars().take(NAME_CHARS_MAX).collect();
    let name = if name.trim().is_empty() { "Shared folder".to_owned() } else { name };
    match make(doors, by, (old.tenant, id), name, format!("from:{}", old.library)).await {
        Err(Failure::Fault(fault)) => {
            // The same person may have asked twice at once: then it is there now.
            managed(doors, by.person, id).await?.ok_or(Failure::Fault(fault))
        }
        made => made,
    }
}

/// The library `id`, if `person` manages it.
async fn managed(
    doors: &Doors,
    person: PersonId,
    id: LibraryId,
) -> Result<Option<LibraryInfo>, Fault> {
    let reach = doors.tenants.reach(person).await?;
    let mut own = reach.into_iter().filter(|reach| reach.right == Right::Manage);
    Ok(own.find(|reach| reach.library.id == id).map(|reach| reach.library))
}

/// Refused for who may make no library in `tenant`, and where there is no room for one.
async fn must_make_libraries(
    doors: &Doors,
    person: PersonId,
    tenant: TenantId,
) -> Result<(), Failure> {
    if !role_in(doors, person, tenant).await?.makes_libraries() {
        return Err(forbidden("viewers make no libraries; ask an admin or owner").into());
    }
    if doors.tenants.libraries_of(tenant).await?.len() >= LIBRARIES_MAX {
        let detail = format!("a tenant has at most {LIBRARIES_MAX} libraries");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    doors.has_room(tenant, Stock::Libraries).await
}

async fn make(
    doors: &Doors,
    by: Actor,
    (tenant, id): (TenantId, LibraryId),
    name: String,
    detail: String,
) -> Result<LibraryInfo, Failure> {
    let library = LibraryInfo { id, tenant, name, created_at: doors.clock.now_ms() };
    record(doors, tenant, by, (Deed::LibraryMade, Some(library.id.to_bytes())), detail).await?;
    doors.tenants.add_library(&library, by.person).await?;
    Ok(library)
}

/// Renames a library; for who manages it.
#[tracing::instrument(skip_all)]
pub async fn rename_library(
    doors: &Doors,
    by: Actor,
    library: LibraryId,
    name: &str,
) -> Result<(), Failure> {
    let reach = doors.tenants.reach(by.person).await?;
    let reach = reach.into_iter().find(|reach| reach.library.id == library);
    let reach = reach.ok_or_else(|| Refused::not_found(format!("library {library}")))?;
    if reach.right < Right::Manage {
        return Err(forbidden("only who manages a library renames it").into());
    }
    let (scope, name) = (reach.library.scope(), checked_name(name)?);
    let deed = (Deed::LibraryRenamed, Some(library.to_bytes()));
    record(doors, scope.tenant, by, deed, "").await?;
    doors.tenants.rename_library(scope, &name).await?;
    Ok(())
}

/// Every library of a tenant, by name alone; for admins, who decide who may use them.
#[tracing::instrument(skip_all)]
pub async fn all_libraries_of(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Vec<LibraryInfo>, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(doors.tenants.libraries_of(tenant).await?)
}

/// The scope of `library` for whoever decides who may use it: who manages it, and the admins of its
/// tenant, whom that alone lets read nothing of it.
pub(crate) async fn governed(
    doors: &Doors,
    by: PersonId,
    library: LibraryId,
) -> Result<Scope, Failure> {
    let reach = doors.tenants.reach(by).await?;
    let mine = reach.into_iter().find(|reach| reach.library.id == library);
    if let Some(reach) = &mine
        && reach.right == Right::Manage
    {
        return Ok(reach.library.scope());
    }
    for (tenant, role) in doors.tenants.tenants_of(by).await? {
        let all =
            if role.governs() { doors.tenants.libraries_of(tenant.id).await? } else { vec![] };
        if let Some(found) = all.iter().find(|found| found.id == library) {
            return Ok(found.scope());
        }
    }
    match mine {
        Some(_) => Err(forbidden("ask who manages this library for this").into()),
        None => Err(Refused::not_found(format!("library {library}")).into()),
    }
}
