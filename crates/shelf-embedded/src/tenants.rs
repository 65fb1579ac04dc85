//! Who belongs to which tenant, and who may use which library.

mod rows;

pub(crate) use rows::{
    give, given_to, put_member, put_tenant, right_of, role_of, share_of, tenant_of,
};

use crate::Embedded;
use crate::accounts::{add, library_of};
use async_trait::async_trait;
use rows::{invitation_of, member_of};
use rusqlite::{Connection, OptionalExtension, params};
use shelf_domain::id::{GroupId, InvitationId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::{LibraryInfo, SecretHash};
use shelf_ports::tenants::{
    Group, Holder, Invitation, Joining, Member, Reach, Seated, Share, Tenant, Tenants,
};

const MEMBER: &str = "SELECT m.person, p.name, m.role, m.since
    FROM members m JOIN people p ON p.id = m.person";
const OTHER_OWNERS: &str =
    "SELECT 1 FROM members WHERE tenant = ?1 AND person <> ?2 AND role = 'owner'";
const REACH: &str = "WITH me (id, kind) AS (SELECT ?1, 'person'
        UNION ALL SELECT team, 'group' FROM grouped WHERE person = ?1
        UNION ALL SELECT tenant, 'everyone' FROM members WHERE person = ?1)
    SELECT l.id, l.tenant, l.name, l.created_at, m.role, s.may,
        EXISTS (SELECT 1 FROM sso_providers p WHERE p.tenant = l.tenant AND p.required)
    FROM me JOIN shares s ON s.holder = me.id AND s.kind = me.kind JOIN libraries l ON l.id = s.library
    JOIN members m ON m.tenant = l.tenant AND m.person = ?1
    ORDER BY l.created_at, l.id";
const INVITATION: &str =
    "SELECT id, tenant, role, library, may, note, made_by, expires_at FROM invitations";

fn is_there(connection: &Connection, sql: &str, of: [[u8; 16]; 2]) -> rusqlite::Result<bool> {
    connection.prepare_cached(sql)?.exists(params![of[0], of[1]])
}

/// Whether `person` belongs to `tenant`.
pub(crate) fn is_member(
    connection: &Connection,
    tenant: TenantId,
    person: PersonId,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM members WHERE tenant = ?1 AND person = ?2";
    is_there(connection, sql, [tenant.to_bytes(), person.to_bytes()])
}

fn is_group(connection: &Connection, tenant: TenantId, id: GroupId) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM groups WHERE tenant = ?1 AND id = ?2";
    is_there(connection, sql, [tenant.to_bytes(), id.to_bytes()])
}

fn is_library(connection: &Connection, scope: Scope) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM libraries WHERE tenant = ?1 AND id = ?2";
    is_there(connection, sql, [scope.tenant.to_bytes(), scope.library.to_bytes()])
}

/// Whether `person` may stop being the owner of `tenant` they perhaps are, as far as others go.
fn seat(
    connection: &Connection,
    tenant: TenantId,
    person: PersonId,
    to: Option<Role>,
) -> rusqlite::Result<Seated> {
    let from = connection
        .prepare_cached("SELECT role FROM members WHERE tenant = ?1 AND person = ?2")?
        .query_row(params![tenant.to_bytes(), person.to_bytes()], |row| role_of(row, 0))
        .optional()?;
    let Some(from) = from else { return Ok(Seated::Absent) };
    let stops = from == Role::Owner && to != Some(Role::Owner);
    if stops && !is_there(connection, OTHER_OWNERS, [tenant.to_bytes(), person.to_bytes()])? {
        return Ok(Seated::LastOwner);
    }
    Ok(Seated::Done)
}

fn remove(connection: &Connection, tenant: TenantId, person: PersonId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM members WHERE tenant = ?1 AND person = ?2",
        "DELETE FROM grouped WHERE person = ?2
            AND team IN (SELECT id FROM groups WHERE tenant = ?1)",
        "DELETE FROM shares WHERE holder = ?2 AND kind = 'person'
            AND library IN (SELECT id FROM libraries WHERE tenant = ?1)",
    ] {
        connection.prepare_cached(sql)?.execute(params![tenant.to_bytes(), person.to_bytes()])?;
    }
    Ok(())
}

pub(crate) fn groups(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<Group>> {
    let sql = "SELECT g.id, g.name, i.person FROM groups g LEFT JOIN grouped i ON i.team = g.id
        WHERE g.tenant = ?1 ORDER BY g.name, g.id, i.person";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([tenant.to_bytes()])?;
    let mut groups: Vec<Group> = Vec::new();
    while let Some(row) = rows.next()? {
        let id = GroupId::from_bytes(row.get(0)?);
        if groups.last().is_none_or(|last| last.id != id) {
            groups.push(Group { id, name: row.get(1)?, people: Vec::new() });
        }
        let person: Option<[u8; 16]> = row.get(2)?;
        if let (Some(last), Some(person)) = (groups.last_mut(), person) {
            last.people.push(PersonId::from_bytes(person));
        }
    }
    Ok(groups)
}

fn take_up(
    connection: &Connection,
    secret: SecretHash,
    joining: &Joining,
    now: i64,
) -> rusqlite::Result<Option<Invitation>> {
    let found = connection
        .prepare_cached(&format!("{INVITATION} WHERE secret = ?1 AND expires_at > ?2"))?
        .query_row(params![secret.0, now], invitation_of)
        .optional()?;
    let Some(invitation) = found else { return Ok(None) };
    connection
        .prepare_cached("DELETE FROM invitations WHERE id = ?1")?
        .execute([invitation.id.to_bytes()])?;
    if let Joining::New(person, library) = joining {
        add(connection, person, library)?;
    }
    let person = joining.person();
    put_member(connection, invitation.tenant, person, invitation.role, now)?;
    if let Some((library, right)) = invitation.share {
        let before = connection
            .prepare_cached(
                "SELECT may FROM shares WHERE library = ?1 AND holder = ?2 AND kind = 'person'",
            )?
            .query_row(params![library.to_bytes(), person.to_bytes()], |row| right_of(row, 0))
            .optional()?;
        let scope = Scope { tenant: invitation.tenant, library };
        if is_library(connection, scope)? {
            give(connection, library, given_to(person, right.max(before.unwrap_or(right))))?;
        }
    }
    Ok(Some(invitation))
}

#[async_trait]
impl Tenants for Embedded {
    async fn add_tenant(&self, tenant: &Tenant, owner: PersonId) -> Result<(), Fault> {
        let tenant = tenant.clone();
        self.write("adding a tenant", move |connection| {
            put_tenant(connection, &tenant)?;
            put_member(connection, tenant.id, owner, Role::Owner, tenant.created_at)
        })
        .await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, Fault> {
        self.look_up("reading a tenant", |connection| {
            connection
                .prepare_cached("SELECT id, name, created_at FROM tenants WHERE id = ?1")?
                .query_row([id.to_bytes()], tenant_of)
                .optional()
        })
    }

    async fn rename_tenant(&self, id: TenantId, name: &str) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("renaming a tenant", move |connection| {
            let renamed = connection
                .prepare_cached("UPDATE tenants SET name = ?2 WHERE id = ?1")?
                .execute(params![id.to_bytes(), name])?;
            Ok(renamed > 0)
        })
        .await
    }

    async fn tenants_of(&self, person: PersonId) -> Result<Vec<(Tenant, Role)>, Fault> {
        self.look_up("reading tenants", |connection| {
            connection
                .prepare_cached(
                    "SELECT t.id, t.name, t.created_at, m.role
                     FROM members m JOIN tenants t ON t.id = m.tenant
                     WHERE m.person = ?1 ORDER BY t.created_at, t.id",
                )?
                .query_map([person.to_bytes()], |row| Ok((tenant_of(row)?, role_of(row, 3)?)))?
                .collect()
        })
    }

    async fn member(&self, tenant: TenantId, person: PersonId) -> Result<Option<Member>, Fault> {
        self.look_up("reading a member", |connection| {
            connection
                .prepare_cached(&format!("{MEMBER} WHERE m.tenant = ?1 AND m.person = ?2"))?
                .query_row(params![tenant.to_bytes(), person.to_bytes()], member_of)
                .optional()
        })
    }

    async fn members(&self, tenant: TenantId) -> Result<Vec<Member>, Fault> {
        self.read("reading members", move |connection| {
            connection
                .prepare_cached(&format!(
                    "{MEMBER} WHERE m.tenant = ?1 ORDER BY m.since, m.person"
                ))?
                .query_map([tenant.to_bytes()], member_of)?
                .collect()
        })
        .await
    }

    async fn set_role(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Role,
    ) -> Result<Seated, Fault> {
        self.write("changing a role", move |connection| {
            let seated = seat(connection, tenant, person, Some(role))?;
            if seated == Seated::Done {
                connection
                    .prepare_cached(
                        "UPDATE members SET role = ?3 WHERE tenant = ?1 AND person = ?2",
                    )?
                    .execute(params![tenant.to_bytes(), person.to_bytes(), role.name()])?;
            }
            Ok(seated)
        })
        .await
    }

    async fn remove_member(&self, tenant: TenantId, person: PersonId) -> Result<Seated, Fault> {
        self.write("taking a member out", move |connection| {
            let seated = seat(connection, tenant, person, None)?;
            if seated == Seated::Done {
                remove(connection, tenant, person)?;
            }
            Ok(seated)
        })
        .await
    }

    async fn groups(&self, tenant: TenantId) -> Result<Vec<Group>, Fault> {
        self.read("reading groups", move |connection| groups(connection, tenant)).await
    }

    async fn put_group(&self, tenant: TenantId, id: GroupId, name: &str) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("keeping a group", move |connection| {
            let of = params![id.to_bytes(), tenant.to_bytes(), name];
            let taken = "SELECT 1 FROM groups WHERE (tenant = ?2 AND name = ?3 AND id <> ?1)
                OR (id = ?1 AND tenant <> ?2)";
            if connection.prepare_cached(taken)?.exists(of)? {
                return Ok(false);
            }
            let sql = "INSERT INTO groups VALUES (?1, ?2, ?3)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name";
            connection.prepare_cached(sql)?.execute(of)?;
            Ok(true)
        })
        .await
    }

    async fn remove_group(&self, tenant: TenantId, id: GroupId) -> Result<bool, Fault> {
        self.write("removing a group", move |connection| {
            if !is_group(connection, tenant, id)? {
                return Ok(false);
            }
            for sql in [
                "DELETE FROM groups WHERE id = ?1",
                "DELETE FROM grouped WHERE team = ?1",
                "DELETE FROM shares WHERE holder = ?1 AND kind = 'group'",
            ] {
                connection.prepare_cached(sql)?.execute([id.to_bytes()])?;
            }
            Ok(true)
        })
        .await
    }

    async fn put_into_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault> {
        self.write("putting a member into a group", move |connection| {
            if !is_group(connection, tenant, id)? || !is_member(connection, tenant, person)? {
                return Ok(false);
            }
            connection
                .prepare_cached("INSERT OR REPLACE INTO grouped VALUES (?1, ?2, 0)")?
                .execute(params![id.to_bytes(), person.to_bytes()])?;
            Ok(true)
        })
        .await
    }

    async fn take_from_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault> {
        self.write("taking a member from a group", move |connection| {
            let gone = connection
                .prepare_cached(
                    "DELETE FROM grouped WHERE person = ?3
                     AND team IN (SELECT id FROM groups WHERE tenant = ?1 AND id = ?2)",
                )?
                .execute(params![tenant.to_bytes(), id.to_bytes(), person.to_bytes()])?;
            Ok(gone > 0)
        })
        .await
    }

    async fn add_library(&self, library: &LibraryInfo, maker: PersonId) -> Result<(), Fault> {
        let library = library.clone();
        self.write("adding a library", move |connection| {
            crate::accounts::add_library(connection, &library, maker)
        })
        .await
    }

    async fn rename_library(&self, scope: Scope, name: &str) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("renaming a library", move |connection| {
            let (tenant, library) = (scope.tenant.to_bytes(), scope.library.to_bytes());
            let renamed = connection
                .prepare_cached("UPDATE libraries SET name = ?3 WHERE tenant = ?1 AND id = ?2")?
                .execute(params![tenant, library, name])?;
            Ok(renamed > 0)
        })
        .await
    }

    async fn libraries_of(&self, tenant: TenantId) -> Result<Vec<LibraryInfo>, Fault> {
        self.read("reading libraries", move |connection| {
            connection
                .prepare_cached(
                    "SELECT id, tenant, name, created_at FROM libraries WHERE tenant = ?1
                     ORDER BY created_at, id",
                )?
                .query_map([tenant.to_bytes()], library_of)?
                .collect()
        })
        .await
    }

    async fn reach(&self, person: PersonId) -> Result<Vec<Reach>, Fault> {
        self.look_up("reading libraries", |connection| {
            let found = connection
                .prepare_cached(REACH)?
                .query_map([person.to_bytes()], |row| {
                    Ok((library_of(row)?, role_of(row, 4)?, right_of(row, 5)?, row.get(6)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(Reach::folded(found))
        })
    }

    async fn shares(&self, scope: Scope) -> Result<Vec<Share>, Fault> {
        self.read("reading shares", move |connection| {
            if !is_library(connection, scope)? {
                return Ok(Vec::new());
            }
            connection
                .prepare_cached(
                    "SELECT holder, kind, may FROM shares WHERE library = ?1 ORDER BY kind, holder",
                )?
                .query_map([scope.library.to_bytes()], |row| share_of(row, 0))?
                .collect()
        })
        .await
    }

    async fn put_share(&self, scope: Scope, share: Share) -> Result<bool, Fault> {
        self.write("giving a right", move |connection| {
            let is_of_tenant = match share.holder {
                Holder::Person(person) => is_member(connection, scope.tenant, person)?,
                Holder::Group(id) => is_group(connection, scope.tenant, id)?,
                Holder::Everyone(tenant) => tenant == scope.tenant,
            };
            if !is_of_tenant || !is_library(connection, scope)? {
                return Ok(false);
            }
            give(connection, scope.library, share)?;
            Ok(true)
        })
        .await
    }

    async fn remove_share(&self, scope: Scope, holder: Holder) -> Result<bool, Fault> {
        self.write("taking a right back", move |connection| {
            if !is_library(connection, scope)? {
                return Ok(false);
            }
            let gone = connection
                .prepare_cached(
                    "DELETE FROM shares WHERE library = ?1 AND holder = ?2 AND kind = ?3",
                )?
                .execute(params![scope.library.to_bytes(), holder.to_bytes(), holder.kind()])?;
            Ok(gone > 0)
        })
        .await
    }

    async fn put_invitation(
        &self,
        invitation: &Invitation,
        secret: SecretHash,
    ) -> Result<(), Fault> {
        let invitation = invitation.clone();
        self.write("keeping an invitation", move |connection| {
            let (library, right) = invitation.share.unzip();
            connection
                .prepare_cached(
                    "INSERT INTO invitations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    invitation.id.to_bytes(),
                    invitation.tenant.to_bytes(),
                    secret.0,
                    invitation.role.name(),
                    library.map(LibraryId::to_bytes),
                    right.map(Right::name),
                    invitation.note,
                    invitation.made_by.to_bytes(),
                    invitation.expires_at
                ])
                .map(drop)
        })
        .await
    }

    async fn invitations(&self, tenant: TenantId, now: i64) -> Result<Vec<Invitation>, Fault> {
        self.read("reading invitations", move |connection| {
            connection
                .prepare_cached(&format!(
                    "{INVITATION} WHERE tenant = ?1 AND expires_at > ?2
                     ORDER BY expires_at DESC, id DESC"
                ))?
                .query_map(params![tenant.to_bytes(), now], invitation_of)?
                .collect()
        })
        .await
    }

    async fn invitation(&self, secret: SecretHash, now: i64) -> Result<Option<Invitation>, Fault> {
        self.look_up("reading an invitation", |connection| {
            connection
                .prepare_cached(&format!("{INVITATION} WHERE secret = ?1 AND expires_at > ?2"))?
                .query_row(params![secret.0, now], invitation_of)
                .optional()
        })
    }

    async fn take_invitation(
        &self,
        secret: SecretHash,
        joining: &Joining,
        now: i64,
    ) -> Result<Option<Invitation>, Fault> {
        let joining = joining.clone();
        self.write("taking an invitation up", move |connection| {
            connection
                .prepare_cached("DELETE FROM invitations WHERE expires_at <= ?1")?
                .execute([now])?;
            take_up(connection, secret, &joining, now)
        })
        .await
    }

    async fn remove_invitation(&self, tenant: TenantId, id: InvitationId) -> Result<bool, Fault> {
        self.write("taking an invitation back", move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM invitations WHERE tenant = ?1 AND id = ?2")?
                .execute(params![tenant.to_bytes(), id.to_bytes()])?;
            Ok(gone > 0)
        })
        .await
    }
}
