//! Which libraries moved: a counter on each library's head row.

use crate::Embedded;
use crate::sql::{signed, unsigned};
use async_trait::async_trait;
use rusqlite::params;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::news::{Mark, News};

#[async_trait]
impl News for Embedded {
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault> {
        self.look_up("asking for news", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT stirred, tenant, id FROM libraries WHERE stirred > ?1
                 ORDER BY stirred LIMIT ?2",
            )?;
            let rows = statement.query_map(params![signed(mark), limit], |row| {
                let tenant = TenantId::from_bytes(row.get(1)?);
                let library = LibraryId::from_bytes(row.get(2)?);
                Ok((unsigned(row.get(0)?), Scope { tenant, library }))
            })?;
            rows.collect()
        })
    }

    async fn hint(&self) {
        self.inner.stirred.notified().await;
    }
}
