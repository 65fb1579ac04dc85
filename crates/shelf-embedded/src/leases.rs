//! Leases of the one process: who holds what is remembered in memory, and what was taken stands on
//! the disk until it is given back, so that the next process sees what this one left undone.

use crate::Embedded;
use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::leases::{self, Fence, Leases};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Leases by name as this process took them.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<BTreeMap<String, Lease>>);

#[derive(Debug)]
struct Lease {
    holder: String,
    fence: Fence,
    until: Instant,
}

const TAKE: &str = "INSERT OR REPLACE INTO leases (name) VALUES (?1) RETURNING fence";
const LEFT: &str = "SELECT name FROM leases WHERE name >= ?1 ORDER BY name";

#[async_trait]
impl Leases for Embedded {
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault> {
        let mut all = self.inner.leases.0.lock().await;
        let now = Instant::now();
        let until = now + term;
        if let Some(lease) = all.get_mut(name) {
            if lease.holder == holder {
                lease.until = until;
                return Ok(Some(lease.fence));
            }
            if lease.until > now {
                return Ok(None);
            }
        }
        let key = name.to_owned();
        let taken = self.write("taking a lease", move |connection| {
            connection.prepare_cached(TAKE)?.query_row([key], |row| row.get::<_, i64>(0))
        });
        let fence = taken.await?.cast_unsigned();
        all.insert(name.to_owned(), Lease { holder: holder.to_owned(), fence, until });
        Ok(Some(fence))
    }

    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        let mut all = self.inner.leases.0.lock().await;
        if all.get(name).is_none_or(|lease| lease.holder != holder) {
            return Ok(());
        }
        let key = name.to_owned();
        self.write("giving a lease back", move |connection| {
            connection.prepare_cached("DELETE FROM leases WHERE name = ?1")?.execute([key])
        })
        .await?;
        all.remove(name);
        Ok(())
    }

    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault> {
        let all = self.inner.leases.0.lock().await;
        let now = Instant::now();
        self.look_up("asking what was left undone", |connection| {
            let mut statement = connection.prepare_cached(LEFT)?;
            let names = statement.query_map([prefix], |row| row.get::<_, String>(0))?;
            let begins = |name: &rusqlite::Result<String>| {
                name.as_ref().map_or(true, |name| name.starts_with(prefix))
            };
            let is_left = |name: &rusqlite::Result<String>| match name {
                Ok(name) => all.get(name).is_none_or(|lease| lease.until <= now),
                Err(_) => true,
            };
            names.take_while(begins).filter(is_left).take(limit).collect()
        })
    }

    async fn held(&self, prefix: &str, limit: usize) -> Result<Vec<leases::Lease>, Fault> {
        let all = self.inner.leases.0.lock().await;
        let now = Instant::now();
        let held = all.iter().filter(|(name, lease)| name.starts_with(prefix) && lease.until > now);
        let held = held.map(|(name, lease)| leases::Lease {
            name: name.clone(),
            holder: lease.holder.clone(),
        });
        Ok(held.take(limit).collect())
    }
}
