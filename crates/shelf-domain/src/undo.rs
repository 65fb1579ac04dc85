//! Undo: a new act that gives every register the value it would have without an earlier one.

use crate::change::{Change, Puts};
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Register, field};
use crate::refusal::{Code, Refused};
use crate::stamp::Seq;
use crate::turn::{Done, Taken, Turn};
use crate::value::Value;
use std::collections::BTreeSet;

impl Turn {
    /// Takes back, on `items`, every row that `taken_back` picks.
    ///
    /// A register the picked rows still win gets the value that would win without them; an item
    /// they created goes into the trash, unless other rows touch it or a living item in view refers
    /// to it. What others have changed since is left and listed. Undo of an act, "put back this version" and
    /// the time machine are this one function with another choice of rows.
    pub fn take_back(
        &mut self,
        items: &[ItemId],
        taken_back: impl Fn(&Change) -> bool,
    ) -> Result<Done, Refused> {
        let mut done = self.done(Vec::new());
        let used = self.used(&taken_back);
        for id in items {
            let Some(item) = self.shelf.item(*id).cloned() else { continue };
            // What was removed for good, or joined another item, cannot be as it was.
            let joined = self.shelf.is_alias(*id) && self.rows_of(*id).any(&taken_back);
            if item.is_purged() || joined {
                done.left.push(item.id);
            }
            if item.is_purged() {
                continue;
            }
            let (puts, left) = self.without(&item, used.contains(&item.id), &taken_back);
            if left {
                done.left.push(item.id);
            }
            if puts.is_empty() {
                continue;
            }
            match self.put(item.id, item.kind.clone(), puts, Taken::Refuses) {
                Ok(outcome) => done.outcomes.push(outcome),
                Err(refused) if matches!(refused.code, Code::AlreadySaved | Code::Cycle) => {
                    done.left.push(item.id);
                }
                Err(refused) => return Err(refused),
            }
        }
        done.left.sort_unstable();
        done.left.dedup();
        Ok(done)
    }

    fn rows_of(&self, id: ItemId) -> impl Iterator<Item = &Change> {
        self.shelf.history.values().filter(move |row| row.item == id)
    }

    /// What to put so that `item` is as if the picked rows had not been; and whether later
    /// changes of others stand in the way somewhere.
    fn without(
        &self,
        item: &Item,
        used: bool,
        taken_back: &impl Fn(&Change) -> bool,
    ) -> (Puts, bool) {
        let rows: Vec<&Change> = self.rows_of(item.id).collect();
        let picked = |seq| self.shelf.history.get(&seq).is_some_and(taken_back);
        let mut before = Item::new(item.id, item.kind.clone(), item.number, item.created_seq);
        let others: Vec<&Change> = rows.iter().filter(|row| !taken_back(row)).copied().collect();
        for row in &others {
            before.fold(row);
        }
        if picked(item.created_seq) {
            return self.without_creation(item, used || !others.is_empty());
        }
        let mut left = rows.iter().any(|row| row.joined.is_some() && taken_back(row));
        let mut puts = Puts::new();
        for row in rows.iter().filter(|row| taken_back(row)) {
            for (register, _, _) in row.puts() {
                let Some(held) = item.registers.get(register) else { continue };
                if picked(held.seq) {
                    let value = before.registers.get(register).and_then(|was| was.value.clone());
                    if value.is_some() || !self.bears_otherwise(&before, register) {
                        puts.insert(register.clone(), value);
                    }
                } else {
                    left |= held.seq > row.seq;
                }
            }
        }
        (puts, left)
    }

    /// Whether `item` bears the tag of `register` under another id too, since the tags joined.
    fn bears_otherwise(&self, item: &Item, register: &Register) -> bool {
        register.as_tag().is_some_and(|tag| {
            let tag = self.shelf.resolve(tag);
            item.tags().any(|other| self.shelf.resolve(other) == tag)
        })
    }

    fn without_creation(&self, item: &Item, touched: bool) -> (Puts, bool) {
        if touched {
            return (Puts::new(), true);
        }
        if item.is_trashed() {
            return (Puts::new(), false);
        }
        let trashed = Register::from(field::TRASHED_AT);
        (Puts::from([(trashed, Some(Value::from(self.now())))]), false)
    }

    /// The items that something living in view refers to by a put that is not taken back.
    fn used(&self, taken_back: &impl Fn(&Change) -> bool) -> BTreeSet<ItemId> {
        let kept = |seq: Seq| !self.shelf.history.get(&seq).is_some_and(taken_back);
        let mut used = BTreeSet::new();
        for item in self.shelf.items().filter(|item| item.is_living()) {
            for (register, held) in item.registers.iter().filter(|(_, held)| kept(held.seq)) {
                let leads_to = match register.as_str() {
                    field::BOOKMARK | field::PARENT => item.reference(register.as_str()),
                    _ => register.as_tag().filter(|_| held.value.is_some()),
                };
                used.extend(leads_to.map(|id| self.shelf.resolve(id)));
            }
        }
        used
    }
}
