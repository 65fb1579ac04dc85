//! What replicas need besides the log: its folded state in stretches, sums to compare with, how
//! far a device has counted, and deletions that wait for a person.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::change::{Head, Pushed};
use shelf_domain::id::{DeviceId, ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::sums::Sums;
use std::collections::BTreeSet;
use std::fmt;

/// Which items of a library are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Those in these ranges alone ([`shelf_domain::sums::range_of`]); all, where none is said.
    pub ranges: Option<BTreeSet<u8>>,
    /// Those with ids above this one.
    pub after: Option<ItemId>,
    /// At most so many.
    pub limit: usize,
}

/// Items as they are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretched {
    /// Where the log stood.
    pub head: Head,
    /// The items, by rising id; purged ones too, those that joined another not.
    pub items: Vec<Item>,
}

/// A change of a device that waits, outside the log, until a person says that it was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldChange {
    /// Whose it is.
    pub device: DeviceId,
    /// When it came, milliseconds.
    pub at: i64,
    /// What was pushed.
    pub change: Pushed,
}

/// What waits of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldLine {
    /// The device.
    pub device: DeviceId,
    /// How many changes.
    pub count: u64,
    /// When the first came, milliseconds.
    pub since: i64,
    /// When the last came.
    pub latest: i64,
    /// The highest counter among them.
    pub through: u64,
}

/// What replicas need besides [`crate::library::Library`].
///
/// - What a call tells is of one moment. A library that is not there is empty.
/// - The stretches from the beginning to the end, with the aliases, are what the rows of the log
///   fold to, each as of the moment it was told.
/// - What waits is not content: nothing that reads the log or the state shows it.
/// - [`Library::forget_answers`](crate::library::Library::forget_answers) forgets what waits, too.
#[async_trait]
pub trait Replicas: fmt::Debug + Send + Sync {
    /// Items of `stretch`.
    async fn stretch(&self, scope: Scope, stretch: &Stretch) -> Result<Stretched, Fault>;

    /// Ids that joined, and the item of the row by which each did, by rising id above `after`, at
    /// most `limit`.
    async fn aliases(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<(ItemId, ItemId)>, Fault>;

    /// The sums of the whole library, and where its log stood. Walks all of it.
    async fn sums(&self, scope: Scope) -> Result<(Head, Sums), Fault>;

    /// The last counter of `device`; 0 where it never wrote.
    async fn counter(&self, scope: Scope, device: DeviceId) -> Result<u64, Fault>;

    /// Lets changes wait; one that waits already under its device and counter is replaced.
    async fn hold(&self, scope: Scope, held: &[HeldChange]) -> Result<(), Fault>;

    /// What waits, device by device.
    async fn held_lines(&self, scope: Scope) -> Result<Vec<HeldLine>, Fault>;

    /// What waits of `device`, with counters above `after`, rising, at most `limit`.
    async fn held(
        &self,
        scope: Scope,
        device: DeviceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<HeldChange>, Fault>;

    /// These counters of `device` wait no longer.
    async fn let_go(&self, scope: Scope, device: DeviceId, counters: &[u64]) -> Result<(), Fault>;
}
