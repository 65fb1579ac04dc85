//! What people sign in with besides links, and how often somebody failed to.

use super::within::Within;
use super::{Bound, Postgres, damaged};
use async_trait::async_trait;
use shelf_domain::id::{DeviceId, PersonId};
use shelf_domain::login::LoginName;
use shelf_ports::Fault;
use shelf_ports::accounts::{GrantKind, SecretHash};
use shelf_ports::credentials::{Credential, Credentials, PasswordHash, Try, TryKey, TryRule};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const BY_PERSON: &str = "SELECT person, login, hash FROM credentials WHERE person = $1";
const BY_LOGIN: &str = "SELECT person, login, hash FROM credentials WHERE folded = $1";
const PUT: &str = "INSERT INTO credentials VALUES ($1, $2, $3, $4) ON CONFLICT (folded) DO UPDATE
    SET login = excluded.login, hash = excluded.hash WHERE credentials.person = $1
    RETURNING person";
/// The name of before, where there is a new one.
const REMOVE_BEFORE: &str = "DELETE FROM credentials WHERE person = $1 AND folded <> $2";
const TAKE_IN: &str = "INSERT INTO credentials VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const REHASH: &str = "UPDATE credentials SET hash = $3 WHERE person = $1 AND hash = $2";
const REMOVE: &str = "DELETE FROM credentials WHERE person = $1 RETURNING person";
const END_SESSIONS: &str =
    "DELETE FROM grants WHERE person = $1 AND kind = $2 AND id IS DISTINCT FROM $3";
/// Whoever changes what one person signs in with does it one after the other.
pub(super) const LOCK_PERSON: &str = "SELECT FROM people WHERE id = $1 FOR UPDATE";
const REMOVE_CODES: &str = "DELETE FROM recovery_codes WHERE person = $1";
const PUT_CODES: &str =
    "INSERT INTO recovery_codes SELECT $1, unnest($2::bytea[]) ON CONFLICT DO NOTHING";
const CODES_LEFT: &str = "SELECT count(*) FROM recovery_codes WHERE person = $1";
const TAKE_CODE: &str = "DELETE FROM recovery_codes WHERE person = $1 AND code = $2";
/// Tries are few and short, so each waits for the one before: none goes uncounted.
const ONE_AT_A_TIME: &str = "LOCK TABLE tries IN EXCLUSIVE MODE";
const COUNT: &str = "INSERT INTO tries VALUES ($1, 1, $2)
    ON CONFLICT (key) DO UPDATE SET count = tries.count + 1, at = excluded.at";
/// Makes room: what was tried the fewest times goes, and of that what was tried longest ago.
const MAKE_ROOM: &str = "DELETE FROM tries WHERE key IN (SELECT key FROM tries ORDER BY count, at
    LIMIT greatest(0, (SELECT count(*) FROM tries) - $1))";

pub(super) fn credential_of(row: &Row) -> Result<Credential, Fault> {
    Ok(Credential {
        person: PersonId::from(row.get::<_, Uuid>(0)),
        login: LoginName::read(row.get(1)).map_err(|_| damaged("a login name"))?,
        hash: PasswordHash(row.get(2)),
    })
}

/// Runs `sql` with a credential; the rows it returns.
async fn with(within: &Within<'_>, sql: &str, credential: &Credential) -> Result<Vec<Row>, Fault> {
    let Credential { person, login, hash } = credential;
    let of: [Bound<'_>; 4] = [
        (&Uuid::from(*person), Type::UUID),
        (&login.shown(), Type::TEXT),
        (&login.folded(), Type::TEXT),
        (&hash.0, Type::TEXT),
    ];
    within.plain(sql, &of).await
}

/// Takes in what another store told, unless the person has a password here or the name is taken.
pub(super) async fn take_in(within: &Within<'_>, told: &Credential) -> Result<(), Fault> {
    with(within, TAKE_IN, told).await.map(drop)
}

pub(super) async fn put_codes(
    within: &Within<'_>,
    person: PersonId,
    codes: &[[u8; 32]],
) -> Result<(), Fault> {
    let codes: Vec<&[u8]> = codes.iter().map(<[u8; 32]>::as_slice).collect();
    let person = Uuid::from(person);
    let of: [Bound<'_>; 2] = [(&person, Type::UUID), (&codes, Type::BYTEA_ARRAY)];
    within.plain(PUT_CODES, &of).await.map(drop)
}

pub(super) async fn of_person(
    within: &Within<'_>,
    sql: &str,
    person: PersonId,
) -> Result<Vec<Row>, Fault> {
    within.plain(sql, &[(&Uuid::from(person), Type::UUID)]).await
}

/// Ends every session of a person but `keep`.
pub(super) async fn end_sessions(
    within: &Within<'_>,
    person: PersonId,
    keep: Option<DeviceId>,
) -> Result<(), Fault> {
    let (person, keep) = (Uuid::from(person), keep.map(Uuid::from));
    let kind = GrantKind::Session.name();
    let of: [Bound<'_>; 3] = [(&person, Type::UUID), (&kind, Type::TEXT), (&keep, Type::UUID)];
    within.plain(END_SESSIONS, &of).await.map(drop)
}

async fn count(within: &Within<'_>, key: TryKey, now: i64, rule: TryRule) -> Result<Try, Fault> {
    within.plain(ONE_AT_A_TIME, &[]).await?;
    let past = rule.forgotten_since(now);
    within.plain("DELETE FROM tries WHERE at <= $1", &[(&past, Type::INT8)]).await?;
    let key = key.0.as_slice();
    let known = "SELECT count, at FROM tries WHERE key = $1";
    let known = within.plain(known, &[(&key, Type::BYTEA)]).await?;
    if let Some(row) = known.first() {
        let tries = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
        if let Some(until) = rule.closed_until(tries, row.get(1), now) {
            return Ok(Try::Closed { until });
        }
    } else {
        let others_max = i64::try_from(rule.keys_max.saturating_sub(1)).unwrap_or(i64::MAX);
        within.plain(MAKE_ROOM, &[(&others_max, Type::INT8)]).await?;
    }
    within.plain(COUNT, &[(&key, Type::BYTEA), (&now, Type::INT8)]).await?;
    Ok(Try::Open)
}

#[async_trait]
impl Credentials for Postgres {
    async fn put_credential(
        &self,
        credential: &Credential,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a password").await?;
        of_person(&within, LOCK_PERSON, credential.person).await?;
        let of: [Bound<'_>; 2] = [
            (&Uuid::from(credential.person), Type::UUID),
            (&credential.login.folded(), Type::TEXT),
        ];
        within.plain(REMOVE_BEFORE, &of).await?;
        // Of several who want one name at once, the later ones wait here and find it taken.
        if with(&within, PUT, credential).await?.is_empty() {
            return Ok(false);
        }
        end_sessions(&within, credential.person, keep).await?;
        within.commit().await.map(|()| true)
    }

    async fn rehash(
        &self,
        person: PersonId,
        before: &PasswordHash,
        after: &PasswordHash,
    ) -> Result<bool, Fault> {
        let of: [Bound<'_>; 3] =
            [(&Uuid::from(person), Type::UUID), (&before.0, Type::TEXT), (&after.0, Type::TEXT)];
        Ok(self.execute("renewing the hash of a password", REHASH, &of).await? > 0)
    }

    async fn credential_of(&self, person: PersonId) -> Result<Option<Credential>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading a password's hash", BY_PERSON, &of).await?;
        rows.first().map(credential_of).transpose()
    }

    async fn credential_by(&self, login: &LoginName) -> Result<Option<Credential>, Fault> {
        let of: [Bound<'_>; 1] = [(&login.folded(), Type::TEXT)];
        let rows = self.query("looking up a login name", BY_LOGIN, &of).await?;
        rows.first().map(credential_of).transpose()
    }

    async fn remove_credential(
        &self,
        person: PersonId,
        keep: Option<DeviceId>,
    ) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a password").await?;
        of_person(&within, LOCK_PERSON, person).await?;
        let was_there = !of_person(&within, REMOVE, person).await?.is_empty();
        of_person(&within, REMOVE_CODES, person).await?;
        if was_there {
            end_sessions(&within, person, keep).await?;
        }
        within.commit().await.map(|()| was_there)
    }

    async fn put_codes(&self, person: PersonId, codes: &[SecretHash]) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping recovery codes").await?;
        of_person(&within, LOCK_PERSON, person).await?;
        let is_there = !of_person(&within, BY_PERSON, person).await?.is_empty();
        if is_there {
            of_person(&within, REMOVE_CODES, person).await?;
            let codes: Vec<[u8; 32]> = codes.iter().map(|code| code.0).collect();
            put_codes(&within, person, &codes).await?;
        }
        within.commit().await.map(|()| is_there)
    }

    async fn codes_left(&self, person: PersonId) -> Result<usize, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("counting recovery codes", CODES_LEFT, &of).await?;
        let left: i64 = rows.first().map_or(0, |row| row.get(0));
        Ok(usize::try_from(left).unwrap_or_default())
    }

    async fn take_code(&self, person: PersonId, code: SecretHash) -> Result<bool, Fault> {
        let code = code.0.as_slice();
        let of: [Bound<'_>; 2] = [(&Uuid::from(person), Type::UUID), (&code, Type::BYTEA)];
        Ok(self.execute("using a recovery code", TAKE_CODE, &of).await? > 0)
    }

    async fn count_try(&self, key: TryKey, now: i64, rule: TryRule) -> Result<Try, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "counting a try to sign in").await?;
        let counted = count(&within, key, now, rule).await?;
        within.commit().await.map(|()| counted)
    }

    async fn forgive(&self, key: TryKey) -> Result<(), Fault> {
        let key = key.0.as_slice();
        let of: [Bound<'_>; 1] = [(&key, Type::BYTEA)];
        let sql = "DELETE FROM tries WHERE key = $1";
        self.execute("forgetting tries to sign in", sql, &of).await.map(drop)
    }
}
