//! Clients, and the codes and secrets they were given.

mod asks;

use self::asks::{poll, put_ask};
use super::accounts::{grant_columns, grant_of, put_grant};
use super::within::Within;
use super::{Bound, Postgres, damaged};
use async_trait::async_trait;
use shelf_domain::id::{ClientId, DeviceId, PersonId};
use shelf_domain::permit::{Allowance, Permits};
use shelf_ports::Fault;
use shelf_ports::accounts::{Grant, SecretHash};
use shelf_ports::oauth::{
    AppSecret, Authorizations, CODE_KEPT_MS, Client, Clients, Code, DeviceAsk, Issued, NewApp,
    Polled, Redeemed, Rotated, Rotation,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const CLIENT: &str = "SELECT id, person, name, redirects, scopes, secret, created_at, alone
    FROM clients WHERE id = $1";
const CLIENTS_OF: &str = "SELECT id, person, name, redirects, scopes, secret, created_at, alone
    FROM clients WHERE person = $1 ORDER BY created_at, id";
const PUT_CLIENT: &str = "INSERT INTO clients
    (id, person, name, redirects, scopes, secret, created_at, alone)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
/// What goes with a client that is removed: codes and asks first, which wait for whoever is using one up,
/// so that what they made of it is there to go as well.
const REMOVE_WITH_CLIENT: [&str; 5] = [
    "DELETE FROM auth_codes WHERE client = $1",
    "DELETE FROM device_asks WHERE client = $1",
    "DELETE FROM grants WHERE id IN (SELECT id FROM apps WHERE client = $1)",
    "DELETE FROM app_secrets WHERE app IN (SELECT id FROM apps WHERE client = $1)",
    "DELETE FROM apps WHERE client = $1",
];
const END_APP: [&str; 3] = [
    "DELETE FROM grants WHERE id = $1",
    "DELETE FROM app_secrets WHERE app = $1",
    "DELETE FROM apps WHERE id = $1",
];
const PUT_CODE: &str = "INSERT INTO auth_codes
    (secret, client, person, redirect, challenge, scopes, libraries, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const CODE: &str = "SELECT client, person, redirect, challenge, scopes, libraries, expires_at
    FROM auth_codes WHERE secret = $1";
/// Whoever brings the same code at the same time waits here.
const LOCK_CODE: &str = "SELECT expires_at, app FROM auth_codes WHERE secret = $1 FOR UPDATE";
const SECRET: &str = "SELECT t.app, a.client, a.until, t.refreshes, t.expires_at, t.spent_at
    FROM app_secrets t JOIN apps a ON a.id = t.app WHERE t.secret = $1 AND t.expires_at > $2";
const REFRESH: &str = "SELECT app, spent_at, seed, next FROM app_secrets
    WHERE secret = $1 AND refreshes AND expires_at > $2";
const PUT_SECRET: &str =
    "INSERT INTO app_secrets (secret, app, refreshes, expires_at) VALUES ($1, $2, $3, $4)";
const SPEND: &str = "UPDATE app_secrets SET spent_at = $2, seed = $3, next = $4 WHERE secret = $1";
const PUT_OWN: &str = "INSERT INTO apps (id, client, until) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET until = greatest(apps.until, excluded.until)";
const APPS: &str = "SELECT a.id, a.client FROM apps a JOIN grants g ON g.id = a.id
    WHERE g.person = $1 AND (g.expires_at IS NULL OR g.expires_at > $2) ORDER BY a.id";
const ASK: &str = "SELECT client, typed, scopes, device, place, expires_at FROM device_asks
    WHERE typed = $1 AND expires_at > $2 AND answer IS NULL";
const ANSWER_ASK: &str = "UPDATE device_asks SET answer = $3, person = $4, allowed = $5,
    libraries = $6 WHERE typed = $1 AND expires_at > $2 AND answer IS NULL";
const TAKE_ASK: &str = "DELETE FROM device_asks
    WHERE secret = $1 AND client = $2 AND expires_at > $3 AND answer RETURNING client";

fn hash(bytes: Option<&[u8]>) -> Result<Option<SecretHash>, Fault> {
    let read = |bytes: &[u8]| bytes.try_into().map(SecretHash).map_err(|_| damaged("a hash"));
    bytes.map(read).transpose()
}

fn permits_of(text: Option<String>) -> Result<Permits, Fault> {
    Permits::try_from(text).map_err(|_| damaged("permits"))
}

fn allowance(row: &Row, at: usize) -> Result<Allowance, Fault> {
    let kept = Allowance::kept(row.get(at), row.get(at + 1));
    kept.ok_or_else(|| damaged("what somebody was let in for"))
}

pub(super) fn client_of(row: &Row) -> Result<(Client, Option<SecretHash>), Fault> {
    let secret = hash(row.get(5))?;
    let redirects: &str = row.get(3);
    let client = Client {
        id: ClientId::from(row.get::<_, Uuid>(0)),
        person: PersonId::from(row.get::<_, Uuid>(1)),
        name: row.get(2),
        redirects: redirects.lines().map(str::to_owned).collect(),
        permits: permits_of(row.get(4))?,
        has_secret: secret.is_some(),
        acts_alone: row.get(7),
        created_at: row.get(6),
    };
    Ok((client, secret))
}

pub(super) async fn put_client(
    within: &Within<'_>,
    client: &Client,
    secret: Option<&[u8; 32]>,
) -> Result<(), Fault> {
    let permits: Option<String> = client.permits.into();
    let secret = secret.map(<[u8; 32]>::as_slice);
    let of: [Bound<'_>; 8] = [
        (&Uuid::from(client.id), Type::UUID),
        (&Uuid::from(client.person), Type::UUID),
        (&client.name, Type::TEXT),
        (&client.redirects.join("\n"), Type::TEXT),
        (&permits, Type::TEXT),
        (&secret, Type::BYTEA),
        (&client.created_at, Type::INT8),
        (&client.acts_alone, Type::BOOL),
    ];
    within.plain(PUT_CLIENT, &of).await.map(drop)
}

/// The grant `id`, unless it has ended.
async fn grant(within: &Within<'_>, id: Uuid, now: i64) -> Result<Option<Grant>, Fault> {
    let sql = concat!(
        "SELECT ",
        grant_columns!(),
        " FROM grants WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2) FOR UPDATE"
    );
    let rows = within.plain(sql, &[(&id, Type::UUID), (&now, Type::INT8)]).await?;
    rows.first().map(grant_of).transpose()
}

/// Ends the grant of an app with all its secrets; what it was, unless it had ended.
pub(super) async fn end_app(
    within: &Within<'_>,
    id: Uuid,
    now: i64,
) -> Result<Option<Grant>, Fault> {
    let ended = grant(within, id, now).await?;
    for sql in END_APP {
        within.plain(sql, &[(&id, Type::UUID)]).await?;
    }
    Ok(ended)
}

async fn put_issued(within: &Within<'_>, app: Uuid, issued: &Issued) -> Result<(), Fault> {
    let Issued { access, access_until, refresh, refresh_until } = issued;
    for (secret, refreshes, until) in
        [(access, false, access_until), (refresh, true, refresh_until)]
    {
        let of: [Bound<'_>; 4] = [
            (&secret.0.as_slice(), Type::BYTEA),
            (&app, Type::UUID),
            (&refreshes, Type::BOOL),
            (until, Type::INT8),
        ];
        within.plain(PUT_SECRET, &of).await?;
    }
    Ok(())
}

async fn put_app(within: &Within<'_>, app: &NewApp) -> Result<(), Fault> {
    let NewApp { grant, client, until, issued } = app;
    put_grant(within, grant, None).await?;
    let id = Uuid::from(grant.id);
    let of: [Bound<'_>; 3] =
        [(&id, Type::UUID), (&Uuid::from(*client), Type::UUID), (until, Type::INT8)];
    within.plain("INSERT INTO apps (id, client, until) VALUES ($1, $2, $3)", &of).await?;
    put_issued(within, id, issued).await
}

async fn put_own(
    within: &Within<'_>,
    grant: &Grant,
    client: ClientId,
    access: SecretHash,
) -> Result<(), Fault> {
    let (id, until) = (Uuid::from(grant.id), grant.expires_at.unwrap_or(i64::MAX));
    let there = "SELECT FROM clients WHERE id = $1 FOR SHARE";
    if within.plain(there, &[(&Uuid::from(client), Type::UUID)]).await?.is_empty() {
        return Ok(());
    }
    put_grant(within, grant, None).await?;
    let moved = "UPDATE grants SET expires_at = $2 WHERE id = $1 AND expires_at < $2";
    within.plain(moved, &[(&id, Type::UUID), (&until, Type::INT8)]).await?;
    let of: [Bound<'_>; 3] =
        [(&id, Type::UUID), (&Uuid::from(client), Type::UUID), (&until, Type::INT8)];
    within.plain(PUT_OWN, &of).await?;
    let past = "DELETE FROM app_secrets WHERE app = $1 AND expires_at <= $2";
    within.plain(past, &[(&id, Type::UUID), (&grant.created_at, Type::INT8)]).await?;
    let of: [Bound<'_>; 4] = [
        (&access.0.as_slice(), Type::BYTEA),
        (&id, Type::UUID),
        (&false, Type::BOOL),
        (&until, Type::INT8),
    ];
    within.plain(PUT_SECRET, &of).await.map(drop)
}

async fn redeem(
    within: &Within<'_>,
    secret: &[u8],
    app: &NewApp,
    now: i64,
) -> Result<Redeemed, Fault> {
    let rows = within.plain(LOCK_CODE, &[(&secret, Type::BYTEA)]).await?;
    let Some(row) = rows.first() else { return Ok(Redeemed::Unknown) };
    let (expires_at, made): (i64, Option<Uuid>) = (row.get(0), row.get(1));
    if let Some(made) = made {
        return end_app(within, made, now).await.map(Redeemed::Again);
    }
    if expires_at <= now {
        return Ok(Redeemed::Unknown);
    }
    put_app(within, app).await?;
    let used = "UPDATE auth_codes SET app = $2 WHERE secret = $1";
    let of: [Bound<'_>; 2] = [(&secret, Type::BYTEA), (&Uuid::from(app.grant.id), Type::UUID)];
    within.plain(used, &of).await?;
    Ok(Redeemed::Fresh)
}

/// Whether a refresh secret was used, or is not there any more.
async fn is_spent(within: &Within<'_>, refresh: &[u8]) -> Result<bool, Fault> {
    let sql = "SELECT FROM app_secrets WHERE secret = $1 AND spent_at IS NULL";
    within.plain(sql, &[(&refresh, Type::BYTEA)]).await.map(|rows| rows.is_empty())
}

async fn rotate(within: &Within<'_>, rotation: &Rotation, now: i64) -> Result<Rotated, Fault> {
    let Rotation { old, seed, issued, grace_ms } = rotation;
    let old = old.0.as_slice();
    let of: [Bound<'_>; 2] = [(&old, Type::BYTEA), (&now, Type::INT8)];
    let rows = within.plain(REFRESH, &of).await?;
    let Some(row) = rows.first() else { return Ok(Rotated::Unknown) };
    // Whoever brings a secret of the same grant at the same time waits for it here, and everyone
    // takes the grant before its secrets.
    let app: Uuid = row.get(0);
    if grant(within, app, now).await?.is_none() {
        return Ok(Rotated::Unknown);
    }
    let rows = within.plain(REFRESH, &of).await?;
    let Some(row) = rows.first() else { return Ok(Rotated::Unknown) };
    if let Some(at) = row.get::<_, Option<i64>>(1) {
        let (kept, next): (Option<&[u8]>, Option<&[u8]>) = (row.get(2), row.get(3));
        if let (Some(kept), Some(next)) = (kept, next)
            && (at..at.saturating_add(*grace_ms)).contains(&now)
            && !is_spent(within, next).await?
        {
            let seed = kept.try_into().map_err(|_| damaged("a seed"))?;
            return Ok(Rotated::Again { seed, at });
        }
        return Ok(end_app(within, app, now).await?.map_or(Rotated::Unknown, Rotated::Reused));
    }
    let past = "DELETE FROM app_secrets WHERE app = $1 AND expires_at <= $2";
    within.plain(past, &[(&app, Type::UUID), (&now, Type::INT8)]).await?;
    let of: [Bound<'_>; 4] = [
        (&old, Type::BYTEA),
        (&now, Type::INT8),
        (&seed.as_slice(), Type::BYTEA),
        (&issued.refresh.0.as_slice(), Type::BYTEA),
    ];
    within.plain(SPEND, &of).await?;
    put_issued(within, app, issued).await?;
    let moved = "UPDATE grants SET expires_at = $2 WHERE id = $1";
    within.plain(moved, &[(&app, Type::UUID), (&issued.refresh_until, Type::INT8)]).await?;
    Ok(Rotated::Fresh)
}

#[async_trait]
impl Clients for Postgres {
    async fn put_client(&self, client: &Client, secret: Option<SecretHash>) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a client").await?;
        put_client(&within, client, secret.map(|secret| secret.0).as_ref()).await?;
        within.commit().await
    }

    async fn client(&self, id: ClientId) -> Result<Option<(Client, Option<SecretHash>)>, Fault> {
        let id = Uuid::from(id);
        let rows = self.query("looking up a client", CLIENT, &[(&id, Type::UUID)]).await?;
        rows.first().map(client_of).transpose()
    }

    async fn clients_of(&self, person: PersonId) -> Result<Vec<Client>, Fault> {
        let person = Uuid::from(person);
        let rows = self.query("reading clients", CLIENTS_OF, &[(&person, Type::UUID)]).await?;
        rows.iter().map(|row| client_of(row).map(|(client, _)| client)).collect()
    }

    async fn remove_client(&self, person: PersonId, id: ClientId) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a client").await?;
        let sql = "DELETE FROM clients WHERE person = $1 AND id = $2 RETURNING id";
        let (person, id) = (Uuid::from(person), Uuid::from(id));
        let gone = within.plain(sql, &[(&person, Type::UUID), (&id, Type::UUID)]).await?;
        if gone.is_empty() {
            return Ok(false);
        }
        for sql in REMOVE_WITH_CLIENT {
            within.plain(sql, &[(&id, Type::UUID)]).await?;
        }
        within.commit().await.map(|()| true)
    }
}

#[async_trait]
impl Authorizations for Postgres {
    async fn put_code(&self, secret: SecretHash, code: &Code) -> Result<(), Fault> {
        let doing = "keeping a code";
        let past = code.expires_at.saturating_sub(CODE_KEPT_MS);
        let old = "DELETE FROM auth_codes WHERE expires_at <= $1";
        self.execute(doing, old, &[(&past, Type::INT8)]).await?;
        let permits: Option<String> = code.allows.permits.into();
        let of: [Bound<'_>; 8] = [
            (&secret.0.as_slice(), Type::BYTEA),
            (&Uuid::from(code.client), Type::UUID),
            (&Uuid::from(code.person), Type::UUID),
            (&code.redirect, Type::TEXT),
            (&code.challenge, Type::TEXT),
            (&permits, Type::TEXT),
            (&code.allows.libraries_text(), Type::TEXT),
            (&code.expires_at, Type::INT8),
        ];
        self.execute(doing, PUT_CODE, &of).await.map(drop)
    }

    async fn code(&self, secret: SecretHash) -> Result<Option<Code>, Fault> {
        let secret = secret.0.as_slice();
        let rows = self.query("looking up a code", CODE, &[(&secret, Type::BYTEA)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Code {
            client: ClientId::from(row.get::<_, Uuid>(0)),
            person: PersonId::from(row.get::<_, Uuid>(1)),
            redirect: row.get(2),
            challenge: row.get(3),
            allows: allowance(row, 4)?,
            expires_at: row.get(6),
        }))
    }

    async fn redeem(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<Redeemed, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "using a code").await?;
        let redeemed = redeem(&within, secret.0.as_slice(), app, now).await?;
        within.commit().await.map(|()| redeemed)
    }

    async fn app_secret(&self, secret: SecretHash, now: i64) -> Result<Option<AppSecret>, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "looking up an app's secret").await?;
        let secret = secret.0.as_slice();
        let of: [Bound<'_>; 2] = [(&secret, Type::BYTEA), (&now, Type::INT8)];
        let rows = within.plain(SECRET, &of).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let grant = grant(&within, row.get(0), now).await?;
        within.commit().await?;
        Ok(grant.map(|grant| AppSecret {
            grant,
            client: ClientId::from(row.get::<_, Uuid>(1)),
            until: row.get(2),
            is_refresh: row.get(3),
            expires_at: row.get(4),
            spent_at: row.get(5),
        }))
    }

    async fn rotate(&self, rotation: &Rotation, now: i64) -> Result<Rotated, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "renewing an app's secrets").await?;
        let rotated = rotate(&within, rotation, now).await?;
        within.commit().await.map(|()| rotated)
    }

    async fn put_own(
        &self,
        grant: &Grant,
        client: ClientId,
        access: SecretHash,
    ) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let doing = "letting a client act for who registered it";
        let within = Within::anywhere(&mut connection, doing).await?;
        put_own(&within, grant, client, access).await?;
        within.commit().await
    }

    async fn end_secret(&self, secret: SecretHash) -> Result<bool, Fault> {
        let (sql, secret) = ("DELETE FROM app_secrets WHERE secret = $1", secret.0.as_slice());
        Ok(self.execute("ending an app's secret", sql, &[(&secret, Type::BYTEA)]).await? > 0)
    }

    async fn apps(&self, person: PersonId, now: i64) -> Result<Vec<(DeviceId, ClientId)>, Fault> {
        let of: [Bound<'_>; 2] = [(&Uuid::from(person), Type::UUID), (&now, Type::INT8)];
        let rows = self.query("reading apps", APPS, &of).await?;
        let ids = |row: &Row| {
            (DeviceId::from(row.get::<_, Uuid>(0)), ClientId::from(row.get::<_, Uuid>(1)))
        };
        Ok(rows.iter().map(ids).collect())
    }

    async fn put_ask(&self, secret: SecretHash, ask: &DeviceAsk, now: i64) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping a device's request").await?;
        let kept = put_ask(&within, secret.0.as_slice(), ask, now).await?;
        within.commit().await.map(|()| kept)
    }

    async fn ask(&self, typed: SecretHash, now: i64) -> Result<Option<DeviceAsk>, Fault> {
        let bytes = typed.0.as_slice();
        let of: [Bound<'_>; 2] = [(&bytes, Type::BYTEA), (&now, Type::INT8)];
        let rows = self.query("looking up a device's request", ASK, &of).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(DeviceAsk {
            client: ClientId::from(row.get::<_, Uuid>(0)),
            typed,
            permits: permits_of(row.get(2))?,
            device: row.get(3),
            place: row.get(4),
            expires_at: row.get(5),
        }))
    }

    async fn answer_ask(
        &self,
        typed: SecretHash,
        answer: Option<(PersonId, &Allowance)>,
        now: i64,
    ) -> Result<bool, Fault> {
        let person = answer.map(|(person, _)| Uuid::from(person));
        let permits: Option<String> = answer.and_then(|(_, allows)| allows.permits.into());
        let libraries = answer.and_then(|(_, allows)| allows.libraries_text());
        let of: [Bound<'_>; 6] = [
            (&typed.0.as_slice(), Type::BYTEA),
            (&now, Type::INT8),
            (&person.is_some(), Type::BOOL),
            (&person, Type::UUID),
            (&permits, Type::TEXT),
            (&libraries, Type::TEXT),
        ];
        Ok(self.execute("answering a device's request", ANSWER_ASK, &of).await? > 0)
    }

    async fn poll_ask(
        &self,
        secret: SecretHash,
        client: ClientId,
        interval_ms: i64,
        now: i64,
    ) -> Result<Polled, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "asking after a device's request").await?;
        let polled = poll(&within, secret.0.as_slice(), client, interval_ms, now).await?;
        within.commit().await.map(|()| polled)
    }

    async fn redeem_ask(&self, secret: SecretHash, app: &NewApp, now: i64) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "letting a device in").await?;
        let of: [Bound<'_>; 3] = [
            (&secret.0.as_slice(), Type::BYTEA),
            (&Uuid::from(app.client), Type::UUID),
            (&now, Type::INT8),
        ];
        let taken = !within.plain(TAKE_ASK, &of).await?.is_empty();
        if taken {
            put_app(&within, app).await?;
        }
        within.commit().await.map(|()| taken)
    }
}
