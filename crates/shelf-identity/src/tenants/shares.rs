//! Decide who may use a library: see, give and take back rights.

use super::libraries::governed;
use crate::audit::{Actor, record};
use crate::doors::Doors;
use shelf_domain::audit::Deed;
use shelf_domain::id::{LibraryId, PersonId};
use shelf_domain::refusal::Refused;
use shelf_domain::right::Right;
use shelf_ports::Failure;
use shelf_ports::tenants::{Group, Holder, Member, Share};

/// Who may use a library, and by what name each is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The right.
    pub share: Share,
    /// What its holder is called.
    pub name: String,
}

/// Who may use `library`; for who manages it, and admins of its tenant.
#[tracing::instrument(skip_all)]
pub async fn list_shares(
    doors: &Doors,
    by: PersonId,
    library: LibraryId,
) -> Result<Vec<Shared>, Failure> {
    let scope = governed(doors, by, library).await?;
    let shares = doors.tenants.shares(scope).await?;
    let members = doors.tenants.members(scope.tenant).await?;
    let groups = doors.tenants.groups(scope.tenant).await?;
    Ok(shares
        .into_iter()
        .map(|share| Shared { share, name: called(share.holder, &members, &groups) })
        .collect())
}

/// Lets `holder`, who is of the library's tenant, use it; for who manages it, and admins.
#[tracing::instrument(skip_all)]
pub async fn give_right(
    doors: &Doors,
    by: Actor,
    library: LibraryId,
    holder: Holder,
    right: Right,
) -> Result<(), Failure> {
    let scope = governed(doors, by.person, library).await?;
    let deed = (Deed::RightGiven, Some(library.to_bytes()));
    record(doors, scope.tenant, by, deed, told(holder, right.name())).await?;
    if doors.tenants.put_share(scope, Share { holder, right }).await? {
        return Ok(());
    }
    Err(Refused::not_found("such person or group in the tenant of this library").into())
}

/// Takes back what `holder` may do in a library; for who manages it, and admins.
#[tracing::instrument(skip_all)]
pub async fn take_right_back(
    doors: &Doors,
    by: Actor,
    library: LibraryId,
    holder: Holder,
) -> Result<(), Failure> {
    let scope = governed(doors, by.person, library).await?;
    let deed = (Deed::RightTakenBack, Some(library.to_bytes()));
    record(doors, scope.tenant, by, deed, told(holder, "none")).await?;
    if doors.tenants.remove_share(scope, holder).await? {
        return Ok(());
    }
    Err(Refused::not_found("such a right to this library").into())
}

/// `person:0193…=write`, for the audit log.
fn told(holder: Holder, right: &str) -> String {
    let id = PersonId::from_bytes(holder.to_bytes());
    format!("{}:{id}={right}", holder.kind())
}

fn called(holder: Holder, members: &[Member], groups: &[Group]) -> String {
    let name = match holder {
        Holder::Person(id) => {
            members.iter().find(|member| member.person == id).map(|member| &member.name)
        }
        Holder::Group(id) => groups.iter().find(|group| group.id == id).map(|group| &group.name),
        Holder::Everyone(_) => return "everyone".to_owned(),
    };
    name.cloned().unwrap_or_default()
}
