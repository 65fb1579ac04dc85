//! Keys of owners, each sealed by the root key; they go with the row of their owner.

use super::within::Within;
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::Ids;
use shelf_ports::Fault;
use shelf_ports::vault::{Owner, OwnerKeys, SealedKey};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Every key, for [`key_of`].
pub(super) const ALL: &str =
    r#"SELECT owner, kind, sealed FROM owner_keys ORDER BY owner, kind COLLATE "C""#;
const KEY: &str = "SELECT owner, kind, sealed FROM owner_keys WHERE owner = $1 AND kind = $2";
const PUT: &str = "INSERT INTO owner_keys VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DESTROY: &str = "DELETE FROM owner_keys WHERE owner = $1 AND kind = $2";
const RESEAL: &str =
    "UPDATE owner_keys SET sealed = $4 WHERE owner = $1 AND kind = $2 AND sealed = $3";
/// The row of each kind of owner, held until the key is there: none is put for who is just going.
const IS_THERE: [(&str, &str); 3] = [
    ("tenant", "SELECT FROM tenants WHERE id = $1 FOR SHARE"),
    ("person", "SELECT FROM people WHERE id = $1 FOR SHARE"),
    ("library", "SELECT FROM libraries WHERE id = $1 FOR SHARE"),
];
const KEYLESS: &str = r#"SELECT owner, kind FROM (
        SELECT '00000000-0000-0000-0000-000000000000'::uuid AS owner, 'server'::text AS kind
        UNION ALL SELECT id, 'tenant' FROM tenants WHERE id >= $2
        UNION ALL SELECT id, 'person' FROM people WHERE id >= $2
        UNION ALL SELECT id, 'library' FROM libraries WHERE id >= $2) AS of
    WHERE NOT EXISTS (SELECT FROM owner_keys k WHERE k.owner = of.owner AND k.kind = of.kind)
    ORDER BY owner, kind COLLATE "C" LIMIT $1"#;

fn owner_of(row: &Row) -> Result<Owner, Fault> {
    let id = row.get::<_, Uuid>(0).into_bytes();
    Owner::from_parts(row.get(1), id).ok_or_else(|| damaged("the owner of a key"))
}

pub(super) fn key_of(row: &Row) -> Result<(Owner, SealedKey), Fault> {
    Ok((owner_of(row)?, SealedKey(row.get(2))))
}

fn id_of(owner: Owner) -> Uuid {
    Uuid::from_bytes(owner.to_bytes())
}

/// Keeps `key` for `owner`, unless there is one.
pub(super) async fn put_key(
    within: &Within<'_>,
    owner: Owner,
    key: &SealedKey,
) -> Result<(), Fault> {
    let of: [Bound<'_>; 3] =
        [(&id_of(owner), Type::UUID), (&owner.kind(), Type::TEXT), (&key.0, Type::BYTEA)];
    within.plain(PUT, &of).await.map(drop)
}

#[async_trait]
impl OwnerKeys for Postgres {
    async fn put_owner_key(
        &self,
        owner: Owner,
        fresh: &SealedKey,
    ) -> Result<Option<SealedKey>, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a key").await?;
        let id = id_of(owner);
        if let Some((_, sql)) = IS_THERE.iter().find(|(kind, _)| *kind == owner.kind())
            && within.plain(sql, &[(&id, Type::UUID)]).await?.is_empty()
        {
            return Ok(None);
        }
        put_key(&within, owner, fresh).await?;
        let of: [Bound<'_>; 2] = [(&id, Type::UUID), (&owner.kind(), Type::TEXT)];
        let rows = within.plain(KEY, &of).await?;
        let key = rows.first().map(key_of).transpose()?.map(|(_, key)| key);
        within.commit().await.map(|()| key)
    }

    async fn owner_key(&self, owner: Owner) -> Result<Option<SealedKey>, Fault> {
        let of: [Bound<'_>; 2] = [(&id_of(owner), Type::UUID), (&owner.kind(), Type::TEXT)];
        let rows = self.query("looking for a key", KEY, &of).await?;
        Ok(rows.first().map(key_of).transpose()?.map(|(_, key)| key))
    }

    async fn destroy_owner_key(&self, owner: Owner) -> Result<(), Fault> {
        let of: [Bound<'_>; 2] = [(&id_of(owner), Type::UUID), (&owner.kind(), Type::TEXT)];
        self.execute("destroying a key", DESTROY, &of).await.map(drop)
    }

    async fn reseal_owner_key(
        &self,
        owner: Owner,
        before: &SealedKey,
        after: &SealedKey,
    ) -> Result<bool, Fault> {
        let of: [Bound<'_>; 4] = [
            (&id_of(owner), Type::UUID),
            (&owner.kind(), Type::TEXT),
            (&before.0, Type::BYTEA),
            (&after.0, Type::BYTEA),
        ];
        Ok(self.execute("keeping a key sealed anew", RESEAL, &of).await? > 0)
    }

    async fn owner_keys(&self) -> Result<Vec<(Owner, SealedKey)>, Fault> {
        self.query("reading keys", ALL, &[]).await?.iter().map(key_of).collect()
    }

    async fn keyless(&self, since: i64, limit: usize) -> Result<Vec<Owner>, Fault> {
        let least = Uuid::from_bytes(Ids::least(since));
        let of: [Bound<'_>; 2] = [(&limit_of(limit), Type::INT8), (&least, Type::UUID)];
        self.query("looking for who has no key", KEYLESS, &of).await?.iter().map(owner_of).collect()
    }
}
