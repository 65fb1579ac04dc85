//! Everything true in the database, told as of one moment and taken in again.

use super::accounts::{grant_columns, grant_of, library_of, person_of, put_author, put_grant};
use super::activity::event_of;
use super::credentials::{self, credential_of};
use super::imports::{from_json, put_job, put_rows};
use super::load::{self, change_columns, change_of};
use super::oauth::{client_of, put_client};
use super::passkeys::{self, passkey_columns, passkey_of};
use super::privacy::{consent_columns, erasure_columns};
use super::tenants::{
    give, given_to, groups, put_member, put_tenant, role_of, share_of, tenant_of,
};
use super::within::{For, Within};
use super::{
    Bound, Postgres, audit, captures, damaged, keys, library, persist, privacy, replicas, sso,
    usage, webhooks,
};
use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::activity::Event;
use shelf_ports::archive::{Archive, Batch, ENTRIES_MAX, Entry, KeptAnswer, Taking, is_same_row};
use shelf_ports::imports::LedgerRow;
use shelf_ports::tenants::{Group, Member, Tenant};
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

const PEOPLE: &str = "SELECT id, tenant, name, joined FROM people ORDER BY joined, id";
const TENANTS: &str = "SELECT id, name, created_at FROM tenants ORDER BY created_at, id";
const MEMBERS: &str = "SELECT person, role, since, tenant FROM members ORDER BY tenant, person";
const SHARES: &str = "SELECT holder, kind, may, library FROM shares ORDER BY library, holder, kind";
const SETTINGS: &str =
    r#"SELECT person, name, value FROM settings ORDER BY person, name COLLATE "C""#;
const CREDENTIALS: &str = "SELECT person, login, hash FROM credentials ORDER BY person";
const CONSENTS: &str = concat!(consent_columns!(), " ORDER BY person, n");
const ERASURES: &str = concat!(erasure_columns!(), " ORDER BY person");
const RECEIPTS: &str = "SELECT id, until, body FROM receipts ORDER BY id";
const CODES: &str = "SELECT person, code FROM recovery_codes ORDER BY person, code";
const PASSKEYS: &str = concat!(passkey_columns!(), " ORDER BY id");
const GRANTS: &str =
    concat!("SELECT ", grant_columns!(), ", secret FROM grants WHERE kind <> 'app' ORDER BY id");
/// Of grants that are told it is known whose they are.
const AUTHORS: &str = "SELECT id, person FROM authors
    WHERE id NOT IN (SELECT id FROM grants WHERE kind <> 'app') ORDER BY id";
const CLIENTS: &str = "SELECT id, person, name, redirects, scopes, secret, created_at,
    alone FROM clients ORDER BY id";
const LIBRARIES: &str =
    "SELECT id, tenant, name, created_at, owner FROM libraries ORDER BY created_at, id";
const COUNTERS: &str = "SELECT device, n FROM counters WHERE library = {} ORDER BY device";
const PUSHES: &str =
    "SELECT device, n, answer, at FROM answers WHERE library = {} ORDER BY device, n";
const WRITES: &str = r#"SELECT key, fingerprint, done, at FROM writes
    WHERE library = {} ORDER BY key COLLATE "C""#;
const LOG: &str =
    concat!("SELECT ", change_columns!(), " FROM log WHERE library = {} ORDER BY seq");
const EVENTS: &str = "SELECT at, deed, item, person FROM activity
    WHERE library = {} ORDER BY person, at, nth";
const IMPORTS: &str = "SELECT job FROM imports WHERE library = {} ORDER BY id";
const LINES: &str = r#"SELECT line, import FROM ledger
    WHERE library = {} ORDER BY import, row, outcome COLLATE "C""#;

const TAKE_PERSON: &str = "INSERT INTO people VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const TAKE_SETTING: &str = "INSERT INTO settings VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const TAKE_LIBRARY: &str = "INSERT INTO libraries (id, tenant, owner, name, created_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
const TAKE_PUSH: &str = "INSERT INTO answers VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const TAKE_WRITE: &str = "INSERT INTO writes VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
/// Events that are not there already, in their order; they have no key of their own.
const TAKE_EVENTS: &str = "INSERT INTO activity (library, person, at, deed, item)
    SELECT $1, told.person, told.at, told.deed, told.item
    FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[])
        WITH ORDINALITY AS told (person, at, deed, item, nth)
    WHERE NOT EXISTS (SELECT 1 FROM activity a WHERE a.library = $1 AND a.person = told.person
        AND a.at = told.at AND a.deed = told.deed AND a.item = told.item)
    ORDER BY told.nth";
const PUT_SEQ: &str = "UPDATE libraries SET seq = $2 WHERE id = $1";
const PUT_EPOCH: &str = "UPDATE libraries SET epoch = $2, floor = $3 WHERE id = $1";

#[async_trait]
impl Archive for Postgres {
    async fn tell(&self, to: &mut dyn Taking) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::nowhere(&mut connection, "telling everything").await?;
        let mut telling = Telling { within, to, scope: None };
        telling
            .each(keys::ALL, |row| {
                let (owner, key) = keys::key_of(row)?;
                Ok(Entry::OwnerKey(owner, key))
            })
            .await?;
        telling.each(PEOPLE, |row| Ok(Entry::Person(person_of(row), row.get(3)))).await?;
        telling.tenants().await?;
        let setting = |row: &Row| Entry::Setting(person(row, 0), row.get(1), row.get(2));
        telling.each(SETTINGS, |row| Ok(setting(row))).await?;
        telling.privacy().await?;
        telling.each(CREDENTIALS, |row| Ok(Entry::Credential(credential_of(row)?))).await?;
        let code = |row: &Row| Ok(Entry::RecoveryCode(person(row, 0), code_of(row)?));
        telling.each(CODES, code).await?;
        telling.each(PASSKEYS, |row| Ok(Entry::Passkey(passkey_of(row)))).await?;
        telling
            .each(CLIENTS, |row| {
                let (client, secret) = client_of(row)?;
                Ok(Entry::Client(client, secret.map(|secret| secret.0)))
            })
            .await?;
        telling.each(GRANTS, |row| Ok(Entry::Grant(grant_of(row)?, secret_of(row)?))).await?;
        let grant = |row: &Row| DeviceId::from(row.get::<_, Uuid>(0));
        telling.each(AUTHORS, |row| Ok(Entry::Author(grant(row), person(row, 1)))).await?;
        let libraries = telling.within.plain(LIBRARIES, &[]).await?;
        for row in &libraries {
            telling.library(library_of(row), person(row, 4)).await?;
        }
        Ok(())
    }

    async fn take(&self, batch: Batch) -> Result<(), Fault> {
        let doing = "taking in";
        let mut connection = self.connection().await?;
        let Some(scope) = batch.scope else {
            let within = Within::anywhere(&mut connection, doing).await?;
            for entry in &batch.entries {
                take_account(&within, entry).await?;
            }
            return within.commit().await;
        };
        let entered = Within::enter(&mut connection, scope, doing, For::Writing).await?;
        let mut within = entered.ok_or_else(|| damaged("entries of an unknown library"))?;
        within.take_time().await?;
        load::head_alone(&within).await?;
        take_in(&within, batch.entries).await?;
        within.commit().await?;
        self.bell.ring();
        Ok(())
    }
}

fn person(row: &Row, at: usize) -> PersonId {
    PersonId::from(row.get::<_, Uuid>(at))
}

fn secret_of(row: &Row) -> Result<Option<[u8; 32]>, Fault> {
    let secret: Option<&[u8]> = row.get(11);
    secret.map(|secret| secret.try_into().map_err(|_| damaged("a secret's hash"))).transpose()
}

fn code_of(row: &Row) -> Result<[u8; 32], Fault> {
    row.get::<_, &[u8]>(1).try_into().map_err(|_| damaged("the hash of a recovery code"))
}

/// One telling, inside of one transaction.
struct Telling<'a, 'b> {
    within: Within<'a>,
    to: &'b mut dyn Taking,
    scope: Option<Scope>,
}

impl Telling<'_, '_> {
    async fn privacy(&mut self) -> Result<(), Fault> {
        self.each(privacy::KEY, |row| Ok(Entry::ServerKey(privacy::key_of(row)))).await?;
        let consent = |row: &Row| Ok(Entry::Consent(person(row, 4), privacy::consent_of(row)?));
        self.each(CONSENTS, consent).await?;
        self.each(ERASURES, |row| Ok(Entry::Erasure(privacy::erasure_of(row)))).await?;
        self.each(RECEIPTS, |row| Ok(Entry::Receipt(privacy::receipt_of(row)))).await
    }

    async fn tenants(&mut self) -> Result<(), Fault> {
        self.each(TENANTS, |row| Ok(Entry::Tenant(tenant_of(row)))).await?;
        self.each(MEMBERS, |row| {
            let (person, name) = (person(row, 0), String::new());
            let member = Member { person, name, role: role_of(row, 1)?, since: row.get(2) };
            Ok(Entry::Member(TenantId::from(row.get::<_, Uuid>(3)), member))
        })
        .await?;
        for row in self.within.plain("SELECT id FROM tenants ORDER BY id", &[]).await? {
            let id = TenantId::from(row.get::<_, Uuid>(0));
            let groups = groups(&self.within, id).await?;
            let entries: Vec<_> = groups.into_iter().map(|group| Entry::Group(id, group)).collect();
            if !entries.is_empty() {
                self.to.take(Batch { scope: None, entries }).await?;
            }
        }
        self.each(sso::PROVIDERS, |row| Ok(Entry::Provider(sso::provider_of(row)?))).await?;
        self.each(sso::DOMAINS, |row| Ok(Entry::Domain(sso::domain_of(row)?))).await?;
        self.each(sso::IDENTITIES, |row| Ok(Entry::Identity(sso::identity_of(row)?))).await?;
        self.each(SHARES, |row| {
            Ok(Entry::Share(LibraryId::from(row.get::<_, Uuid>(3)), share_of(row)?))
        })
        .await?;
        self.each(audit::ALL, |row| {
            Ok(Entry::Audit(TenantId::from(row.get::<_, Uuid>(8)), audit::sealed_of(row)?))
        })
        .await?;
        self.each(usage::PLANS, |row| {
            Ok(Entry::Plan(TenantId::from(row.get::<_, Uuid>(0)), usage::plan_of(row, 1)?))
        })
        .await?;
        self.each(usage::ALL_SPENT, |row| Ok(Entry::Spent(usage::spent_of(row)))).await
    }

    async fn library(&mut self, info: LibraryInfo, owner: PersonId) -> Result<(), Fault> {
        let scope = info.scope();
        let entries = vec![Entry::Library(info, owner)];
        self.to.take(Batch { scope: None, entries }).await?;
        self.within.turn_to(scope).await?;
        self.scope = Some(scope);
        self.each(COUNTERS, |row| Ok(Entry::Counter(device(row), unsigned(row, 1)))).await?;
        self.each(PUSHES, |row| {
            let (device, n, answer, at) = (device(row), unsigned(row, 1), row.get(2), row.get(3));
            Ok(Entry::Answer(KeptAnswer::Push { device, n, answer, at }))
        })
        .await?;
        self.each(WRITES, |row| {
            let (key, fingerprint, answer) = (row.get(0), row.get(1), row.get(2));
            Ok(Entry::Answer(KeptAnswer::Write { key, fingerprint, answer, at: row.get(3) }))
        })
        .await?;
        self.each(LOG, |row| Ok(Entry::Change(change_of(row)?))).await?;
        self.each(EVENTS, |row| Ok(Entry::Event(person(row, 3), event_of(row)?))).await?;
        self.each(IMPORTS, |row| Ok(Entry::Import(from_json(row)?))).await?;
        self.each(LINES, |row| {
            Ok(Entry::Line(ActId::from(row.get::<_, Uuid>(1)), from_json(row)?))
        })
        .await?;
        self.each(replicas::ALL, |row| Ok(Entry::Held(replicas::held_of(row)?))).await?;
        self.each(captures::ALL, |row| Ok(Entry::Capture(captures::capture_of(row)?))).await?;
        self.each(webhooks::ALL, |row| Ok(Entry::Endpoint(webhooks::endpoint_of(row, 0)?))).await?;
        let entries = vec![Entry::Whole(load::head(&self.within).await?)];
        self.to.take(Batch { scope: self.scope, entries }).await
    }

    /// Tells what `entry` makes of each row of `sql`, which a cursor hands out in parts.
    async fn each(
        &mut self,
        sql: &str,
        entry: impl Fn(&Row) -> Result<Entry, Fault>,
    ) -> Result<(), Fault> {
        let own = self.scope.map(|scope| format!("'{}'::uuid", scope.library));
        let sql = sql.replace("{}", &own.unwrap_or_default());
        self.within.plain(&format!("DECLARE told NO SCROLL CURSOR FOR {sql}"), &[]).await?;
        let fetch = format!("FETCH {ENTRIES_MAX} FROM told");
        loop {
            let rows = self.within.plain(&fetch, &[]).await?;
            if rows.is_empty() {
                break;
            }
            let entries = rows.iter().map(&entry).collect::<Result<_, _>>()?;
            self.to.take(Batch { scope: self.scope, entries }).await?;
        }
        self.within.plain("CLOSE told", &[]).await.map(drop)
    }
}

fn device(row: &Row) -> DeviceId {
    DeviceId::from(row.get::<_, Uuid>(0))
}

fn unsigned(row: &Row, at: usize) -> u64 {
    row.get::<_, i64>(at).cast_unsigned()
}

/// Takes in what belongs to no library.
async fn take_account(within: &Within<'_>, entry: &Entry) -> Result<(), Fault> {
    match entry {
        Entry::Person(person, joined) => {
            let (id, tenant) = (Uuid::from(person.id), Uuid::from(person.tenant));
            let of: [Bound<'_>; 4] = [
                (&id, Type::UUID),
                (&tenant, Type::UUID),
                (&person.name, Type::TEXT),
                (joined, Type::INT8),
            ];
            within.plain(TAKE_PERSON, &of).await
        }
        Entry::Setting(person, name, value) => {
            let person = Uuid::from(*person);
            let of: [Bound<'_>; 3] =
                [(&person, Type::UUID), (name, Type::TEXT), (value, Type::TEXT)];
            within.plain(TAKE_SETTING, &of).await
        }
        Entry::Grant(grant, secret) => return put_grant(within, grant, secret.as_ref()).await,
        Entry::Author(grant, person) => return put_author(within, *grant, *person).await,
        Entry::Audit(tenant, sealed) => return audit::keep(within, *tenant, sealed).await,
        Entry::Client(client, secret) => {
            return put_client(within, client, secret.as_ref()).await;
        }
        Entry::ServerKey(key) => return privacy::put_key(within, key).await,
        Entry::OwnerKey(owner, key) => return keys::put_key(within, *owner, key).await,
        Entry::Consent(person, one) => return privacy::put_consent(within, *person, one).await,
        Entry::Erasure(one) => return privacy::put_erasure(within, one).await.map(drop),
        Entry::Receipt(one) => return privacy::put_receipt(within, one).await,
        Entry::Credential(told) => return credentials::take_in(within, told).await,
        Entry::RecoveryCode(person, code) => {
            return credentials::put_codes(within, *person, &[*code]).await;
        }
        Entry::Passkey(told) => return passkeys::take_in(within, told).await.map(drop),
        Entry::Tenant(tenant) => return put_tenant(within, tenant).await,
        Entry::Member(tenant, member) => {
            let Member { person, role, since, .. } = *member;
            return put_member(within, *tenant, person, role, since).await;
        }
        Entry::Group(tenant, group) => return take_group(within, *tenant, group).await,
        Entry::Provider(told) => return sso::take_provider(within, told).await,
        Entry::Domain(told) => return sso::put_domain(within, told).await.map(drop),
        Entry::Identity(told) => return sso::take_identity(within, told).await,
        Entry::Share(library, share) => return give(within, *library, *share).await,
        Entry::Plan(tenant, plan) => return usage::keep_plan(within, *tenant, *plan).await,
        Entry::Spent(spent) => return usage::keep_spent(within, spent).await,
        Entry::Library(info, maker) => return take_library(within, info, *maker).await,
        _ => return Err(damaged("an entry of a library outside of one")),
    }
    .map(drop)
}

async fn take_group(within: &Within<'_>, tenant: TenantId, group: &Group) -> Result<(), Fault> {
    let id = Uuid::from(group.id);
    let of: [Bound<'_>; 3] =
        [(&id, Type::UUID), (&Uuid::from(tenant), Type::UUID), (&group.name, Type::TEXT)];
    let sql = "INSERT INTO groups VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    within.plain(sql, &of).await?;
    let people: Vec<Uuid> = group.people.iter().copied().map(Uuid::from).collect();
    let of: [Bound<'_>; 2] = [(&id, Type::UUID), (&people, Type::UUID_ARRAY)];
    let sql = "INSERT INTO grouped SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING";
    within.plain(sql, &of).await.map(drop)
}

async fn take_library(
    within: &Within<'_>,
    info: &LibraryInfo,
    maker: PersonId,
) -> Result<(), Fault> {
    let (id, tenant, owner) = (Uuid::from(info.id), Uuid::from(info.tenant), Uuid::from(maker));
    let known = within.plain("SELECT FROM tenants WHERE id = $1", &[(&tenant, Type::UUID)]).await?;
    if known.is_empty() {
        let (name, created_at) = (info.name.clone(), info.created_at);
        put_tenant(within, &Tenant { id: info.tenant, name, created_at }).await?;
        put_member(within, info.tenant, maker, Role::Owner, created_at).await?;
        give(within, info.id, given_to(maker, Right::Manage)).await?;
    }
    let of: [Bound<'_>; 5] = [
        (&id, Type::UUID),
        (&tenant, Type::UUID),
        (&owner, Type::UUID),
        (&info.name, Type::TEXT),
        (&info.created_at, Type::INT8),
    ];
    within.plain(TAKE_LIBRARY, &of).await.map(drop)
}

/// Takes in what belongs to the library that was entered.
async fn take_in(within: &Within<'_>, entries: Vec<Entry>) -> Result<(), Fault> {
    let (mut changes, mut events, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    let mut ledgers: BTreeMap<ActId, Vec<LedgerRow>> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Change(change) => changes.push(change),
            Entry::Event(person, event) => events.push((person, event)),
            Entry::Line(import, line) => ledgers.entry(import).or_default().push(line),
            Entry::Whole(head) => heads.push(head),
            other => take_beside(within, &other).await?,
        }
    }
    take_changes(within, changes).await?;
    take_events(within, &events).await?;
    for (import, lines) in &ledgers {
        put_rows(within, *import, lines).await?;
    }
    // A library is told to its end once, after all else of it.
    for head in &heads {
        take_head(within, head).await?;
    }
    Ok(())
}

/// Appends the rows that are not there yet; they must follow the last one.
async fn take_changes(within: &Within<'_>, mut changes: Vec<Change>) -> Result<(), Fault> {
    let known = load::head(within).await?.seq;
    if let Some(told) = changes.iter().find(|change| change.seq == known) {
        let before = known.saturating_sub(1).cast_signed();
        let of: [Bound<'_>; 2] = [(&before, Type::INT8), (&1_i64, Type::INT8)];
        let there = within.rows(library::CHANGES, &of).await?;
        let there = there.first().map(change_of).transpose()?;
        if !there.is_some_and(|there| is_same_row(told, &there)) {
            return Err(damaged("a log that went another way than the one that is there"));
        }
    }
    changes.retain(|change| change.seq > known);
    let Some(last) = changes.last().map(|change| change.seq) else { return Ok(()) };
    if !changes.iter().map(|change| change.seq).eq(known + 1..=last) {
        return Err(damaged("a log with a gap"));
    }
    persist::append(within, &changes).await?;
    persist::put_acts(within, &changes).await?;
    within.run(PUT_SEQ, &[(&last.cast_signed(), Type::INT8)]).await.map(drop)
}

/// The log is whole: it stands at `head`, and is folded.
async fn take_head(within: &Within<'_>, head: &Head) -> Result<(), Fault> {
    if load::head(within).await?.seq != head.seq {
        return Err(damaged("a log without its end"));
    }
    persist::put_head(within, head).await?;
    let of: [Bound<'_>; 2] =
        [(&i64::from(head.epoch), Type::INT8), (&head.floor.cast_signed(), Type::INT8)];
    within.run(PUT_EPOCH, &of).await?;
    library::refold(within).await
}

async fn take_events(within: &Within<'_>, events: &[(PersonId, Event)]) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    let people: Vec<Uuid> = events.iter().map(|(person, _)| Uuid::from(*person)).collect();
    let moments: Vec<i64> = events.iter().map(|(_, event)| event.at).collect();
    let deeds: Vec<&str> = events.iter().map(|(_, event)| event.deed.name()).collect();
    let items: Vec<Uuid> = events.iter().map(|(_, event)| Uuid::from(event.item)).collect();
    let of: [Bound<'_>; 4] = [
        (&people, Type::UUID_ARRAY),
        (&moments, Type::INT8_ARRAY),
        (&deeds, Type::TEXT_ARRAY),
        (&items, Type::UUID_ARRAY),
    ];
    within.run(TAKE_EVENTS, &of).await.map(drop)
}

async fn take_beside(within: &Within<'_>, entry: &Entry) -> Result<(), Fault> {
    match entry {
        Entry::Counter(device, n) => persist::put_counter(within, *device, *n).await,
        Entry::Answer(KeptAnswer::Push { device, n, answer, at }) => {
            let of: [Bound<'_>; 4] = [
                (&Uuid::from(*device), Type::UUID),
                (&n.cast_signed(), Type::INT8),
                (answer, Type::TEXT),
                (at, Type::INT8),
            ];
            within.run(TAKE_PUSH, &of).await.map(drop)
        }
        Entry::Answer(KeptAnswer::Write { key, fingerprint, answer, at }) => {
            let of: [Bound<'_>; 4] = [
                (key, Type::TEXT),
                (fingerprint, Type::TEXT),
                (answer, Type::TEXT),
                (at, Type::INT8),
            ];
            within.run(TAKE_WRITE, &of).await.map(drop)
        }
        Entry::Import(job) => put_job(within, job).await,
        Entry::Capture(capture) => captures::take_in(within, capture).await,
        Entry::Held(held) => replicas::put_held(within, std::slice::from_ref(held)).await,
        Entry::Endpoint(endpoint) => {
            webhooks::put_endpoint(within, within.library(), endpoint, None).await
        }
        _ => Err(damaged("an entry of no library inside of one")),
    }
}
