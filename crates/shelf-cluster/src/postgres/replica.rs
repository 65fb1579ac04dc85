//! A copy of the database that follows it, to read from.

use super::{Postgres, connections, schema};
use deadpool_postgres::{ClientWrapper, Hook, HookError};
use shelf_ports::Fault;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// How long a caller waits for a connection: whoever waits reads from the database itself.
const WAIT_MAX: Duration = Duration::from_millis(500);

impl Postgres {
    /// The same stores on the copy at `url`, which is only read.
    ///
    /// Whether it is there, binds the role and has the tables this program knows is asked by each
    /// new connection, so that a copy may come and go, and come after. A fault is an address that
    /// is none.
    pub async fn replica(&self, url: &str) -> Result<Self, Fault> {
        let check = Hook::async_fn(|client, _| Box::pin(checked(client)));
        let pool = connections(url, WAIT_MAX).await?.post_create(check).build();
        let pool =
            pool.map_err(|error| Fault::new("preparing connections to the replica", error))?;
        Ok(Self { pool, bell: Arc::default(), lists: Arc::clone(&self.lists) })
    }

    /// Whether the server answers.
    pub async fn is_up(&self) -> bool {
        let look = self.query("looking at the replica", "SELECT 1", &[]);
        tokio::time::timeout(WAIT_MAX, look).await.is_ok_and(|answer| answer.is_ok())
    }
}

async fn checked(client: &mut ClientWrapper) -> Result<(), HookError> {
    schema::check(&**client).await.map_err(|fault| {
        tracing::warn!(error = &fault as &dyn Error, cause = %fault.source, "no such replica");
        HookError::message(fault.source.to_string())
    })
}
