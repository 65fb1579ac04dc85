//! What people may ask of whoever keeps what is theirs, in tables of its own and against all others.

mod removing;

use crate::sql::damaged;
use crate::{Embedded, load};
use async_trait::async_trait;
use removing::{empty, end_all, person_goes, tenant_goes, what_stands_beside};
use rusqlite::{Connection, OptionalExtension, Row, params};
use shelf_domain::id::{PersonId, ReceiptId, Scope, TenantId};
use shelf_domain::privacy::Purpose;
use shelf_ports::Fault;
use shelf_ports::privacy::{Consent, Erasure, Privacy, Receipt, Removed, ServerKey, Step};
use std::sync::Arc;

/// The name of the key this server signs with.
const SIGNING: &str = "signing";
/// The columns of an erasure, for [`erasure_of`].
pub(crate) const ERASURE: &str =
    "SELECT person, receipt, asked_at, due_at, begun_at, plan FROM erasures";
/// The columns of a consent, for [`consent_of`].
pub(crate) const CONSENT: &str = "SELECT at, purpose, given, notice, person FROM consents";
/// The columns of a receipt, for [`receipt_of`].
pub(crate) const RECEIPT: &str = "SELECT id, until, body FROM receipts";
/// The key, for [`key_of`].
pub(crate) const KEY: &str = "SELECT seed, made_at FROM server_keys WHERE name = 'signing'";

pub(crate) fn erasure_of(row: &Row<'_>) -> rusqlite::Result<Erasure> {
    Ok(Erasure {
        person: PersonId::from_bytes(row.get(0)?),
        receipt: ReceiptId::from_bytes(row.get(1)?),
        asked_at: row.get(2)?,
        due_at: row.get(3)?,
        begun_at: row.get(4)?,
        plan: row.get(5)?,
    })
}

pub(crate) fn receipt_of(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    let id = ReceiptId::from_bytes(row.get(0)?);
    Ok(Receipt { id, until: row.get(1)?, body: row.get(2)? })
}

pub(crate) fn consent_of(row: &Row<'_>) -> rusqlite::Result<Consent> {
    let purpose: String = row.get(1)?;
    let purpose = Purpose::named(&purpose).ok_or_else(|| damaged("a purpose"))?;
    Ok(Consent { at: row.get(0)?, purpose, given: row.get(2)?, notice: row.get(3)? })
}

pub(crate) fn key_of(row: &Row<'_>) -> rusqlite::Result<ServerKey> {
    Ok(ServerKey { seed: row.get(0)?, made_at: row.get(1)? })
}

/// Keeps `key`, unless there is one.
pub(crate) fn put_key(connection: &Connection, key: &ServerKey) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO server_keys VALUES (?1, ?2, ?3)")?
        .execute(params![SIGNING, key.seed, key.made_at])
        .map(drop)
}

/// Puts a consent after those that are there, unless the same is there.
pub(crate) fn put_consent(
    connection: &Connection,
    person: PersonId,
    consent: &Consent,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO consents SELECT ?1, 1 + (SELECT count(*) FROM consents WHERE person = ?1),
                ?2, ?3, ?4, ?5
             WHERE NOT EXISTS (SELECT 1 FROM consents WHERE person = ?1 AND at = ?2
                AND purpose = ?3 AND given = ?4 AND notice = ?5)",
        )?
        .execute(params![
            person.to_bytes(),
            consent.at,
            consent.purpose.name(),
            consent.given,
            consent.notice
        ])
        .map(drop)
}

/// Keeps an erasure, unless one of its person is there; whether it was kept.
pub(crate) fn put_erasure(connection: &Connection, one: &Erasure) -> rusqlite::Result<bool> {
    let put = connection
        .prepare_cached("INSERT OR IGNORE INTO erasures VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            one.person.to_bytes(),
            one.receipt.to_bytes(),
            one.asked_at,
            one.due_at,
            one.begun_at,
            one.plan
        ])?;
    Ok(put > 0)
}

/// Keeps a receipt, unless it is there.
pub(crate) fn put_receipt(connection: &Connection, receipt: &Receipt) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO receipts VALUES (?1, ?2, ?3)")?
        .execute(params![receipt.id.to_bytes(), receipt.until, receipt.body])
        .map(drop)
}

#[async_trait]
impl Privacy for Embedded {
    async fn server_key(&self, fresh: &ServerKey) -> Result<ServerKey, Fault> {
        let fresh = fresh.clone();
        self.write("keeping the key of this server", move |connection| {
            put_key(connection, &fresh)?;
            connection.prepare_cached(KEY)?.query_row([], key_of)
        })
        .await
    }

    async fn keep_server_key_as(
        &self,
        before: &ServerKey,
        after: &ServerKey,
    ) -> Result<bool, Fault> {
        let (before, after) = (before.clone(), after.clone());
        self.write("keeping the key of this server in another form", move |connection| {
            let sql = "UPDATE server_keys SET seed = ?3 WHERE name = ?1 AND seed = ?2";
            let of = params![SIGNING, before.seed, after.seed];
            Ok(connection.prepare_cached(sql)?.execute(of)? > 0)
        })
        .await
    }

    async fn settings_of(&self, person: PersonId) -> Result<Vec<(String, String)>, Fault> {
        self.read("reading settings", move |connection| {
            connection
                .prepare_cached("SELECT name, value FROM settings WHERE person = ?1 ORDER BY name")?
                .query_map([person.to_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .await
    }

    async fn put_consent(&self, person: PersonId, consent: &Consent) -> Result<(), Fault> {
        let consent = *consent;
        self.write("noting a consent", move |connection| put_consent(connection, person, &consent))
            .await
    }

    async fn consents(&self, person: PersonId) -> Result<Vec<Consent>, Fault> {
        self.read("reading consents", move |connection| {
            connection
                .prepare_cached(&format!("{CONSENT} WHERE person = ?1 ORDER BY n"))?
                .query_map([person.to_bytes()], consent_of)?
                .collect()
        })
        .await
    }

    async fn put_erasure(&self, erasure: &Erasure) -> Result<bool, Fault> {
        let erasure = erasure.clone();
        self.write("noting an erasure", move |connection| put_erasure(connection, &erasure)).await
    }

    async fn erasure(&self, person: PersonId) -> Result<Option<Erasure>, Fault> {
        self.look_up("looking for an erasure", |connection| {
            connection
                .prepare_cached(&format!("{ERASURE} WHERE person = ?1"))?
                .query_row([person.to_bytes()], erasure_of)
                .optional()
        })
    }

    async fn take_back_erasure(&self, person: PersonId) -> Result<bool, Fault> {
        self.write("taking an erasure back", move |connection| {
            let sql = "DELETE FROM erasures WHERE person = ?1 AND begun_at IS NULL";
            Ok(connection.prepare_cached(sql)?.execute([person.to_bytes()])? > 0)
        })
        .await
    }

    async fn due_erasures(&self, now: i64, limit: usize) -> Result<Vec<Erasure>, Fault> {
        self.read("looking for erasures", move |connection| {
            connection
                .prepare_cached(&format!(
                    "{ERASURE} WHERE due_at <= ?1 OR begun_at IS NOT NULL
                     ORDER BY asked_at, person LIMIT ?2"
                ))?
                .query_map(params![now, limit], erasure_of)?
                .collect()
        })
        .await
    }

    async fn begin_erasure(
        &self,
        person: PersonId,
        now: i64,
        plan: &str,
    ) -> Result<Removed, Fault> {
        let plan = plan.to_owned();
        self.write("beginning an erasure", move |connection| {
            let begun = connection
                .prepare_cached(
                    "UPDATE erasures SET begun_at = ?2, plan = ?3
                     WHERE person = ?1 AND begun_at IS NULL AND due_at <= ?2",
                )?
                .execute(params![person.to_bytes(), now, plan])?;
            if begun == 0 { Ok(Removed::default()) } else { end_all(connection, person) }
        })
        .await
    }

    async fn put_plan(&self, person: PersonId, plan: &str) -> Result<(), Fault> {
        let plan = plan.to_owned();
        self.write("keeping how far an erasure is", move |connection| {
            connection
                .prepare_cached("UPDATE erasures SET plan = ?2 WHERE person = ?1")?
                .execute(params![person.to_bytes(), plan])
                .map(drop)
        })
        .await
    }

    async fn empty_library(&self, scope: Scope, limit: usize) -> Result<Step, Fault> {
        let inner = Arc::clone(&self.inner);
        self.write("emptying a library", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else {
                return Ok(Step { is_done: true, ..Step::default() });
            };
            inner.known.forget(library);
            empty(connection, library, limit)
        })
        .await
    }

    async fn remove_library(&self, scope: Scope) -> Result<Step, Fault> {
        let inner = Arc::clone(&self.inner);
        self.write("removing a library", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else {
                return Ok(Step { is_done: true, ..Step::default() });
            };
            inner.known.forget(library);
            let late = empty(connection, library, 1)?.removed;
            if late.total() > 0 {
                // Something came in since it was emptied; it is emptied once more.
                return Ok(Step { removed: late, is_done: false });
            }
            let removed = what_stands_beside(connection, scope.library)?;
            Ok(Step { removed, is_done: true })
        })
        .await
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<Removed, Fault> {
        self.write("removing a tenant", move |connection| tenant_goes(connection, tenant)).await
    }

    async fn remove_person(&self, person: PersonId) -> Result<Removed, Fault> {
        self.write("removing a person", move |connection| person_goes(connection, person)).await
    }

    async fn end_erasure(&self, person: PersonId, receipt: &Receipt) -> Result<(), Fault> {
        let receipt = receipt.clone();
        self.write("ending an erasure", move |connection| {
            put_receipt(connection, &receipt)?;
            connection
                .prepare_cached("DELETE FROM erasures WHERE person = ?1")?
                .execute([person.to_bytes()])
                .map(drop)
        })
        .await
    }

    async fn receipt(&self, id: ReceiptId, now: i64) -> Result<Option<Receipt>, Fault> {
        self.look_up("looking for a receipt", |connection| {
            connection
                .prepare_cached(&format!("{RECEIPT} WHERE id = ?1 AND until > ?2"))?
                .query_row(params![id.to_bytes(), now], receipt_of)
                .optional()
        })
    }

    async fn forget_receipts(&self, now: i64) -> Result<(), Fault> {
        self.write("forgetting receipts", move |connection| {
            let sql = "DELETE FROM receipts WHERE until <= ?1";
            connection.prepare_cached(sql)?.execute([now]).map(drop)
        })
        .await
    }

    async fn scrub(&self) -> Result<(), Fault> {
        self.write_anew().await
    }
}
