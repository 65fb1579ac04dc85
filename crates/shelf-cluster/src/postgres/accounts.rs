//! People, libraries, sign-in links and grants in tables of their own.

use super::oauth::end_app;
use super::tenants::{give, given_to, put_member, put_tenant};
use super::within::Within;
use super::{Bound, Postgres, damaged};
use async_trait::async_trait;
use shelf_domain::id::{DeviceId, LibraryId, PersonId, TenantId};
use shelf_domain::permit::Allowance;
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::{
    Accounts, Grant, GrantKind, KeyPrint, LibraryInfo, Person, SecretHash,
};
use shelf_ports::tenants::Tenant;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The columns of a grant, for [`grant_of`].
macro_rules! grant_columns {
    () => {
        "id, person, kind, name, created_at, expires_at, used_at, scopes, libraries, bound,
            provided_by"
    };
}
pub(super) use grant_columns;

/// The grant a secret opens.
const GRANT_BY: &str = concat!(
    "SELECT ",
    grant_columns!(),
    " FROM grants WHERE (secret = $1 OR id = (SELECT app FROM app_secrets
        WHERE secret = $1 AND NOT refreshes AND expires_at > $2))
    AND (expires_at IS NULL OR expires_at > $2)"
);
/// Adds a grant that is not there yet, and notes whose it is, for when it is revoked: what was written
/// with it stays theirs.
const PUT_GRANT: &str = "WITH put AS (
        INSERT INTO grants (id, person, kind, name, secret, created_at, expires_at,
        used_at, scopes, libraries, bound, provided_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO NOTHING RETURNING id, person)
    INSERT INTO authors SELECT id, person FROM put ON CONFLICT (id) DO NOTHING";
/// Notes whose a grant was.
const PUT_AUTHOR: &str = "INSERT INTO authors VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
/// The grants of a person.
const GRANTS_OF: &str = concat!(
    "SELECT ",
    grant_columns!(),
    " FROM grants WHERE person = $1 AND (expires_at IS NULL OR expires_at > $2)
    ORDER BY created_at DESC, id DESC"
);

/// Whose each of several grants is.
const PEOPLE_OF: &str = "SELECT p.id, p.tenant, p.name, a.id
    FROM authors a JOIN people p ON p.id = a.person WHERE a.id = ANY ($1)";

pub(super) fn person_of(row: &Row) -> Person {
    Person {
        id: PersonId::from(row.get::<_, Uuid>(0)),
        tenant: TenantId::from(row.get::<_, Uuid>(1)),
        name: row.get(2),
    }
}

pub(super) fn library_of(row: &Row) -> LibraryInfo {
    LibraryInfo {
        id: LibraryId::from(row.get::<_, Uuid>(0)),
        tenant: TenantId::from(row.get::<_, Uuid>(1)),
        name: row.get(2),
        created_at: row.get(3),
    }
}

pub(super) fn grant_of(row: &Row) -> Result<Grant, Fault> {
    let kind = GrantKind::named(row.get(2));
    Ok(Grant {
        id: DeviceId::from(row.get::<_, Uuid>(0)),
        person: PersonId::from(row.get::<_, Uuid>(1)),
        kind: kind.ok_or_else(|| damaged("the kind of a grant"))?,
        name: row.get(3),
        created_at: row.get(4),
        expires_at: row.get(5),
        used_at: row.get(6),
        allows: Allowance::kept(row.get(7), row.get(8))
            .ok_or_else(|| damaged("what a grant may be used for"))?,
        bound: bound_of(row.get(9))?,
        provided_by: row.get::<_, Option<Uuid>>(10).map(TenantId::from),
    })
}

fn bound_of(bytes: Option<&[u8]>) -> Result<Option<KeyPrint>, Fault> {
    let read = |bytes: &[u8]| bytes.try_into().map(KeyPrint).map_err(|_| damaged("a key's hash"));
    bytes.map(read).transpose()
}

/// Adds a grant that is not there yet.
pub(super) async fn put_grant(
    within: &Within<'_>,
    grant: &Grant,
    secret: Option<&[u8; 32]>,
) -> Result<(), Fault> {
    let secret = secret.map(<[u8; 32]>::as_slice);
    let permits: Option<String> = grant.allows.permits.into();
    let bound = grant.bound.as_ref().map(|bound| bound.0.as_slice());
    let of: [Bound<'_>; 12] = [
        (&Uuid::from(grant.id), Type::UUID),
        (&uuid(grant.person), Type::UUID),
        (&grant.kind.name(), Type::TEXT),
        (&grant.name, Type::TEXT),
        (&secret, Type::BYTEA),
        (&grant.created_at, Type::INT8),
        (&grant.expires_at, Type::INT8),
        (&grant.used_at, Type::INT8),
        (&permits, Type::TEXT),
        (&grant.allows.libraries_text(), Type::TEXT),
        (&bound, Type::BYTEA),
        (&grant.provided_by.map(Uuid::from), Type::UUID),
    ];
    within.plain(PUT_GRANT, &of).await.map(drop)
}

/// Takes in whose a grant was.
pub(super) async fn put_author(
    within: &Within<'_>,
    grant: DeviceId,
    person: PersonId,
) -> Result<(), Fault> {
    let of: [Bound<'_>; 2] = [(&Uuid::from(grant), Type::UUID), (&uuid(person), Type::UUID)];
    within.plain(PUT_AUTHOR, &of).await.map(drop)
}

fn uuid(person: PersonId) -> Uuid {
    Uuid::from(person)
}

/// Adds a person with their tenant, which they own, and a library in it.
pub(super) async fn add(
    within: &Within<'_>,
    person: &Person,
    library: &LibraryInfo,
) -> Result<(), Fault> {
    let (id, since) = (uuid(person.id), library.created_at);
    let of: [Bound<'_>; 4] = [
        (&id, Type::UUID),
        (&Uuid::from(person.tenant), Type::UUID),
        (&person.name, Type::TEXT),
        (&since, Type::INT8),
    ];
    within.plain("INSERT INTO people VALUES ($1, $2, $3, $4)", &of).await?;
    let tenant = Tenant { id: person.tenant, name: person.name.clone(), created_at: since };
    put_tenant(within, &tenant).await?;
    put_member(within, tenant.id, person.id, Role::Owner, since).await?;
    add_library(within, library, person.id).await
}

/// Adds a library, which `maker` manages; a fault where its tenant is gone, which is held until then.
pub(super) async fn add_library(
    within: &Within<'_>,
    library: &LibraryInfo,
    maker: PersonId,
) -> Result<(), Fault> {
    let held = "SELECT FROM tenants WHERE id = $1 FOR KEY SHARE";
    if within.plain(held, &[(&Uuid::from(library.tenant), Type::UUID)]).await?.is_empty() {
        return Err(Fault::new("adding a library", "its tenant is gone"));
    }
    let of: [Bound<'_>; 5] = [
        (&Uuid::from(library.id), Type::UUID),
        (&Uuid::from(library.tenant), Type::UUID),
        (&uuid(maker), Type::UUID),
        (&library.name, Type::TEXT),
        (&library.created_at, Type::INT8),
    ];
    let sql = "INSERT INTO libraries (id, tenant, owner, name, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    within.plain(sql, &of).await?;
    give(within, library.id, given_to(maker, Right::Manage)).await
}

#[async_trait]
impl Accounts for Postgres {
    async fn add_person(&self, person: &Person, library: &LibraryInfo) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "adding a person").await?;
        add(&within, person, library).await?;
        within.commit().await
    }

    async fn add_first_person(
        &self,
        person: &Person,
        library: &LibraryInfo,
    ) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "adding the first person").await?;
        within.plain("LOCK TABLE people IN EXCLUSIVE MODE", &[]).await?;
        let first = within.plain("SELECT FROM people LIMIT 1", &[]).await?.is_empty();
        if first {
            add(&within, person, library).await?;
        }
        within.commit().await.map(|()| first)
    }

    async fn people(&self) -> Result<Vec<Person>, Fault> {
        let sql = "SELECT id, tenant, name FROM people ORDER BY joined, id";
        let rows = self.query("reading people", sql, &[]).await?;
        Ok(rows.iter().map(person_of).collect())
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, Fault> {
        let sql = "SELECT id, tenant, name FROM people WHERE id = $1";
        let rows = self.query("reading a person", sql, &[(&uuid(id), Type::UUID)]).await?;
        Ok(rows.first().map(person_of))
    }

    async fn rename_person(&self, id: PersonId, name: &str) -> Result<bool, Fault> {
        let sql = "UPDATE people SET name = $2 WHERE id = $1";
        let of: [Bound<'_>; 2] = [(&uuid(id), Type::UUID), (&name, Type::TEXT)];
        Ok(self.execute("renaming a person", sql, &of).await? > 0)
    }

    async fn all_libraries(&self) -> Result<Vec<LibraryInfo>, Fault> {
        let sql = "SELECT id, tenant, name, created_at FROM libraries ORDER BY key";
        let rows = self.query("reading libraries", sql, &[]).await?;
        Ok(rows.iter().map(library_of).collect())
    }

    async fn put_link(
        &self,
        link: SecretHash,
        person: PersonId,
        expires_at: i64,
    ) -> Result<(), Fault> {
        let sql = "INSERT INTO links VALUES ($1, $2, $3) ON CONFLICT (secret) DO UPDATE
            SET person = excluded.person, expires_at = excluded.expires_at";
        let link = link.0.as_slice();
        let of: [Bound<'_>; 3] =
            [(&link, Type::BYTEA), (&uuid(person), Type::UUID), (&expires_at, Type::INT8)];
        self.execute("keeping a link", sql, &of).await.map(drop)
    }

    async fn take_link(&self, link: SecretHash, now: i64) -> Result<Option<PersonId>, Fault> {
        let doing = "using a link";
        let past = "DELETE FROM links WHERE expires_at <= $1";
        self.execute(doing, past, &[(&now, Type::INT8)]).await?;
        let sql = "DELETE FROM links WHERE secret = $1 AND expires_at > $2 RETURNING person";
        let link = link.0.as_slice();
        let rows = self.query(doing, sql, &[(&link, Type::BYTEA), (&now, Type::INT8)]).await?;
        Ok(rows.first().map(|row| PersonId::from(row.get::<_, Uuid>(0))))
    }

    async fn put_grant(&self, grant: &Grant, secret: Option<SecretHash>) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a grant").await?;
        put_grant(&within, grant, secret.map(|secret| secret.0).as_ref()).await?;
        within.commit().await
    }

    async fn open_grant(&self, secret: SecretHash, now: i64) -> Result<Option<Grant>, Fault> {
        let secret = secret.0.as_slice();
        let of: [Bound<'_>; 2] = [(&secret, Type::BYTEA), (&now, Type::INT8)];
        let rows = self.query("opening a grant", GRANT_BY, &of).await?;
        let Some(mut grant) = rows.first().map(grant_of).transpose()? else { return Ok(None) };
        if grant.notes_use_at(now) {
            grant.used_at = Some(now);
            let sql = "UPDATE grants SET used_at = $2 WHERE id = $1";
            let id = Uuid::from(grant.id);
            let of: [Bound<'_>; 2] = [(&id, Type::UUID), (&now, Type::INT8)];
            // A full disk must not keep its owner out: only the note is missing then.
            match self.execute("noting the use of a grant", sql, &of).await {
                Err(fault) if !fault.is_no_room() => return Err(fault),
                _ => {}
            }
        }
        Ok(Some(grant))
    }

    async fn grants(&self, person: PersonId, now: i64) -> Result<Vec<Grant>, Fault> {
        let of: [Bound<'_>; 2] = [(&uuid(person), Type::UUID), (&now, Type::INT8)];
        let rows = self.query("reading grants", GRANTS_OF, &of).await?;
        rows.iter().map(grant_of).collect()
    }

    async fn people_of(
        &self,
        grants: &BTreeSet<DeviceId>,
    ) -> Result<BTreeMap<DeviceId, Person>, Fault> {
        let grants: Vec<Uuid> = grants.iter().copied().map(Uuid::from).collect();
        let of: [Bound<'_>; 1] = [(&grants, Type::UUID_ARRAY)];
        let rows = self.query("reading whose grants are", PEOPLE_OF, &of).await?;
        let person = |row: &Row| (DeviceId::from(row.get::<_, Uuid>(3)), person_of(row));
        Ok(rows.iter().map(person).collect())
    }

    async fn rename_grant(
        &self,
        person: PersonId,
        grant: DeviceId,
        name: &str,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE grants SET name = $3 WHERE person = $1 AND id = $2";
        let of: [Bound<'_>; 3] =
            [(&uuid(person), Type::UUID), (&Uuid::from(grant), Type::UUID), (&name, Type::TEXT)];
        Ok(self.execute("renaming a grant", sql, &of).await? > 0)
    }

    async fn revoke(&self, person: PersonId, grant: DeviceId) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "revoking a grant").await?;
        let grant = Uuid::from(grant);
        let sql = "DELETE FROM grants WHERE person = $1 AND id = $2 RETURNING id";
        let of: [Bound<'_>; 2] = [(&uuid(person), Type::UUID), (&grant, Type::UUID)];
        let was_there = !within.plain(sql, &of).await?.is_empty();
        if was_there {
            end_app(&within, grant, 0).await?;
        }
        within.commit().await.map(|()| was_there)
    }

    async fn setting(&self, person: PersonId, name: &str) -> Result<Option<String>, Fault> {
        let sql = "SELECT value FROM settings WHERE person = $1 AND name = $2";
        let of: [Bound<'_>; 2] = [(&uuid(person), Type::UUID), (&name, Type::TEXT)];
        let rows = self.query("reading a setting", sql, &of).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    async fn put_setting(&self, person: PersonId, name: &str, value: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO settings VALUES ($1, $2, $3)
            ON CONFLICT (person, name) DO UPDATE SET value = excluded.value";
        let of: [Bound<'_>; 3] =
            [(&uuid(person), Type::UUID), (&name, Type::TEXT), (&value, Type::TEXT)];
        self.execute("keeping a setting", sql, &of).await.map(drop)
    }

    async fn swap_setting(
        &self,
        person: PersonId,
        name: &str,
        before: Option<&str>,
        value: &str,
    ) -> Result<bool, Fault> {
        let doing = "keeping a setting in the place of another";
        let person = uuid(person);
        let mut of: Vec<Bound<'_>> =
            vec![(&person, Type::UUID), (&name, Type::TEXT), (&value, Type::TEXT)];
        let sql = match &before {
            None => "INSERT INTO settings VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            Some(before) => {
                of.push((before, Type::TEXT));
                "UPDATE settings SET value = $3 WHERE person = $1 AND name = $2 AND value = $4"
            }
        };
        Ok(self.execute(doing, sql, &of).await? > 0)
    }
}
