//! Starting again: the library is loaded anew, the queue is kept, and what the server has lost is
//! put again.

use crate::event::Event;
use crate::failure::ReplicaFailure;
use crate::file::{Position, Step, put_alias, put_item, put_queue};
use crate::lines::snapshot;
use crate::note::{may_put, values};
use crate::queue::Queued;
use crate::replica::Replica;
use crate::sync::{LIMIT, Progress, Synced, Way};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{DeviceId, Ids, ItemId, LibraryId};
use shelf_domain::item::{Held, Item};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::limits;
use shelf_domain::refusal::Code;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::value::Value;
use std::collections::BTreeMap;

/// How often a library is loaded from the beginning, where it begins anew meanwhile.
const LOADS_MAX: u32 = 3;

/// A change to queue, without its counter.
type Heal = (ItemId, Kind, Hlc, Puts);

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
            after.device = Some(self.device_after(way, &mut after).await?);
            let (heals, rest) = self.rebased(&shelf);
            told.healed += u64::try_from(heals.len()).unwrap_or_default();
            let (now, seed) = (way.clock.now_ms(), way.chance.seed());
            queue = numbered(heals, rest, &mut after, (common(&self.base, &shelf), now, seed));
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

    /// What the server has lost, and the queue as it stands in the new life of the log.
    fn rebased(&self, new: &Shelf) -> (Vec<Heal>, Vec<Pushed>) {
        let seen = common(&self.base, new);
        let waits = self.queue.iter().filter(|queued| !queued.came);
        let rest = waits.map(|queued| {
            let mut change = queued.change.clone();
            change.base = change.base.min(seen);
            change.item = self.base.resolve(change.item);
            change.set = readdressed(&self.base, change.set);
            change
        });
        (heals(&self.base, new, seen), rest.collect())
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
        queue.retain(|queued| queued.seq.is_none_or(|seq| seq > shelf.head.seq));
        self.file.write(Step::Restarting, (&self.at, &mut after), |tx| {
            tx.execute_batch("DELETE FROM items; DELETE FROM aliases;")?;
            shelf.all_items().try_for_each(|item| put_item(tx, item))?;
            shelf.aliases().try_for_each(|(younger, older)| put_alias(tx, younger, older))?;
            put_queue(tx, &queue)
        })?;
        (self.at, self.base, self.queue) = (after, shelf, queue);
        self.show(now);
        self.tell(vec![Event::Anew]);
        self.file.step(Step::Restarted)
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
        let device = way.server.pair(&self.about.device_name).await?;
        self.renumber(device, 0)
    }

    /// Numbers what waits anew, after `last`. What came back by the log waits no more.
    fn renumber(&mut self, device: DeviceId, last: u64) -> Result<(), ReplicaFailure> {
        let waits = self.queue.iter().filter(|queued| !queued.came);
        let rest: Vec<Pushed> = waits.map(|queued| queued.change.clone()).collect();
        let mut after = self.at.clone();
        (after.device, after.n) = (Some(device), last);
        let queue = counted(rest, &mut after);
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

/// What the server has lost comes first, then what waited.
fn numbered(
    heals: Vec<Heal>,
    rest: Vec<Pushed>,
    after: &mut Position,
    (base, now, seed): (Seq, i64, [u8; 16]),
) -> Vec<Queued> {
    let act = Ids::new(now, seed).make();
    let heals = heals.into_iter().map(|(item, kind, hlc, set)| Pushed {
        n: 0,
        hlc,
        base,
        act,
        item,
        kind,
        set,
    });
    counted(heals.chain(rest).collect(), after)
}

fn counted(changes: Vec<Pushed>, after: &mut Position) -> Vec<Queued> {
    let queued = changes.into_iter().map(|mut change| {
        after.n += 1;
        change.n = after.n;
        Queued::new(change)
    });
    queued.collect()
}

/// Up to which row both lives of a log surely are the same: the highest that put something which
/// both still hold, below the first that only one of them has. What came after it was not seen. (A
/// device that heals puts with its old stamp, and may come to its old row by chance.)
fn common(old: &Shelf, new: &Shelf) -> Seq {
    let (mut same, mut other) = (Vec::new(), Seq::MAX);
    for item in old.items() {
        let theirs = new.item(item.id);
        let is_gone = |theirs: &Item| theirs.is_purged() || theirs.id != item.id;
        if item.is_purged() || theirs.is_some_and(is_gone) {
            continue;
        }
        for (register, held) in &item.registers {
            match theirs.and_then(|theirs| theirs.registers.get(register)) {
                Some(theirs) if (theirs.seq, theirs.stamp) == (held.seq, held.stamp) => {
                    same.push(held.seq);
                }
                // Both lives would hold the later of the two, if both had its row.
                theirs => other = other.min(theirs.map_or(held.seq, |it| it.seq.max(held.seq))),
            }
        }
    }
    same.into_iter().filter(|seq| *seq < other).max().unwrap_or_default()
}

/// What `old` holds and `new` has lost: each put that is later than what is there, with its own
/// stamp; and each long text that was put after `seen`, since the server keeps the earlier of two as
/// a copy. Tags and folders come before what names them.
fn heals(old: &Shelf, new: &Shelf, seen: Seq) -> Vec<Heal> {
    let mut items: Vec<&Item> = old.items().collect();
    items.sort_by_cached_key(|item| (rank(&item.kind), old.ancestors(item.id).len(), item.id));
    items.into_iter().flat_map(|item| heals_of(item, new.item(item.id), (old, seen))).collect()
}

fn rank(kind: &Kind) -> usize {
    let order =
        [Kind::Tag, Kind::Collection, Kind::Bookmark, Kind::Place, Kind::Highlight, Kind::Note];
    order.iter().position(|one| one == kind).unwrap_or(order.len())
}

fn heals_of(item: &Item, theirs: Option<&Item>, (old, seen): (&Shelf, Seq)) -> Vec<Heal> {
    let heal = |hlc, set| (item.id, item.kind.clone(), hlc, set);
    let trashed = Register::from(field::TRASHED_AT);
    match theirs {
        Some(theirs) if theirs.is_purged() => Vec::new(),
        // What was removed for good goes into the trash again: only the server removes it.
        Some(theirs) if item.is_purged() && !theirs.is_trashed() => {
            let at = Some(Value::from(old.head.at));
            vec![heal(old.head.hlc, Puts::from([(trashed, at)]))]
        }
        _ if item.is_purged() => Vec::new(),
        None => {
            let mut set = readdressed(old, values(item));
            let needed = item.kind.required().iter();
            let is_whole = needed.clone().all(|name| set.contains_key(&Register::from(*name)));
            if !is_whole || matches!(item.kind, Kind::Other(_)) {
                return Vec::new();
            }
            if let Some(at) = item.get(field::TRASHED_AT) {
                set.insert(trashed, Some(at.clone()));
            }
            let hlc = item.registers.values().map(|held| held.stamp.hlc).max();
            parts(set, needed.copied().collect())
                .into_iter()
                .map(|set| heal(hlc.unwrap_or_default(), set))
                .collect()
        }
        Some(theirs) => {
            let mut by_stamp: BTreeMap<Hlc, Puts> = BTreeMap::new();
            for (register, held) in lost(item, theirs, seen) {
                let puts = by_stamp.entry(held.stamp.hlc).or_default();
                puts.insert(register.clone(), held.value.clone());
            }
            let puts = by_stamp.into_iter();
            puts.map(|(hlc, set)| heal(hlc, readdressed(old, set))).collect()
        }
    }
}

/// The registers of `item` whose puts are later than those `theirs` holds, and the long texts that
/// were put after `seen` and are nowhere there.
fn lost<'a>(
    item: &'a Item,
    theirs: &'a Item,
    seen: Seq,
) -> impl Iterator<Item = (&'a Register, &'a Held)> {
    item.registers.iter().filter(move |(register, held)| {
        let known = theirs.registers.get(register);
        let is_later = known.is_none_or(|known| held.stamp > known.stamp);
        let is_other = known.and_then(|known| known.value.as_ref()) != held.value.as_ref();
        let is_lost_text = || held.seq > seen && !has_text(theirs, register, held);
        let may = register.as_str() == field::TRASHED_AT
            || may_put(&item.kind, register, held.value.as_ref());
        is_other && may && (is_later || is_lost_text())
    })
}

/// Whether `theirs` holds the long text of `held`, there or in a copy; of what is none it does.
fn has_text(theirs: &Item, register: &Register, held: &Held) -> bool {
    let Some(name) = field::LONG.into_iter().find(|name| *name == register.as_str()) else {
        return true;
    };
    let Some(value) = &held.value else { return true };
    let copies = format!("{name}/copy/");
    let texts = theirs.registers.iter().filter(|(register, _)| {
        register.as_str() == name || register.as_str().starts_with(&copies)
    });
    let mut texts = texts.filter_map(|(_, held)| held.value.as_ref());
    texts.any(|text| match (text.as_text(), value.as_text()) {
        (Some(text), Some(lost)) => text.contains(lost),
        _ => text == value,
    })
}

/// `set` in parts of what one change may put; what is needed comes first.
fn parts(set: Puts, needed: Vec<&'static str>) -> Vec<Puts> {
    let (first, rest): (Vec<_>, Vec<_>) =
        set.into_iter().partition(|(register, _)| needed.contains(&register.as_str()));
    let all: Vec<_> = first.into_iter().chain(rest).collect();
    all.chunks(limits::PUTS_MAX).map(|part| part.iter().cloned().collect()).collect()
}

/// `set` with ids that had joined replaced by those they became.
fn readdressed(shelf: &Shelf, set: Puts) -> Puts {
    let led = |register: Register, value: Option<Value>| {
        if let Some(tag) = register.as_tag() {
            return (Register::tag(shelf.resolve(tag)), value);
        }
        let names_item = matches!(register.as_str(), field::BOOKMARK | field::PARENT);
        let id = value.as_ref().and_then(Value::as_text).and_then(|text| text.parse().ok());
        match id {
            Some(id) if names_item => (register, Some(Value::from(shelf.resolve(id)))),
            _ => (register, value),
        }
    };
    set.into_iter().map(|(register, value)| led(register, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::stamp::Stamp;

    /// A library of one bookmark, whose fields were put by these rows, at these times, by these
    /// devices.
    fn shelf(puts: &[(&'static str, Seq, i64, u8)]) -> Shelf {
        let mut item = Item::new(ItemId::from_bytes([1; 16]), Kind::Bookmark, 1, 1);
        for (name, seq, at, device) in puts {
            let stamp = Stamp { hlc: Hlc::at(*at), device: DeviceId::from_bytes([*device; 16]) };
            let held = Held { stamp, seq: *seq, value: None };
            item.registers.insert(Register::from(*name), held);
        }
        let mut shelf = Shelf::default();
        shelf.insert(item);
        shelf
    }

    #[test]
    fn what_came_to_its_old_row_again_by_chance_does_not_vouch_for_the_rows_before_it() {
        let (url, title) = ((field::URL, 3, 3, 1), (field::TITLE, 6, 6, 1));
        let old = shelf(&[url, title, (field::NOTES, 5, 50, 2)]);
        let new = shelf(&[url, title, (field::NOTES, 5, 20, 3)]);
        assert_eq!(common(&old, &new), 3, "row 5 is another in each life");
        assert_eq!(common(&old, &old), 6);
        assert_eq!(common(&old, &Shelf::default()), 0);
    }
}
