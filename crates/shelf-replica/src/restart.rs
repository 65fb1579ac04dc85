//! Starting again: the library is loaded anew, the queue is kept, and what the server has lost is
//! put again.

use crate::event::Event;
use crate::failure::ReplicaFailure;
use crate::file::{Position, Step, put_alias, put_copy, put_item, put_queue};
use crate::heal::{Heal, common, has_landed, heals, readdressed};
use crate::lines::snapshot;
use crate::queue::{Queued, counted, counted_after};
use crate::replica::Replica;
use crate::sync::{LIMIT, Progress, Synced, Way};
use shelf_domain::change::Pushed;
use shelf_domain::id::{ActId, DeviceId, Ids, ItemId, LibraryId};
use shelf_domain::item::Item;
use shelf_domain::refusal::Code;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use std::collections::BTreeSet;

/// How often a library is loaded from the beginning, where it begins anew meanwhile.
const LOADS_MAX: u32 = 3;

impl Replica {
    /// Loads the library anew and takes it over in one transaction, with the queue. A failure before
    /// that leaves everything as it was.
    pub(crate) async fn restart(
        &mut self,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        let (shelf, cursor) = load(way, self.about.library).await?;
        let lost = shelf.head.epoch != self.base.head.epoch || shelf.head.seq < self.base.head.seq;
        let mut after = self.at.clone();
        let mut queue = self.queue.clone();
        if lost {
            let device = self.device_after(way, &mut after).await?;
            after.pushes_as(device);
            let (heals, rest) = self.rebased(&shelf);
            told.healed += u64::try_from(heals.len()).unwrap_or_default();
            let (now, seed) = (way.clock.now_ms(), way.chance.seed());
            queue = numbered(heals, rest, &mut after, (common(&self.base, &shelf), now, seed));
            after.answered_in = None;
        }
        told.restarted = true;
        self.take_over(shelf, cursor, (queue, after), way.clock.now_ms())
    }

    /// Begins with the whole library at once.
    pub(crate) async fn begin_whole(&mut self, way: &mut Way<'_>) -> Result<(), ReplicaFailure> {
        let (shelf, cursor) = load(way, self.about.library).await?;
        let state = (self.queue.clone(), self.at.clone());
        self.take_over(shelf, cursor, state, way.clock.now_ms())
    }

    /// The device to push as from now on, whose last counter at the server goes into `after`: this
    /// one, where the server still knows it.
    async fn device_after(
        &mut self,
        way: &mut Way<'_>,
        after: &mut Position,
    ) -> Result<DeviceId, ReplicaFailure> {
        let device = self.must_have_device()?;
        let known = match way.server.standing(device).await {
            // It was paired after the backup was made.
            Err(failure) if failure.code() == Some(Code::Forbidden.name()) => None,
            standing => standing?.and_then(|standing| standing.device),
        };
        if let Some(known) = known {
            after.n = known.n;
            return Ok(device);
        }
        after.n = 0;
        Ok(way.server.pair(&self.about.device_name).await?)
    }

    /// What the server has lost, and the queue as it stands in the new life of the log: what was
    /// answered in an older one waits again.
    fn rebased(&self, new: &Shelf) -> (Vec<Heal>, Vec<Pushed>) {
        let seen = common(&self.base, new);
        let device = self.at.device.unwrap_or(DeviceId::SEQUENCER);
        let is_in_new = |queued: &Queued| {
            let is_of_new = self.at.answered_in == Some(new.head.epoch);
            (is_of_new && queued.seq.is_some_and(|seq| seq <= new.head.seq))
                || has_landed(&queued.change, new, device)
        };
        let waits = self.queue.iter().filter(|queued| !queued.came && !is_in_new(queued));
        let rest = waits.map(|queued| {
            let mut change = queued.change.clone();
            change.base = change.base.min(seen);
            change.item = self.base.resolve(change.item);
            change.set = readdressed(&self.base, change.set);
            change
        });
        (heals(&self.base, new, (seen, &self.at)), rest.collect())
    }

    fn take_over(
        &mut self,
        shelf: Shelf,
        cursor: String,
        (mut queue, mut after): (Vec<Queued>, Position),
        now: i64,
    ) -> Result<(), ReplicaFailure> {
        after.head = shelf.head.clone();
        after.hlc = after.hlc.max(shelf.head.hlc);
        after.cursor = Some(cursor);
        if after.answered_in.is_none() {
            queue.retain(|queued| queued.seq.is_none_or(|seq| seq > shelf.head.seq));
        }
        let copies = self.copies_before(&queue, &shelf);
        self.file.write(Step::Restarting, (&self.at, &mut after), |tx| {
            tx.execute_batch("DELETE FROM items; DELETE FROM aliases;")?;
            shelf.all_items().try_for_each(|item| put_item(tx, item))?;
            shelf.aliases().try_for_each(|(younger, older)| put_alias(tx, younger, older))?;
            copies.iter().try_for_each(|copy| put_copy(tx, copy))?;
            put_queue(tx, &queue)
        })?;
        (self.at, self.base, self.queue) = (after, shelf, queue);
        self.show(now);
        self.tell(vec![Event::Anew]);
        self.file.step(Step::Restarted)
    }

    /// The own copies of items that `new` has removed for good while changes to them wait.
    fn copies_before(&self, queue: &[Queued], new: &Shelf) -> Vec<Item> {
        let ids = queue.iter().map(|queued| new.resolve(queued.change.item));
        let ids: BTreeSet<ItemId> = ids.collect();
        let gone = ids.into_iter().filter(|id| new.item(*id).is_some_and(Item::is_purged));
        let own = gone.filter_map(|id| self.shown().item(id));
        own.filter(|item| !item.is_purged()).cloned().collect()
    }

    /// Puts the numbers of the queue right, where the server does not go on from them.
    pub(crate) async fn recover(
        &mut self,
        code: &str,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        let (epoch, device) = (self.at.head.epoch, self.must_have_device()?);
        self.pull(way, told).await?;
        if self.at.head.epoch != epoch {
            // The library began anew: its numbers are right now.
            return Ok(());
        }
        let known = way.server.standing(device).await?.and_then(|standing| standing.device);
        match known {
            Some(known) if code == Code::Gap.name() => self.renumber(device, known.n),
            _ => self.pair_anew(way).await,
        }
    }

    /// Pairs this replica as a new device, under which all that waits is pushed: where the old one
    /// was removed and the person says so, or another program pushes as the same.
    pub async fn pair_anew(&mut self, way: &mut Way<'_>) -> Result<(), ReplicaFailure> {
        // What was answered comes by the log, and is not to be pushed a second time.
        if self.queue.iter().any(|queued| queued.seq.is_some()) {
            let before = self.at.device;
            self.pull(way, &mut Synced::default()).await?;
            if self.at.device != before {
                // The library began anew, and this replica as another device.
                return Ok(());
            }
        }
        let device = way.server.pair(&self.about.device_name).await?;
        self.renumber(device, 0)
    }

    /// Numbers what waits anew, after `last`. What came back by the log waits no more, and what was
    /// answered to this device keeps its number.
    fn renumber(&mut self, device: DeviceId, last: u64) -> Result<(), ReplicaFailure> {
        let waits = self.queue.iter().filter(|queued| !queued.came).cloned();
        let mut after = self.at.clone();
        after.pushes_as(device);
        let queue = if self.at.device == Some(device) {
            counted_after(waits.collect(), last, &mut after)
        } else {
            after.n = last;
            counted(waits.map(|queued| queued.change), &mut after)
        };
        self.file.write(Step::Renumbering, (&self.at, &mut after), |tx| put_queue(tx, &queue))?;
        (self.at, self.queue) = (after, queue);
        Ok(())
    }
}

/// The library as the server has it now, and the cursor to go on from.
async fn load(way: &mut Way<'_>, library: LibraryId) -> Result<(Shelf, String), ReplicaFailure> {
    // Where there is none, or a damaged one, the log from its beginning says the same.
    let file = way.server.snapshot().await.ok().flatten();
    let begun = file.and_then(|bytes| snapshot(library, &bytes).ok());
    let (mut shelf, mut cursor) = match begun {
        Some((shelf, cursor)) => (shelf, Some(cursor)),
        None => (Shelf::default(), None),
    };
    let mut loads = 1;
    loop {
        let pulled = match way.server.pull(cursor.as_deref(), LIMIT).await {
            Err(failure)
                if failure.code() == Some(Code::CursorExpired.name()) && loads < LOADS_MAX =>
            {
                loads += 1;
                (shelf, cursor) = (Shelf::default(), None);
                continue;
            }
            pulled => pulled?,
        };
        pulled.changes.iter().for_each(|row| shelf.fold(row));
        (shelf.head.epoch, shelf.head.floor) = (pulled.head.epoch, pulled.head.floor);
        let (seq, head) = (shelf.head.seq, pulled.head.seq);
        (way.progress)(Progress { seq, head, waiting: 0 });
        if !pulled.has_more || pulled.changes.is_empty() {
            return Ok((shelf, pulled.next_cursor));
        }
        cursor = Some(pulled.next_cursor);
    }
}

/// What the server has lost comes first, then what waited. What others had put is healed by a gesture
/// of its own.
fn numbered(
    heals: Vec<Heal>,
    rest: Vec<Pushed>,
    after: &mut Position,
    (base, now, seed): (Seq, i64, [u8; 16]),
) -> Vec<Queued> {
    let mut ids = Ids::new(now, seed);
    let (own, of_others): (ActId, ActId) = (ids.make(), ids.make());
    after.healing.retain(|act| rest.iter().any(|change| change.act == *act));
    if heals.iter().any(|heal| !heal.is_own) {
        after.healing.insert(of_others);
    }
    let heals = heals.into_iter().map(|heal| {
        let act = if heal.is_own { own } else { of_others };
        heal.pushed(act, base)
    });
    counted(heals.chain(rest), after)
}
