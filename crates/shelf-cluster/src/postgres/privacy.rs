//! What people may ask of whoever keeps what is theirs, in tables of its own and against all others.

mod removing;

use super::within::{For, Within};
use super::{Bound, Postgres, bounded, damaged, limit_of};
use async_trait::async_trait;
use removing::{empty, end_all, library_goes, person_goes, tables, tenant_goes};
use shelf_domain::id::{PersonId, ReceiptId, Scope, TenantId};
use shelf_domain::privacy::Purpose;
use shelf_ports::Fault;
use shelf_ports::privacy::{Consent, Erasure, Privacy, Receipt, Removed, ServerKey, Step};
use std::error::Error;
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// How long a table may take to be vacuumed.
const VACUUM_MAX: Duration = Duration::from_mins(10);
/// The columns of an erasure, for [`erasure_of`].
macro_rules! erasure_columns {
    () => {
        "SELECT person, receipt, asked_at, due_at, begun_at, plan FROM erasures"
    };
}
/// The columns of a consent, for [`consent_of`].
macro_rules! consent_columns {
    () => {
        "SELECT at, purpose, given, notice, person FROM consents"
    };
}
pub(super) use {consent_columns, erasure_columns};

/// The key, for [`key_of`].
pub(super) const KEY: &str = "SELECT seed, made_at FROM server_keys WHERE name = 'signing'";
const PUT_KEY: &str = "INSERT INTO server_keys VALUES ('signing', $1, $2) ON CONFLICT DO NOTHING";
const KEEP_KEY_AS: &str = "UPDATE server_keys SET seed = $2 WHERE name = 'signing' AND seed = $1";
const SETTINGS: &str =
    r#"SELECT name, value FROM settings WHERE person = $1 ORDER BY name COLLATE "C""#;
const CONSENTS: &str = concat!(consent_columns!(), " WHERE person = $1 ORDER BY n");
const PUT_CONSENT: &str = "INSERT INTO consents
    SELECT $1, 1 + (SELECT count(*) FROM consents WHERE person = $1), $2, $3, $4, $5
    WHERE NOT EXISTS (SELECT FROM consents WHERE person = $1 AND at = $2 AND purpose = $3
        AND given = $4 AND notice = $5)";
/// Whoever writes what a person agreed to does it one after the other.
const LOCK_CONSENTS: &str = "SELECT pg_advisory_xact_lock(hashtextextended('consents', 0) # $1)";
const PUT_ERASURE: &str =
    "INSERT INTO erasures VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING person";
const ERASURE: &str = concat!(erasure_columns!(), " WHERE person = $1");
const DUE: &str = concat!(
    erasure_columns!(),
    " WHERE due_at <= $1 OR begun_at IS NOT NULL ORDER BY asked_at, person LIMIT $2"
);
const TAKE_BACK: &str = "DELETE FROM erasures WHERE person = $1 AND begun_at IS NULL";
const BEGIN: &str = "UPDATE erasures SET begun_at = $2, plan = $3
    WHERE person = $1 AND begun_at IS NULL AND due_at <= $2 RETURNING person";
const PUT_PLAN: &str = "UPDATE erasures SET plan = $2 WHERE person = $1";
const PUT_RECEIPT: &str = "INSERT INTO receipts VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const END: &str = "DELETE FROM erasures WHERE person = $1";
const RECEIPT: &str = "SELECT id, until, body FROM receipts WHERE id = $1 AND until > $2";
const FORGET: &str = "DELETE FROM receipts WHERE until <= $1";

pub(super) fn erasure_of(row: &Row) -> Erasure {
    Erasure {
        person: PersonId::from(row.get::<_, Uuid>(0)),
        receipt: ReceiptId::from(row.get::<_, Uuid>(1)),
        asked_at: row.get(2),
        due_at: row.get(3),
        begun_at: row.get(4),
        plan: row.get(5),
    }
}

pub(super) fn consent_of(row: &Row) -> Result<Consent, Fault> {
    let purpose = Purpose::named(row.get(1)).ok_or_else(|| damaged("a purpose"))?;
    let notice = u32::try_from(row.get::<_, i64>(3)).map_err(|_| damaged("a notice"))?;
    Ok(Consent { at: row.get(0), purpose, given: row.get(2), notice })
}

pub(super) fn key_of(row: &Row) -> ServerKey {
    ServerKey { seed: row.get(0), made_at: row.get(1) }
}

/// Keeps `key`, unless there is one.
pub(super) async fn put_key(within: &Within<'_>, key: &ServerKey) -> Result<(), Fault> {
    let of: [Bound<'_>; 2] = [(&key.seed.as_slice(), Type::BYTEA), (&key.made_at, Type::INT8)];
    within.plain(PUT_KEY, &of).await.map(drop)
}

/// Puts a consent after those that are there, unless the same is there.
pub(super) async fn put_consent(
    within: &Within<'_>,
    person: PersonId,
    consent: &Consent,
) -> Result<(), Fault> {
    let person = Uuid::from(person);
    let key = person.as_u64_pair().1.cast_signed();
    within.plain(LOCK_CONSENTS, &[(&key, Type::INT8)]).await?;
    let of: [Bound<'_>; 5] = [
        (&person, Type::UUID),
        (&consent.at, Type::INT8),
        (&consent.purpose.name(), Type::TEXT),
        (&consent.given, Type::BOOL),
        (&i64::from(consent.notice), Type::INT8),
    ];
    within.plain(PUT_CONSENT, &of).await.map(drop)
}

/// Keeps an erasure, unless one of its person is there; whether it was kept.
pub(super) async fn put_erasure(within: &Within<'_>, one: &Erasure) -> Result<bool, Fault> {
    let of: [Bound<'_>; 6] = [
        (&Uuid::from(one.person), Type::UUID),
        (&Uuid::from(one.receipt), Type::UUID),
        (&one.asked_at, Type::INT8),
        (&one.due_at, Type::INT8),
        (&one.begun_at, Type::INT8),
        (&one.plan, Type::TEXT),
    ];
    Ok(!within.plain(PUT_ERASURE, &of).await?.is_empty())
}

pub(super) fn receipt_of(row: &Row) -> Receipt {
    let id = ReceiptId::from(row.get::<_, Uuid>(0));
    Receipt { id, until: row.get(1), body: row.get(2) }
}

/// Keeps a receipt, unless it is there.
pub(super) async fn put_receipt(within: &Within<'_>, receipt: &Receipt) -> Result<(), Fault> {
    let of: [Bound<'_>; 3] = [
        (&Uuid::from(receipt.id), Type::UUID),
        (&receipt.until, Type::INT8),
        (&receipt.body, Type::TEXT),
    ];
    within.plain(PUT_RECEIPT, &of).await.map(drop)
}

#[async_trait]
impl Privacy for Postgres {
    async fn server_key(&self, fresh: &ServerKey) -> Result<ServerKey, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "keeping the key of this server").await?;
        put_key(&within, fresh).await?;
        let rows = within.plain(KEY, &[]).await?;
        let key = key_of(rows.first().ok_or_else(|| damaged("a key"))?);
        within.commit().await.map(|()| key)
    }

    async fn keep_server_key_as(
        &self,
        before: &ServerKey,
        after: &ServerKey,
    ) -> Result<bool, Fault> {
        let of: [Bound<'_>; 2] = [(&before.seed, Type::BYTEA), (&after.seed, Type::BYTEA)];
        let doing = "keeping the key of this server in another form";
        Ok(self.execute(doing, KEEP_KEY_AS, &of).await? > 0)
    }

    async fn settings_of(&self, person: PersonId) -> Result<Vec<(String, String)>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading settings", SETTINGS, &of).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn put_consent(&self, person: PersonId, consent: &Consent) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "noting a consent").await?;
        put_consent(&within, person, consent).await?;
        within.commit().await
    }

    async fn consents(&self, person: PersonId) -> Result<Vec<Consent>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("reading consents", CONSENTS, &of).await?;
        rows.iter().map(consent_of).collect()
    }

    async fn put_erasure(&self, erasure: &Erasure) -> Result<bool, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "noting an erasure").await?;
        let is_new = put_erasure(&within, erasure).await?;
        within.commit().await.map(|()| is_new)
    }

    async fn erasure(&self, person: PersonId) -> Result<Option<Erasure>, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        let rows = self.query("looking for an erasure", ERASURE, &of).await?;
        Ok(rows.first().map(erasure_of))
    }

    async fn take_back_erasure(&self, person: PersonId) -> Result<bool, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(person), Type::UUID)];
        Ok(self.execute("taking an erasure back", TAKE_BACK, &of).await? > 0)
    }

    async fn due_erasures(&self, now: i64, limit: usize) -> Result<Vec<Erasure>, Fault> {
        let of: [Bound<'_>; 2] = [(&now, Type::INT8), (&limit_of(limit), Type::INT8)];
        let rows = self.query("looking for erasures", DUE, &of).await?;
        Ok(rows.iter().map(erasure_of).collect())
    }

    async fn begin_erasure(
        &self,
        person: PersonId,
        now: i64,
        plan: &str,
    ) -> Result<Removed, Fault> {
        // What was answered in libraries is behind the lock of each, and found by grants that go below.
        let (grants, mut answers) = (removing::ending(self, person, now).await?, 0);
        if !grants.is_empty() {
            for library in removing::all_libraries(self).await? {
                answers += removing::answers_go(self, library, &grants).await?;
            }
        }
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "beginning an erasure").await?;
        let of: [Bound<'_>; 3] =
            [(&Uuid::from(person), Type::UUID), (&now, Type::INT8), (&plan, Type::TEXT)];
        let mut removed = Removed::default();
        if !within.plain(BEGIN, &of).await?.is_empty() {
            end_all(&within, person, &mut removed).await?;
            removed.add("writes", answers);
        }
        within.commit().await.map(|()| removed)
    }

    async fn put_plan(&self, person: PersonId, plan: &str) -> Result<(), Fault> {
        let of: [Bound<'_>; 2] = [(&Uuid::from(person), Type::UUID), (&plan, Type::TEXT)];
        self.execute("keeping how far an erasure is", PUT_PLAN, &of).await.map(drop)
    }

    async fn empty_library(&self, scope: Scope, limit: usize) -> Result<Step, Fault> {
        let mut connection = self.connection().await?;
        let doing = "emptying a library";
        let Some(within) = Within::enter(&mut connection, scope, doing, For::Writing).await? else {
            return Ok(Step { is_done: true, ..Step::default() });
        };
        let step = empty(&within, limit).await?;
        within.commit().await.map(|()| step)
    }

    async fn remove_library(&self, scope: Scope) -> Result<Step, Fault> {
        let mut connection = self.connection().await?;
        let doing = "removing a library";
        let Some(within) = Within::enter(&mut connection, scope, doing, For::Writing).await? else {
            return Ok(Step { is_done: true, ..Step::default() });
        };
        let late = empty(&within, 1).await?.removed;
        let step = if late.total() > 0 {
            // Something came in since it was emptied; it is emptied once more.
            Step { removed: late, is_done: false }
        } else {
            Step { removed: library_goes(&within).await?, is_done: true }
        };
        within.commit().await.map(|()| step)
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<Removed, Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a tenant").await?;
        let removed = tenant_goes(&within, tenant).await?;
        within.commit().await.map(|()| removed)
    }

    async fn remove_person(&self, person: PersonId) -> Result<Removed, Fault> {
        // What they did in libraries is behind the lock of each.
        let mut activity = 0;
        for library in removing::all_libraries(self).await? {
            activity += removing::activity_goes(self, library, person).await?;
        }
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "removing a person").await?;
        let mut removed = person_goes(&within, person).await?;
        within.commit().await?;
        removed.add("activity", activity);
        Ok(removed)
    }

    async fn end_erasure(&self, person: PersonId, receipt: &Receipt) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let within = Within::anywhere(&mut connection, "ending an erasure").await?;
        put_receipt(&within, receipt).await?;
        within.plain(END, &[(&Uuid::from(person), Type::UUID)]).await?;
        within.commit().await
    }

    async fn receipt(&self, id: ReceiptId, now: i64) -> Result<Option<Receipt>, Fault> {
        let of: [Bound<'_>; 2] = [(&Uuid::from(id), Type::UUID), (&now, Type::INT8)];
        let rows = self.query("looking for a receipt", RECEIPT, &of).await?;
        Ok(rows.first().map(receipt_of))
    }

    async fn forget_receipts(&self, now: i64) -> Result<(), Fault> {
        self.execute("forgetting receipts", FORGET, &[(&now, Type::INT8)]).await.map(drop)
    }

    async fn scrub(&self) -> Result<(), Fault> {
        let (connection, doing) = (self.connection().await?, "vacuuming");
        for table in tables() {
            // What another one vacuums just now is left to it.
            let sql = format!("VACUUM (SKIP_LOCKED) {table}");
            let done = bounded(doing, VACUUM_MAX, connection.batch_execute(&sql)).await;
            if let Err(fault) = done {
                // Nobody finds what was removed; the server itself comes by later.
                tracing::warn!(table, error = &fault as &dyn Error, "a table is not vacuumed");
                return Ok(());
            }
        }
        Ok(())
    }
}
