//! Undo: a new act that gives every register the value it would have without an earlier one.

use crate::change::{Change, Puts};
use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::refusal::{Code, Refused};
use crate::turn::{Done, Taken, Turn};
use crate::value::Value;

impl Turn {
    /// Takes back, on `items`, every row that `taken_back` picks.
    ///
    /// A register the picked rows still win gets the value that would win without them; an item
    /// they created goes into the trash, unless other rows or living children touch it. What
    /// others have changed since is left and listed. Undo of an act, "put back this version" and
    /// the time machine are this one function with another choice of rows.
    pub fn take_back(
        &mut self,
        items: &[ItemId],
        taken_back: impl Fn(&Change) -> bool,
    ) -> Result<Done, Refused> {
        let mut done = self.done(Vec::new());
        for id in items {
            let Some(item) = self.shelf.item(*id).filter(|item| !item.is_purged()).cloned() else {
                continue;
            };
            let (puts, left) = self.without(&item, &taken_back);
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
        Ok(done)
    }

    /// What to put so that `item` is as if the picked rows had not been; and whether later
    /// changes of others stand in the way somewhere.
    fn without(&self, item: &Item, taken_back: &impl Fn(&Change) -> bool) -> (Puts, bool) {
        let rows: Vec<&Change> =
            self.shelf.history.values().filter(|row| row.item == item.id).collect();
        let picked = |seq| self.shelf.history.get(&seq).is_some_and(taken_back);
        let mut before = Item::new(item.id, item.kind.clone(), item.number, item.created_seq);
        let others: Vec<&Change> = rows.iter().filter(|row| !taken_back(row)).copied().collect();
        for row in &others {
            before.fold(row);
        }
        if picked(item.created_seq) {
            return self.without_creation(item, !others.is_empty(), taken_back);
        }
        let mut left = false;
        let mut puts = Puts::new();
        for row in rows.iter().filter(|row| taken_back(row)) {
            for (register, _, _) in row.puts() {
                let Some(held) = item.registers.get(register) else { continue };
                if picked(held.seq) {
                    let value = before.registers.get(register).and_then(|was| was.value.clone());
                    puts.insert(register.clone(), value);
                } else {
                    left = true;
                }
            }
        }
        (puts, left)
    }

    fn without_creation(
        &self,
        item: &Item,
        touched: bool,
        taken_back: &impl Fn(&Change) -> bool,
    ) -> (Puts, bool) {
        let foreign = |child: &&Item| {
            let row = self.shelf.history.get(&child.created_seq);
            child.is_living() && !row.is_some_and(taken_back)
        };
        let used = match item.kind {
            Kind::Collection => self.shelf.children_of(Some(item.id)).iter().any(foreign),
            Kind::Bookmark => self.shelf.places_of(item.id).iter().any(foreign),
            _ => false,
        };
        if touched || used {
            return (Puts::new(), true);
        }
        let trashed = Register::from(field::TRASHED_AT);
        if item.is_trashed() {
            return (Puts::new(), false);
        }
        (Puts::from([(trashed, Some(Value::from(self.now())))]), false)
    }
}
