//! What changed in what a replica shows: for lists on a screen, and for people who watch.

use serde::Serialize;
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use std::collections::{BTreeMap, BTreeSet};

/// Events that a slow reader may be behind; beyond, it looks at everything again.
pub(crate) const BEHIND_MAX: usize = 1_024;

/// Something that changed. Items are named, never told: look at what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An item is there.
    Added {
        /// The item.
        item: ItemId,
        /// What it is.
        kind: Kind,
    },
    /// Its fields changed.
    Changed {
        /// The item.
        item: ItemId,
        /// What it is.
        kind: Kind,
    },
    /// It stands in another folder.
    Moved {
        /// The item.
        item: ItemId,
        /// What it is.
        kind: Kind,
    },
    /// It is in the trash, removed for good, joined another, lives in another library, or was never
    /// taken.
    Removed {
        /// The item.
        item: ItemId,
        /// What it is.
        kind: Kind,
    },
    /// Everything may have changed.
    Anew,
    /// Nothing waits, and all that was written came back by the log: the two sides are level.
    Synced {
        /// Up to here.
        seq: Seq,
    },
    /// A deletion waits for the person at the server.
    Held {
        /// The item.
        item: ItemId,
    },
    /// The server refused a change, which stands aside now.
    Refused {
        /// The item.
        item: ItemId,
        /// Why.
        code: String,
    },
    /// Items that a restored server has lost and this device still held are not put again, since the
    /// person may only read the library: they are not shown any more. Told once.
    GivenUp {
        /// How many.
        items: usize,
    },
    /// An item that was removed for good while changes to it waited was made anew of the own copy.
    Renewed {
        /// The item that is gone.
        item: ItemId,
        /// The one that is there instead.
        new: ItemId,
    },
}

/// Some items as they were shown.
#[derive(Debug, Default)]
pub(crate) struct Before(BTreeMap<ItemId, Option<Item>>);

impl Before {
    /// `items` as `shelf` shows them; those that joined another as nothing.
    pub(crate) fn of(shelf: &Shelf, items: impl IntoIterator<Item = ItemId>) -> Self {
        let items: BTreeSet<ItemId> = items.into_iter().collect();
        Self(items.into_iter().map(|id| (id, own(shelf, id).cloned())).collect())
    }

    /// What became of them, now that `shelf` is shown.
    pub(crate) fn until(self, shelf: &Shelf) -> Vec<Event> {
        let told = self.0.into_iter().filter_map(|(item, before)| {
            let now = own(shelf, item);
            let kind = before.as_ref().or(now)?.kind.clone();
            let lives = |item: Option<&Item>| item.is_some_and(Item::is_living);
            match (lives(before.as_ref()), lives(now)) {
                (false, true) => Some(Event::Added { item, kind }),
                (true, false) => Some(Event::Removed { item, kind }),
                (false, false) => None,
                (true, true) => changed(before.as_ref()?, now?, item, kind),
            }
        });
        told.collect()
    }
}

fn own(shelf: &Shelf, id: ItemId) -> Option<&Item> {
    shelf.item(id).filter(|item| item.id == id)
}

fn changed(before: &Item, now: &Item, item: ItemId, kind: Kind) -> Option<Event> {
    if before.get(field::PARENT) != now.get(field::PARENT) {
        return Some(Event::Moved { item, kind });
    }
    let values = |item: &Item| -> Vec<_> {
        let held = item.registers.iter().filter(|(_, held)| held.value.is_some());
        held.map(|(register, held)| (register.clone(), held.value.clone())).collect()
    };
    (values(before) != values(now)).then_some(Event::Changed { item, kind })
}
