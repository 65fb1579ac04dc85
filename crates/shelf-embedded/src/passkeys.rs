//! Passkeys, and the challenges that were answered with them.

use crate::Embedded;
use crate::credentials::end_sessions;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{DeviceId, PasskeyId, PersonId};
use shelf_ports::Fault;
use shelf_ports::passkeys::{Added, Answered, Passkey, Passkeys, Removed, Use, Used, went_back};

pub(crate) const PASSKEY: &str = "SELECT id, person, credential, handle, key, name, created_at,
    used_at, count, synced, backed_up, copied_at FROM passkeys";
const PUT: &str = "INSERT OR IGNORE INTO passkeys
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const ANSWER: &str = "INSERT OR IGNORE INTO answered VALUES (?1, ?2)";
const USE: &str = "UPDATE passkeys SET used_at = ?2, count = ?3, backed_up = ?4 WHERE id = ?1";

pub(crate) fn passkey_of(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: PasskeyId::from_bytes(row.get(0)?),
        person: PersonId::from_bytes(row.get(1)?),
        credential: row.get(2)?,
        handle: row.get(3)?,
        key: row.get(4)?,
        name: row.get(5)?,
        created_at: row.get(6)?,
        used_at: row.get(7)?,
        count: row.get(8)?,
        synced: row.get(9)?,
        backed_up: row.get(10)?,
        copied_at: row.get(11)?,
    })
}

/// Puts a passkey, unless it is there or its credential is; whether it was put.
pub(crate) fn take_in(connection: &Connection, told: &Passkey) -> rusqlite::Result<bool> {
    let put = connection.prepare_cached(PUT)?.execute(params![
        told.id.to_bytes(),
        told.person.to_bytes(),
        told.credential,
        told.handle,
        told.key,
        told.name,
        told.created_at,
        told.used_at,
        told.count,
        told.synced,
        told.backed_up,
        told.copied_at,
    ])?;
    Ok(put > 0)
}

/// Notes that a challenge was answered; whether it was the first time.
fn answer(connection: &Connection, answered: Answered) -> rusqlite::Result<bool> {
    connection.prepare_cached("DELETE FROM answered WHERE until <= ?1")?.execute([answered.at])?;
    let of = params![answered.challenge, answered.until];
    Ok(connection.prepare_cached(ANSWER)?.execute(of)? > 0)
}

fn count(connection: &Connection, person: PersonId) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("SELECT count(*) FROM passkeys WHERE person = ?1")?
        .query_row([person.to_bytes()], |row| row.get(0))
}

fn add(
    connection: &Connection,
    passkey: &Passkey,
    answered: Answered,
    most: usize,
) -> rusqlite::Result<Added> {
    if !answer(connection, answered)? {
        return Ok(Added::Again);
    }
    if count(connection, passkey.person)? >= most {
        return Ok(Added::Full);
    }
    Ok(if take_in(connection, passkey)? { Added::Fresh } else { Added::Taken })
}

fn note(connection: &Connection, used: &Use) -> rusqlite::Result<Used> {
    if !answer(connection, used.answered)? {
        return Ok(Used::Again);
    }
    let (id, at) = (used.id.to_bytes(), used.answered.at);
    let known: Option<(u32, Option<i64>)> = connection
        .prepare_cached("SELECT count, copied_at FROM passkeys WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((before, copied_at)) = known else { return Ok(Used::Unknown) };
    if copied_at.is_some() || went_back(before, used.count) {
        let mark = "UPDATE passkeys SET copied_at = ?2 WHERE id = ?1 AND copied_at IS NULL";
        connection.prepare_cached(mark)?.execute(params![id, at])?;
        return Ok(Used::Copied);
    }
    connection.prepare_cached(USE)?.execute(params![id, at, used.count, used.backed_up])?;
    Ok(Used::Fresh)
}

fn remove(
    connection: &Connection,
    person: PersonId,
    id: PasskeyId,
    least: usize,
    keep: Option<DeviceId>,
) -> rusqlite::Result<Removed> {
    let of = [person.to_bytes(), id.to_bytes()];
    let there = "SELECT 1 FROM passkeys WHERE person = ?1 AND id = ?2";
    if !connection.prepare_cached(there)?.exists(of)? {
        return Ok(Removed::Unknown);
    }
    if count(connection, person)? <= least {
        return Ok(Removed::Needed);
    }
    let gone = "DELETE FROM passkeys WHERE person = ?1 AND id = ?2";
    connection.prepare_cached(gone)?.execute(of)?;
    end_sessions(connection, person, keep)?;
    Ok(Removed::Gone)
}

#[async_trait]
impl Passkeys for Embedded {
    async fn add_passkey(
        &self,
        passkey: &Passkey,
        answered: Answered,
        most: usize,
    ) -> Result<Added, Fault> {
        let passkey = passkey.clone();
        self.write("keeping a passkey", move |connection| add(connection, &passkey, answered, most))
            .await
    }

    async fn passkeys_of(&self, person: PersonId) -> Result<Vec<Passkey>, Fault> {
        self.look_up("listing passkeys", |connection| {
            connection
                .prepare_cached(&format!("{PASSKEY} WHERE person = ?1 ORDER BY created_at, id"))?
                .query_map([person.to_bytes()], passkey_of)?
                .collect()
        })
    }

    async fn passkey_by(&self, credential: &[u8]) -> Result<Option<Passkey>, Fault> {
        self.look_up("looking up a passkey", |connection| {
            connection
                .prepare_cached(&format!("{PASSKEY} WHERE credential = ?1"))?
                .query_row([credential], passkey_of)
                .optional()
        })
    }

    async fn use_passkey(&self, used: &Use) -> Result<Used, Fault> {
        let used = *used;
        self.write("noting the use of a passkey", move |connection| note(connection, &used)).await
    }

    async fn rename_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        name: &str,
    ) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.write("renaming a passkey", move |connection| {
            let sql = "UPDATE passkeys SET name = ?3 WHERE person = ?1 AND id = ?2";
            let of = params![person.to_bytes(), id.to_bytes(), name];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn remove_passkey(
        &self,
        person: PersonId,
        id: PasskeyId,
        least: usize,
        keep: Option<DeviceId>,
    ) -> Result<Removed, Fault> {
        self.write("removing a passkey", move |connection| {
            remove(connection, person, id, least, keep)
        })
        .await
    }
}
