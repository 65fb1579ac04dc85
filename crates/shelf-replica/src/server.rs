//! What a replica needs of a server: the seam between what it decides and how it is carried.

use async_trait::async_trait;
use shelf_client::sync::{Checksum, Pulled, PushAnswer, Repaired, SyncStanding};
use shelf_client::{ClientFailure, LibraryClient};
use shelf_domain::change::Pushed;
use shelf_domain::id::{DeviceId, ItemId};
use std::fmt;

/// One library of a server. Every call may be repeated: a push that was answered has the same
/// answers again, all else only reads, but pairing, which makes a new device each time.
#[async_trait]
pub trait Server: fmt::Debug + Send + Sync {
    /// Pairs a device called `name`.
    async fn pair(&self, name: &str) -> Result<DeviceId, ClientFailure>;
    /// The rows after `cursor`; refused `cursor_expired` where the log does not lead on from there.
    async fn pull(&self, cursor: Option<&str>, limit: usize) -> Result<Pulled, ClientFailure>;
    /// Takes the changes of `device`, oldest first.
    async fn push(&self, device: DeviceId, changes: &[Pushed])
    -> Result<PushAnswer, ClientFailure>;
    /// How it stands with `device`; `None` where the server does not tell.
    async fn standing(&self, device: DeviceId) -> Result<Option<SyncStanding>, ClientFailure>;
    /// The sums of the library; `None` where the server does not tell.
    async fn checksum(&self) -> Result<Option<Checksum>, ClientFailure>;
    /// The items of some ranges after an id.
    async fn repair(&self, ranges: &[u8], after: Option<ItemId>)
    -> Result<Repaired, ClientFailure>;
    /// The fold of the library as a file; `None` where the server makes none.
    async fn snapshot(&self) -> Result<Option<Vec<u8>>, ClientFailure>;
}

#[async_trait]
impl Server for LibraryClient {
    async fn pair(&self, name: &str) -> Result<DeviceId, ClientFailure> {
        self.client().pair_device(name).await
    }

    async fn pull(&self, cursor: Option<&str>, limit: usize) -> Result<Pulled, ClientFailure> {
        Self::pull(self, cursor, limit).await
    }

    async fn push(
        &self,
        device: DeviceId,
        changes: &[Pushed],
    ) -> Result<PushAnswer, ClientFailure> {
        Self::push(self, device, changes).await
    }

    async fn standing(&self, device: DeviceId) -> Result<Option<SyncStanding>, ClientFailure> {
        Self::standing(self, device).await
    }

    async fn checksum(&self) -> Result<Option<Checksum>, ClientFailure> {
        Self::checksum(self).await
    }

    async fn repair(
        &self,
        ranges: &[u8],
        after: Option<ItemId>,
    ) -> Result<Repaired, ClientFailure> {
        Self::repair(self, ranges, after).await
    }

    async fn snapshot(&self) -> Result<Option<Vec<u8>>, ClientFailure> {
        Self::snapshot(self).await
    }
}
