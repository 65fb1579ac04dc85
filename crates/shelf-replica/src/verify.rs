//! Verifying: both sides compare sums, and what differs is taken from the server, range by range.

use crate::event::Event;
use crate::failure::ReplicaFailure;
use crate::file::{Step, drop_item, put_alias, put_item};
use crate::replica::Replica;
use crate::sync::{Synced, Way};
use shelf_client::sync::Repaired;
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::sums::{Sums, range_of, written};
use std::collections::BTreeSet;

/// How often both sides are compared before it is left for the next time.
const TRIES_MAX: u32 = 3;
/// Most ranges of one repair.
const RANGES_MAX: usize = 16;
/// Most answers of one repair: a server that gives no end is left.
const ANSWERS_MAX: usize = 10_000;

impl Replica {
    /// Compares sums with the server's and repairs what differs. A server that tells no sums, or is
    /// never caught at the same position, is left for the next time.
    pub(crate) async fn verify(
        &mut self,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        for _ in 0..TRIES_MAX {
            let Some(theirs) = way.server.checksum().await? else { return Ok(()) };
            if theirs.epoch == self.at.head.epoch && theirs.seq > self.base.head.seq {
                self.pull(way, told).await?;
            }
            if (theirs.epoch, theirs.seq) != (self.at.head.epoch, self.base.head.seq) {
                continue;
            }
            let mine = Sums::of(&self.base);
            let Some(sums) = Sums::read(&theirs.ranges) else {
                let text = "the sums of the server are not what this program reads";
                return Err(ReplicaFailure::Unusable(text.to_owned()));
            };
            let ranges = mine.differing(&sums);
            let mut after = self.at.clone();
            if ranges.is_empty() && written(mine.whole()) == theirs.checksum {
                after.verified_at = Some(way.clock.now_ms());
                self.file.write(Step::Noting, (&self.at, &mut after), |_| Ok(()))?;
                self.at = after;
                return Ok(());
            }
            let count = u64::try_from(ranges.len()).unwrap_or_default();
            told.repaired += count;
            after.mismatches += count;
            self.file.write(Step::Noting, (&self.at, &mut after), |_| Ok(()))?;
            self.at = after;
            for ranges in ranges.chunks(RANGES_MAX) {
                self.repair(ranges, way).await?;
            }
        }
        Ok(())
    }

    async fn repair(&mut self, ranges: &[u8], way: &mut Way<'_>) -> Result<(), ReplicaFailure> {
        let mut from = None;
        for _ in 0..ANSWERS_MAX {
            let answer = way.server.repair(ranges, from).await?;
            if answer.epoch != self.at.head.epoch || answer.seq < self.base.head.seq {
                // It is of another moment: the next comparison says what is left.
                return Ok(());
            }
            let next = answer.next;
            self.take_repaired(ranges, from, answer, way.clock.now_ms())?;
            if next.is_none() {
                break;
            }
            from = next;
        }
        Ok(())
    }

    /// Takes the server's items of these ranges, from after `from` up to the answer's end, in place
    /// of the own ones. The cursor stays: rows these items hold already change nothing again.
    fn take_repaired(
        &mut self,
        ranges: &[u8],
        from: Option<ItemId>,
        answer: Repaired,
        now: i64,
    ) -> Result<(), ReplicaFailure> {
        let Repaired { items, aliases, next, .. } = answer;
        let items: Vec<Item> = items.into_iter().map(Item::from).collect();
        let theirs: BTreeSet<ItemId> = items.iter().map(|item| item.id).collect();
        let asked = |id: ItemId| ranges.contains(&range_of(id));
        let within = |id: ItemId| {
            asked(id) && from.is_none_or(|from| id > from) && next.is_none_or(|next| id <= next)
        };
        let mine = self.base.all_items().map(|item| item.id);
        let gone: Vec<ItemId> = mine.filter(|id| within(*id) && !theirs.contains(id)).collect();
        let joined = self.base.aliases().map(|(younger, _)| younger);
        let joined: Vec<ItemId> = joined.filter(|id| from.is_none() && asked(*id)).collect();
        let mut after = self.at.clone();
        self.file.write(Step::Repairing, (&self.at, &mut after), |tx| {
            gone.iter().try_for_each(|id| drop_item(tx, *id))?;
            for younger in &joined {
                tx.execute("DELETE FROM aliases WHERE younger = ?1", [younger.to_bytes()])?;
            }
            aliases.iter().try_for_each(|alias| put_alias(tx, alias.younger, alias.item))?;
            items.iter().try_for_each(|item| put_item(tx, item))
        })?;
        self.read_anew(now)?;
        self.tell(vec![Event::Anew]);
        Ok(())
    }
}
