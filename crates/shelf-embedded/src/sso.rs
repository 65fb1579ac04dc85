//! Identity providers of tenants, their domains, whom they know, and sign-ins that are under way.

use crate::Embedded;
use crate::accounts::add;
use crate::imports::{from_json, to_json};
use crate::sql::damaged;
use crate::tenants::{is_member, put_member, role_of};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
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

/// Every provider, for [`provider_of`].
pub(crate) const PROVIDER: &str =
    "SELECT tenant, issuer, client, secret, claim, rules, role, required, created_at
    FROM sso_providers";
/// Every domain, for [`domain_of`].
pub(crate) const DOMAIN: &str =
    "SELECT tenant, name, token, added_at, verified_at FROM sso_domains";
/// Every identity, for [`identity_of`].
pub(crate) const IDENTITY: &str =
    "SELECT tenant, issuer, subject, person, role, since, signed_in_at FROM sso_identities";
const PUT_PROVIDER: &str = "INSERT OR REPLACE INTO sso_providers
    (tenant, issuer, client, secret, claim, rules, role, required, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const PUT_IDENTITY: &str = "INSERT OR IGNORE INTO sso_identities
    (tenant, issuer, subject, person, role, since, signed_in_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const IS_TENANT: &str = "SELECT 1 FROM tenants WHERE id = ?1";
const CLAIMED: &str = "SELECT i.team FROM grouped i JOIN groups g ON g.id = i.team
    WHERE g.tenant = ?1 AND i.person = ?2 AND i.by_claim ORDER BY i.team";

pub(crate) fn provider_of(row: &Row<'_>) -> rusqlite::Result<Provider> {
    Ok(Provider {
        tenant: TenantId::from_bytes(row.get(0)?),
        issuer: row.get(1)?,
        client_id: row.get(2)?,
        secret: ProviderSecret(row.get(3)?),
        groups_claim: row.get(4)?,
        rules: from_json(&row.get::<_, String>(5)?)?,
        role: role_of(row, 6)?,
        is_required: row.get(7)?,
        created_at: row.get(8)?,
    })
}

pub(crate) fn domain_of(row: &Row<'_>) -> rusqlite::Result<TenantDomain> {
    let name: String = row.get(1)?;
    Ok(TenantDomain {
        tenant: TenantId::from_bytes(row.get(0)?),
        name: MailDomain::read(&name).map_err(|_| damaged("the name of a domain"))?,
        token: row.get(2)?,
        added_at: row.get(3)?,
        verified_at: row.get(4)?,
    })
}

/// An identity, but for its groups.
fn identity_of(row: &Row<'_>) -> rusqlite::Result<Identity> {
    let role: Option<String> = row.get(4)?;
    let role = role.map(|name| Role::named(&name).ok_or_else(|| damaged("a role")));
    Ok(Identity {
        tenant: TenantId::from_bytes(row.get(0)?),
        issuer: row.get(1)?,
        subject: row.get(2)?,
        person: PersonId::from_bytes(row.get(3)?),
        role: role.transpose()?,
        since: row.get(5)?,
        signed_in_at: row.get(6)?,
        groups: Vec::new(),
    })
}

/// The identities of `sql`, each with its groups.
pub(crate) fn identities(
    connection: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Identity>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(of, identity_of)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut groups = connection.prepare_cached(CLAIMED)?;
    let whole = found.into_iter().map(|mut one| {
        let of = params![one.tenant.to_bytes(), one.person.to_bytes()];
        let ids = groups.query_map(of, |row| row.get(0).map(GroupId::from_bytes))?;
        one.groups = ids.collect::<rusqlite::Result<_>>()?;
        Ok(one)
    });
    whole.collect()
}

fn is_tenant(connection: &Connection, tenant: TenantId) -> rusqlite::Result<bool> {
    connection.prepare_cached(IS_TENANT)?.exists([tenant.to_bytes()])
}

fn put_provider(connection: &Connection, provider: &Provider) -> rusqlite::Result<()> {
    connection
        .prepare_cached(PUT_PROVIDER)?
        .execute(params![
            provider.tenant.to_bytes(),
            provider.issuer,
            provider.client_id,
            provider.secret.0,
            provider.groups_claim,
            to_json(&provider.rules)?,
            provider.role.name(),
            provider.is_required,
            provider.created_at,
        ])
        .map(drop)
}

/// Takes in a provider that was told, unless there is one.
pub(crate) fn take_provider(connection: &Connection, told: &Provider) -> rusqlite::Result<()> {
    let sql = "SELECT 1 FROM sso_providers WHERE tenant = ?1";
    if connection.prepare_cached(sql)?.exists([told.tenant.to_bytes()])? {
        return Ok(());
    }
    put_provider(connection, told)
}

/// Forgets what came by providers of `tenant` other than `issuer`.
fn forget_others(connection: &Connection, tenant: TenantId, issuer: &str) -> rusqlite::Result<()> {
    let of = params![tenant.to_bytes(), issuer];
    let others = "SELECT person FROM sso_identities WHERE tenant = ?1 AND issuer <> ?2";
    for sql in [
        format!(
            "DELETE FROM grouped WHERE by_claim AND person IN ({others})
                AND team IN (SELECT id FROM groups WHERE tenant = ?1)"
        ),
        format!("DELETE FROM grants WHERE provided_by = ?1 AND person IN ({others})"),
        "DELETE FROM sso_flows WHERE tenant = ?1 AND issuer <> ?2".to_owned(),
        "DELETE FROM sso_identities WHERE tenant = ?1 AND issuer <> ?2".to_owned(),
    ] {
        connection.prepare_cached(&sql)?.execute(of)?;
    }
    Ok(())
}

pub(crate) fn put_domain(connection: &Connection, domain: &TenantDomain) -> rusqlite::Result<bool> {
    let sql = "INSERT OR IGNORE INTO sso_domains VALUES (?1, ?2, ?3, ?4, ?5)";
    let put = connection.prepare_cached(sql)?.execute(params![
        domain.tenant.to_bytes(),
        domain.name.name(),
        domain.token,
        domain.added_at,
        domain.verified_at,
    ])?;
    Ok(put > 0)
}

/// Keeps an identity that is not there yet; whether it was kept. Its groups are not.
fn put_identity(connection: &Connection, one: &Identity) -> rusqlite::Result<bool> {
    let put = connection.prepare_cached(PUT_IDENTITY)?.execute(params![
        one.tenant.to_bytes(),
        one.issuer,
        one.subject,
        one.person.to_bytes(),
        one.role.map(Role::name),
        one.since,
        one.signed_in_at,
    ])?;
    Ok(put > 0)
}

/// Takes in an identity that was told, with its groups.
pub(crate) fn take_identity(connection: &Connection, one: &Identity) -> rusqlite::Result<()> {
    if !put_identity(connection, one)? {
        return Ok(());
    }
    let sql = "UPDATE grouped SET by_claim = 1 WHERE team = ?1 AND person = ?2";
    let mut mark = connection.prepare_cached(sql)?;
    one.groups.iter().try_for_each(|group| {
        mark.execute(params![group.to_bytes(), one.person.to_bytes()]).map(drop)
    })
}

fn come_first(
    connection: &Connection,
    identity: &Identity,
    joining: &Joining,
    role: Role,
) -> rusqlite::Result<bool> {
    let is_here = match joining {
        Joining::Known(person) => is_member(connection, identity.tenant, *person)?,
        Joining::New(..) => is_tenant(connection, identity.tenant)?,
    };
    if !is_here || !put_identity(connection, identity)? {
        return Ok(false);
    }
    if let Joining::New(person, library) = joining {
        add(connection, person, library)?;
        put_member(connection, identity.tenant, person.id, role, identity.since)?;
    }
    Ok(true)
}

/// Keeps a sign-in beside at most `most` less one others: those of who is signed in, and those that
/// were begun last.
fn put_flow(
    connection: &Connection,
    secret: SecretHash,
    flow: &Flow,
    most: usize,
) -> rusqlite::Result<()> {
    let room = "DELETE FROM sso_flows WHERE secret IN (SELECT secret FROM sso_flows
        ORDER BY person IS NULL, expires_at DESC LIMIT -1 OFFSET ?1)";
    connection.prepare_cached(room)?.execute([most.saturating_sub(1)])?;
    let sql = "INSERT INTO sso_flows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let put = connection.prepare_cached(sql)?.execute(params![
        secret.0,
        flow.tenant.to_bytes(),
        flow.issuer,
        flow.client_id,
        flow.person.map(PersonId::to_bytes),
        flow.landing,
        flow.expires_at,
    ]);
    put.map(drop)
}

fn follow_groups(
    connection: &Connection,
    tenant: TenantId,
    person: PersonId,
    groups: &[GroupId],
) -> rusqlite::Result<()> {
    let of = params![tenant.to_bytes(), person.to_bytes()];
    let mut statement = connection.prepare_cached(CLAIMED)?;
    let before = statement.query_map(of, |row| row.get(0).map(GroupId::from_bytes))?;
    let before: Vec<GroupId> = before.collect::<rusqlite::Result<_>>()?;
    let sql = "DELETE FROM grouped WHERE team = ?1 AND person = ?2 AND by_claim";
    let mut leave = connection.prepare_cached(sql)?;
    for gone in before.iter().filter(|group| !groups.contains(group)) {
        leave.execute(params![gone.to_bytes(), person.to_bytes()])?;
    }
    let sql = "INSERT OR IGNORE INTO grouped (team, person, by_claim)
        SELECT g.id, m.person, 1 FROM groups g JOIN members m ON m.tenant = g.tenant
        WHERE g.tenant = ?1 AND m.person = ?2 AND g.id = ?3";
    let mut join = connection.prepare_cached(sql)?;
    for group in groups {
        join.execute(params![tenant.to_bytes(), person.to_bytes(), group.to_bytes()])?;
    }
    Ok(())
}

#[async_trait]
impl SingleSignOn for Embedded {
    async fn provider(&self, tenant: TenantId) -> Result<Option<Provider>, Fault> {
        self.look_up("reading an identity provider", |connection| {
            connection
                .prepare_cached(&format!("{PROVIDER} WHERE tenant = ?1"))?
                .query_row([tenant.to_bytes()], provider_of)
                .optional()
        })
    }

    async fn put_provider(&self, provider: &Provider) -> Result<bool, Fault> {
        let provider = provider.clone();
        self.write("connecting an identity provider", move |connection| {
            if !is_tenant(connection, provider.tenant)? {
                return Ok(false);
            }
            forget_others(connection, provider.tenant, &provider.issuer)?;
            put_provider(connection, &provider)?;
            Ok(true)
        })
        .await
    }

    async fn remove_provider(&self, tenant: TenantId) -> Result<bool, Fault> {
        self.write("removing an identity provider", move |connection| {
            // No issuer is called so: all of them are others.
            forget_others(connection, tenant, "")?;
            let sql = "DELETE FROM sso_providers WHERE tenant = ?1";
            let gone = connection.prepare_cached(sql)?.execute([tenant.to_bytes()])?;
            Ok(gone > 0)
        })
        .await
    }

    async fn domains(&self, tenant: TenantId) -> Result<Vec<TenantDomain>, Fault> {
        self.look_up("reading domains", |connection| {
            connection
                .prepare_cached(&format!("{DOMAIN} WHERE tenant = ?1 ORDER BY name"))?
                .query_map([tenant.to_bytes()], domain_of)?
                .collect()
        })
    }

    async fn add_domain(&self, domain: &TenantDomain) -> Result<bool, Fault> {
        let domain = domain.clone();
        self.write("naming a domain", move |connection| {
            let count = "SELECT count(*) FROM sso_domains WHERE tenant = ?1";
            let count: usize = connection
                .prepare_cached(count)?
                .query_row([domain.tenant.to_bytes()], |row| row.get(0))?;
            if count >= DOMAINS_MAX || !is_tenant(connection, domain.tenant)? {
                return Ok(false);
            }
            put_domain(connection, &domain)
        })
        .await
    }

    async fn verify_domain(
        &self,
        tenant: TenantId,
        name: &MailDomain,
        at: i64,
    ) -> Result<Verified, Fault> {
        let name = name.clone();
        self.write("proving a domain", move |connection| {
            let taken = "SELECT 1 FROM sso_domains
                WHERE name = ?2 AND tenant <> ?1 AND verified_at IS NOT NULL";
            let of = params![tenant.to_bytes(), name.name()];
            if connection.prepare_cached(taken)?.exists(of)? {
                return Ok(Verified::Taken);
            }
            let sql = "UPDATE sso_domains SET verified_at = ?3 WHERE tenant = ?1 AND name = ?2";
            let of = params![tenant.to_bytes(), name.name(), at];
            let done = connection.prepare_cached(sql)?.execute(of)? > 0;
            Ok(if done { Verified::Done } else { Verified::Absent })
        })
        .await
    }

    async fn remove_domain(&self, tenant: TenantId, name: &MailDomain) -> Result<bool, Fault> {
        let name = name.clone();
        self.write("removing a domain", move |connection| {
            let sql = "DELETE FROM sso_domains WHERE tenant = ?1 AND name = ?2";
            let of = params![tenant.to_bytes(), name.name()];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn tenant_of_domain(&self, name: &MailDomain) -> Result<Option<TenantId>, Fault> {
        self.look_up("reading whose a domain is", |connection| {
            let sql = "SELECT tenant FROM sso_domains
                WHERE name = ?1 AND verified_at IS NOT NULL";
            connection
                .prepare_cached(sql)?
                .query_row([name.name()], |row| row.get(0).map(TenantId::from_bytes))
                .optional()
        })
    }

    async fn put_flow(&self, secret: SecretHash, flow: &Flow, now: i64) -> Result<(), Fault> {
        let flow = flow.clone();
        self.write("beginning a sign-in", move |connection| {
            let past = "DELETE FROM sso_flows WHERE expires_at <= ?1";
            connection.prepare_cached(past)?.execute([now])?;
            put_flow(connection, secret, &flow, FLOWS_MAX)
        })
        .await
    }

    async fn take_flow(&self, secret: SecretHash, now: i64) -> Result<Option<Flow>, Fault> {
        self.write("taking a sign-in", move |connection| {
            let sql = "DELETE FROM sso_flows WHERE secret = ?1 AND expires_at > ?2
                RETURNING tenant, issuer, client, person, landing, expires_at";
            let flow_of = |row: &Row<'_>| {
                Ok(Flow {
                    tenant: TenantId::from_bytes(row.get(0)?),
                    issuer: row.get(1)?,
                    client_id: row.get(2)?,
                    person: row.get::<_, Option<[u8; 16]>>(3)?.map(PersonId::from_bytes),
                    landing: row.get(4)?,
                    expires_at: row.get(5)?,
                })
            };
            connection.prepare_cached(sql)?.query_row(params![secret.0, now], flow_of).optional()
        })
        .await
    }

    async fn identity(
        &self,
        tenant: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Identity>, Fault> {
        self.look_up("reading an identity", |connection| {
            let sql = format!("{IDENTITY} WHERE tenant = ?1 AND issuer = ?2 AND subject = ?3");
            let of = params![tenant.to_bytes(), issuer, subject];
            Ok(identities(connection, &sql, of)?.pop())
        })
    }

    async fn identities_of(&self, person: PersonId) -> Result<Vec<Identity>, Fault> {
        self.look_up("reading identities", |connection| {
            let sql = format!("{IDENTITY} WHERE person = ?1 ORDER BY tenant");
            identities(connection, &sql, [person.to_bytes()])
        })
    }

    async fn put_identity(
        &self,
        identity: &Identity,
        joining: &Joining,
        role: Role,
    ) -> Result<bool, Fault> {
        let (identity, joining) = (identity.clone(), joining.clone());
        self.write("keeping an identity", move |connection| {
            come_first(connection, &identity, &joining, role)
        })
        .await
    }

    async fn note_came(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Option<Role>,
        at: i64,
    ) -> Result<(), Fault> {
        self.write("noting a sign-in", move |connection| {
            let sql = "UPDATE sso_identities SET role = ?3, signed_in_at = ?4
                WHERE tenant = ?1 AND person = ?2";
            let (tenant, person) = (tenant.to_bytes(), person.to_bytes());
            let of = params![tenant, person, role.map(Role::name), at];
            connection.prepare_cached(sql)?.execute(of).map(drop)
        })
        .await
    }

    async fn end_sessions(
        &self,
        tenant: TenantId,
        person: PersonId,
        until: i64,
    ) -> Result<u64, Fault> {
        self.write("ending sessions of a provider", move |connection| {
            let sql = "DELETE FROM grants WHERE person = ?2 AND provided_by = ?1
                AND kind = 'session' AND created_at < ?3";
            let of = params![tenant.to_bytes(), person.to_bytes(), until];
            Ok(connection.prepare_cached(sql)?.execute(of)? as u64)
        })
        .await
    }

    async fn follow_groups(
        &self,
        tenant: TenantId,
        person: PersonId,
        groups: &[GroupId],
    ) -> Result<(), Fault> {
        let groups = groups.to_vec();
        self.write("following groups", move |connection| {
            follow_groups(connection, tenant, person, &groups)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_too_many_sign_ins_the_oldest_of_strangers_make_room() {
        let dir = tempfile::tempdir().unwrap();
        let connection = crate::sql::open_writer(&dir.path().join("a.db")).unwrap();
        let flow = |expires_at, person: Option<u8>| Flow {
            tenant: TenantId::from_bytes([1; 16]),
            issuer: "https://id.example".to_owned(),
            client_id: "mindshelf".to_owned(),
            person: person.map(|byte| PersonId::from_bytes([byte; 16])),
            landing: "/".to_owned(),
            expires_at,
        };
        // What each is known by is when it ends.
        for (ends, person) in [(1, Some(7)), (2, None), (3, None), (4, None), (5, None)] {
            let secret = SecretHash([u8::try_from(ends).unwrap(); 32]);
            put_flow(&connection, secret, &flow(ends, person), 3).unwrap();
        }
        let mut left = connection.prepare("SELECT expires_at FROM sso_flows ORDER BY 1").unwrap();
        let left = left.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(left.map(Result::unwrap).collect::<Vec<_>>(), [1, 4, 5]);
    }
}
