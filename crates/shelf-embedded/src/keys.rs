//! Keys of owners, each sealed by the root key; they go with the row of their owner.

use crate::Embedded;
use crate::sql::damaged;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::Ids;
use shelf_ports::Fault;
use shelf_ports::vault::{Owner, OwnerKeys, SealedKey};

/// Every key, for [`key_of`].
pub(crate) const ALL: &str = "SELECT owner, kind, sealed FROM owner_keys ORDER BY owner, kind";
const KEY: &str = "SELECT sealed FROM owner_keys WHERE owner = ?1 AND kind = ?2";
const DESTROY: &str = "DELETE FROM owner_keys WHERE owner = ?1 AND kind = ?2";
const RESEAL: &str =
    "UPDATE owner_keys SET sealed = ?4 WHERE owner = ?1 AND kind = ?2 AND sealed = ?3";
/// The server is always there; all others are as long as their rows.
const IS_THERE: &str = "SELECT ?2 = 'server'
    OR (?2 = 'tenant' AND EXISTS (SELECT 1 FROM tenants WHERE id = ?1))
    OR (?2 = 'person' AND EXISTS (SELECT 1 FROM people WHERE id = ?1))
    OR (?2 = 'library' AND EXISTS (SELECT 1 FROM libraries WHERE id = ?1))";
const KEYLESS: &str = "SELECT owner, kind FROM (
        SELECT zeroblob(16) AS owner, 'server' AS kind
        UNION ALL SELECT id, 'tenant' FROM tenants WHERE id >= ?2
        UNION ALL SELECT id, 'person' FROM people WHERE id >= ?2
        UNION ALL SELECT id, 'library' FROM libraries WHERE id >= ?2) came
    WHERE NOT EXISTS (SELECT 1 FROM owner_keys k WHERE k.owner = came.owner AND k.kind = came.kind)
    ORDER BY 1, 2 LIMIT ?1";

fn owner_of(row: &Row<'_>) -> rusqlite::Result<Owner> {
    let kind: String = row.get(1)?;
    Owner::from_parts(&kind, row.get(0)?).ok_or_else(|| damaged("the owner of a key"))
}

pub(crate) fn key_of(row: &Row<'_>) -> rusqlite::Result<(Owner, SealedKey)> {
    Ok((owner_of(row)?, SealedKey(row.get(2)?)))
}

/// Keeps `key` for `owner`, unless there is one.
pub(crate) fn put_key(
    connection: &Connection,
    owner: Owner,
    key: &SealedKey,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO owner_keys VALUES (?1, ?2, ?3)")?
        .execute(params![owner.to_bytes(), owner.kind(), key.0])
        .map(drop)
}

fn key(connection: &Connection, owner: Owner) -> rusqlite::Result<Option<SealedKey>> {
    connection
        .prepare_cached(KEY)?
        .query_row(params![owner.to_bytes(), owner.kind()], |row| row.get(0).map(SealedKey))
        .optional()
}

#[async_trait]
impl OwnerKeys for Embedded {
    async fn put_owner_key(
        &self,
        owner: Owner,
        fresh: &SealedKey,
    ) -> Result<Option<SealedKey>, Fault> {
        let fresh = fresh.clone();
        self.write("keeping a key", move |connection| {
            let of = params![owner.to_bytes(), owner.kind()];
            let is_there = connection.prepare_cached(IS_THERE)?.query_row(of, |row| row.get(0))?;
            if is_there {
                put_key(connection, owner, &fresh)?;
            }
            key(connection, owner)
        })
        .await
    }

    async fn owner_key(&self, owner: Owner) -> Result<Option<SealedKey>, Fault> {
        self.look_up("looking for a key", |connection| key(connection, owner))
    }

    async fn destroy_owner_key(&self, owner: Owner) -> Result<(), Fault> {
        self.write("destroying a key", move |connection| {
            let of = params![owner.to_bytes(), owner.kind()];
            connection.prepare_cached(DESTROY)?.execute(of).map(drop)
        })
        .await
    }

    async fn reseal_owner_key(
        &self,
        owner: Owner,
        before: &SealedKey,
        after: &SealedKey,
    ) -> Result<bool, Fault> {
        let (before, after) = (before.clone(), after.clone());
        self.write("keeping a key sealed anew", move |connection| {
            let of = params![owner.to_bytes(), owner.kind(), before.0, after.0];
            Ok(connection.prepare_cached(RESEAL)?.execute(of)? > 0)
        })
        .await
    }

    async fn owner_keys(&self) -> Result<Vec<(Owner, SealedKey)>, Fault> {
        self.read("reading keys", |connection| {
            connection.prepare_cached(ALL)?.query_map([], key_of)?.collect()
        })
        .await
    }

    async fn keyless(&self, since: i64, limit: usize) -> Result<Vec<Owner>, Fault> {
        self.read("looking for who has no key", move |connection| {
            let of = params![limit, Ids::least(since)];
            connection.prepare_cached(KEYLESS)?.query_map(of, owner_of)?.collect()
        })
        .await
    }
}
