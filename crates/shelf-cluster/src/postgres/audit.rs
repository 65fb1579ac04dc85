//! The audit logs of the tenants.

use super::within::Within;
use super::{Bound, Postgres, damaged};
use async_trait::async_trait;
use shelf_domain::audit::{Chain, Deed, Record, Seal, Sealed};
use shelf_domain::id::{DeviceId, PersonId, TenantId};
use shelf_ports::Fault;
use shelf_ports::audit::Audit;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The columns a record is read from, in [`sealed_of`]'s order.
macro_rules! columns {
    () => {
        "n, at, deed, person, via, subject, detail, seal"
    };
}

pub(super) const ALL: &str =
    concat!("SELECT ", columns!(), ", tenant FROM audit ORDER BY tenant, n");
const AFTER: &str =
    concat!("SELECT ", columns!(), " FROM audit WHERE tenant = $1 AND n > $2 ORDER BY n LIMIT $3");
const BEFORE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE tenant = $1 AND n < $2 ORDER BY n DESC LIMIT $3"
);
const END: &str = "SELECT n, seal FROM audit WHERE tenant = $1 ORDER BY n DESC LIMIT 1";
const KEEP: &str = "INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT DO NOTHING";
/// Whoever writes into a log does it one after the other; a lock, because an empty log has no row
/// that could be locked.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('audit', 0) # $1)";

pub(super) fn sealed_of(row: &Row) -> Result<Sealed, Fault> {
    let record = Record {
        at: row.get(1),
        deed: Deed::named(row.get(2)).ok_or_else(|| damaged("a deed"))?,
        person: PersonId::from(row.get::<_, Uuid>(3)),
        grant: row.get::<_, Option<Uuid>>(4).map(DeviceId::from),
        subject: row.get::<_, Option<Uuid>>(5).map(Uuid::into_bytes),
        detail: row.get(6),
    };
    Ok(Sealed { n: row.get::<_, i64>(0).cast_unsigned(), record, seal: seal_of(row, 7)? })
}

fn seal_of(row: &Row, at: usize) -> Result<Seal, Fault> {
    let seal: &[u8] = row.get(at);
    seal.try_into().map(Seal).map_err(|_| damaged("a seal"))
}

/// Keeps a sealed record, unless it is there.
pub(super) async fn keep(
    within: &Within<'_>,
    tenant: TenantId,
    sealed: &Sealed,
) -> Result<(), Fault> {
    let record = &sealed.record;
    let (tenant, person) = (Uuid::from(tenant), Uuid::from(record.person));
    let (via, subject) = (record.grant.map(Uuid::from), record.subject.map(Uuid::from_bytes));
    let of: [Bound<'_>; 9] = [
        (&tenant, Type::UUID),
        (&sealed.n.cast_signed(), Type::INT8),
        (&record.at, Type::INT8),
        (&record.deed.name(), Type::TEXT),
        (&person, Type::UUID),
        (&via, Type::UUID),
        (&subject, Type::UUID),
        (&record.detail, Type::TEXT),
        (&sealed.seal.0.as_slice(), Type::BYTEA),
    ];
    within.plain(KEEP, &of).await.map(drop)
}

/// Where a log ends, from the rows of [`END`].
fn end_of(tenant: TenantId, rows: &[Row]) -> Result<Chain, Fault> {
    match rows.first() {
        Some(row) => Ok(Chain::at(tenant, row.get::<_, i64>(0).cast_unsigned(), seal_of(row, 1)?)),
        None => Ok(Chain::of(tenant)),
    }
}

impl Postgres {
    async fn records(
        &self,
        sql: &str,
        tenant: TenantId,
        from: i64,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let tenant = Uuid::from(tenant);
        let of: [Bound<'_>; 3] = [(&tenant, Type::UUID), (&from, Type::INT8), (&limit, Type::INT8)];
        let rows = self.query("reading the audit log", sql, &of).await?;
        rows.iter().map(sealed_of).collect()
    }
}

#[async_trait]
impl Audit for Postgres {
    async fn put_record(&self, tenant: TenantId, record: Record) -> Result<Sealed, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "writing the audit log").await?;
        let (id, key) = (Uuid::from(tenant), Uuid::from(tenant).as_u64_pair().1.cast_signed());
        within.plain(LOCK, &[(&key, Type::INT8)]).await?;
        let mut chain = end_of(tenant, &within.plain(END, &[(&id, Type::UUID)]).await?)?;
        let sealed = chain.put(record);
        keep(&within, tenant, &sealed).await?;
        within.commit().await?;
        Ok(sealed)
    }

    async fn records_after(
        &self,
        tenant: TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        self.records(AFTER, tenant, after.cast_signed(), limit).await
    }

    async fn records_before(
        &self,
        tenant: TenantId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Sealed>, Fault> {
        self.records(BEFORE, tenant, before.map_or(i64::MAX, u64::cast_signed), limit).await
    }

    async fn end_of_records(&self, tenant: TenantId) -> Result<Chain, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(tenant), Type::UUID)];
        end_of(tenant, &self.query("reading the audit log", END, &of).await?)
    }
}
