//! Tenants, members, shares and invitations as rows: how they are read and put.

use crate::sql::damaged;
use rusqlite::{Connection, Row, params};
use shelf_domain::id::{InvitationId, LibraryId, PersonId, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::tenants::{Holder, Invitation, Member, Share, Tenant};

pub(crate) fn role_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Role> {
    Role::named(&row.get::<_, String>(at)?).ok_or_else(|| damaged("a role"))
}

pub(crate) fn right_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Right> {
    Right::named(&row.get::<_, String>(at)?).ok_or_else(|| damaged("a right"))
}

pub(crate) fn tenant_of(row: &Row<'_>) -> rusqlite::Result<Tenant> {
    let id = TenantId::from_bytes(row.get(0)?);
    Ok(Tenant { id, name: row.get(1)?, created_at: row.get(2)? })
}

/// A share, from its holder, the kind of that, and the right, in columns from `at`.
pub(crate) fn share_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Share> {
    let kind: String = row.get(at + 1)?;
    let holder = Holder::from_parts(&kind, row.get(at)?);
    let holder = holder.ok_or_else(|| damaged("the kind of a holder"))?;
    Ok(Share { holder, right: right_of(row, at + 2)? })
}

pub(super) fn member_of(row: &Row<'_>) -> rusqlite::Result<Member> {
    let person = PersonId::from_bytes(row.get(0)?);
    Ok(Member { person, name: row.get(1)?, role: role_of(row, 2)?, since: row.get(3)? })
}

pub(super) fn invitation_of(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let library: Option<[u8; 16]> = row.get(3)?;
    let share = match library {
        Some(library) => Some((LibraryId::from_bytes(library), right_of(row, 4)?)),
        None => None,
    };
    Ok(Invitation {
        id: InvitationId::from_bytes(row.get(0)?),
        tenant: TenantId::from_bytes(row.get(1)?),
        role: role_of(row, 2)?,
        share,
        note: row.get(5)?,
        made_by: PersonId::from_bytes(row.get(6)?),
        expires_at: row.get(7)?,
    })
}

pub(crate) fn put_tenant(connection: &Connection, tenant: &Tenant) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO tenants VALUES (?1, ?2, ?3)")?
        .execute(params![tenant.id.to_bytes(), tenant.name, tenant.created_at])
        .map(drop)
}

/// Makes `person` a member, unless they are one.
pub(crate) fn put_member(
    connection: &Connection,
    tenant: TenantId,
    person: PersonId,
    role: Role,
    since: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO members VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![tenant.to_bytes(), person.to_bytes(), role.name(), since])
        .map(drop)
}

pub(crate) fn give(
    connection: &Connection,
    library: LibraryId,
    share: Share,
) -> rusqlite::Result<()> {
    let (holder, kind) = (share.holder.to_bytes(), share.holder.kind());
    connection
        .prepare_cached("INSERT OR REPLACE INTO shares VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![library.to_bytes(), holder, kind, share.right.name()])
        .map(drop)
}

/// A share as it was given to `person`.
pub(crate) fn given_to(person: PersonId, right: Right) -> Share {
    Share { holder: Holder::Person(person), right }
}
