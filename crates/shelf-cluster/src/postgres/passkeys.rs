//! Passkeys, and the challenges that were answered with them.

use super::credentials::{LOCK_PERSON, end_sessions, of_person};
use super::within::Within;
use super::{Bound, Postgres};
use async_trait::async_trait;
use shelf_domain::id::{DeviceId, PasskeyId, PersonId};
use shelf_ports::Fault;
use shelf_ports::passkeys::{Added, Answered, Passkey, Passkeys, Removed, Use, Used, went_back};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

macro_rules! passkey_columns {
    () => {
        "SELECT id, person, credential, handle, key, name, created_at, used_at, count, synced,
            backed_up, copied_at FROM passkeys"
    };
}
pub(super) use passkey_columns;

const OF_PERSON: &str = concat!(passkey_columns!(), " WHERE person = $1 ORDER BY created_at, id");
const BY_CREDENTIAL: &str = concat!(passkey_columns!(), " WHERE credential = $1");
const PUT: &str = "INSERT INTO passkeys
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const COUNT: &str = "SELECT count(*) FROM passkeys WHERE person = $1";
const FORGET: &str = "DELETE FROM answered WHERE until <= $1";
const ANSWER: &str = "INSERT INTO answered VALUES ($1, $2) ON CONFLICT DO NOTHING";
const KNOWN: &str = "SELECT count, copied_at FROM passkeys WHERE id = $1 FOR UPDATE";
const MARK: &str = "UPDATE passkeys SET copied_at = $2 WHERE id = $1 AND copied_at IS NULL";
const USE: &str = "UPDATE passkeys SET used_at = $2, count = $3, backed_up = $4 WHERE id = $1";
const RENAME: &str = "UPDATE passkeys SET name = $3 WHERE person = $1 AND id = $2";
const THERE: &str = "SELECT FROM passkeys WHERE person = $1 AND id = $2";
const REMOVE: &str = "DELETE FROM passkeys WHERE person = $1 AND id = $2";

pub(super) fn passkey_of(row: &Row) -> Passkey {
    Passkey {
        id: PasskeyId::from(row.get::<_, Uuid>(0)),
        person: PersonId::from(row.get::<_, Uuid>(1)),
        credential: row.get(2),
        handle: row.get(3),
        key: row.get(4),
        name: row.get(5),
        created_at: row.get(6),
        used_at: row.get(7),
        count: counted(row.get(8)),
        synced: row.get(9),
        backed_up: row.get(10),
        copied_at: row.get(11),
    }
}

fn counted(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Puts a passkey, unless it is there or its credential is; whether it was put.
pub(super) async fn take_in(within: &Within<'_>, told: &Passkey) -> Result<bool, Fault> {
    let (id, person) = (Uuid::from(told.id), Uuid::from(told.person));
    let count = i64::from(told.count);
    let of: [Bound<'_>; 12] = [
        (&id, Type::UUID),
        (&person, Type::UUID),
        (&told.credential, Type::BYTEA),
        (&told.handle, Type::BYTEA),
        (&told.key, Type::BYTEA),
        (&told.name, Type::TEXT),
        (&told.created_at, Type::INT8),
        (&told.used_at, Type::INT8),
        (&count, Type::INT8),
        (&told.synced, Type::BOOL),
        (&told.backed_up, Type::BOOL),
        (&told.copied_at, Type::INT8),
    ];
    Ok(within.touch(PUT, &of).await? > 0)
}

/// Notes that a challenge was answered; whether it was the first time. Of several at once the later
/// ones wait here.
async fn answer(within: &Within<'_>, answered: Answered) -> Result<bool, Fault> {
    within.touch(FORGET, &[(&answered.at, Type::INT8)]).await?;
    let challenge = answered.challenge.as_slice();
    let of: [Bound<'_>; 2] = [(&challenge, Type::BYTEA), (&answered.until, Type::INT8)];
    Ok(within.touch(ANSWER, &of).await? > 0)
}

async fn count(within: &Within<'_>, person: PersonId) -> Result<usize, Fault> {
    let rows = of_person(within, COUNT, person).await?;
    let count: i64 = rows.first().map_or(0, |row| row.get(0));
    Ok(usize::try_from(count).unwrap_or_default())
}

async fn add(
    within: &Within<'_>,
    passkey: &Passkey,
    answered: Answered,
    most: usize,
) -> Result<Added, Fault> {
    of_person(within, LOCK_PERSON, passkey.person).await?;
    if !answer(within, answered).await? {
        return Ok(Added::Again);
    }
    if count(within, passkey.person).await? >= most {
        return Ok(Added::Full);
    }
    Ok(if take_in(within, passkey).await? { Added::Fresh } else { Added::Taken })
}

async fn note(within: &Within<'_>, used: &Use) -> Result<Used, Fault> {
    if !answer(within, used.answered).await? {
        return Ok(Used::Again);
    }
    let (id, at) = (Uuid::from(used.id), used.answered.at);
    let rows = within.plain(KNOWN, &[(&id, Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Used::Unknown) };
    let copied_at: Option<i64> = row.get(1);
    if copied_at.is_some() || went_back(counted(row.get(0)), used.count) {
        within.touch(MARK, &[(&id, Type::UUID), (&at, Type::INT8)]).await?;
        return Ok(Used::Copied);
    }
    let count = i64::from(used.count);
    let of: [Bound<'_>; 4] =
        [(&id, Type::UUID), (&at, Type::INT8), (&count, Type::INT8), (&used.backed_up, Type::BOOL)];
    within.touch(USE, &of).await?;
    Ok(Used::Fresh)
}

async fn remove(
    within: &Within<'_>,
    person: PersonId,
    id: PasskeyId,
    least: usize,
    keep: Option<DeviceId>,
) -> Result<Removed, Fault> {
    of_person(within, LOCK_PERSON, person).await?;
    let of: [Bound<'_>; 2] = [(&Uuid::from(person), Type::UUID), (&Uuid::from(id), Type::UUID)];
    if within.plain(THERE, &of).await?.is_empty() {
        return Ok(Removed::Unknown);
    }
    if count(within, person).await? <= least {
        return Ok(Removed::Needed);
    }
    within.touch(REMOVE, &of).await?;
    end_sessions(within, person, keep).await?;
    Ok(Removed::Gone)
}

#[async_trait]
impl Passkeys for Postgres {
    async fn add_passkey(
        &self,
        passkey: &Passkey,
        answered: Answered,
        most: usize,
    ) -> Result<Added, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a passkey").await?;
        let added = add(&within, passkey, answered, most).await?;
        within.commit().await.map(|()| added)
    }

    async fn passkeys_of(&self, person: PersonId) -> Result<Vec<Passkey>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("listing passkeys", OF_PERSON, &of).await?;
        Ok(rows.iter().map(passkey_of).collect())
    }

    async fn passkey_by(&self, credential: &[u8]) -> Result<Option<Passkey>, Fault> {
        let of: [Bound<'_>; 1] = [(&credential, Type::BYTEA)];
        let rows = self.query("looking up a passkey", BY_CREDENTIAL, &of).await?;
        Ok(rows.first().map(passkey_of))
    }

    async fn use_passkey(&self, used: &Use) -> Result<Used, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "noting the use of a passkey").await?;
        let noted = note(&within, used).await?;
        within.commit().await.map(|()| noted)
    }

    async fn rename_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        name: &str,
    ) -> Result<bool, Fault> {
        let of: [Bound<'_>; 3] =
            [(&Uuid::from(person), Type::UUID), (&Uuid::from(id), Type::UUID), (&name, Type::TEXT)];
        Ok(self.execute("renaming a passkey", RENAME, &of).await? > 0)
    }

    async fn remove_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        least: usize,
        keep: Option<DeviceId>,
    ) -> Result<Removed, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a passkey").await?;
        let removed = remove(&within, person, id, least, keep).await?;
        within.commit().await.map(|()| removed)
    }
}
