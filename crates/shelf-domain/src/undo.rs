//! Undo: a new act that gives every register the value it would have without an earlier one.

use crate::change::{Change, Puts};
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::shelf::Shelf;
use crate::stamp::Seq;
use crate::turn::{Done, Taken, Turn};
use crate::value::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Which items an undo takes back first: whatever refers to others comes before those.
pub fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Bookmark => 1,
        Kind::Tag => 2,
        Kind::Collection => 3,
        _ => 0,
    }
}

impl Turn {
    /// Takes back, on `items`, every row that `taken_back` picks.
    ///
    /// A register the picked rows still win gets the value that would win without them; an item
    /// they created goes into the trash, unless other rows touch it or, when all that refers to
    /// others was taken back, a living item in view still refers to it. What others have changed
    /// since is left and listed. Undo of an act, "put back this version" and the time machine are
    /// this one function with another choice of rows.
    pub fn take_back(
        &mut self,
        items: &[ItemId],
        taken_back: impl Fn(&Change) -> bool,
    ) -> Result<Done, Refused> {
        let mut done = self.done(Vec::new());
        let history = std::mem::take(&mut self.shelf.history);
        let past = Past::of(&history, &taken_back);
        let referrers = referrers(&self.shelf);
        for id in self.referrers_first(items) {
            let Some(item) = self.shelf.item(id).cloned() else { continue };
            // What was removed for good, joined another item or moved away cannot be as it was.
            let joined = self.shelf.is_alias(id) && past.rows_of(id).any(&taken_back);
            let is_gone = item.is_purged() || item.has_moved();
            if is_gone || joined {
                done.left.push(item.id);
            }
            if is_gone {
                continue;
            }
            let (puts, left) = if past.picked(item.created_seq) {
                self.without_creation(&item, &past, &referrers)
            } else {
                past.without(&self.shelf, &item)
            };
            if left {
                done.left.push(item.id);
            }
            if puts.is_empty() {
                continue;
            }
            match self.put(item.id, item.kind.clone(), puts, Taken::Refuses) {
                Ok(outcome) => done.outcomes.push(outcome),
                Err(refused)
                    if matches!(refused.code, Code::AlreadySaved | Code::Cycle | Code::Moved) =>
                {
                    done.left.push(item.id);
                }
                Err(refused) => return Err(refused),
            }
        }
        self.shelf.history = history;
        done.left.sort_unstable();
        done.left.dedup();
        Ok(done)
    }

    /// `items` by [`rank`], folders from the bottom up.
    fn referrers_first(&self, items: &[ItemId]) -> Vec<ItemId> {
        let mut sorted: Vec<(u8, Reverse<usize>, ItemId)> = items
            .iter()
            .map(|id| match self.shelf.item(*id) {
                Some(item) if item.kind == Kind::Collection => {
                    (rank(&item.kind), Reverse(self.shelf.ancestors(*id).len()), *id)
                }
                Some(item) => (rank(&item.kind), Reverse(0), *id),
                None => (0, Reverse(0), *id),
            })
            .collect();
        sorted.sort_unstable();
        sorted.into_iter().map(|(_, _, id)| id).collect()
    }

    /// An item the picked rows created goes into the trash, unless it is someone else's by now.
    fn without_creation(
        &self,
        item: &Item,
        past: &Past<'_, impl Fn(&Change) -> bool>,
        referrers: &HashMap<ItemId, Vec<ItemId>>,
    ) -> (Puts, bool) {
        if item.is_trashed() {
            return (Puts::new(), false);
        }
        let touched = past.rows_of(item.id).any(|row| !(past.taken_back)(row));
        let mut from = referrers.get(&item.id).into_iter().flatten();
        let used = from.any(|referrer| {
            let referrer = self.shelf.item(*referrer).filter(|referrer| referrer.is_living());
            referrer.is_some_and(|referrer| leads_to(&self.shelf, referrer).any(|id| id == item.id))
        });
        if touched || used {
            return (Puts::new(), true);
        }
        let trashed = Register::from(field::TRASHED_AT);
        (Puts::from([(trashed, Some(Value::from(self.moment())))]), false)
    }
}

/// The rows in view, by item, and which of them are taken back.
struct Past<'a, F> {
    rows: HashMap<ItemId, Vec<&'a Change>>,
    history: &'a BTreeMap<Seq, Change>,
    taken_back: &'a F,
}

impl<'a, F: Fn(&Change) -> bool> Past<'a, F> {
    fn of(history: &'a BTreeMap<Seq, Change>, taken_back: &'a F) -> Self {
        let mut rows: HashMap<ItemId, Vec<&Change>> = HashMap::new();
        for row in history.values() {
            rows.entry(row.item).or_default().push(row);
        }
        Self { rows, history, taken_back }
    }

    fn rows_of(&self, id: ItemId) -> impl Iterator<Item = &'a Change> {
        self.rows.get(&id).into_iter().flatten().copied()
    }

    fn picked(&self, seq: Seq) -> bool {
        self.history.get(&seq).is_some_and(self.taken_back)
    }

    /// What to put so that `item` is as if the picked rows had not been; and whether later
    /// changes of others stand in the way somewhere.
    fn without(&self, shelf: &Shelf, item: &Item) -> (Puts, bool) {
        let mut before = Item::new(item.id, item.kind.clone(), item.number, item.created_seq);
        for row in self.rows_of(item.id).filter(|row| !(self.taken_back)(row)) {
            before.fold(row);
        }
        let (mut puts, mut left) = (Puts::new(), false);
        for row in self.rows_of(item.id).filter(|row| (self.taken_back)(row)) {
            left |= row.joined.is_some();
            for (register, _, _) in row.puts() {
                let Some(held) = item.registers.get(register) else { continue };
                if register.as_str() == field::MOUNT {
                    // It is the way to what has moved: whoever means it takes it off by hand.
                    left = true;
                    continue;
                }
                if self.picked(held.seq) {
                    let value = before.registers.get(register).and_then(|was| was.value.clone());
                    if value.is_some() || !bears_otherwise(shelf, &before, register) {
                        puts.insert(register.clone(), value);
                    }
                } else {
                    left |= held.seq > row.seq;
                }
            }
        }
        (puts, left)
    }
}

/// Whether `item` bears the tag of `register` under another id too, since the tags joined.
fn bears_otherwise(shelf: &Shelf, item: &Item, register: &Register) -> bool {
    register.as_tag().is_some_and(|tag| {
        let tag = shelf.resolve(tag);
        item.tags().any(|other| shelf.resolve(other) == tag)
    })
}

/// For each item, the living items in view that refer to it.
fn referrers(shelf: &Shelf) -> HashMap<ItemId, Vec<ItemId>> {
    let mut referrers: HashMap<ItemId, Vec<ItemId>> = HashMap::new();
    for item in shelf.items().filter(|item| item.is_living()) {
        for id in leads_to(shelf, item) {
            referrers.entry(id).or_default().push(item.id);
        }
    }
    referrers
}

/// The items `item` refers to.
fn leads_to<'a>(shelf: &'a Shelf, item: &'a Item) -> impl Iterator<Item = ItemId> + 'a {
    let fields = [field::BOOKMARK, field::PARENT].into_iter();
    let named = fields.filter_map(|name| item.reference(name));
    named.chain(item.tags()).map(|id| shelf.resolve(id))
}
