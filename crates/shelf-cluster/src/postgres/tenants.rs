//! Who belongs to which tenant, and who may use which library.

use super::accounts::{add, library_of};
use super::within::Within;
use super::{Bound, Postgres, damaged};
use async_trait::async_trait;
use shelf_domain::id::{GroupId, InvitationId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::{LibraryInfo, SecretHash};
use shelf_ports::tenants::{
    Group, Holder, Invitation, Joining, Member, Reach, Seated, Share, Tenant, Tenants,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const PUT_TENANT: &str = "INSERT INTO tenants VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const PUT_MEMBER: &str = "INSERT INTO members VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const MEMBER: &str = "SELECT m.person, p.name, m.role, m.since
    FROM members m JOIN people p ON p.id = m.person";
/// Whoever changes members of a tenant does it one after the other.
const LOCK_TENANT: &str = "SELECT FROM tenants WHERE id = $1 FOR UPDATE";
const OTHER_OWNERS: &str =
    "SELECT FROM members WHERE tenant = $1 AND person <> $2 AND role = 'owner'";
const REMOVE_MEMBER: [&str; 3] = [
    "DELETE FROM members WHERE tenant = $1 AND person = $2",
    "DELETE FROM grouped WHERE person = $2 AND team IN (SELECT id FROM groups WHERE tenant = $1)",
    "DELETE FROM shares WHERE holder = $2 AND kind = 'person'
        AND library IN (SELECT id FROM libraries WHERE tenant = $1)",
];
const GROUPS: &str = r#"SELECT g.id, g.name, i.person
    FROM groups g LEFT JOIN grouped i ON i.team = g.id WHERE g.tenant = $1 ORDER BY g.name COLLATE "C", g.id, i.person"#;
const PUT_GROUP: &str = "INSERT INTO groups SELECT $2, $1, $3
    WHERE NOT EXISTS (SELECT FROM groups WHERE tenant = $1 AND name = $3 AND id <> $2)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE groups.tenant = $1";
const REMOVE_GROUP: [&str; 3] = [
    "DELETE FROM groups WHERE tenant = $1 AND id = $2",
    "DELETE FROM grouped WHERE team = $2 AND NOT EXISTS (SELECT FROM groups WHERE id = $2)",
    "DELETE FROM shares WHERE holder = $2 AND kind = 'group'
        AND NOT EXISTS (SELECT FROM groups WHERE id = $2)
        AND library IN (SELECT id FROM libraries WHERE tenant = $1)",
];
const PUT_INTO_GROUP: &str = "INSERT INTO grouped SELECT g.id, m.person
    FROM groups g JOIN members m ON m.tenant = g.tenant
    WHERE g.tenant = $1 AND g.id = $2 AND m.person = $3 FOR SHARE
    ON CONFLICT (team, person) DO UPDATE SET by_claim = false";
const TAKE_FROM_GROUP: &str = "DELETE FROM grouped WHERE person = $3
    AND team IN (SELECT id FROM groups WHERE tenant = $1 AND id = $2)";
const REACH: &str = "WITH me (id, kind) AS (SELECT $1::uuid, 'person'
        UNION ALL SELECT team, 'group' FROM grouped WHERE person = $1
        UNION ALL SELECT tenant, 'everyone' FROM members WHERE person = $1)
    SELECT l.id, l.tenant, l.name, l.created_at, m.role, s.may,
        EXISTS (SELECT FROM sso_providers p WHERE p.tenant = l.tenant AND p.required)
    FROM me JOIN shares s ON s.holder = me.id AND s.kind = me.kind JOIN libraries l ON l.id = s.library
    JOIN members m ON m.tenant = l.tenant AND m.person = $1
    ORDER BY l.created_at, l.id";
const SHARES: &str =
    "SELECT s.holder, s.kind, s.may FROM shares s JOIN libraries l ON l.id = s.library
    WHERE l.tenant = $1 AND l.id = $2 ORDER BY s.kind, s.holder";
/// A right to a library of the tenant, for who is of the tenant, too, and is not put out meanwhile.
const PUT_SHARE: &str = "INSERT INTO shares SELECT id, $3, $4, $5 FROM libraries
    WHERE tenant = $1 AND id = $2 AND (
        ($4 = 'person' AND EXISTS (SELECT FROM members WHERE tenant = $1 AND person = $3 FOR SHARE))
        OR ($4 = 'group' AND EXISTS (SELECT FROM groups WHERE tenant = $1 AND id = $3 FOR SHARE))
        OR ($4 = 'everyone' AND $3 = $1))
    ON CONFLICT (library, holder, kind) DO UPDATE SET may = excluded.may";
const REMOVE_SHARE: &str = "DELETE FROM shares WHERE holder = $3 AND kind = $4
    AND library IN (SELECT id FROM libraries WHERE tenant = $1 AND id = $2)";
const GIVE: &str = "INSERT INTO shares VALUES ($1, $2, $3, $4)
    ON CONFLICT (library, holder, kind) DO UPDATE SET may = excluded.may";
const HELD: &str = "SELECT may FROM shares WHERE library = $1 AND holder = $2 AND kind = 'person'";
const INVITATION: &str =
    "SELECT id, tenant, role, library, may, note, made_by, expires_at FROM invitations";
const TAKE_INVITATION: &str = "DELETE FROM invitations WHERE secret = $1 AND expires_at > $2
    RETURNING id, tenant, role, library, may, note, made_by, expires_at";

pub(super) fn role_of(row: &Row, at: usize) -> Result<Role, Fault> {
    Role::named(row.get(at)).ok_or_else(|| damaged("a role"))
}

fn right_of(row: &Row, at: usize) -> Result<Right, Fault> {
    Right::named(row.get(at)).ok_or_else(|| damaged("a right"))
}

pub(super) fn tenant_of(row: &Row) -> Tenant {
    let id = TenantId::from(row.get::<_, Uuid>(0));
    Tenant { id, name: row.get(1), created_at: row.get(2) }
}

/// A share, from its holder, the kind of that, and the right.
pub(super) fn share_of(row: &Row) -> Result<Share, Fault> {
    let id: Uuid = row.get(0);
    let holder = Holder::from_parts(row.get(1), id.into_bytes());
    let holder = holder.ok_or_else(|| damaged("the kind of a holder"))?;
    Ok(Share { holder, right: right_of(row, 2)? })
}

fn member_of(row: &Row) -> Result<Member, Fault> {
    let person = PersonId::from(row.get::<_, Uuid>(0));
    Ok(Member { person, name: row.get(1), role: role_of(row, 2)?, since: row.get(3) })
}

fn invitation_of(row: &Row) -> Result<Invitation, Fault> {
    let share = match row.get::<_, Option<Uuid>>(3) {
        Some(library) => Some((LibraryId::from(library), right_of(row, 4)?)),
        None => None,
    };
    Ok(Invitation {
        id: InvitationId::from(row.get::<_, Uuid>(0)),
        tenant: TenantId::from(row.get::<_, Uuid>(1)),
        role: role_of(row, 2)?,
        share,
        note: row.get(5),
        made_by: PersonId::from(row.get::<_, Uuid>(6)),
        expires_at: row.get(7),
    })
}

/// The rows of [`GROUPS`] as groups.
pub(super) fn folded(rows: &[Row]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let id = GroupId::from(row.get::<_, Uuid>(0));
        if groups.last().is_none_or(|last| last.id != id) {
            groups.push(Group { id, name: row.get(1), people: Vec::new() });
        }
        if let (Some(last), Some(person)) = (groups.last_mut(), row.get::<_, Option<Uuid>>(2)) {
            last.people.push(PersonId::from(person));
        }
    }
    groups
}

pub(super) async fn groups(within: &Within<'_>, tenant: TenantId) -> Result<Vec<Group>, Fault> {
    Ok(folded(&within.plain(GROUPS, &[(&Uuid::from(tenant), Type::UUID)]).await?))
}

pub(super) async fn put_tenant(within: &Within<'_>, tenant: &Tenant) -> Result<(), Fault> {
    let id = Uuid::from(tenant.id);
    let of: [Bound<'_>; 3] =
        [(&id, Type::UUID), (&tenant.name, Type::TEXT), (&tenant.created_at, Type::INT8)];
    within.plain(PUT_TENANT, &of).await.map(drop)
}

/// Makes `person` a member, unless they are one.
pub(super) async fn put_member(
    within: &Within<'_>,
    tenant: TenantId,
    person: PersonId,
    role: Role,
    since: i64,
) -> Result<(), Fault> {
    let of: [Bound<'_>; 4] = [
        (&Uuid::from(tenant), Type::UUID),
        (&Uuid::from(person), Type::UUID),
        (&role.name(), Type::TEXT),
        (&since, Type::INT8),
    ];
    within.plain(PUT_MEMBER, &of).await.map(drop)
}

pub(super) async fn give(
    within: &Within<'_>,
    library: LibraryId,
    share: Share,
) -> Result<(), Fault> {
    let holder = Uuid::from_bytes(share.holder.to_bytes());
    let of: [Bound<'_>; 4] = [
        (&Uuid::from(library), Type::UUID),
        (&holder, Type::UUID),
        (&share.holder.kind(), Type::TEXT),
        (&share.right.name(), Type::TEXT),
    ];
    within.plain(GIVE, &of).await.map(drop)
}

/// A share as it was given to `person`.
pub(super) fn given_to(person: PersonId, right: Right) -> Share {
    Share { holder: Holder::Person(person), right }
}

/// Locks `tenant` and says whether `person` may become `to` there (nothing: gone), as far as the
/// last owner goes.
async fn seat(
    within: &Within<'_>,
    tenant: TenantId,
    person: PersonId,
    to: Option<Role>,
) -> Result<Seated, Fault> {
    let (tenant, person) = (Uuid::from(tenant), Uuid::from(person));
    within.plain(LOCK_TENANT, &[(&tenant, Type::UUID)]).await?;
    let of: [Bound<'_>; 2] = [(&tenant, Type::UUID), (&person, Type::UUID)];
    let sql = "SELECT role FROM members WHERE tenant = $1 AND person = $2";
    let Some(from) =
        within.plain(sql, &of).await?.first().map(|row| role_of(row, 0)).transpose()?
    else {
        return Ok(Seated::Absent);
    };
    let stops = from == Role::Owner && to != Some(Role::Owner);
    if stops && within.plain(OTHER_OWNERS, &of).await?.is_empty() {
        return Ok(Seated::LastOwner);
    }
    Ok(Seated::Done)
}

/// Adds to `person` the right an invitation gives, unless they hold more.
async fn add_right(
    within: &Within<'_>,
    invitation: &Invitation,
    person: PersonId,
) -> Result<(), Fault> {
    let Some((library, right)) = invitation.share else { return Ok(()) };
    let (tenant, id) = (Uuid::from(invitation.tenant), Uuid::from(library));
    let of: [Bound<'_>; 2] = [(&tenant, Type::UUID), (&id, Type::UUID)];
    let sql = "SELECT FROM libraries WHERE tenant = $1 AND id = $2";
    if within.plain(sql, &of).await?.is_empty() {
        return Ok(());
    }
    let of: [Bound<'_>; 2] = [(&id, Type::UUID), (&Uuid::from(person), Type::UUID)];
    let held = within.plain(HELD, &of).await?;
    let held = held.first().map(|row| right_of(row, 0)).transpose()?;
    give(within, library, given_to(person, right.max(held.unwrap_or(right)))).await
}

impl Postgres {
    /// Runs `sql` about a tenant, one thing of it, and perhaps one more; how many rows it touched.
    async fn touch(
        &self,
        doing: &'static str,
        sql: &str,
        tenant: TenantId,
        of: &[Bound<'_>],
    ) -> Result<u64, Fault> {
        let tenant = Uuid::from(tenant);
        let mut all: Vec<Bound<'_>> = vec![(&tenant, Type::UUID)];
        all.extend_from_slice(of);
        self.execute(doing, sql, &all).await
    }
}

#[async_trait]
impl Tenants for Postgres {
    async fn add_tenant(&self, tenant: &Tenant, owner: PersonId) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "adding a tenant").await?;
        put_tenant(&within, tenant).await?;
        put_member(&within, tenant.id, owner, Role::Owner, tenant.created_at).await?;
        within.commit().await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, Fault> {
        let sql = "SELECT id, name, created_at FROM tenants WHERE id = $1";
        let rows = self.query("reading a tenant", sql, &[(&Uuid::from(id), Type::UUID)]).await?;
        Ok(rows.first().map(tenant_of))
    }

    async fn rename_tenant(&self, id: TenantId, name: &str) -> Result<bool, Fault> {
        let sql = "UPDATE tenants SET name = $2 WHERE id = $1";
        let of: [Bound<'_>; 1] = [(&name, Type::TEXT)];
        Ok(self.touch("renaming a tenant", sql, id, &of).await? > 0)
    }

    async fn tenants_of(&self, person: PersonId) -> Result<Vec<(Tenant, Role)>, Fault> {
        let sql = "SELECT t.id, t.name, t.created_at, m.role
            FROM members m JOIN tenants t ON t.id = m.tenant
            WHERE m.person = $1 ORDER BY t.created_at, t.id";
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading tenants", sql, &of).await?;
        rows.iter().map(|row| Ok((tenant_of(row), role_of(row, 3)?))).collect()
    }

    async fn member(&self, tenant: TenantId, person: PersonId) -> Result<Option<Member>, Fault> {
        let sql = format!("{MEMBER} WHERE m.tenant = $1 AND m.person = $2");
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(tenant), Type::UUID), (&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading a member", &sql, &of).await?;
        rows.first().map(member_of).transpose()
    }

    async fn members(&self, tenant: TenantId) -> Result<Vec<Member>, Fault> {
        let sql = format!("{MEMBER} WHERE m.tenant = $1 ORDER BY m.since, m.person");
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        self.query("reading members", &sql, &of).await?.iter().map(member_of).collect()
    }

    async fn set_role(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Role,
    ) -> Result<Seated, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "changing a role").await?;
        let seated = seat(&within, tenant, person, Some(role)).await?;
        if seated == Seated::Done {
            let of: [Bound<'_>; 3] = [
                (&Uuid::from(tenant), Type::UUID),
                (&Uuid::from(person), Type::UUID),
                (&role.name(), Type::TEXT),
            ];
            let sql = "UPDATE members SET role = $3 WHERE tenant = $1 AND person = $2";
            within.plain(sql, &of).await?;
        }
        within.commit().await.map(|()| seated)
    }

    async fn remove_member(&self, tenant: TenantId, person: PersonId) -> Result<Seated, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "taking a member out").await?;
        let seated = seat(&within, tenant, person, None).await?;
        if seated == Seated::Done {
            let of: [Bound<'_>; 2] =
                [(&Uuid::from(tenant), Type::UUID), (&Uuid::from(person), Type::UUID)];
            for sql in REMOVE_MEMBER {
                within.plain(sql, &of).await?;
            }
        }
        within.commit().await.map(|()| seated)
    }

    async fn groups(&self, tenant: TenantId) -> Result<Vec<Group>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        Ok(folded(&self.query("reading groups", GROUPS, &of).await?))
    }

    async fn put_group(&self, tenant: TenantId, id: GroupId, name: &str) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a group").await?;
        let (tenant, id) = (Uuid::from(tenant), Uuid::from(id));
        within.plain(LOCK_TENANT, &[(&tenant, Type::UUID)]).await?;
        let of: [Bound<'_>; 3] = [(&tenant, Type::UUID), (&id, Type::UUID), (&name, Type::TEXT)];
        within.plain(PUT_GROUP, &of).await?;
        let sql = "SELECT FROM groups WHERE tenant = $1 AND id = $2 AND name = $3";
        let kept = !within.plain(sql, &of).await?.is_empty();
        within.commit().await.map(|()| kept)
    }

    async fn remove_group(&self, tenant: TenantId, id: GroupId) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a group").await?;
        let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&Uuid::from(id), Type::UUID)];
        let sql = "SELECT FROM groups WHERE tenant = $1 AND id = $2 FOR UPDATE";
        let was_there = !within.plain(sql, &of).await?.is_empty();
        if was_there {
            for sql in REMOVE_GROUP {
                within.plain(sql, &of).await?;
            }
        }
        within.commit().await.map(|()| was_there)
    }

    async fn put_into_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault> {
        let doing = "putting a member into a group";
        let of: [Bound<'_>; 2] = [(&Uuid::from(id), Type::UUID), (&Uuid::from(person), Type::UUID)];
        Ok(self.touch(doing, PUT_INTO_GROUP, tenant, &of).await? > 0)
    }

    async fn take_from_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault> {
        let doing = "taking a member from a group";
        let of: [Bound<'_>; 2] = [(&Uuid::from(id), Type::UUID), (&Uuid::from(person), Type::UUID)];
        Ok(self.touch(doing, TAKE_FROM_GROUP, tenant, &of).await? > 0)
    }

    async fn add_library(&self, library: &LibraryInfo, maker: PersonId) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "adding a library").await?;
        super::accounts::add_library(&within, library, maker).await?;
        within.commit().await
    }

    async fn rename_library(&self, scope: Scope, name: &str) -> Result<bool, Fault> {
        let sql = "UPDATE libraries SET name = $3 WHERE tenant = $1 AND id = $2";
        let of: [Bound<'_>; 2] = [(&Uuid::from(scope.library), Type::UUID), (&name, Type::TEXT)];
        Ok(self.touch("renaming a library", sql, scope.tenant, &of).await? > 0)
    }

    async fn libraries_of(&self, tenant: TenantId) -> Result<Vec<LibraryInfo>, Fault> {
        let sql = "SELECT id, tenant, name, created_at FROM libraries WHERE tenant = $1
            ORDER BY created_at, id";
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        let rows = self.query("reading libraries", sql, &of).await?;
        Ok(rows.iter().map(library_of).collect())
    }

    async fn reach(&self, person: PersonId) -> Result<Vec<Reach>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading libraries", REACH, &of).await?;
        let found = rows
            .iter()
            .map(|row| Ok((library_of(row), role_of(row, 4)?, right_of(row, 5)?, row.get(6))))
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(Reach::folded(found))
    }

    async fn shares(&self, scope: Scope) -> Result<Vec<Share>, Fault> {
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.tenant), Type::UUID), (&Uuid::from(scope.library), Type::UUID)];
        self.query("reading shares", SHARES, &of).await?.iter().map(share_of).collect()
    }

    async fn put_share(&self, scope: Scope, share: Share) -> Result<bool, Fault> {
        let holder = Uuid::from_bytes(share.holder.to_bytes());
        let of: [Bound<'_>; 4] = [
            (&Uuid::from(scope.library), Type::UUID),
            (&holder, Type::UUID),
            (&share.holder.kind(), Type::TEXT),
            (&share.right.name(), Type::TEXT),
        ];
        Ok(self.touch("giving a right", PUT_SHARE, scope.tenant, &of).await? > 0)
    }

    async fn remove_share(&self, scope: Scope, holder: Holder) -> Result<bool, Fault> {
        let id = Uuid::from_bytes(holder.to_bytes());
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(scope.library), Type::UUID),
            (&id, Type::UUID),
            (&holder.kind(), Type::TEXT),
        ];
        Ok(self.touch("taking a right back", REMOVE_SHARE, scope.tenant, &of).await? > 0)
    }

    async fn put_invitation(
        &self,
        invitation: &Invitation,
        secret: SecretHash,
    ) -> Result<(), Fault> {
        let (library, right) = invitation.share.unzip();
        let (library, right) = (library.map(Uuid::from), right.map(Right::name));
        let of: [Bound<'_>; 9] = [
            (&Uuid::from(invitation.id), Type::UUID),
            (&Uuid::from(invitation.tenant), Type::UUID),
            (&secret.0.as_slice(), Type::BYTEA),
            (&invitation.role.name(), Type::TEXT),
            (&library, Type::UUID),
            (&right, Type::TEXT),
            (&invitation.note, Type::TEXT),
            (&Uuid::from(invitation.made_by), Type::UUID),
            (&invitation.expires_at, Type::INT8),
        ];
        let sql = "INSERT INTO invitations VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        self.execute("keeping an invitation", sql, &of).await.map(drop)
    }

    async fn invitations(&self, tenant: TenantId, now: i64) -> Result<Vec<Invitation>, Fault> {
        let sql = format!(
            "{INVITATION} WHERE tenant = $1 AND expires_at > $2 ORDER BY expires_at DESC, id DESC"
        );
        let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&now, Type::INT8)];
        self.query("reading invitations", &sql, &of).await?.iter().map(invitation_of).collect()
    }

    async fn invitation(&self, secret: SecretHash, now: i64) -> Result<Option<Invitation>, Fault> {
        let sql = format!("{INVITATION} WHERE secret = $1 AND expires_at > $2");
        let of: [Bound<'_>; 2] = [(&secret.0.as_slice(), Type::BYTEA), (&now, Type::INT8)];
        let rows = self.query("reading an invitation", &sql, &of).await?;
        rows.first().map(invitation_of).transpose()
    }

    async fn take_invitation(
        &self,
        secret: SecretHash,
        joining: &Joining,
        now: i64,
    ) -> Result<Option<Invitation>, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "taking an invitation up").await?;
        let past = "DELETE FROM invitations WHERE expires_at <= $1";
        within.plain(past, &[(&now, Type::INT8)]).await?;
        let of: [Bound<'_>; 2] = [(&secret.0.as_slice(), Type::BYTEA), (&now, Type::INT8)];
        let taken = within.plain(TAKE_INVITATION, &of).await?;
        if let Some(row) = taken.first() {
            let invitation = invitation_of(row)?;
            if let Joining::New(person, library) = joining {
                add(&within, person, library).await?;
            }
            let person = joining.person();
            put_member(&within, invitation.tenant, person, invitation.role, now).await?;
            add_right(&within, &invitation, person).await?;
            return within.commit().await.map(|()| Some(invitation));
        }
        within.commit().await.map(|()| None)
    }

    async fn remove_invitation(&self, tenant: TenantId, id: InvitationId) -> Result<bool, Fault> {
        let sql = "DELETE FROM invitations WHERE tenant = $1 AND id = $2";
        let of: [Bound<'_>; 1] = [(&Uuid::from(id), Type::UUID)];
        Ok(self.touch("taking an invitation back", sql, tenant, &of).await? > 0)
    }
}
