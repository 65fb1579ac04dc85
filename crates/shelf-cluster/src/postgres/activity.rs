//! Activity: an append-only table per person.

use super::{Postgres, damaged, limit_of};
use async_trait::async_trait;
use shelf_domain::id::{ItemId, PersonId, Scope};
use shelf_ports::Fault;
use shelf_ports::activity::{Activity, Deed, Event};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// An event in the columns `at, deed, item`.
pub(super) fn event_of(row: &Row) -> Result<Event, Fault> {
    let deed = Deed::named(row.get(1));
    let item = ItemId::from(row.get::<_, Uuid>(2));
    Ok(Event { at: row.get(0), deed: deed.ok_or_else(|| damaged("a deed"))?, item })
}

#[async_trait]
impl Activity for Postgres {
    async fn record(&self, scope: Scope, person: PersonId, event: &Event) -> Result<(), Fault> {
        let deed = event.deed.name();
        let person = Uuid::from(person);
        let item = Uuid::from(event.item);
        self.query_in(
            scope,
            "recording activity",
            "INSERT INTO activity (library, person, at, deed, item) VALUES ($1, $2, $3, $4, $5)",
            &[
                (&person, Type::UUID),
                (&event.at, Type::INT8),
                (&deed, Type::TEXT),
                (&item, Type::UUID),
            ],
        )
        .await
        .map(drop)
    }

    async fn recent(
        &self,
        scope: Scope,
        person: PersonId,
        limit: usize,
    ) -> Result<Vec<Event>, Fault> {
        let (person, limit) = (Uuid::from(person), limit_of(limit));
        let rows = self
            .query_in(
                scope,
                "reading activity",
                "SELECT at, deed, item FROM activity WHERE library = $1 AND person = $2
                 ORDER BY at DESC, nth DESC LIMIT $3",
                &[(&person, Type::UUID), (&limit, Type::INT8)],
            )
            .await?;
        rows.iter().map(event_of).collect()
    }

    async fn forget(
        &self,
        scope: Scope,
        person: PersonId,
        until: Option<i64>,
    ) -> Result<(), Fault> {
        let person = Uuid::from(person);
        let until = until.unwrap_or(i64::MAX);
        self.query_in(
            scope,
            "forgetting activity",
            "DELETE FROM activity WHERE library = $1 AND person = $2 AND at < $3",
            &[(&person, Type::UUID), (&until, Type::INT8)],
        )
        .await
        .map(drop)
    }
}
