//! Healing: what a restored server has lost and this device still holds is put again; and what of
//! it is let go of where the person may not write.

use crate::event::{Before, Event};
use crate::failure::ReplicaFailure;
use crate::file::{Position, Step, put_queue};
use crate::note::{may_put, values};
use crate::queue::{Queued, counted_after};
use crate::replica::Replica;
use crate::sync::{Synced, Way};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::item::{Held, Item};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::limits;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{Hlc, Seq, Stamp};
use shelf_domain::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A change to queue, without its counter.
#[derive(Clone, Debug)]
pub(crate) struct Heal {
    item: ItemId,
    kind: Kind,
    hlc: Hlc,
    set: Puts,
    /// Whether this device put some of it.
    pub(crate) is_own: bool,
}

impl Heal {
    /// The change, as part of the gesture `act`, by somebody who saw the log up to `base`.
    pub(crate) fn pushed(self, act: ActId, base: Seq) -> Pushed {
        let Self { item, kind, hlc, set, .. } = self;
        Pushed { n: 0, hlc, base, act, item, kind, set }
    }
}

impl Replica {
    /// After a push was refused `forbidden`: where the person may only read, lets go of what
    /// others had put and waits to heal the server, since nobody takes that from here. What this
    /// device did waits on, with all that it names. Whether anything left the queue.
    pub(crate) async fn lets_go(
        &mut self,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<bool, ReplicaFailure> {
        let kept = kept(&self.queue, &self.at.healing);
        let stays: BTreeSet<u64> = kept.iter().map(|queued| queued.change.n).collect();
        let goes = |queued: &&Queued| !queued.came && !stays.contains(&queued.change.n);
        let gone: Vec<ItemId> =
            self.queue.iter().filter(goes).map(|queued| queued.change.item).collect();
        let (changes, gone) = (gone.len(), gone.into_iter().collect::<BTreeSet<ItemId>>());
        if gone.is_empty() {
            return Ok(false);
        }
        let device = self.must_have_device()?;
        // A device that was removed is refused the same: once it paired anew, it heals.
        let known = way.server.standing(device).await?.and_then(|standing| standing.device);
        let Some(known) = known else { return Ok(false) };
        let (items, before) = (gone.len(), Before::of(self.shown(), gone));
        let mut after = self.at.clone();
        let queue = counted_after(kept, known.n, &mut after);
        after.healing.retain(|act| queue.iter().any(|queued| queued.change.act == *act));
        self.file.write(Step::Renumbering, (&self.at, &mut after), |tx| put_queue(tx, &queue))?;
        (self.at, self.queue) = (after, queue);
        self.show(way.clock.now_ms());
        told.given_up += u64::try_from(items).unwrap_or_default();
        told.healed = told.healed.saturating_sub(u64::try_from(changes).unwrap_or_default());
        let mut events = before.until(self.shown());
        events.push(Event::GivenUp { items });
        self.tell(events);
        Ok(true)
    }
}

/// What waits in `queue` but for what is part of the gestures `healing`; what the rest of it names
/// stays as well: the server takes none of that without it.
fn kept(queue: &[Queued], healing: &BTreeSet<ActId>) -> Vec<Queued> {
    let (mut named, mut kept) = (BTreeSet::new(), Vec::new());
    for queued in queue.iter().rev().filter(|queued| !queued.came) {
        let Pushed { act, item, set, .. } = &queued.change;
        let heals = healing.contains(act) && queued.seq.is_none();
        if heals && !named.contains(item) {
            continue;
        }
        named.insert(*item);
        named.extend(names(set));
        kept.push(queued.clone());
    }
    kept.reverse();
    kept
}

/// The items that `set` names: tags, folders and bookmarks.
fn names(set: &Puts) -> impl Iterator<Item = ItemId> {
    set.iter().filter_map(|(register, value)| match register.as_str() {
        field::BOOKMARK | field::PARENT => value.as_ref()?.as_text()?.parse().ok(),
        _ => register.as_tag(),
    })
}

/// Whether `new` holds what `device` put by `change`: that its answer was lost does not say that it
/// was. A stamp is given to one change alone.
pub(crate) fn has_landed(change: &Pushed, new: &Shelf, device: DeviceId) -> bool {
    let stamp = Stamp { hlc: change.hlc, device };
    new.item(change.item).is_some_and(|item| {
        change.set.iter().any(|(register, value)| {
            let held = item.registers.get(register);
            held.is_some_and(|held| held.stamp == stamp && held.value == *value)
        })
    })
}

/// Up to which row both lives of a log surely are the same: the highest that put something which
/// both still hold, below the first that only one of them has. What came after it was not seen. (A
/// device that heals puts with its old stamp, and may come to its old row by chance.)
pub(crate) fn common(old: &Shelf, new: &Shelf) -> Seq {
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
/// a copy. What the replica that stands `at` there put itself is marked. Tags and folders come before what names them.
pub(crate) fn heals(old: &Shelf, new: &Shelf, (seen, at): (Seq, &Position)) -> Vec<Heal> {
    let mut items: Vec<&Item> = old.items().collect();
    items.sort_by_cached_key(|item| (rank(&item.kind), old.ancestors(item.id).len(), item.id));
    let of = |item: &Item| heals_of(item, new.item(item.id), (old, seen, at));
    items.into_iter().flat_map(of).collect()
}

fn rank(kind: &Kind) -> usize {
    let order =
        [Kind::Tag, Kind::Collection, Kind::Bookmark, Kind::Place, Kind::Highlight, Kind::Note];
    order.iter().position(|one| one == kind).unwrap_or(order.len())
}

fn heals_of(
    item: &Item,
    theirs: Option<&Item>,
    (old, seen, at): (&Shelf, Seq, &Position),
) -> Vec<Heal> {
    let heal = |hlc, set, is_own| Heal { item: item.id, kind: item.kind.clone(), hlc, set, is_own };
    let trashed = Register::from(field::TRASHED_AT);
    match theirs {
        Some(theirs) if theirs.is_purged() => Vec::new(),
        // What was removed for good goes into the trash again: only the server removes it.
        Some(theirs) if item.is_purged() && !theirs.is_trashed() => {
            let at = Some(Value::from(old.head.at));
            vec![heal(old.head.hlc, Puts::from([(trashed, at)]), false)]
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
            let hlc = item.registers.values().map(|held| held.stamp.hlc).max().unwrap_or_default();
            let is_own = item.registers.values().any(|held| at.is_own(held.stamp.device));
            let parts = parts(set, needed.copied().collect()).into_iter();
            parts.map(|set| heal(hlc, set, is_own)).collect()
        }
        Some(theirs) => {
            let mut by_stamp: BTreeMap<Hlc, (Puts, bool)> = BTreeMap::new();
            for (register, held) in lost(item, theirs, seen) {
                let (puts, is_own) = by_stamp.entry(held.stamp.hlc).or_default();
                puts.insert(register.clone(), held.value.clone());
                *is_own |= at.is_own(held.stamp.device);
            }
            let all = by_stamp.into_iter();
            all.map(|(hlc, (set, is_own))| heal(hlc, readdressed(old, set), is_own)).collect()
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
pub(crate) fn readdressed(shelf: &Shelf, set: Puts) -> Puts {
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
