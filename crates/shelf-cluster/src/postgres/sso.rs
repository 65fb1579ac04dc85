//! Identity providers of tenants, their domains, whom they know, and sign-ins that are under way.

use super::accounts::add;
use super::tenants::{put_member, role_of};
use super::within::Within;
use super::{Bound, Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::{GroupId, PersonId, TenantId};
use shelf_domain::mail::MailDomain;
use shelf_domain::right::Role;
use shelf_ports::Fault;
use shelf_ports::accounts::SecretHash;
use shelf_ports::sso::{
    DOMAINS_MAX, FLOWS_MAX, Flow, Identity, Provider, ProviderSecret, SingleSignOn, TenantDomain,
    Verified,
};
use shelf_ports::tenants::Joining;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

macro_rules! provider_columns {
    () => {
        "SELECT tenant, issuer, client, secret, claim, rules, role, required, created_at
         FROM sso_providers"
    };
}
macro_rules! domain_columns {
    () => {
        "SELECT tenant, name, token, added_at, verified_at FROM sso_domains"
    };
}
macro_rules! identity_columns {
    () => {
        "SELECT i.tenant, i.issuer, i.subject, i.person, i.role, i.since, i.signed_in_at,
            ARRAY(SELECT x.team FROM grouped x JOIN groups g ON g.id = x.team
                WHERE g.tenant = i.tenant AND x.person = i.person AND x.by_claim ORDER BY x.team)
         FROM sso_identities i"
    };
}

/// Every provider, for [`provider_of`].
pub(super) const PROVIDERS: &str = concat!(provider_columns!(), " ORDER BY tenant");
/// Every domain, for [`domain_of`].
pub(super) const DOMAINS: &str =
    concat!(domain_columns!(), r#" ORDER BY tenant, name COLLATE "C""#);
/// Every identity, for [`identity_of`].
pub(super) const IDENTITIES: &str = concat!(
    identity_columns!(),
    r#" ORDER BY i.tenant, i.issuer COLLATE "C", i.subject COLLATE "C""#
);
const PROVIDER: &str = concat!(provider_columns!(), " WHERE tenant = $1");
const PUT_PROVIDER: &str = "INSERT INTO sso_providers
    (tenant, issuer, client, secret, claim, rules, role, required, created_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE EXISTS (SELECT FROM tenants WHERE id = $1)
    ON CONFLICT (tenant) DO UPDATE SET issuer = excluded.issuer, client = excluded.client,
        secret = excluded.secret, claim = excluded.claim, rules = excluded.rules,
        role = excluded.role, required = excluded.required, created_at = excluded.created_at";
const TAKE_PROVIDER: &str = "INSERT INTO sso_providers
    (tenant, issuer, client, secret, claim, rules, role, required, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
/// Forgets what came by other providers of the tenant `$1` than `$2`.
const FORGET_OTHERS: [&str; 4] = [
    "DELETE FROM grouped WHERE by_claim
        AND person IN (SELECT person FROM sso_identities WHERE tenant = $1 AND issuer <> $2)
        AND team IN (SELECT id FROM groups WHERE tenant = $1)",
    "DELETE FROM grants WHERE provided_by = $1
        AND person IN (SELECT person FROM sso_identities WHERE tenant = $1 AND issuer <> $2)",
    "DELETE FROM sso_flows WHERE tenant = $1 AND issuer <> $2",
    "DELETE FROM sso_identities WHERE tenant = $1 AND issuer <> $2",
];
/// Whoever names domains of a tenant does it one after the other.
const LOCK_TENANT: &str = "SELECT FROM tenants WHERE id = $1 FOR UPDATE";
const PUT_DOMAIN: &str = "INSERT INTO sso_domains VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING";
const DOMAINS_OF: &str =
    concat!(domain_columns!(), r#" WHERE tenant = $1 ORDER BY name COLLATE "C""#);
const VERIFY: &str = "UPDATE sso_domains SET verified_at = $3 WHERE tenant = $1 AND name = $2";
const TAKEN: &str = "SELECT FROM sso_domains
    WHERE name = $2 AND tenant <> $1 AND verified_at IS NOT NULL";
/// Whoever proves a name does it one after the other.
const LOCK_NAME: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const PUT_FLOW: &str = "INSERT INTO sso_flows VALUES ($1, $2, $3, $4, $5, $6, $7)";
/// Leaves so many: those of who is signed in, and those that were begun last.
const MAKE_ROOM: &str = "DELETE FROM sso_flows WHERE secret IN
    (SELECT secret FROM sso_flows ORDER BY person IS NULL, expires_at DESC OFFSET $1)";
const TAKE_FLOW: &str = "DELETE FROM sso_flows WHERE secret = $1 AND expires_at > $2
    RETURNING tenant, issuer, client, person, landing, expires_at";
const IDENTITY: &str =
    concat!(identity_columns!(), " WHERE i.tenant = $1 AND i.issuer = $2 AND i.subject = $3");
const IDENTITIES_OF: &str = concat!(identity_columns!(), " WHERE i.person = $1 ORDER BY i.tenant");
const PUT_IDENTITY: &str = "INSERT INTO sso_identities
    (tenant, issuer, subject, person, role, since, signed_in_at)
    SELECT $1, $2, $3, $4, $5, $6, $7 WHERE EXISTS (SELECT FROM tenants WHERE id = $1)
    ON CONFLICT DO NOTHING";
/// Whoever is being taken out is not known anew meanwhile.
const HOLD_MEMBER: &str = "SELECT FROM members WHERE tenant = $1 AND person = $2 FOR SHARE";
const MARK: &str = "UPDATE grouped SET by_claim = true WHERE person = $1 AND team = ANY($2)";
const NOTE_CAME: &str = "UPDATE sso_identities SET role = $3, signed_in_at = $4
    WHERE tenant = $1 AND person = $2";
const END_SESSIONS: &str = "DELETE FROM grants WHERE person = $2 AND provided_by = $1
    AND kind = 'session' AND created_at < $3";
const LEAVE: &str = "DELETE FROM grouped WHERE person = $2 AND by_claim AND team <> ALL($3)
    AND team IN (SELECT id FROM groups WHERE tenant = $1)";
const JOIN: &str = "INSERT INTO grouped (team, person, by_claim) SELECT g.id, m.person, true
    FROM groups g JOIN members m ON m.tenant = g.tenant
    WHERE g.tenant = $1 AND m.person = $2 AND g.id = ANY($3) ON CONFLICT DO NOTHING";

pub(super) fn provider_of(row: &Row) -> Result<Provider, Fault> {
    let rules = serde_json::from_str(row.get(5));
    Ok(Provider {
        tenant: TenantId::from(row.get::<_, Uuid>(0)),
        issuer: row.get(1),
        client_id: row.get(2),
        secret: ProviderSecret(row.get(3)),
        groups_claim: row.get(4),
        rules: rules.map_err(|_| damaged("the rules of a claim"))?,
        role: role_of(row, 6)?,
        is_required: row.get(7),
        created_at: row.get(8),
    })
}

pub(super) fn domain_of(row: &Row) -> Result<TenantDomain, Fault> {
    Ok(TenantDomain {
        tenant: TenantId::from(row.get::<_, Uuid>(0)),
        name: MailDomain::read(row.get(1)).map_err(|_| damaged("the name of a domain"))?,
        token: row.get(2),
        added_at: row.get(3),
        verified_at: row.get(4),
    })
}

pub(super) fn identity_of(row: &Row) -> Result<Identity, Fault> {
    let role: Option<&str> = row.get(4);
    let role = role.map(|name| Role::named(name).ok_or_else(|| damaged("a role")));
    let groups: Vec<Uuid> = row.get(7);
    Ok(Identity {
        tenant: TenantId::from(row.get::<_, Uuid>(0)),
        issuer: row.get(1),
        subject: row.get(2),
        person: PersonId::from(row.get::<_, Uuid>(3)),
        role: role.transpose()?,
        since: row.get(5),
        signed_in_at: row.get(6),
        groups: groups.into_iter().map(GroupId::from).collect(),
    })
}

fn flow_of(row: &Row) -> Flow {
    Flow {
        tenant: TenantId::from(row.get::<_, Uuid>(0)),
        issuer: row.get(1),
        client_id: row.get(2),
        person: row.get::<_, Option<Uuid>>(3).map(PersonId::from),
        landing: row.get(4),
        expires_at: row.get(5),
    }
}

/// Puts a provider by `sql`; whether it was put.
async fn put_by(within: &Within<'_>, sql: &str, provider: &Provider) -> Result<bool, Fault> {
    let rules = serde_json::to_string(&provider.rules);
    let rules = rules.map_err(|_| damaged("the rules of a claim"))?;
    let of: [Bound<'_>; 9] = [
        (&Uuid::from(provider.tenant), Type::UUID),
        (&provider.issuer, Type::TEXT),
        (&provider.client_id, Type::TEXT),
        (&provider.secret.0, Type::BYTEA),
        (&provider.groups_claim, Type::TEXT),
        (&rules, Type::TEXT),
        (&provider.role.name(), Type::TEXT),
        (&provider.is_required, Type::BOOL),
        (&provider.created_at, Type::INT8),
    ];
    Ok(within.touch(sql, &of).await? > 0)
}

/// Takes in a provider that was told, unless there is one.
pub(super) async fn take_provider(within: &Within<'_>, told: &Provider) -> Result<(), Fault> {
    put_by(within, TAKE_PROVIDER, told).await.map(drop)
}

pub(super) async fn put_domain(within: &Within<'_>, domain: &TenantDomain) -> Result<bool, Fault> {
    let of: [Bound<'_>; 5] = [
        (&Uuid::from(domain.tenant), Type::UUID),
        (&domain.name.name(), Type::TEXT),
        (&domain.token, Type::TEXT),
        (&domain.added_at, Type::INT8),
        (&domain.verified_at, Type::INT8),
    ];
    Ok(within.touch(PUT_DOMAIN, &of).await? > 0)
}

/// Keeps an identity that is not there yet; whether it was kept. Its groups are not.
async fn put_identity(within: &Within<'_>, one: &Identity) -> Result<bool, Fault> {
    let of: [Bound<'_>; 7] = [
        (&Uuid::from(one.tenant), Type::UUID),
        (&one.issuer, Type::TEXT),
        (&one.subject, Type::TEXT),
        (&Uuid::from(one.person), Type::UUID),
        (&one.role.map(Role::name), Type::TEXT),
        (&one.since, Type::INT8),
        (&one.signed_in_at, Type::INT8),
    ];
    Ok(within.touch(PUT_IDENTITY, &of).await? > 0)
}

/// Takes in an identity that was told, with its groups.
pub(super) async fn take_identity(within: &Within<'_>, one: &Identity) -> Result<(), Fault> {
    if !put_identity(within, one).await? {
        return Ok(());
    }
    let groups: Vec<Uuid> = one.groups.iter().copied().map(Uuid::from).collect();
    let of: [Bound<'_>; 2] = [(&Uuid::from(one.person), Type::UUID), (&groups, Type::UUID_ARRAY)];
    within.touch(MARK, &of).await.map(drop)
}

/// Forgets what came by providers of `tenant` other than `issuer`.
async fn forget_others(within: &Within<'_>, tenant: TenantId, issuer: &str) -> Result<(), Fault> {
    let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&issuer, Type::TEXT)];
    for sql in FORGET_OTHERS {
        within.touch(sql, &of).await?;
    }
    Ok(())
}

#[async_trait]
impl SingleSignOn for Postgres {
    async fn provider(&self, tenant: TenantId) -> Result<Option<Provider>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        let rows = self.query("reading an identity provider", PROVIDER, &of).await?;
        rows.first().map(provider_of).transpose()
    }

    async fn put_provider(&self, provider: &Provider) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let doing = "connecting an identity provider";
        let within = Within::anywhere(&mut connection, doing).await?;
        forget_others(&within, provider.tenant, &provider.issuer).await?;
        let put = put_by(&within, PUT_PROVIDER, provider).await?;
        within.commit().await.map(|()| put)
    }

    async fn remove_provider(&self, tenant: TenantId) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing an identity provider").await?;
        // No issuer is called so: all of them are others.
        forget_others(&within, tenant, "").await?;
        let sql = "DELETE FROM sso_providers WHERE tenant = $1";
        let gone = within.touch(sql, &[(&Uuid::from(tenant), Type::UUID)]).await?;
        within.commit().await.map(|()| gone > 0)
    }

    async fn domains(&self, tenant: TenantId) -> Result<Vec<TenantDomain>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        self.query("reading domains", DOMAINS_OF, &of).await?.iter().map(domain_of).collect()
    }

    async fn add_domain(&self, domain: &TenantDomain) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "naming a domain").await?;
        let tenant = Uuid::from(domain.tenant);
        let of: [Bound<'_>; 1] = [(&tenant, Type::UUID)];
        let is_there = !within.plain(LOCK_TENANT, &of).await?.is_empty();
        let sql = "SELECT count(*) FROM sso_domains WHERE tenant = $1";
        let rows = within.plain(sql, &of).await?;
        let count: i64 = rows.first().map_or(0, |row| row.get(0));
        if !is_there || count >= limit_of(DOMAINS_MAX) {
            return Ok(false);
        }
        let put = put_domain(&within, domain).await?;
        within.commit().await.map(|()| put)
    }

    async fn verify_domain(
        &self,
        tenant: TenantId,
        name: &MailDomain,
        at: i64,
    ) -> Result<Verified, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "proving a domain").await?;
        let (tenant, name) = (Uuid::from(tenant), name.name());
        within.plain(LOCK_NAME, &[(&name, Type::TEXT)]).await?;
        let of: [Bound<'_>; 3] = [(&tenant, Type::UUID), (&name, Type::TEXT), (&at, Type::INT8)];
        if !within.plain(TAKEN, &of[..2]).await?.is_empty() {
            return Ok(Verified::Taken);
        }
        let done = within.touch(VERIFY, &of).await? > 0;
        within.commit().await?;
        Ok(if done { Verified::Done } else { Verified::Absent })
    }

    async fn remove_domain(&self, tenant: TenantId, name: &MailDomain) -> Result<bool, Fault> {
        let of: [Bound<'_>; 2] = [(&Uuid::from(tenant), Type::UUID), (&name.name(), Type::TEXT)];
        let sql = "DELETE FROM sso_domains WHERE tenant = $1 AND name = $2";
        Ok(self.execute("removing a domain", sql, &of).await? > 0)
    }

    async fn tenant_of_domain(&self, name: &MailDomain) -> Result<Option<TenantId>, Fault> {
        let sql = "SELECT tenant FROM sso_domains WHERE name = $1 AND verified_at IS NOT NULL";
        let of: [Bound<'_>; 1] = [(&name.name(), Type::TEXT)];
        let rows = self.query("reading whose a domain is", sql, &of).await?;
        Ok(rows.first().map(|row| TenantId::from(row.get::<_, Uuid>(0))))
    }

    async fn put_flow(&self, secret: SecretHash, flow: &Flow, now: i64) -> Result<(), Fault> {
        let doing = "beginning a sign-in";
        let past = "DELETE FROM sso_flows WHERE expires_at <= $1";
        self.execute(doing, past, &[(&now, Type::INT8)]).await?;
        self.execute(doing, MAKE_ROOM, &[(&limit_of(FLOWS_MAX - 1), Type::INT8)]).await?;
        let of: [Bound<'_>; 7] = [
            (&secret.0.as_slice(), Type::BYTEA),
            (&Uuid::from(flow.tenant), Type::UUID),
            (&flow.issuer, Type::TEXT),
            (&flow.client_id, Type::TEXT),
            (&flow.person.map(Uuid::from), Type::UUID),
            (&flow.landing, Type::TEXT),
            (&flow.expires_at, Type::INT8),
        ];
        self.execute(doing, PUT_FLOW, &of).await.map(drop)
    }

    async fn take_flow(&self, secret: SecretHash, now: i64) -> Result<Option<Flow>, Fault> {
        let of: [Bound<'_>; 2] = [(&secret.0.as_slice(), Type::BYTEA), (&now, Type::INT8)];
        let rows = self.query("taking a sign-in", TAKE_FLOW, &of).await?;
        Ok(rows.first().map(flow_of))
    }

    async fn identity(
        &self,
        tenant: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Identity>, Fault> {
        let of: [Bound<'_>; 3] =
            [(&Uuid::from(tenant), Type::UUID), (&issuer, Type::TEXT), (&subject, Type::TEXT)];
        let rows = self.query("reading an identity", IDENTITY, &of).await?;
        rows.first().map(identity_of).transpose()
    }

    async fn identities_of(&self, person: PersonId) -> Result<Vec<Identity>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading identities", IDENTITIES_OF, &of).await?;
        rows.iter().map(identity_of).collect()
    }

    async fn put_identity(
        &self,
        identity: &Identity,
        joining: &Joining,
        role: Role,
    ) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping an identity").await?;
        if !put_identity(&within, identity).await? {
            return Ok(false);
        }
        match joining {
            Joining::New(person, library) => {
                add(&within, person, library).await?;
                put_member(&within, identity.tenant, person.id, role, identity.since).await?;
            }
            Joining::Known(person) => {
                let of: [Bound<'_>; 2] = [
                    (&Uuid::from(identity.tenant), Type::UUID),
                    (&Uuid::from(*person), Type::UUID),
                ];
                if within.plain(HOLD_MEMBER, &of).await?.is_empty() {
                    return Ok(false);
                }
            }
        }
        within.commit().await.map(|()| true)
    }

    async fn note_came(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Option<Role>,
        at: i64,
    ) -> Result<(), Fault> {
        let of: [Bound<'_>; 4] = [
            (&Uuid::from(tenant), Type::UUID),
            (&Uuid::from(person), Type::UUID),
            (&role.map(Role::name), Type::TEXT),
            (&at, Type::INT8),
        ];
        self.execute("noting a sign-in", NOTE_CAME, &of).await.map(drop)
    }

    async fn end_sessions(
        &self,
        tenant: TenantId,
        person: PersonId,
        until: i64,
    ) -> Result<u64, Fault> {
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(tenant), Type::UUID),
            (&Uuid::from(person), Type::UUID),
            (&until, Type::INT8),
        ];
        self.execute("ending sessions of a provider", END_SESSIONS, &of).await
    }

    async fn follow_groups(
        &self,
        tenant: TenantId,
        person: PersonId,
        groups: &[GroupId],
    ) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "following groups").await?;
        let groups: Vec<Uuid> = groups.iter().copied().map(Uuid::from).collect();
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(tenant), Type::UUID),
            (&Uuid::from(person), Type::UUID),
            (&groups, Type::UUID_ARRAY),
        ];
        within.touch(LEAVE, &of).await?;
        within.touch(JOIN, &of).await?;
        within.commit().await
    }
}
