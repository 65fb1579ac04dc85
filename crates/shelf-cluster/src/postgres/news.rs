//! Which libraries moved: the id of the transaction that wrote last, on each library's head row.

use super::{Postgres, limit_of};
use async_trait::async_trait;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::news::{Mark, News};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Transactions commit in another order than they begin: what is told ends below the first one
/// that is still under way, so that no later answer has to go back.
const STIRRED: &str = "SELECT stirred, tenant, id FROM libraries
    WHERE stirred > $1 AND stirred < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY stirred LIMIT $2";

#[async_trait]
impl News for Postgres {
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault> {
        let of = [(&mark.cast_signed() as _, Type::INT8), (&limit_of(limit) as _, Type::INT8)];
        let rows = self.query("asking for news", STIRRED, &of).await?;
        let news = rows.iter().map(|row| {
            let tenant = TenantId::from(row.get::<_, Uuid>(1));
            let library = LibraryId::from(row.get::<_, Uuid>(2));
            (row.get::<_, i64>(0).cast_unsigned(), Scope { tenant, library })
        });
        Ok(news.collect())
    }

    async fn hint(&self) {
        self.bell.heard().await;
    }
}
