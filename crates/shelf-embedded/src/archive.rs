//! Everything true in the database, told as of one moment and taken in again.

use crate::accounts::{GRANT, grant_of, library_of, person_of, put_author, put_grant};
use crate::activity::event_of;
use crate::credentials::{self, CREDENTIAL, credential_of};
use crate::imports::{from_json, to_json};
use crate::load::{self, LibraryKey, change_of};
use crate::oauth::{CLIENT, client_of, put_client};
use crate::passkeys::{self, PASSKEY, passkey_of};
use crate::sql::{damaged, signed, unsigned};
use crate::tenants::{
    give, given_to, groups, put_member, put_tenant, role_of, share_of, tenant_of,
};
use crate::{
    Embedded, audit, captures, keys, library, persist, privacy, replicas, sso, usage, webhooks,
};
use async_trait::async_trait;
use rusqlite::{Connection, Params, Row, params};
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::Fault;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::archive::{Archive, Batch, ENTRIES_MAX, Entry, KeptAnswer, Taking, is_same_row};
use shelf_ports::tenants::{Group, Member, Tenant};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that wait to be taken.
const BATCHES_MAX: usize = 4;

const PEOPLE: &str = "SELECT id, tenant, name, joined FROM people ORDER BY joined, id";
const TENANTS: &str = "SELECT id, name, created_at FROM tenants ORDER BY created_at, id";
const MEMBERS: &str = "SELECT person, role, since, tenant FROM members ORDER BY tenant, person";
const SHARES: &str = "SELECT holder, kind, may, library FROM shares ORDER BY library, holder, kind";
const SETTINGS: &str = "SELECT person, name, value FROM settings ORDER BY person, name";
/// Of grants that are told it is known whose they are.
const AUTHORS: &str = "SELECT id, person FROM authors
    WHERE id NOT IN (SELECT id FROM grants WHERE kind <> 'app') ORDER BY id";
const CODES: &str = "SELECT person, code FROM recovery_codes ORDER BY person, code";
const LIBRARIES: &str =
    "SELECT id, tenant, name, created_at, owner, key FROM libraries ORDER BY created_at, id";
const COUNTERS: &str = "SELECT d.id, n FROM counters JOIN devices d ON d.key = device
    WHERE library = ?1 ORDER BY d.id";
const PUSHES: &str = "SELECT d.id, n, answer, at FROM answers JOIN devices d ON d.key = device
    WHERE library = ?1 ORDER BY d.id, n";
const WRITES: &str =
    "SELECT key, fingerprint, reply, at FROM replies WHERE library = ?1 ORDER BY key";
const EVENTS: &str = "SELECT at, deed, item, person FROM activity INDEXED BY activity_person
    WHERE library = ?1 ORDER BY person, at, rowid";
const IMPORTS: &str = "SELECT job FROM imports WHERE library = ?1 ORDER BY id";
const LINES: &str =
    "SELECT line, import FROM ledger WHERE library = ?1 ORDER BY import, row, outcome";

/// An event that is not there already; events have no key of their own.
const PUT_EVENT: &str = "INSERT INTO activity SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
    SELECT 1 FROM activity
    WHERE library = ?1 AND person = ?2 AND at = ?3 AND deed = ?4 AND item = ?5)";

#[async_trait]
impl Archive for Embedded {
    async fn tell(&self, to: &mut dyn Taking) -> Result<(), Fault> {
        let (batches, mut told) = mpsc::channel(BATCHES_MAX);
        let telling = self.read("telling everything", move |connection| {
            Telling { connection, batches, scope: None, said: Vec::new() }.everything()
        });
        // Who takes ends the telling by going away.
        let taking = async move {
            while let Some(batch) = told.recv().await {
                to.take(batch).await?;
            }
            Ok(())
        };
        let (told, taken) = tokio::join!(telling, taking);
        taken.and(told)
    }

    async fn take(&self, batch: Batch) -> Result<(), Fault> {
        let inner = Arc::clone(&self.inner);
        self.write("taking in", move |connection| match batch.scope {
            None => batch.entries.iter().try_for_each(|entry| take_account(connection, entry)),
            Some(scope) => {
                let library = load::library_key(connection, scope)?;
                let library = library.ok_or_else(|| damaged("entries of an unknown library"))?;
                inner.known.forget(library);
                take_in(connection, library, &batch.entries)
            }
        })
        .await
    }
}

/// One telling, inside of one read transaction.
struct Telling<'a> {
    connection: &'a Connection,
    batches: mpsc::Sender<Batch>,
    scope: Option<Scope>,
    said: Vec<Entry>,
}

impl Telling<'_> {
    fn everything(mut self) -> rusqlite::Result<()> {
        self.each(keys::ALL, [], |row| {
            let (owner, key) = keys::key_of(row)?;
            Ok(Entry::OwnerKey(owner, key))
        })?;
        self.each(PEOPLE, [], |row| Ok(Entry::Person(person_of(row)?, row.get(3)?)))?;
        self.tenants()?;
        self.each(SETTINGS, [], |row| {
            Ok(Entry::Setting(PersonId::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?))
        })?;
        self.privacy()?;
        let credentials = format!("{CREDENTIAL} ORDER BY person");
        self.each(&credentials, [], |row| Ok(Entry::Credential(credential_of(row)?)))?;
        self.each(CODES, [], |row| {
            Ok(Entry::RecoveryCode(PersonId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        let passkeys = format!("{PASSKEY} ORDER BY id");
        self.each(&passkeys, [], |row| Ok(Entry::Passkey(passkey_of(row)?)))?;
        let clients = format!("{CLIENT} ORDER BY id");
        self.each(&clients, [], |row| {
            let (client, secret) = client_of(row)?;
            Ok(Entry::Client(client, secret.map(|secret| secret.0)))
        })?;
        let grants = format!("SELECT {GRANT} WHERE kind <> 'app' ORDER BY id");
        self.each(&grants, [], |row| Ok(Entry::Grant(grant_of(row)?, row.get(10)?)))?;
        self.each(AUTHORS, [], |row| {
            let (grant, person) = (row.get(0)?, row.get(1)?);
            Ok(Entry::Author(DeviceId::from_bytes(grant), PersonId::from_bytes(person)))
        })?;
        for (info, owner, key) in self.libraries()? {
            self.scope = None;
            let scope = info.scope();
            self.say(Entry::Library(info, owner))?;
            self.hand_over()?;
            self.scope = Some(scope);
            self.library(key)?;
            self.hand_over()?;
        }
        self.hand_over()
    }

    fn privacy(&mut self) -> rusqlite::Result<()> {
        self.each(privacy::KEY, [], |row| Ok(Entry::ServerKey(privacy::key_of(row)?)))?;
        let consents = format!("{} ORDER BY person, n", privacy::CONSENT);
        self.each(&consents, [], |row| {
            Ok(Entry::Consent(PersonId::from_bytes(row.get(4)?), privacy::consent_of(row)?))
        })?;
        let erasures = format!("{} ORDER BY person", privacy::ERASURE);
        self.each(&erasures, [], |row| Ok(Entry::Erasure(privacy::erasure_of(row)?)))?;
        let receipts = format!("{} ORDER BY id", privacy::RECEIPT);
        self.each(&receipts, [], |row| Ok(Entry::Receipt(privacy::receipt_of(row)?)))
    }

    fn tenants(&mut self) -> rusqlite::Result<()> {
        self.each(TENANTS, [], |row| Ok(Entry::Tenant(tenant_of(row)?)))?;
        self.each(MEMBERS, [], |row| {
            let (person, name) = (PersonId::from_bytes(row.get(0)?), String::new());
            let member = Member { person, name, role: role_of(row, 1)?, since: row.get(2)? };
            Ok(Entry::Member(TenantId::from_bytes(row.get(3)?), member))
        })?;
        let mut statement = self.connection.prepare_cached("SELECT id FROM tenants ORDER BY id")?;
        let ids = statement.query_map([], |row| row.get(0).map(TenantId::from_bytes))?;
        for id in ids.collect::<rusqlite::Result<Vec<_>>>()? {
            for group in groups(self.connection, id)? {
                self.say(Entry::Group(id, group))?;
            }
        }
        self.providers()?;
        self.each(SHARES, [], |row| {
            Ok(Entry::Share(LibraryId::from_bytes(row.get(3)?), share_of(row, 0)?))
        })?;
        self.each(audit::ALL, [], |row| {
            Ok(Entry::Audit(TenantId::from_bytes(row.get(8)?), audit::sealed_of(row)?))
        })?;
        self.each(usage::PLANS, [], |row| {
            Ok(Entry::Plan(TenantId::from_bytes(row.get(0)?), usage::plan_of(row, 1)?))
        })?;
        self.each(usage::ALL_SPENT, [], |row| Ok(Entry::Spent(usage::spent_of(row)?)))
    }

    fn providers(&mut self) -> rusqlite::Result<()> {
        let providers = format!("{} ORDER BY tenant", sso::PROVIDER);
        self.each(&providers, [], |row| Ok(Entry::Provider(sso::provider_of(row)?)))?;
        let domains = format!("{} ORDER BY tenant, name", sso::DOMAIN);
        self.each(&domains, [], |row| Ok(Entry::Domain(sso::domain_of(row)?)))?;
        let identities = format!("{} ORDER BY tenant, issuer, subject", sso::IDENTITY);
        for identity in sso::identities(self.connection, &identities, [])? {
            self.say(Entry::Identity(identity))?;
        }
        Ok(())
    }

    fn libraries(&self) -> rusqlite::Result<Vec<(LibraryInfo, PersonId, LibraryKey)>> {
        let mut statement = self.connection.prepare_cached(LIBRARIES)?;
        let rows = statement.query_map([], |row| {
            Ok((library_of(row)?, PersonId::from_bytes(row.get(4)?), row.get(5)?))
        })?;
        rows.collect()
    }

    fn library(&mut self, key: LibraryKey) -> rusqlite::Result<()> {
        self.each(COUNTERS, [key], |row| {
            Ok(Entry::Counter(DeviceId::from_bytes(row.get(0)?), unsigned(row.get(1)?)))
        })?;
        self.each(PUSHES, [key], |row| {
            let (device, n) = (DeviceId::from_bytes(row.get(0)?), unsigned(row.get(1)?));
            let (answer, at) = (row.get(2)?, row.get(3)?);
            Ok(Entry::Answer(KeptAnswer::Push { device, n, answer, at }))
        })?;
        self.each(WRITES, [key], |row| {
            let (key, fingerprint) = (row.get(0)?, row.get(1)?);
            let (answer, at) = (row.get(2)?, row.get(3)?);
            Ok(Entry::Answer(KeptAnswer::Write { key, fingerprint, answer, at }))
        })?;
        self.each(library::LOG, [key], |row| Ok(Entry::Change(change_of(row)?)))?;
        self.each(EVENTS, [key], |row| {
            Ok(Entry::Event(PersonId::from_bytes(row.get(3)?), event_of(row)?))
        })?;
        self.each(IMPORTS, [key], |row| Ok(Entry::Import(from_json(&row.get::<_, String>(0)?)?)))?;
        self.each(LINES, [key], |row| {
            let line = from_json(&row.get::<_, String>(0)?)?;
            Ok(Entry::Line(ActId::from_bytes(row.get(1)?), line))
        })?;
        self.each(replicas::ALL, [key], |row| Ok(Entry::Held(replicas::held_of(row)?)))?;
        self.each(captures::ALL, [key], |row| Ok(Entry::Capture(captures::capture_of(row)?)))?;
        self.each(webhooks::ALL, [key], |row| Ok(Entry::Endpoint(webhooks::endpoint_of(row, 0)?)))?;
        self.say(Entry::Whole(load::head(self.connection, key)?))
    }

    /// Says what `entry` makes of each row of `sql`.
    fn each(
        &mut self,
        sql: &str,
        of: impl Params,
        entry: impl Fn(&Row<'_>) -> rusqlite::Result<Entry>,
    ) -> rusqlite::Result<()> {
        let connection = self.connection;
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(of)?;
        while let Some(row) = rows.next()? {
            self.say(entry(row)?)?;
        }
        Ok(())
    }

    fn say(&mut self, entry: Entry) -> rusqlite::Result<()> {
        self.said.push(entry);
        if self.said.len() < ENTRIES_MAX { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> rusqlite::Result<()> {
        let entries = std::mem::take(&mut self.said);
        if entries.is_empty() {
            return Ok(());
        }
        let batch = Batch { scope: self.scope, entries };
        self.batches.blocking_send(batch).map_err(|_| damaged("nothing: nobody takes it"))
    }
}

/// Takes in what belongs to no library.
fn take_account(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    match entry {
        Entry::Person(person, joined) => connection
            .prepare_cached("INSERT OR IGNORE INTO people VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![person.id.to_bytes(), person.tenant.to_bytes(), person.name, joined]),
        Entry::Setting(person, name, value) => connection
            .prepare_cached("INSERT OR IGNORE INTO settings VALUES (?1, ?2, ?3)")?
            .execute(params![person.to_bytes(), name, value]),
        Entry::Grant(grant, secret) => {
            return put_grant(connection, grant, secret.as_ref()).map(drop);
        }
        Entry::Author(grant, person) => return put_author(connection, *grant, *person),
        Entry::Client(client, secret) => {
            return put_client(connection, client, secret.as_ref());
        }
        Entry::ServerKey(key) => return privacy::put_key(connection, key),
        Entry::OwnerKey(owner, key) => return keys::put_key(connection, *owner, key),
        Entry::Consent(person, one) => return privacy::put_consent(connection, *person, one),
        Entry::Erasure(one) => return privacy::put_erasure(connection, one).map(drop),
        Entry::Receipt(one) => return privacy::put_receipt(connection, one),
        Entry::Credential(told) => return credentials::take_in(connection, told),
        Entry::RecoveryCode(person, code) => {
            return credentials::take_in_code(connection, *person, code);
        }
        Entry::Passkey(told) => return passkeys::take_in(connection, told).map(drop),
        Entry::Tenant(tenant) => return put_tenant(connection, tenant),
        Entry::Member(tenant, member) => {
            return put_member(connection, *tenant, member.person, member.role, member.since);
        }
        Entry::Group(tenant, group) => return take_group(connection, *tenant, group),
        Entry::Provider(told) => return sso::take_provider(connection, told),
        Entry::Domain(told) => return sso::put_domain(connection, told).map(drop),
        Entry::Identity(told) => return sso::take_identity(connection, told),
        Entry::Share(library, share) => return give(connection, *library, *share),
        Entry::Audit(tenant, sealed) => return audit::keep(connection, *tenant, sealed),
        Entry::Plan(tenant, plan) => return usage::keep_plan(connection, *tenant, *plan),
        Entry::Spent(spent) => return usage::keep_spent(connection, spent),
        Entry::Library(info, maker) => return take_library(connection, info, *maker),
        _ => return Err(damaged("an entry of a library outside of one")),
    }
    .map(drop)
}

fn take_group(connection: &Connection, tenant: TenantId, group: &Group) -> rusqlite::Result<()> {
    let (id, tenant) = (group.id.to_bytes(), tenant.to_bytes());
    connection
        .prepare_cached("INSERT OR IGNORE INTO groups VALUES (?1, ?2, ?3)")?
        .execute(params![id, tenant, group.name])?;
    let mut put = connection.prepare_cached("INSERT OR IGNORE INTO grouped VALUES (?1, ?2, 0)")?;
    group.people.iter().try_for_each(|person| put.execute(params![id, person.to_bytes()]).map(drop))
}

fn take_library(
    connection: &Connection,
    info: &LibraryInfo,
    maker: PersonId,
) -> rusqlite::Result<()> {
    let tenant = info.tenant.to_bytes();
    if !connection.prepare_cached("SELECT 1 FROM tenants WHERE id = ?1")?.exists([tenant])? {
        let (name, created_at) = (info.name.clone(), info.created_at);
        put_tenant(connection, &Tenant { id: info.tenant, name, created_at })?;
        put_member(connection, info.tenant, maker, Role::Owner, created_at)?;
        give(connection, info.id, given_to(maker, Right::Manage))?;
    }
    connection
        .prepare_cached(
            "INSERT INTO libraries (id, tenant, owner, name, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![info.id.to_bytes(), tenant, maker.to_bytes(), info.name, info.created_at])
        .map(drop)
}

/// Takes in what belongs to `library`.
fn take_in(
    connection: &Connection,
    library: LibraryKey,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    let mut changes = Vec::new();
    for entry in entries {
        match entry {
            Entry::Change(change) => changes.push(change.clone()),
            Entry::Whole(head) => {
                take_changes(connection, library, std::mem::take(&mut changes))?;
                take_head(connection, library, head)?;
            }
            other => take_beside(connection, library, other)?,
        }
    }
    take_changes(connection, library, changes)
}

/// Appends the rows that are not there yet; they must follow the last one.
fn take_changes(
    connection: &Connection,
    library: LibraryKey,
    mut changes: Vec<Change>,
) -> rusqlite::Result<()> {
    let known = load::head(connection, library)?.seq;
    if let Some(told) = changes.iter().find(|change| change.seq == known) {
        let there = connection
            .prepare_cached(library::CHANGES)?
            .query_row(params![library, signed(known.saturating_sub(1)), 1], change_of)?;
        if !is_same_row(told, &there) {
            return Err(damaged("a log that went another way than the one that is there"));
        }
    }
    changes.retain(|change| change.seq > known);
    let Some(last) = changes.last().map(|change| change.seq) else { return Ok(()) };
    if !changes.iter().map(|change| change.seq).eq(known + 1..=last) {
        return Err(damaged("a log with a gap"));
    }
    persist::append(connection, library, &changes)?;
    connection
        .prepare_cached("UPDATE libraries SET seq = ?2 WHERE key = ?1")?
        .execute(params![library, signed(last)])
        .map(drop)
}

/// The log is whole: it stands at `head`, and is folded.
fn take_head(connection: &Connection, library: LibraryKey, head: &Head) -> rusqlite::Result<()> {
    if load::head(connection, library)?.seq != head.seq {
        return Err(damaged("a log without its end"));
    }
    persist::put_head(connection, library, head)?;
    connection
        .prepare_cached("UPDATE libraries SET epoch = ?2, floor = ?3 WHERE key = ?1")?
        .execute(params![library, head.epoch, signed(head.floor)])?;
    library::refold(connection, library)
}

fn take_beside(
    connection: &Connection,
    library: LibraryKey,
    entry: &Entry,
) -> rusqlite::Result<()> {
    let put = |sql: &str, of: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql)?.execute(of).map(drop)
    };
    match entry {
        Entry::Counter(device, n) => {
            let device = persist::device_key(connection, *device)?;
            let sql = "INSERT OR REPLACE INTO counters VALUES (?1, ?2, ?3)";
            put(sql, params![library, device, signed(*n)])
        }
        Entry::Answer(KeptAnswer::Push { device, n, answer, at }) => {
            let device = persist::device_key(connection, *device)?;
            let sql = "INSERT OR IGNORE INTO answers VALUES (?1, ?2, ?3, ?4, ?5)";
            put(sql, params![library, device, signed(*n), answer, at])
        }
        Entry::Answer(KeptAnswer::Write { key, fingerprint, answer, at }) => {
            let sql = "INSERT OR IGNORE INTO replies VALUES (?1, ?2, ?3, ?4, ?5)";
            put(sql, params![library, key, fingerprint, answer, at])
        }
        Entry::Event(person, event) => {
            let (deed, item) = (event.deed.name(), event.item.to_bytes());
            put(PUT_EVENT, params![library, person.to_bytes(), event.at, deed, item])
        }
        Entry::Import(job) => {
            let sql = "INSERT OR REPLACE INTO imports VALUES (?1, ?2, ?3, ?4)";
            put(sql, params![library, job.id.to_bytes(), job.started_at, to_json(job)?])
        }
        Entry::Line(import, line) => {
            let sql = "INSERT OR IGNORE INTO ledger VALUES (?1, ?2, ?3, ?4, ?5)";
            let (import, outcome) = (import.to_bytes(), line.outcome.name());
            put(sql, params![library, import, line.row, outcome, to_json(line)?])
        }
        Entry::Held(held) => replicas::put_held(connection, library, held),
        Entry::Capture(capture) => captures::take_in(connection, library, capture),
        Entry::Endpoint(endpoint) => {
            let sql = "SELECT id FROM libraries WHERE key = ?1";
            let id = connection.prepare_cached(sql)?.query_row([library], |row| row.get(0))?;
            webhooks::put_endpoint(connection, LibraryId::from_bytes(id), endpoint, None)
        }
        _ => Err(damaged("an entry of no library inside of one")),
    }
}
