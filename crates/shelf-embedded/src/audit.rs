//! The audit logs of the tenants.

use crate::Embedded;
use crate::sql::{damaged, signed, unsigned};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::audit::{Chain, Deed, Record, Seal, Sealed};
use shelf_domain::id::{DeviceId, PersonId, TenantId};
use shelf_ports::Fault;
use shelf_ports::audit::Audit;

/// The columns a record is read from, in [`sealed_of`]'s order.
macro_rules! columns {
    () => {
        "n, at, deed, person, via, subject, detail, seal"
    };
}

pub(crate) const ALL: &str =
    concat!("SELECT ", columns!(), ", tenant FROM audit ORDER BY tenant, n");
const AFTER: &str =
    concat!("SELECT ", columns!(), " FROM audit WHERE tenant = ?1 AND n > ?2 ORDER BY n LIMIT ?3");
const BEFORE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE tenant = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3"
);
const END: &str = "SELECT n, seal FROM audit WHERE tenant = ?1 ORDER BY n DESC LIMIT 1";

pub(crate) fn sealed_of(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    let deed: String = row.get(2)?;
    let via: Option<[u8; 16]> = row.get(4)?;
    let record = Record {
        at: row.get(1)?,
        deed: Deed::named(&deed).ok_or_else(|| damaged("a deed"))?,
        person: PersonId::from_bytes(row.get(3)?),
        grant: via.map(DeviceId::from_bytes),
        subject: row.get(5)?,
        detail: row.get(6)?,
    };
    Ok(Sealed { n: unsigned(row.get(0)?), record, seal: Seal(row.get(7)?) })
}

/// Keeps a sealed record, unless it is there.
pub(crate) fn keep(
    connection: &Connection,
    tenant: TenantId,
    sealed: &Sealed,
) -> rusqlite::Result<()> {
    let record = &sealed.record;
    connection
        .prepare_cached("INSERT OR IGNORE INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            tenant.to_bytes(),
            signed(sealed.n),
            record.at,
            record.deed.name(),
            record.person.to_bytes(),
            record.grant.map(DeviceId::to_bytes),
            record.subject,
            record.detail,
            sealed.seal.0
        ])
        .map(drop)
}

fn end(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Chain> {
    let last = connection
        .prepare_cached(END)?
        .query_row([tenant.to_bytes()], |row| {
            Ok(Chain::at(tenant, unsigned(row.get(0)?), Seal(row.get(1)?)))
        })
        .optional()?;
    Ok(last.unwrap_or_else(|| Chain::of(tenant)))
}

impl Embedded {
    async fn records(
        &self,
        sql: &'static str,
        tenant: TenantId,
        from: i64,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        self.read("reading the audit log", move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![tenant.to_bytes(), from, limit], sealed_of)?;
            rows.collect()
        })
        .await
    }
}

#[async_trait]
impl Audit for Embedded {
    async fn put_record(&self, tenant: TenantId, record: Record) -> Result<Sealed, Fault> {
        self.write("writing the audit log", move |connection| {
            let sealed = end(connection, tenant)?.put(record);
            keep(connection, tenant, &sealed)?;
            Ok(sealed)
        })
        .await
    }

    async fn records_after(
        &self,
        tenant: TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        self.records(AFTER, tenant, signed(after), limit).await
    }

    async fn records_before(
        &self,
        tenant: TenantId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        self.records(BEFORE, tenant, before.map_or(i64::MAX, signed), limit).await
    }

    async fn end_of_records(&self, tenant: TenantId) -> Result<Chain, Fault> {
        self.read("reading the audit log", move |connection| end(connection, tenant)).await
    }
}
