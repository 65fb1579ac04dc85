//! What people sign in with besides links, and how often somebody failed to.

use crate::Embedded;
use crate::sql::damaged;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::login::LoginName;
use shelf_ports::Fault;
use shelf_ports::accounts::{GrantKind, SecretHash};
use shelf_ports::credentials::{Credential, Credentials, PasswordHash, Try, TryKey, TryRule};

pub(crate) const CREDENTIAL: &str = "SELECT person, login, hash FROM credentials";
const PUT: &str = "INSERT INTO credentials VALUES (?1, ?2, ?3, ?4) ON CONFLICT (person) DO UPDATE
    SET login = excluded.login, folded = excluded.folded, hash = excluded.hash";
const END_SESSIONS: &str = "DELETE FROM grants WHERE person = ?1 AND kind = ?2 AND id IS NOT ?3";
const COUNT: &str = "INSERT INTO tries VALUES (?1, 1, ?2)
    ON CONFLICT (key) DO UPDATE SET count = count + 1, at = excluded.at";
/// Makes room: what was tried the fewest times goes, and of that what was tried longest ago.
const MAKE_ROOM: &str = "DELETE FROM tries WHERE key IN (
    SELECT key FROM tries ORDER BY count, at LIMIT max(0, (SELECT count(*) FROM tries) - ?1))";

pub(crate) fn credential_of(row: &Row<'_>) -> rusqlite::Result<Credential> {
    let login: String = row.get(1)?;
    Ok(Credential {
        person: PersonId::from_bytes(row.get(0)?),
        login: LoginName::read(&login).map_err(|_| damaged("a login name"))?,
        hash: PasswordHash(row.get(2)?),
    })
}

/// Ends every session of a person but `keep`.
pub(crate) fn end_sessions(
    connection: &Connection,
    person: PersonId,
    keep: Option<DeviceId>,
) -> rusqlite::Result<()> {
    let keep = keep.map(DeviceId::to_bytes);
    connection
        .prepare_cached(END_SESSIONS)?
        .execute(params![person.to_bytes(), GrantKind::Session.name(), keep])
        .map(drop)
}

fn put(
    connection: &Connection,
    credential: &Credential,
    keep: Option<DeviceId>,
) -> rusqlite::Result<bool> {
    let Credential { person, login, hash } = credential;
    let taken = "SELECT 1 FROM credentials WHERE folded = ?1 AND person <> ?2";
    let of = params![login.folded(), person.to_bytes()];
    if connection.prepare_cached(taken)?.exists(of)? {
        return Ok(false);
    }
    let of = params![person.to_bytes(), login.shown(), login.folded(), hash.0];
    connection.prepare_cached(PUT)?.execute(of)?;
    end_sessions(connection, *person, keep)?;
    Ok(true)
}

fn remove(
    connection: &Connection,
    person: PersonId,
    keep: Option<DeviceId>,
) -> rusqlite::Result<bool> {
    let of = [person.to_bytes()];
    let gone =
        connection.prepare_cached("DELETE FROM credentials WHERE person = ?1")?.execute(of)?;
    connection.prepare_cached("DELETE FROM recovery_codes WHERE person = ?1")?.execute(of)?;
    if gone > 0 {
        end_sessions(connection, person, keep)?;
    }
    Ok(gone > 0)
}

fn put_codes(
    connection: &Connection,
    person: PersonId,
    codes: &[SecretHash],
) -> rusqlite::Result<bool> {
    let of = [person.to_bytes()];
    if !connection.prepare_cached("SELECT 1 FROM credentials WHERE person = ?1")?.exists(of)? {
        return Ok(false);
    }
    connection.prepare_cached("DELETE FROM recovery_codes WHERE person = ?1")?.execute(of)?;
    codes.iter().try_for_each(|code| take_in_code(connection, person, &code.0))?;
    Ok(true)
}

/// Takes in what another store told, unless the person has a password here or the name is taken.
pub(crate) fn take_in(connection: &Connection, told: &Credential) -> rusqlite::Result<()> {
    let Credential { person, login, hash } = told;
    connection
        .prepare_cached("INSERT OR IGNORE INTO credentials VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![person.to_bytes(), login.shown(), login.folded(), hash.0])
        .map(drop)
}

pub(crate) fn take_in_code(
    connection: &Connection,
    person: PersonId,
    code: &[u8; 32],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO recovery_codes VALUES (?1, ?2)")?
        .execute(params![person.to_bytes(), code])
        .map(drop)
}

fn count(connection: &Connection, key: TryKey, now: i64, rule: TryRule) -> rusqlite::Result<Try> {
    connection
        .prepare_cached("DELETE FROM tries WHERE at <= ?1")?
        .execute([rule.forgotten_since(now)])?;
    let known: Option<(u32, i64)> = connection
        .prepare_cached("SELECT count, at FROM tries WHERE key = ?1")?
        .query_row([key.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((tries, at)) = known
        && let Some(until) = rule.closed_until(tries, at, now)
    {
        return Ok(Try::Closed { until });
    }
    if known.is_none() {
        let others_max = i64::try_from(rule.keys_max.saturating_sub(1)).unwrap_or(i64::MAX);
        connection.prepare_cached(MAKE_ROOM)?.execute([others_max])?;
    }
    connection.prepare_cached(COUNT)?.execute(params![key.0, now])?;
    Ok(Try::Open)
}

#[async_trait]
impl Credentials for Embedded {
    async fn put_credential(
        &self,
        credential: &Credential,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault> {
        let credential = credential.clone();
        self.write("keeping a password", move |connection| put(connection, &credential, keep)).await
    }

    async fn rehash(
        &self,
        person: PersonId,
        before: &PasswordHash,
        after: &PasswordHash,
    ) -> Result<bool, Fault> {
        let (before, after) = (before.0.clone(), after.0.clone());
        self.write("renewing the hash of a password", move |connection| {
            let sql = "UPDATE credentials SET hash = ?3 WHERE person = ?1 AND hash = ?2";
            let of = params![person.to_bytes(), before, after];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn credential_of(&self, person: PersonId) -> Result<Option<Credential>, Fault> {
        self.look_up("reading a password's hash", |connection| {
            connection
                .prepare_cached(&format!("{CREDENTIAL} WHERE person = ?1"))?
                .query_row([person.to_bytes()], credential_of)
                .optional()
        })
    }

    async fn credential_by(&self, login: &LoginName) -> Result<Option<Credential>, Fault> {
        self.look_up("looking up a login name", |connection| {
            connection
                .prepare_cached(&format!("{CREDENTIAL} WHERE folded = ?1"))?
                .query_row([login.folded()], credential_of)
                .optional()
        })
    }

    async fn remove_credential(
        &self,
        person: PersonId,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault> {
        self.write("removing a password", move |connection| remove(connection, person, keep)).await
    }

    async fn put_codes(&self, person: PersonId, codes: &[SecretHash]) -> Result<bool, Fault> {
        let codes = codes.to_vec();
        self.write("keeping recovery codes", move |connection| {
            put_codes(connection, person, &codes)
        })
        .await
    }

    async fn codes_left(&self, person: PersonId) -> Result<usize, Fault> {
        self.look_up("counting recovery codes", |connection| {
            connection
                .prepare_cached("SELECT count(*) FROM recovery_codes WHERE person = ?1")?
                .query_row([person.to_bytes()], |row| row.get(0))
        })
    }

    async fn take_code(&self, person: PersonId, code: SecretHash) -> Result<bool, Fault> {
        self.write("using a recovery code", move |connection| {
            let sql = "DELETE FROM recovery_codes WHERE person = ?1 AND code = ?2";
            let of = params![person.to_bytes(), code.0];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn count_try(&self, key: TryKey, now: i64, rule: TryRule) -> Result<Try, Fault> {
        self.write("counting a try to sign in", move |connection| count(connection, key, now, rule))
            .await
    }

    async fn forgive(&self, key: TryKey) -> Result<(), Fault> {
        self.write("forgetting tries to sign in", move |connection| {
            connection.prepare_cached("DELETE FROM tries WHERE key = ?1")?.execute([key.0])
        })
        .await
        .map(drop)
    }
}
