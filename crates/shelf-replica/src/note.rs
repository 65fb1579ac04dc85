//! Noting answers: what becomes of each change that was pushed.

use crate::event::{Before, Event};
use crate::failure::ReplicaFailure;
use crate::file::{Position, Step, put_aside, put_queue, put_queued};
use crate::fold::tidy;
use crate::queue::{Queued, Why};
use crate::replica::Replica;
use rusqlite::params;
use shelf_client::sync::{PushAnswer, PushRefused, PushTold};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{DeviceId, Ids, ItemId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Hlc;
use shelf_domain::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What only the server puts, and what says that an item is gone.
const GONE: [&str; 3] = [field::PURGED, field::MOVED_TO, field::TRASHED_AT];

/// What a batch of answers leads to, before it is written.
#[derive(Debug, Default)]
struct Noted {
    /// Whether the rows are of the life of the log that the base is of.
    is_of_base: bool,
    /// Whether rows that were noted before are of another life than these.
    forgets_rows: bool,
    /// Changes that leave the queue.
    done: Vec<u64>,
    /// Changes that have a row.
    rows: Vec<(u64, u64)>,
    /// Changes that stand aside.
    aside: Vec<(Why, Option<PushRefused>, Pushed)>,
    /// New changes: items made anew of own copies.
    new: Vec<Pushed>,
    /// What was made anew, and as what.
    renewed: Vec<(ItemId, ItemId)>,
    events: Vec<Event>,
}

impl Replica {
    /// Notes the answers to `batch`, in one transaction. A change leaves the queue by its own answer
    /// alone. How many were answered.
    pub(crate) fn note(
        &mut self,
        batch: &[Pushed],
        answer: &PushAnswer,
        (now, seed): (i64, [u8; 16]),
    ) -> Result<usize, ReplicaFailure> {
        let Some(device) = self.at.device else { return Ok(0) };
        let mut after = self.at.clone();
        let (epoch, own) = (answer.head.epoch, self.at.head.epoch);
        let is_of_base = epoch == own;
        let forgets_rows = self.at.answered_in.unwrap_or(own) != epoch;
        let mut noted = Noted { is_of_base, forgets_rows, ..Noted::default() };
        after.answered_in = (!is_of_base).then_some(epoch);
        let mut ids = Ids::new(now, seed);
        for told in &answer.answers {
            let Some(change) = batch.iter().find(|change| change.n == told.n) else {
                let text = format!("the server answered to {}, which was not pushed", told.n);
                return Err(ReplicaFailure::Unusable(text));
            };
            after.hlc = told.hlc.map_or(after.hlc, |hlc| hlc.max(after.hlc));
            self.note_one(change, told, &mut noted, (&mut after, now, &mut ids))?;
        }
        let queue = self.queue_noted(&noted);
        let touched = self.queued_items().chain(noted.new.iter().map(|change| change.item));
        let before = Before::of(self.shown(), touched);
        self.file.write(Step::Noting, (&self.at, &mut after), |tx| {
            if noted.forgets_rows {
                tx.execute("UPDATE queue SET seq = NULL", [])?;
            }
            for (n, seq) in &noted.rows {
                tx.execute("UPDATE queue SET seq = ?2 WHERE n = ?1", params![n, seq])?;
            }
            for (why, refused, change) in &noted.aside {
                put_aside(tx, (device, *why), refused.as_ref(), change)?;
            }
            for (old, new) in &noted.renewed {
                let sql = "UPDATE copies SET renewed = ?2 WHERE item = ?1";
                tx.execute(sql, params![old.to_bytes(), new.to_bytes()])?;
            }
            for change in &noted.new {
                put_queued(tx, &Queued::new(change.clone()))?;
            }
            tidy(tx, &queue)
        })?;
        (self.at, self.queue) = (after, queue);
        self.show(now);
        let events = noted.events.into_iter().chain(before.until(self.shown())).collect();
        self.tell(events);
        Ok(answer.answers.len())
    }

    fn note_one(
        &self,
        change: &Pushed,
        told: &PushTold,
        noted: &mut Noted,
        (after, now, ids): (&mut Position, i64, &mut Ids),
    ) -> Result<(), ReplicaFailure> {
        let (n, item) = (change.n, change.item);
        match told.status.as_str() {
            "noop" | "applied" | "superseded" | "joined" => match told.seq {
                // Until the library was loaded anew, no base has it: another restore might lose it.
                Some(seq) if !noted.is_of_base || seq > self.base.head.seq => {
                    noted.rows.push((n, seq));
                }
                // What is in the base already is shown by it.
                _ if noted.is_of_base => noted.done.push(n),
                _ => {}
            },
            "held" => {
                noted.done.push(n);
                noted.aside.push((Why::Held, None, change.clone()));
                noted.events.push(Event::Held { item });
            }
            "refused" => {
                noted.done.push(n);
                let refused = told.refused.clone().unwrap_or_else(|| PushRefused {
                    pointer: String::new(),
                    code: Code::Invalid.name().to_owned(),
                    detail: String::new(),
                });
                if refused.code == Code::Purged.name()
                    && self.renew(change, noted, (after, now, ids))?
                {
                    return Ok(());
                }
                let code = refused.code.clone();
                noted.aside.push((Why::Refused, Some(refused), change.clone()));
                noted.events.push(Event::Refused { item, code });
            }
            other => {
                let text = format!("the server answered `{other}`, which this program cannot read");
                return Err(ReplicaFailure::Unusable(text));
            }
        }
        Ok(())
    }

    /// The queue with what was noted; what the new changes hold comes last.
    fn queue_noted(&self, noted: &Noted) -> Vec<Queued> {
        let done: BTreeSet<u64> = noted.done.iter().copied().collect();
        let rows: BTreeMap<u64, u64> = noted.rows.iter().copied().collect();
        let kept = self.queue.iter().filter(|queued| !done.contains(&queued.change.n));
        let mut queue: Vec<Queued> = kept.cloned().collect();
        for queued in &mut queue {
            let row = rows.get(&queued.change.n).copied();
            queued.seq = row.or(queued.seq.filter(|_| !noted.forgets_rows));
        }
        queue.extend(noted.new.iter().cloned().map(Queued::new));
        queue
    }

    /// The oldest change is larger than any request may be: it stands aside, so that it holds
    /// nothing up. The server never saw its counter, which goes to the next.
    pub(crate) fn put_too_large_aside(&mut self, now: i64) -> Result<(), ReplicaFailure> {
        let device = self.must_have_device()?;
        let mut queue = self.queue.clone();
        let Some(at) = queue.iter().position(|queued| queued.seq.is_none()) else { return Ok(()) };
        let change = queue.remove(at).change;
        for queued in queue.iter_mut().skip(at) {
            queued.change.n -= 1;
        }
        let code = Code::TooLarge;
        let (name, detail) = (code.name().to_owned(), code.sentence().to_owned());
        let refused = PushRefused { pointer: String::new(), code: name.clone(), detail };
        let mut after = self.at.clone();
        after.n = after.n.saturating_sub(1);
        self.file.write(Step::Noting, (&self.at, &mut after), |tx| {
            put_aside(tx, (device, Why::Refused), Some(&refused), &change)?;
            put_queue(tx, &queue)
        })?;
        (self.at, self.queue) = (after, queue);
        self.show(now);
        self.tell(vec![Event::Refused { item: change.item, code: name }]);
        Ok(())
    }

    /// Of an item that was removed for good while this change to it waited, the own copy is made a
    /// new item. Whether nothing of the change is left to be shown.
    fn renew(
        &self,
        change: &Pushed,
        noted: &mut Noted,
        (after, now, ids): (&mut Position, i64, &mut Ids),
    ) -> Result<bool, ReplicaFailure> {
        let put = change.set.iter().filter(|(register, _)| !GONE.contains(&register.as_str()));
        let put: Puts = put.map(|(register, value)| (register.clone(), value.clone())).collect();
        if put.is_empty() {
            // Whoever put it into the trash has what they wanted.
            let trashed = change.set.get(&Register::from(field::TRASHED_AT));
            return Ok(trashed.is_some_and(Option::is_some));
        }
        let old = self.base.resolve(change.item);
        let made = noted.renewed.iter().find(|(item, _)| *item == old).map(|(_, new)| *new);
        let Some((copy, renewed)) = self.file.copy(old)? else { return Ok(false) };
        let (new, mut set) = match made.or(renewed) {
            Some(new) => (new, Puts::new()),
            None => (ids.make(), values(&copy)),
        };
        set.extend(put);
        after.n += 1;
        after.hlc = Hlc::local(now, after.hlc.max(self.shown().head.hlc));
        let (n, hlc, base, act) = (after.n, after.hlc, self.base.head.seq, change.act);
        noted.new.push(Pushed { n, hlc, base, act, item: new, kind: change.kind.clone(), set });
        if made.or(renewed).is_none() {
            noted.renewed.push((old, new));
            noted.events.push(Event::Renewed { item: old, new });
        }
        Ok(true)
    }

    /// The device the replica pushes as, where it has one.
    pub(crate) fn must_have_device(&self) -> Result<DeviceId, ReplicaFailure> {
        let text = "the replica has no device yet";
        self.at.device.ok_or_else(|| ReplicaFailure::Unusable(text.to_owned()))
    }
}

/// What an item holds, as far as a device may put it.
pub(crate) fn values(item: &Item) -> Puts {
    let held = item.registers.iter().filter(|(register, held)| {
        held.value.is_some() && may_put(&item.kind, register, held.value.as_ref())
    });
    held.map(|(register, held)| (register.clone(), held.value.clone())).collect()
}

/// Whether a device may put `value` there. What this version does not know, a server may refuse.
pub(crate) fn may_put(kind: &Kind, register: &Register, value: Option<&Value>) -> bool {
    !GONE.contains(&register.as_str()) && kind.check(register, value).is_ok()
}
