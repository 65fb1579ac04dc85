//! Folding: rows of the log into the base, in one transaction with the cursor they lead to.

use crate::event::Before;
use crate::failure::ReplicaFailure;
use crate::file::{Step, put_alias, put_copy, put_item};
use crate::queue::Queued;
use crate::replica::Replica;
use rusqlite::{Transaction, params};
use shelf_client::sync::Pulled;
use shelf_domain::change::Change;
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::kind::field;
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;
use std::collections::BTreeSet;

impl Replica {
    /// Takes in a page of the log. Nothing in memory moves before the file has it.
    pub(crate) fn fold(&mut self, pulled: &Pulled, now: i64) -> Result<(), ReplicaFailure> {
        self.check_whole(pulled)?;
        let part = self.part_of(pulled);
        let mut after = self.at.clone();
        after.head = part.head.clone();
        (after.head.epoch, after.head.floor) = (pulled.head.epoch, pulled.head.floor);
        after.cursor = Some(pulled.next_cursor.clone());
        after.hlc = after.hlc.max(after.head.hlc);
        let own = pulled.changes.iter().filter(|row| Some(row.device) == self.at.device);
        let own: Vec<&Change> = own.collect();
        let queue = self.queue_after(&own, &part);
        let before = Before::of(self.shown(), self.touched(&pulled.changes));
        let copies = self.copies(&pulled.changes);
        let base = &self.base;
        self.file.write(Step::Folding, (&self.at, &mut after), |tx| {
            // An id that had joined before is no item of its own, whatever a row says of it.
            let mut items = part.all_items().filter(|item| !base.is_alias(item.id));
            items.try_for_each(|item| put_item(tx, item))?;
            for row in &pulled.changes {
                if let Some(younger) = row.joined {
                    put_alias(tx, younger, row.item)?;
                }
            }
            copies.iter().try_for_each(|copy| put_copy(tx, copy))?;
            forget_landed(tx, &own)?;
            for queued in queue.iter().filter(|queued| queued.came) {
                tx.execute("UPDATE queue SET came = 1 WHERE n = ?1", [queued.change.n])?;
            }
            tidy(tx, &queue)
        })?;
        pulled.changes.iter().for_each(|row| self.base.fold(row));
        self.base.head = after.head.clone();
        (self.at, self.queue) = (after, queue);
        self.show(now);
        self.tell(before.until(self.shown()));
        self.file.step(Step::Folded)
    }

    /// The queue when `own` rows came back, which `part` holds: without what was answered and is in
    /// the base now.
    fn queue_after(&self, own: &[&Change], part: &Shelf) -> Vec<Queued> {
        let is_of_base = self.at.answered_in.is_none();
        let is_left =
            |queued: &&Queued| !is_of_base || queued.seq.is_none_or(|row| row > part.head.seq);
        let mut queue: Vec<Queued> = self.queue.iter().filter(is_left).cloned().collect();
        for queued in queue.iter_mut().filter(|queued| queued.seq.is_none()) {
            let item = part.resolve(self.base.resolve(queued.change.item));
            queued.came |= own.iter().any(|row| queued.is_in(row, item));
        }
        queue
    }

    /// Between rows of one epoch none is missing, but those that retention removed.
    fn check_whole(&self, pulled: &Pulled) -> Result<(), ReplicaFailure> {
        let mut last = self.base.head.seq;
        for row in &pulled.changes {
            let removed = pulled.from == 0 && row.seq <= pulled.head.floor.saturating_add(1);
            if row.seq > last + 1 && !removed {
                let text = format!("the server left out rows {} to {}", last + 1, row.seq - 1);
                return Err(ReplicaFailure::Unusable(text));
            }
            last = last.max(row.seq);
        }
        Ok(())
    }

    /// The part of the base the rows are about, with the rows folded in.
    fn part_of(&self, pulled: &Pulled) -> Shelf {
        let mut part = Shelf::at(self.base.head.clone());
        let ids = pulled.changes.iter().flat_map(|row| [Some(row.item), row.joined]).flatten();
        for id in ids.collect::<BTreeSet<ItemId>>() {
            if self.base.is_alias(id) {
                part.alias(id, self.base.resolve(id));
            } else if let Some(item) = self.base.item(id) {
                part.insert(item.clone());
            }
        }
        pulled.changes.iter().for_each(|row| part.fold(row));
        part
    }

    /// The items that look different when `rows` are folded: those, and what the queue is about.
    fn touched(&self, rows: &[Change]) -> Vec<ItemId> {
        let named = rows.iter().flat_map(|row| [Some(row.item), row.joined]).flatten();
        let queued = self.queued_items().flat_map(|id| [id, self.shown().resolve(id)]);
        named.chain(queued).collect()
    }

    /// The own copies of items that `rows` remove for good while changes to them wait.
    fn copies(&self, rows: &[Change]) -> Vec<Item> {
        let purged = rows.iter().filter(|row| {
            let put = row.set.iter().find(|(register, _)| register.as_str() == field::PURGED);
            put.and_then(|(_, value)| value.as_ref()).and_then(Value::as_bool) == Some(true)
        });
        let waits = |id: ItemId| self.queued_items().any(|queued| self.base.resolve(queued) == id);
        let mut copies: Vec<Item> = Vec::new();
        for row in purged.filter(|row| waits(row.item)) {
            copies.extend(self.shown().item(row.item).filter(|item| !item.is_purged()).cloned());
        }
        copies
    }
}

/// What was held and confirmed came by the log: it stands aside no more.
fn forget_landed(tx: &Transaction<'_>, own: &[&Change]) -> rusqlite::Result<()> {
    let sql = "DELETE FROM aside WHERE device = ?1 AND n = ?2 AND why = 'held'";
    own.iter().try_for_each(|row| tx.execute(sql, params![row.device.to_bytes(), row.n]).map(drop))
}

/// Takes out of the file what is no longer queued; copies go with the last.
pub(crate) fn tidy(tx: &Transaction<'_>, queue: &[Queued]) -> rusqlite::Result<()> {
    let kept: BTreeSet<u64> = queue.iter().map(|queued| queued.change.n).collect();
    let mut statement = tx.prepare("SELECT n FROM queue")?;
    let all: Vec<u64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for n in all.into_iter().filter(|n| !kept.contains(n)) {
        tx.execute("DELETE FROM queue WHERE n = ?1", [n])?;
    }
    if kept.is_empty() {
        tx.execute("DELETE FROM copies", [])?;
    }
    Ok(())
}
