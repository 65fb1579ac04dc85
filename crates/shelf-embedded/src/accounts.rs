//! People, libraries, sign-in links and grants in tables of their own.

use crate::Embedded;
use crate::oauth::end_app;
use crate::sql::damaged;
use crate::tenants::{give, given_to, put_member, put_tenant};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{DeviceId, LibraryId, PersonId, TenantId};
use shelf_domain::permit::Allowance;
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::{
    Accounts, Grant, GrantKind, KeyPrint, LibraryInfo, Person, SecretHash,
};
use shelf_ports::tenants::Tenant;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn person_of(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId::from_bytes(row.get(0)?),
        tenant: TenantId::from_bytes(row.get(1)?),
        name: row.get(2)?,
    })
}

pub(crate) fn library_of(row: &Row<'_>) -> rusqlite::Result<LibraryInfo> {
    Ok(LibraryInfo {
        id: LibraryId::from_bytes(row.get(0)?),
        tenant: TenantId::from_bytes(row.get(1)?),
        name: row.get(2)?,
        created_at: row.get(3)?,
    })
}

pub(crate) fn grant_of(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let name: String = row.get(2)?;
    let kind = GrantKind::named(&name);
    Ok(Grant {
        id: DeviceId::from_bytes(row.get(0)?),
        person: PersonId::from_bytes(row.get(1)?),
        kind: kind.ok_or_else(|| damaged("the kind of a grant"))?,
        name: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        used_at: row.get(6)?,
        allows: allowance_of(row)?,
        bound: row.get::<_, Option<[u8; 32]>>(9)?.map(KeyPrint),
        provided_by: row.get::<_, Option<[u8; 16]>>(11)?.map(TenantId::from_bytes),
    })
}

fn allowance_of(row: &Row<'_>) -> rusqlite::Result<Allowance> {
    let permits: Option<String> = row.get(7)?;
    let libraries: Option<String> = row.get(8)?;
    let kept = Allowance::kept(permits.as_deref(), libraries.as_deref());
    kept.ok_or_else(|| damaged("what a grant may be used for"))
}

pub(crate) const GRANT: &str = "id, person, kind, name, created_at, expires_at, used_at, scopes,
    libraries, bound, secret, provided_by FROM grants";

/// Adds a grant that is not there yet; whether it was added.
pub(crate) fn put_grant(
    connection: &Connection,
    grant: &Grant,
    secret: Option<&[u8; 32]>,
) -> rusqlite::Result<bool> {
    let permits: Option<String> = grant.allows.permits.into();
    let sql = "INSERT INTO grants (id, person, kind, name, secret, created_at, expires_at,
        used_at, scopes, libraries, bound, provided_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (id) DO NOTHING";
    let put = connection.prepare_cached(sql)?.execute(params![
        grant.id.to_bytes(),
        grant.person.to_bytes(),
        grant.kind.name(),
        grant.name,
        secret,
        grant.created_at,
        grant.expires_at,
        grant.used_at,
        permits,
        grant.allows.libraries_text(),
        grant.bound.map(|bound| bound.0),
        grant.provided_by.map(TenantId::to_bytes),
    ])?;
    put_author(connection, grant.id, grant.person)?;
    Ok(put > 0)
}

/// Notes whose a grant is, for when it is revoked: what was written with it stays theirs.
pub(crate) fn put_author(
    connection: &Connection,
    grant: DeviceId,
    person: PersonId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO authors VALUES (?1, ?2)")?
        .execute(params![grant.to_bytes(), person.to_bytes()])
        .map(drop)
}

fn grant_by(
    connection: &Connection,
    secret: SecretHash,
    now: i64,
) -> rusqlite::Result<Option<Grant>> {
    let alive = "(expires_at IS NULL OR expires_at > ?2)";
    let find = |which: &str| {
        connection
            .prepare_cached(&format!("SELECT {GRANT} WHERE {which} AND {alive}"))?
            .query_row(params![secret.0, now], grant_of)
            .optional()
    };
    match find("secret = ?1")? {
        Some(grant) => Ok(Some(grant)),
        None => find(
            "id = (SELECT app FROM app_secrets
                WHERE secret = ?1 AND NOT refreshes AND expires_at > ?2)",
        ),
    }
}

/// Adds a person with their tenant, which they own, and a library in it.
pub(crate) fn add(
    connection: &Connection,
    person: &Person,
    library: &LibraryInfo,
) -> rusqlite::Result<()> {
    let Person { id, tenant, ref name } = *person;
    let since = library.created_at;
    connection.prepare_cached("INSERT INTO people VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        id.to_bytes(),
        tenant.to_bytes(),
        name,
        since
    ])?;
    put_tenant(connection, &Tenant { id: tenant, name: name.clone(), created_at: since })?;
    put_member(connection, tenant, id, Role::Owner, since)?;
    add_library(connection, library, id)
}

/// Adds a library, which `maker` manages; an error where its tenant is gone.
pub(crate) fn add_library(
    connection: &Connection,
    library: &LibraryInfo,
    maker: PersonId,
) -> rusqlite::Result<()> {
    let is_there = "SELECT 1 FROM tenants WHERE id = ?1";
    if !connection.prepare_cached(is_there)?.exists([library.tenant.to_bytes()])? {
        return Err(damaged("the tenant of a library"));
    }
    connection
        .prepare_cached(
            "INSERT INTO libraries (id, tenant, owner, name, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            library.id.to_bytes(),
            library.tenant.to_bytes(),
            maker.to_bytes(),
            library.name,
            library.created_at
        ])?;
    give(connection, library.id, given_to(maker, Right::Manage))
}

#[async_trait]
impl Accounts for Embedded {
    async fn add_person(&self, person: &Person, library: &LibraryInfo) -> Result<(), Fault> {
        let (person, library) = (person.clone(), library.clone());
        self.write("adding a person", move |connection| add(connection, &person, &library)).await
    }

    async fn add_first_person(
        &self,
        person: &Person,
        library: &LibraryInfo,
    ) -> Result<bool, Fault> {
        let (person, library) = (person.clone(), library.clone());
        self.write("adding the first person", move |connection| {
            let is_first = !connection.prepare_cached("SELECT 1 FROM people")?.exists([])?;
            if is_first {
                add(connection, &person, &library)?;
            }
            Ok(is_first)
        })
        .await
    }

    async fn people(&self) -> Result<Vec<Person>, Fault> {
        self.read("reading people", |connection| {
            connection
                .prepare_cached("SELECT id, tenant, name FROM people ORDER BY joined, id")?
                .query_map([], person_of)?
                .collect()
        })
        .await
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, Fault> {
        self.look_up("reading a person", |connection| {
            connection
                .prepare_cached("SELECT id, tenant, name FROM people WHERE id = ?1")?
                .query_row([id.to_bytes()], person_of)
                .optional()
        })
    }

    async fn rename_person(&self, id: PersonId, name: &str) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("renaming a person", move |connection| {
            let sql = "UPDATE people SET name = ?2 WHERE id = ?1";
            Ok(connection.prepare_cached(sql)?.execute(params![id.to_bytes(), name])? > 0)
        })
        .await
    }

    async fn all_libraries(&self) -> Result<Vec<LibraryInfo>, Fault> {
        self.read("reading libraries", |connection| {
            connection
                .prepare_cached("SELECT id, tenant, name, created_at FROM libraries ORDER BY key")?
                .query_map([], library_of)?
                .collect()
        })
        .await
    }

    async fn put_link(
        &self,
        link: SecretHash,
        person: PersonId,
        expires_at: i64,
    ) -> Result<(), Fault> {
        self.write("keeping a link", move |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO links VALUES (?1, ?2, ?3)")?
                .execute(params![link.0, person.to_bytes(), expires_at])?;
            Ok(())
        })
        .await
    }

    async fn take_link(&self, link: SecretHash, now: i64) -> Result<Option<PersonId>, Fault> {
        self.write("using a link", move |connection| {
            connection
                .prepare_cached("DELETE FROM links WHERE expires_at <= ?1")?
                .execute([now])?;
            connection
                .prepare_cached("DELETE FROM links WHERE secret = ?1 RETURNING person")?
                .query_row([link.0], |row| row.get(0).map(PersonId::from_bytes))
                .optional()
        })
        .await
    }

    async fn put_grant(&self, grant: &Grant, secret: Option<SecretHash>) -> Result<(), Fault> {
        let grant = grant.clone();
        self.write("keeping a grant", move |connection| {
            let secret = secret.map(|secret| secret.0);
            put_grant(connection, &grant, secret.as_ref()).map(drop)
        })
        .await
    }

    async fn open_grant(&self, secret: SecretHash, now: i64) -> Result<Option<Grant>, Fault> {
        let opened =
            self.look_up("opening a grant", |connection| grant_by(connection, secret, now))?;
        let Some(mut grant) = opened else { return Ok(None) };
        if grant.notes_use_at(now) {
            grant.used_at = Some(now);
            let noted = self.write("noting the use of a grant", move |connection| {
                connection
                    .prepare_cached("UPDATE grants SET used_at = ?2 WHERE id = ?1")?
                    .execute(params![grant.id.to_bytes(), now])
            });
            // A full disk must not keep its owner out: only the note is missing then.
            match noted.await {
                Err(fault) if !fault.is_no_room() => return Err(fault),
                _ => {}
            }
        }
        Ok(Some(grant))
    }

    async fn grants(&self, person: PersonId, now: i64) -> Result<Vec<Grant>, Fault> {
        self.read("reading grants", move |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {GRANT} WHERE person = ?1 AND (expires_at IS NULL OR expires_at > ?2)
                     ORDER BY created_at DESC, id DESC"
                ))?
                .query_map(params![person.to_bytes(), now], grant_of)?
                .collect()
        })
        .await
    }

    async fn people_of(
        &self,
        grants: &BTreeSet<DeviceId>,
    ) -> Result<BTreeMap<DeviceId, Person>, Fault> {
        let grants = grants.clone();
        self.read("reading whose grants are", move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT p.id, p.tenant, p.name FROM authors a JOIN people p ON p.id = a.person
                 WHERE a.id = ?1",
            )?;
            let mut people = BTreeMap::new();
            for grant in grants {
                let person = statement.query_row([grant.to_bytes()], person_of).optional()?;
                people.extend(person.map(|person| (grant, person)));
            }
            Ok(people)
        })
        .await
    }

    async fn rename_grant(
        &self,
        person: PersonId,
        grant: DeviceId,
        name: &str,
    ) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("renaming a grant", move |connection| {
            let renamed = connection
                .prepare_cached("UPDATE grants SET name = ?3 WHERE person = ?1 AND id = ?2")?
                .execute(params![person.to_bytes(), grant.to_bytes(), name])?;
            Ok(renamed > 0)
        })
        .await
    }

    async fn revoke(&self, person: PersonId, grant: DeviceId) -> Result<bool, Fault> {
        self.write("revoking a grant", move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM grants WHERE person = ?1 AND id = ?2")?
                .execute(params![person.to_bytes(), grant.to_bytes()])?;
            if gone > 0 {
                end_app(connection, grant.to_bytes(), 0)?;
            }
            Ok(gone > 0)
        })
        .await
    }

    async fn setting(&self, person: PersonId, name: &str) -> Result<Option<String>, Fault> {
        let name = name.to_owned();
        self.read("reading a setting", move |connection| {
            connection
                .prepare_cached("SELECT value FROM settings WHERE person = ?1 AND name = ?2")?
                .query_row(params![person.to_bytes(), name], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn put_setting(&self, person: PersonId, name: &str, value: &str) -> Result<(), Fault> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write("keeping a setting", move |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO settings VALUES (?1, ?2, ?3)")?
                .execute(params![person.to_bytes(), name, value])?;
            Ok(())
        })
        .await
    }

    async fn swap_setting(
        &self,
        person: PersonId,
        name: &str,
        before: Option<&str>,
        value: &str,
    ) -> Result<bool, Fault> {
        let (name, value) = (name.to_owned(), value.to_owned());
        let before = before.map(str::to_owned);
        self.write("keeping a setting in the place of another", move |connection| {
            let sql = match before {
                None => "INSERT OR IGNORE INTO settings SELECT ?1, ?2, ?3 WHERE ?4 IS NULL",
                Some(_) => {
                    "UPDATE settings SET value = ?3
                     WHERE person = ?1 AND name = ?2 AND value = ?4"
                }
            };
            let of = params![person.to_bytes(), name, value, before];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }
}
