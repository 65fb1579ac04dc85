//! Clients, and the codes and secrets they were given.

mod asks;

use self::asks::{ASK, ask_of, poll, put_ask, redeem_ask};
use crate::Embedded;
use crate::accounts::{GRANT, grant_of, put_grant};
use crate::sql::damaged;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{ClientId, DeviceId, PersonId};
use shelf_domain::permit::{Allowance, Permits};
use shelf_ports::Fault;
use shelf_ports::accounts::{Grant, SecretHash};
use shelf_ports::oauth::{
    AppSecret, Authorizations, CODE_KEPT_MS, Client, Clients, Code, DeviceAsk, Issued, NewApp,
    Polled, Redeemed, Rotated, Rotation,
};

pub(crate) const CLIENT: &str =
    "SELECT id, person, name, redirects, scopes, secret, created_at, alone FROM clients";
const CODE: &str = "SELECT client, person, redirect, challenge, scopes, libraries, expires_at
    FROM auth_codes WHERE secret = ?1";
const SECRET: &str = "SELECT t.app, a.client, a.until, t.refreshes, t.expires_at, t.spent_at
    FROM app_secrets t JOIN apps a ON a.id = t.app WHERE t.secret = ?1 AND t.expires_at > ?2";
const PUT_SECRET: &str = "INSERT INTO app_secrets (secret, app, refreshes, expires_at)
    VALUES (?1, ?2, ?3, ?4)";

fn permits_of(text: Option<String>) -> rusqlite::Result<Permits> {
    Permits::try_from(text).map_err(|_| damaged("permits"))
}

fn hash_of(bytes: Option<[u8; 32]>) -> Option<SecretHash> {
    bytes.map(SecretHash)
}

pub(crate) fn client_of(row: &Row<'_>) -> rusqlite::Result<(Client, Option<SecretHash>)> {
    let redirects: String = row.get(3)?;
    let secret: Option<[u8; 32]> = row.get(5)?;
    let client = Client {
        id: ClientId::from_bytes(row.get(0)?),
        person: PersonId::from_bytes(row.get(1)?),
        name: row.get(2)?,
        redirects: redirects.lines().map(str::to_owned).collect(),
        permits: permits_of(row.get(4)?)?,
        has_secret: secret.is_some(),
        acts_alone: row.get(7)?,
        created_at: row.get(6)?,
    };
    Ok((client, hash_of(secret)))
}

pub(crate) fn put_client(
    connection: &Connection,
    client: &Client,
    secret: Option<&[u8; 32]>,
) -> rusqlite::Result<()> {
    let permits: Option<String> = client.permits.into();
    connection
        .prepare_cached(
            "INSERT INTO clients (id, person, name, redirects, scopes, secret, created_at, alone)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            client.id.to_bytes(),
            client.person.to_bytes(),
            client.name,
            client.redirects.join("\n"),
            permits,
            secret,
            client.created_at,
            client.acts_alone,
        ])
        .map(drop)
}

fn remove_client(
    connection: &Connection,
    person: PersonId,
    id: ClientId,
) -> rusqlite::Result<bool> {
    let of = params![person.to_bytes(), id.to_bytes()];
    let sql = "DELETE FROM clients WHERE person = ?1 AND id = ?2";
    if connection.prepare_cached(sql)?.execute(of)? == 0 {
        return Ok(false);
    }
    let of = [id.to_bytes()];
    for sql in [
        "DELETE FROM grants WHERE id IN (SELECT id FROM apps WHERE client = ?1)",
        "DELETE FROM app_secrets WHERE app IN (SELECT id FROM apps WHERE client = ?1)",
        "DELETE FROM apps WHERE client = ?1",
        "DELETE FROM auth_codes WHERE client = ?1",
        "DELETE FROM device_asks WHERE client = ?1",
    ] {
        connection.prepare_cached(sql)?.execute(of)?;
    }
    Ok(true)
}

fn code_of(row: &Row<'_>) -> rusqlite::Result<Code> {
    Ok(Code {
        client: ClientId::from_bytes(row.get(0)?),
        person: PersonId::from_bytes(row.get(1)?),
        redirect: row.get(2)?,
        challenge: row.get(3)?,
        allows: allowance(row, 4)?,
        expires_at: row.get(6)?,
    })
}

fn allowance(row: &Row<'_>, at: usize) -> rusqlite::Result<Allowance> {
    let (permits, libraries): (Option<String>, Option<String>) = (row.get(at)?, row.get(at + 1)?);
    let kept = Allowance::kept(permits.as_deref(), libraries.as_deref());
    kept.ok_or_else(|| damaged("what somebody was let in for"))
}

/// The grant `id`, unless it has ended.
fn grant(connection: &Connection, id: [u8; 16], now: i64) -> rusqlite::Result<Option<Grant>> {
    connection
        .prepare_cached(&format!(
            "SELECT {GRANT} WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)"
        ))?
        .query_row(params![id, now], grant_of)
        .optional()
}

/// Ends the grant of an app with all its secrets; what it was, unless it had ended.
pub(crate) fn end_app(
    connection: &Connection,
    id: [u8; 16],
    now: i64,
) -> rusqlite::Result<Option<Grant>> {
    let ended = grant(connection, id, now)?;
    for sql in [
        "DELETE FROM grants WHERE id = ?1",
        "DELETE FROM app_secrets WHERE app = ?1",
        "DELETE FROM apps WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(ended)
}

fn put_issued(connection: &Connection, app: DeviceId, issued: &Issued) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(PUT_SECRET)?;
    let app = app.to_bytes();
    put.execute(params![issued.access.0, app, false, issued.access_until])?;
    put.execute(params![issued.refresh.0, app, true, issued.refresh_until])?;
    Ok(())
}

fn put_app(connection: &Connection, app: &NewApp) -> rusqlite::Result<()> {
    let NewApp { grant, client, until, issued } = app;
    put_grant(connection, grant, None)?;
    connection
        .prepare_cached("INSERT INTO apps (id, client, until) VALUES (?1, ?2, ?3)")?
        .execute(params![grant.id.to_bytes(), client.to_bytes(), until])?;
    put_issued(connection, grant.id, issued)
}

fn put_own(
    connection: &Connection,
    grant: &Grant,
    client: ClientId,
    access: SecretHash,
) -> rusqlite::Result<()> {
    let (app, until) = (grant.id.to_bytes(), grant.expires_at.unwrap_or(i64::MAX));
    let mut there = connection.prepare_cached("SELECT 1 FROM clients WHERE id = ?1")?;
    if !there.exists([client.to_bytes()])? {
        return Ok(());
    }
    put_grant(connection, grant, None)?;
    connection
        .prepare_cached("UPDATE grants SET expires_at = ?2 WHERE id = ?1 AND expires_at < ?2")?
        .execute(params![app, until])?;
    connection
        .prepare_cached(
            "INSERT INTO apps (id, client, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until)",
        )?
        .execute(params![app, client.to_bytes(), until])?;
    connection
        .prepare_cached("DELETE FROM app_secrets WHERE app = ?1 AND expires_at <= ?2")?
        .execute(params![app, grant.created_at])?;
    connection.prepare_cached(PUT_SECRET)?.execute(params![access.0, app, false, until]).map(drop)
}

fn redeem(
    connection: &Connection,
    secret: SecretHash,
    app: &NewApp,
    now: i64,
) -> rusqlite::Result<Redeemed> {
    let known: Option<(i64, Option<[u8; 16]>)> = connection
        .prepare_cached("SELECT expires_at, app FROM auth_codes WHERE secret = ?1")?
        .query_row([secret.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match known {
        Some((_, Some(made))) => Ok(Redeemed::Again(end_app(connection, made, now)?)),
        Some((expires_at, None)) if expires_at > now => {
            put_app(connection, app)?;
            connection
                .prepare_cached("UPDATE auth_codes SET app = ?2 WHERE secret = ?1")?
                .execute(params![secret.0, app.grant.id.to_bytes()])?;
            Ok(Redeemed::Fresh)
        }
        _ => Ok(Redeemed::Unknown),
    }
}

/// A refresh secret as it stands: its grant, when it was used, for what, and the latest end.
type Standing = ([u8; 16], Option<i64>, Option<[u8; 16]>, Option<[u8; 32]>);

fn rotate(connection: &Connection, rotation: &Rotation, now: i64) -> rusqlite::Result<Rotated> {
    let Rotation { old, seed, issued, grace_ms } = rotation;
    let known: Option<Standing> = connection
        .prepare_cached(
            "SELECT app, spent_at, seed, next FROM app_secrets
             WHERE secret = ?1 AND refreshes AND expires_at > ?2",
        )?
        .query_row(params![old.0, now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((app, spent_at, kept, next)) = known else { return Ok(Rotated::Unknown) };
    if grant(connection, app, now)?.is_none() {
        return Ok(Rotated::Unknown);
    }
    if let Some(at) = spent_at {
        if let (Some(seed), Some(next)) = (kept, next)
            && (at..at.saturating_add(*grace_ms)).contains(&now)
            && !is_spent(connection, next)?
        {
            return Ok(Rotated::Again { seed, at });
        }
        return Ok(end_app(connection, app, now)?.map_or(Rotated::Unknown, Rotated::Reused));
    }
    let id = DeviceId::from_bytes(app);
    connection
        .prepare_cached("DELETE FROM app_secrets WHERE app = ?1 AND expires_at <= ?2")?
        .execute(params![app, now])?;
    connection
        .prepare_cached(
            "UPDATE app_secrets SET spent_at = ?2, seed = ?3, next = ?4 WHERE secret = ?1",
        )?
        .execute(params![old.0, now, seed, issued.refresh.0])?;
    put_issued(connection, id, issued)?;
    connection
        .prepare_cached("UPDATE grants SET expires_at = ?2 WHERE id = ?1")?
        .execute(params![app, issued.refresh_until])?;
    Ok(Rotated::Fresh)
}

/// Whether a refresh secret was used, or is not there any more.
fn is_spent(connection: &Connection, refresh: [u8; 32]) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM app_secrets WHERE secret = ?1 AND spent_at IS NULL";
    connection.prepare_cached(sql)?.exists([refresh]).map(|unspent| !unspent)
}

#[async_trait]
impl Clients for Embedded {
    async fn put_client(&self, client: &Client, secret: Option<SecretHash>) -> Result<(), Fault> {
        let client = client.clone();
        self.write("keeping a client", move |connection| {
            put_client(connection, &client, secret.map(|secret| secret.0).as_ref())
        })
        .await
    }

    async fn client(&self, id: ClientId) -> Result<Option<(Client, Option<SecretHash>)>, Fault> {
        self.look_up("looking up a client", |connection| {
            connection
                .prepare_cached(&format!("{CLIENT} WHERE id = ?1"))?
                .query_row([id.to_bytes()], client_of)
                .optional()
        })
    }

    async fn clients_of(&self, person: PersonId) -> Result<Vec<Client>, Fault> {
        self.read("reading clients", move |connection| {
            connection
                .prepare_cached(&format!("{CLIENT} WHERE person = ?1 ORDER BY created_at, id"))?
                .query_map([person.to_bytes()], |row| client_of(row).map(|(client, _)| client))?
                .collect()
        })
        .await
    }

    async fn remove_client(&self, person: PersonId, id: ClientId) -> Result<bool, Fault> {
        self.write("removing a client", move |connection| remove_client(connection, person, id))
            .await
    }
}

#[async_trait]
impl Authorizations for Embedded {
    async fn put_code(&self, secret: SecretHash, code: &Code) -> Result<(), Fault> {
        let code = code.clone();
        self.write("keeping a code", move |connection| {
            let past = code.expires_at.saturating_sub(CODE_KEPT_MS);
            connection
                .prepare_cached("DELETE FROM auth_codes WHERE expires_at <= ?1")?
                .execute([past])?;
            let permits: Option<String> = code.allows.permits.into();
            connection
                .prepare_cached(
                    "INSERT INTO auth_codes (secret, client, person, redirect, challenge, scopes,
                     libraries, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    secret.0,
                    code.client.to_bytes(),
                    code.person.to_bytes(),
                    code.redirect,
                    code.challenge,
                    permits,
                    code.allows.libraries_text(),
                    code.expires_at,
                ])
                .map(drop)
        })
        .await
    }

    async fn code(&self, secret: SecretHash) -> Result<Option<Code>, Fault> {
        self.look_up("looking up a code", |connection| {
            connection.prepare_cached(CODE)?.query_row([secret.0], code_of).optional()
        })
    }

    async fn redeem(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<Redeemed, Fault> {
        let app = app.clone();
        self.write("using a code", move |connection| redeem(connection, secret, &app, now)).await
    }

    async fn app_secret(&self, secret: SecretHash, now: i64) -> Result<Option<AppSecret>, Fault> {
        self.look_up("looking up an app's secret", |connection| {
            let found = connection
                .prepare_cached(SECRET)?
                .query_row(params![secret.0, now], |row| {
                    let client = ClientId::from_bytes(row.get(1)?);
                    let (until, is_refresh, expires_at) = (row.get(2)?, row.get(3)?, row.get(4)?);
                    let app: [u8; 16] = row.get(0)?;
                    Ok((app, client, until, is_refresh, expires_at, row.get(5)?))
                })
                .optional()?;
            let Some((app, client, until, is_refresh, expires_at, spent_at)) = found else {
                return Ok(None);
            };
            let of = |grant| AppSecret { grant, client, until, is_refresh, expires_at, spent_at };
            Ok(grant(connection, app, now)?.map(of))
        })
    }

    async fn rotate(&self, rotation: &Rotation, now: i64) -> Result<Rotated, Fault> {
        let rotation = *rotation;
        self.write("renewing an app's secrets", move |connection| {
            rotate(connection, &rotation, now)
        })
        .await
    }

    async fn put_own(
        &self,
        grant: &Grant,
        client: ClientId,
        access: SecretHash,
    ) -> Result<(), Fault> {
        let grant = grant.clone();
        self.write("letting a client act for who registered it", move |connection| {
            put_own(connection, &grant, client, access)
        })
        .await
    }

    async fn end_secret(&self, secret: SecretHash) -> Result<bool, Fault> {
        self.write("ending an app's secret", move |connection| {
            let sql = "DELETE FROM app_secrets WHERE secret = ?1";
            Ok(connection.prepare_cached(sql)?.execute([secret.0])? > 0)
        })
        .await
    }

    async fn apps(&self, person: PersonId, now: i64) -> Result<Vec<(DeviceId, ClientId)>, Fault> {
        self.read("reading apps", move |connection| {
            connection
                .prepare_cached(
                    "SELECT a.id, a.client FROM apps a JOIN grants g ON g.id = a.id
                     WHERE g.person = ?1 AND (g.expires_at IS NULL OR g.expires_at > ?2)
                     ORDER BY a.id",
                )?
                .query_map(params![person.to_bytes(), now], |row| {
                    let client = ClientId::from_bytes(row.get(1)?);
                    Ok((DeviceId::from_bytes(row.get(0)?), client))
                })?
                .collect()
        })
        .await
    }

    async fn put_ask(&self, secret: SecretHash, ask: &DeviceAsk, now: i64) -> Result<bool, Fault> {
        let ask = ask.clone();
        self.write("keeping a device's request", move |connection| {
            put_ask(connection, secret, &ask, now)
        })
        .await
    }

    async fn ask(&self, typed: SecretHash, now: i64) -> Result<Option<DeviceAsk>, Fault> {
        self.look_up("looking up a device's request", |connection| {
            connection.prepare_cached(ASK)?.query_row(params![typed.0, now], ask_of).optional()
        })
    }

    async fn answer_ask(
        &self,
        typed: SecretHash,
        answer: Option<(PersonId, &Allowance)>,
        now: i64,
    ) -> Result<bool, Fault> {
        let person = answer.map(|(person, _)| person.to_bytes());
        let permits: Option<String> = answer.and_then(|(_, allows)| allows.permits.into());
        let libraries = answer.and_then(|(_, allows)| allows.libraries_text());
        self.write("answering a device's request", move |connection| {
            let sql = "UPDATE device_asks SET answer = ?3, person = ?4, allowed = ?5,
                libraries = ?6 WHERE typed = ?1 AND expires_at > ?2 AND answer IS NULL";
            let of = params![typed.0, now, person.is_some(), person, permits, libraries];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn poll_ask(
        &self,
        secret: SecretHash,
        client: ClientId,
        interval_ms: i64,
        now: i64,
    ) -> Result<Polled, Fault> {
        self.write("asking after a device's request", move |connection| {
            poll(connection, secret, client, interval_ms, now)
        })
        .await
    }

    async fn redeem_ask(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<bool, Fault> {
        let app = app.clone();
        self.write("letting a device in", move |connection| {
            redeem_ask(connection, secret, &app, now)
        })
        .await
    }
}
