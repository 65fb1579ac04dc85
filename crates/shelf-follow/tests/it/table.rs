//! A table of leases in memory, and the ways of several processes to it, which can be cut.

use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::leases::{Fence, Lease, Leases};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// Who has what until when; by name.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Mutex<BTreeMap<String, (String, Fence, Instant)>>,
    fence: AtomicU64,
    /// Statements that were asked of it.
    pub(crate) asked: AtomicU64,
}

/// One process's way to the table.
#[derive(Debug, Default)]
pub(crate) struct Way {
    pub(crate) table: Arc<Table>,
    pub(crate) is_cut: AtomicBool,
}

impl Way {
    pub(crate) fn to(table: &Arc<Table>) -> Arc<Self> {
        Arc::new(Self { table: table.clone(), is_cut: AtomicBool::new(false) })
    }

    fn ask(&self) -> Result<&Table, Fault> {
        self.table.asked.fetch_add(1, Ordering::SeqCst);
        let is_cut = self.is_cut.load(Ordering::SeqCst);
        if is_cut { Err(Fault::new("asking for leases", "planted")) } else { Ok(&self.table) }
    }
}

impl Table {
    fn take(&self, name: &str, holder: &str, term: Duration) -> Option<Fence> {
        let now = Instant::now();
        let mut rows = self.rows.lock().unwrap();
        let before = rows.get(name).cloned();
        let fence = match before {
            Some((who, fence, _)) if who == holder => fence,
            Some((_, _, until)) if until > now => return None,
            _ => self.fence.fetch_add(1, Ordering::SeqCst),
        };
        rows.insert(name.to_owned(), (holder.to_owned(), fence, now + term));
        Some(fence)
    }

    /// What a table of leases holds beyond what is held.
    pub(crate) fn rows(&self) -> usize {
        self.rows.lock().unwrap().len()
    }
}

#[async_trait]
impl Leases for Way {
    async fn take(&self, name: &str, holder: &str, term: Duration) -> Result<Option<Fence>, Fault> {
        Ok(self.ask()?.take(name, holder, term))
    }

    async fn take_all(
        &self,
        names: &[String],
        holder: &str,
        term: Duration,
    ) -> Result<Vec<String>, Fault> {
        let table = self.ask()?;
        let taken = names.iter().filter(|name| table.take(name, holder, term).is_some());
        Ok(taken.cloned().collect())
    }

    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        self.ask()?.rows.lock().unwrap().retain(|key, (who, ..)| key != name || who != holder);
        Ok(())
    }

    async fn give_back_all(&self, names: &[String], holder: &str) -> Result<(), Fault> {
        let mut rows = self.ask()?.rows.lock().unwrap();
        rows.retain(|name, (who, ..)| !names.contains(name) || who != holder);
        Ok(())
    }

    async fn left(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Fault> {
        let rows = self.ask()?.rows.lock().unwrap();
        let left = rows.iter().filter(|(_, (.., until))| *until <= Instant::now());
        let names = left.map(|(name, _)| name.clone()).filter(|name| name.starts_with(prefix));
        Ok(names.take(limit).collect())
    }

    async fn held(&self, prefix: &str, limit: usize) -> Result<Vec<Lease>, Fault> {
        let rows = self.ask()?.rows.lock().unwrap();
        let held = rows
            .iter()
            .filter(|(name, (.., until))| name.starts_with(prefix) && *until > Instant::now());
        let held =
            held.map(|(name, (holder, ..))| Lease { name: name.clone(), holder: holder.clone() });
        Ok(held.take(limit).collect())
    }
}
