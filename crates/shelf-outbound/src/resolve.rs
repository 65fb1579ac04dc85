//! From a name to all of its addresses.

use async_trait::async_trait;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;

/// Names looked up at a time. One that the system has not answered yet counts, also when nobody
/// waits for it any more: each holds a thread.
const LOOKUPS_MAX: usize = 32;

/// Finds the addresses of names.
#[async_trait]
pub(crate) trait Resolver: fmt::Debug + Send + Sync {
    /// All addresses of `name`.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system.
#[derive(Debug)]
pub(crate) struct System(Arc<Semaphore>);

impl Default for System {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS_MAX)))
    }
}

#[async_trait]
impl Resolver for System {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let slot = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let looking = tokio::spawn(async move {
            let found = lookup_host((name, 0)).await;
            drop(slot);
            found.map(|found| found.map(|place| place.ip()).collect())
        });
        looking.await.map_err(io::Error::other)?
    }
}
