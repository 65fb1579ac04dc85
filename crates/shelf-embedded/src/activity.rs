//! Activity: an append-only table per person.

use crate::Embedded;
use crate::load;
use crate::sql::damaged;
use async_trait::async_trait;
use rusqlite::{Row, params};
use shelf_domain::id::{ItemId, PersonId, Scope};
use shelf_ports::Fault;
use shelf_ports::activity::{Activity, Deed, Event};

/// An event in the columns `at, deed, item`.
pub(crate) fn event_of(row: &Row<'_>) -> rusqlite::Result<Event> {
    let name: String = row.get(1)?;
    let deed = Deed::named(&name);
    let item = ItemId::from_bytes(row.get(2)?);
    Ok(Event { at: row.get(0)?, deed: deed.ok_or_else(|| damaged("a deed"))?, item })
}

#[async_trait]
impl Activity for Embedded {
    async fn record(&self, scope: Scope, person: PersonId, event: &Event) -> Result<(), Fault> {
        let event = event.clone();
        self.write("recording activity", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            connection
                .prepare_cached("INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    library,
                    person.to_bytes(),
                    event.at,
                    event.deed.name(),
                    event.item.to_bytes()
                ])?;
            Ok(())
        })
        .await
    }

    async fn recent(
        &self,
        scope: Scope,
        person: PersonId,
        limit: usize,
    ) -> Result<Vec<Event>, Fault> {
        self.read("reading activity", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(vec![]) };
            let mut statement = connection.prepare_cached(
                "SELECT at, deed, item FROM activity WHERE library = ?1 AND person = ?2
                 ORDER BY at DESC, rowid DESC LIMIT ?3",
            )?;
            statement.query_map(params![library, person.to_bytes(), limit], event_of)?.collect()
        })
        .await
    }

    async fn forget(
        &self,
        scope: Scope,
        person: PersonId,
        until: Option<i64>,
    ) -> Result<(), Fault> {
        self.write("forgetting activity", move |connection| {
            let Some(library) = load::library_key(connection, scope)? else { return Ok(()) };
            connection
                .prepare_cached(
                    "DELETE FROM activity WHERE library = ?1 AND person = ?2 AND at < ?3",
                )?
                .execute(params![library, person.to_bytes(), until.unwrap_or(i64::MAX)])?;
            Ok(())
        })
        .await
    }
}
