//! The log, for replicas: pairing, pull and push, and what proves that both sides hold the same.
//!
//! Shapes only, as `docs/SYNC.md` has them; what a replica does with them is not decided here.

use crate::client::encoded;
use crate::transport::Request;
use crate::{Client, ClientFailure, LibraryClient};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use shelf_domain::change::{Change, Pushed};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::stated::{Stated, StatedAlias};

/// The status of an address a server does not have.
const NOT_FOUND: u16 = 404;

/// Where a library's log stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct LogHead {
    /// Raised when a backup is restored.
    pub epoch: u32,
    /// The last row.
    pub seq: Seq,
    /// Rows up to here may be missing.
    #[serde(default)]
    pub floor: Seq,
}

/// Rows of the log, and where they lead.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pulled {
    /// The rows, rising.
    pub changes: Vec<Change>,
    /// The position they come after.
    pub from: Seq,
    /// The position of the last one.
    pub to: Seq,
    /// What to ask with next.
    pub next_cursor: String,
    /// Whether there is more to be had at once.
    pub has_more: bool,
    /// Where the log stands.
    pub head: LogHead,
}

/// Why a pushed change was refused, or why the rest was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRefused {
    /// The place.
    #[serde(default)]
    pub pointer: String,
    /// The stable name.
    pub code: String,
    /// What exactly, for people.
    #[serde(default)]
    pub detail: String,
}

/// What became of one pushed change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PushTold {
    /// The change's counter.
    pub n: u64,
    /// `applied`, `noop`, `superseded`, `joined`, `held` or `refused`.
    pub status: String,
    /// Its row, if it is in the log.
    #[serde(default)]
    pub seq: Option<Seq>,
    /// The stamp it was logged with.
    #[serde(default)]
    pub hlc: Option<Hlc>,
    /// Why it was refused.
    #[serde(default)]
    pub refused: Option<PushRefused>,
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PushAnswer {
    /// One for each change that was looked at, in order.
    pub answers: Vec<PushTold>,
    /// Why the rest was not looked at.
    #[serde(default)]
    pub stopped: Option<PushRefused>,
    /// Where the log stands.
    pub head: LogHead,
}

/// How far a server is with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct DeviceStanding {
    /// The last counter it took.
    pub n: u64,
}

/// How a library stands for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SyncStanding {
    /// Where the log stands.
    pub head: LogHead,
    /// The device that was named.
    #[serde(default)]
    pub device: Option<DeviceStanding>,
    /// How many of its deletions wait for the person.
    #[serde(default)]
    pub held: u64,
}

/// The sums of a library, 16 hexadecimal digits each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Checksum {
    /// The epoch they are of.
    pub epoch: u32,
    /// The position they are of.
    pub seq: Seq,
    /// The sum of all ranges.
    pub checksum: String,
    /// The sum of each of the 256 ranges.
    pub ranges: Vec<String>,
}

/// Some ranges of a library as the server holds them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repaired {
    /// The epoch they are of.
    pub epoch: u32,
    /// The position they are of.
    pub seq: Seq,
    /// The items, by rising id.
    pub items: Vec<Stated>,
    /// The ids that joined; in the first answer alone.
    #[serde(default)]
    pub aliases: Vec<StatedAlias>,
    /// After which id to ask on; nothing at the end.
    #[serde(default)]
    pub next: Option<ItemId>,
}

#[derive(Serialize)]
struct PairDevice<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Paired {
    id: DeviceId,
}

#[derive(Serialize)]
struct Push<'a> {
    device: DeviceId,
    changes: &'a [Pushed],
}

impl Client {
    /// Pairs a device, under whose id changes are pushed.
    pub async fn pair_device(&self, name: &str) -> Result<DeviceId, ClientFailure> {
        self.post::<Paired>("/v1/devices", &PairDevice { name }).await.map(|paired| paired.id)
    }
}

impl LibraryClient {
    /// The rows after `cursor`, at most `limit`; from the beginning without one.
    pub async fn pull(&self, cursor: Option<&str>, limit: usize) -> Result<Pulled, ClientFailure> {
        let from = cursor.map(|cursor| format!("&cursor={}", encoded(cursor))).unwrap_or_default();
        self.client.get(&self.at(&format!("changes?limit={limit}{from}"))).await
    }

    /// Pushes what `device` did, oldest first.
    pub async fn push(
        &self,
        device: DeviceId,
        changes: &[Pushed],
    ) -> Result<PushAnswer, ClientFailure> {
        self.client.post(&self.at("changes"), &Push { device, changes }).await
    }

    /// How the library stands for `device`; nothing from a server that does not tell.
    pub async fn standing(&self, device: DeviceId) -> Result<Option<SyncStanding>, ClientFailure> {
        known(self.client.get(&self.at(&format!("sync?device={device}"))).await)
    }

    /// The sums of the library; nothing from a server that does not tell.
    pub async fn checksum(&self) -> Result<Option<Checksum>, ClientFailure> {
        known(self.client.get(&self.at("checksum")).await)
    }

    /// The items of some ranges whose ids come after `after`.
    pub async fn repair(
        &self,
        ranges: &[u8],
        after: Option<ItemId>,
    ) -> Result<Repaired, ClientFailure> {
        let ranges: Vec<String> = ranges.iter().map(u8::to_string).collect();
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        self.client.get(&self.at(&format!("sync/repair?ranges={}{after}", ranges.join(",")))).await
    }

    /// The fold of the library as a file; nothing from a server that makes none.
    pub async fn snapshot(&self) -> Result<Option<Vec<u8>>, ClientFailure> {
        let request = Request::new(Method::GET, self.at("snapshot"));
        match known(self.client.send(request).await)? {
            Some(answer) => answer.bytes().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Nothing where the server has no such address.
fn known<T>(answer: Result<T, ClientFailure>) -> Result<Option<T>, ClientFailure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ClientFailure::Refused { status: NOT_FOUND, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
