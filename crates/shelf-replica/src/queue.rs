//! What waits: changes that were not answered, or did not come back yet, and what was put aside.

use crate::file::Position;
use serde::{Deserialize, Serialize};
use shelf_client::sync::PushRefused;
use shelf_domain::change::{Change, Pushed};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::limits;
use shelf_domain::stamp::Seq;

/// Most changes that wait at once.
pub(crate) const QUEUE_MAX: usize = 100_000;
/// Most bytes of a push, with room for what stands around its changes.
const BYTES_MAX: usize = (1 << 20) - 1_024;

/// A change of this device that is not in the base yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    /// The change.
    pub(crate) change: Pushed,
    /// Its row, once it was answered.
    pub(crate) seq: Option<Seq>,
    /// Whether it came back by the log before it was answered.
    pub(crate) came: bool,
}

impl Queued {
    /// A change nobody heard of yet.
    pub(crate) fn new(change: Pushed) -> Self {
        Self { change, seq: None, came: false }
    }

    /// Whether `row` is what this change became, whose item goes by the id `item` now.
    pub(crate) fn is_in(&self, row: &Change, item: ItemId) -> bool {
        // A copy of this device may have used the same counter for something else; and so may this
        // one, whose push of before a restore came late, and whose gesture has other numbers since.
        let is_of_item =
            [self.change.item, item].contains(&row.item) || row.joined == Some(self.change.item);
        is_of_item && (self.change.n, self.change.act) == (row.n, row.act)
    }
}

/// Why a change stands aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The server refused it.
    Refused,
    /// One of many deletions, which wait for the person at the server.
    Held,
}

/// A change that left the queue and did not become what it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// By which it is dropped.
    pub id: i64,
    /// The device it was pushed by.
    pub device: DeviceId,
    /// Why it stands here.
    pub why: Why,
    /// The reason of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<PushRefused>,
    /// The change.
    pub change: Pushed,
}

/// What is to be pushed next: the oldest that were not answered, within `most` and what one request
/// may hold.
pub(crate) fn batch(queue: &[Queued], most: usize) -> Vec<Pushed> {
    let mut bytes = 0;
    let waiting = queue.iter().filter(|queued| queued.seq.is_none()).map(|queued| &queued.change);
    let fits = waiting.take(most.clamp(1, limits::BATCH_MAX)).take_while(|change| {
        let first = bytes == 0;
        bytes += serde_json::to_string(change).map_or(0, |text| text.len() + 1);
        first || bytes <= BYTES_MAX
    });
    fits.cloned().collect()
}

/// What this device says when it did what `row` holds, having folded up to `base`.
pub(crate) fn pushed_of(row: Change, base: Seq) -> Pushed {
    let item = row.joined.unwrap_or(row.item);
    let Change { n, hlc, act, kind, set, .. } = row;
    Pushed { n, hlc, base, act, item, kind, set }
}

/// These changes as a queue, numbered on from the counter in `after`.
pub(crate) fn counted(
    changes: impl IntoIterator<Item = Pushed>,
    after: &mut Position,
) -> Vec<Queued> {
    let queued = changes.into_iter().map(|mut change| {
        after.n += 1;
        change.n = after.n;
        Queued::new(change)
    });
    queued.collect()
}

/// What waits, numbered after `last`, the highest counter the server took. What it answered to keeps
/// its own.
pub(crate) fn counted_after(waits: Vec<Queued>, last: u64, after: &mut Position) -> Vec<Queued> {
    let is_taken = |queued: &Queued| queued.seq.is_some() && queued.change.n <= last;
    let (mut queue, rest): (Vec<Queued>, Vec<Queued>) = waits.into_iter().partition(is_taken);
    after.n = last;
    queue.extend(counted(rest.into_iter().map(|queued| queued.change), after));
    queue
}
