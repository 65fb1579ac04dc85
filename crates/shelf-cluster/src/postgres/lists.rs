//! Lists of whole libraries, kept for as long as their log does not move: in the process, and
//! beyond it on Redis where there is one. A key names the head of the log, so that no value is ever
//! stale, and none has to be taken back.

use super::{Bound, Postgres};
use crate::redis::Redis;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::view::{Collection, Tag};
use shelf_ports::Fault;
use shelf_ports::views::Counts;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Libraries whose lists are kept in the process.
const KEPT_MAX: usize = 256;
/// Where the log of a library stands; what a library has not, nobody has asked for.
const HEAD: &str = "SELECT epoch, seq FROM libraries WHERE id = $1 AND tenant = $2";

/// The epoch and seq a list is good for.
type Version = (i64, i64);

/// One kind of list, by library.
#[derive(Debug)]
pub(super) struct Kept<T> {
    /// What it is called on Redis, with the version of its form.
    name: &'static str,
    near: Mutex<HashMap<LibraryId, (Version, T)>>,
}

impl<T: Clone> Kept<T> {
    fn new(name: &'static str) -> Self {
        Self { name, near: Mutex::default() }
    }

    fn near(&self, library: LibraryId, version: Version) -> Option<T> {
        let near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        near.get(&library).filter(|(at, _)| *at == version).map(|(_, value)| value.clone())
    }

    fn keep(&self, library: LibraryId, version: Version, value: T) {
        let mut near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        if near.len() >= KEPT_MAX && !near.contains_key(&library) {
            near.clear();
        }
        near.insert(library, (version, value));
    }
}

/// The lists that every page shows.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) counts: Kept<Counts>,
    pub(super) collections: Kept<Vec<(Collection, u64)>>,
    pub(super) tags: Kept<Vec<(Tag, u64)>>,
    far: OnceLock<Redis>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            counts: Kept::new("counts.2"),
            collections: Kept::new("collections.1"),
            tags: Kept::new("tags.1"),
            far: OnceLock::new(),
        }
    }
}

impl Postgres {
    /// Keeps lists on `redis` as well, for all processes; said once.
    pub fn keep_lists_on(&self, redis: Redis) {
        // Who says it again says the same.
        drop(self.lists.far.set(redis));
    }

    /// The list of `scope` as it is kept, else as `make` makes it. Made after the head was read,
    /// it is never older than its key.
    pub(super) async fn kept<T: Clone + Serialize + DeserializeOwned>(
        &self,
        scope: Scope,
        kept: &Kept<T>,
        make: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let Some(version) = self.version(scope).await? else { return make.await };
        if let Some(value) = kept.near(scope.library, version) {
            return Ok(value);
        }
        let (epoch, seq) = version;
        let key = format!("mindshelf:{}:{}:{epoch}-{seq}", kept.name, scope.library);
        let far = self.lists.far.get();
        if let Some(far) = far
            && let Some(text) = far.value(&key).await
            && let Ok(value) = serde_json::from_slice::<T>(&text)
        {
            kept.keep(scope.library, version, value.clone());
            return Ok(value);
        }
        let value = make.await?;
        kept.keep(scope.library, version, value.clone());
        if let (Some(far), Ok(text)) = (far, serde_json::to_vec(&value)) {
            far.keep(&key, text).await;
        }
        Ok(value)
    }

    async fn version(&self, scope: Scope) -> Result<Option<Version>, Fault> {
        let of: [Bound<'_>; 2] =
            [(&Uuid::from(scope.library), Type::UUID), (&Uuid::from(scope.tenant), Type::UUID)];
        let rows = self.query("reading the head", HEAD, &of).await?;
        Ok(rows.first().map(|row| (row.get(0), row.get(1))))
    }
}
