//! What goes wrong beside the network, and what people and the keeper do about it.

use crate::deeds::Typed;
use crate::machine::Machine;
use crate::world::World;
use serde_json::{Value, json};
use shelf_client::Method;
use shelf_domain::change::Change;
use shelf_domain::id::DeviceId;
use shelf_domain::kind::{Register, field};
use shelf_domain::limits;
use shelf_domain::shelf::Shelf;

/// An hour and a day, milliseconds.
const HOUR_MS: u32 = 3_600_000;
const DAY_MS: u32 = 24 * HOUR_MS;
/// Most days that go by at once: longer than the trash and answers are kept.
const DAYS_MAX: usize = 40;
/// Time that goes by while a server is brought back: epochs are told apart by seconds.
const RESTORE_MS: u32 = 5_000;

impl World {
    /// A device goes down, whatever it does, and comes up when it is next looked at.
    pub(crate) fn device_crashes(&mut self, who: usize) {
        self.trace.note(format!("{who} goes down"));
        self.machines[who].crash();
    }

    /// A device will go down at one of its next steps.
    pub(crate) fn device_will_crash(&mut self, who: usize) {
        let count = 1 + self.dice.below(9);
        if !self.machines[who].is_busy() {
            self.trace.note(format!("{who} will go down at step {count}"));
            self.machines[who].crash_at(count);
        }
    }

    /// The server is killed; whoever waits for an answer may still get it, or not.
    pub(crate) fn server_crashes(&mut self) {
        self.trace.note("the server is killed".to_owned());
        let life = self.life.take().unwrap();
        self.life = Some(life.crashed(&self.setup));
    }

    /// Somebody makes a backup.
    pub(crate) fn back_up(&mut self) {
        let backup = self.life().backup(self.library);
        self.trace.note(format!("a backup is made at {}", backup.seq));
        self.backup = Some(backup);
    }

    /// The server is lost and comes back from the backup. What a device typed is looked for in the end
    /// where the backup holds it, a device shows it or the server did; else it was replaced
    /// knowingly, and its history is lost with the server's.
    pub(crate) fn restore(&mut self) {
        let Some(backup) = self.backup.clone() else { return };
        self.pass(RESTORE_MS);
        self.trace.note(format!("the server is lost and comes back at {}", backup.seq));
        // What only somebody who may not write shows, nobody brings back.
        let writers = self.machines.iter().filter(|machine| !machine.only_reads);
        let seen: Vec<_> = writers.map(Machine::look).collect();
        let theirs = Shelf::folded(&self.life().log(&self.owner, self.library));
        self.typed.retain_mut(|typed: &mut Typed| {
            let mut is_kept = backup.says(&typed.text);
            // What was typed at the server itself went with it, unless it was pulled.
            is_kept |= typed.text.starts_with('m') && typed.look(&theirs);
            for replica in &seen {
                is_kept |= typed.look(replica.base());
                is_kept |= typed.look(replica.shown());
            }
            is_kept
        });
        self.ledger.restored(backup.seq);
        let life = self.life.take().unwrap();
        self.life = Some(life.restored(&backup, &self.setup));
    }

    /// The keeper removes what was long in the trash and forgets old answers. Whatever the clocks of
    /// devices say, the server has known of what goes for long enough.
    pub(crate) fn keeper_goes_round(&mut self) {
        self.trace.note("the keeper goes round".to_owned());
        let before = self.life().log(&self.owner, self.library);
        self.life().keep();
        let after = self.life().log(&self.owner, self.library);
        let until = self.now() - i64::from(DAY_MS) * limits::TRASH_DAYS;
        for row in after.iter().skip(before.len()).filter(|row| puts(row, field::PURGED)) {
            let trashes =
                |known: &&Change| known.item == row.item && puts(known, field::TRASHED_AT);
            let mut heard = before.iter().filter(trashes).map(|known| known.at).peekable();
            let is_due = heard.peek().is_none() || heard.any(|at| at <= until);
            assert!(is_due, "P7: {} was in the trash for less than thirty days", row.item);
        }
    }

    /// Nobody does anything for some hours.
    pub(crate) fn hours_pass(&mut self) {
        self.pass(self.dice.wait(HOUR_MS));
    }

    /// Nobody does anything for days, then the keeper goes round.
    pub(crate) fn days_pass(&mut self) {
        let days = 1 + self.dice.below(DAYS_MAX);
        self.trace.note(format!("{days} days pass"));
        (0..days).for_each(|_| self.pass(DAY_MS));
        self.keeper_goes_round();
    }

    /// Somebody sets the clock of a device, rightly or wrongly.
    pub(crate) fn clock_jumps(&mut self, who: usize) {
        let skew = self.dice.skew();
        self.trace.note(format!("the clock of {who} is {skew} ms off"));
        self.machines[who].skew = skew;
        self.machines[who].set_clock(self.now());
    }

    /// The owner removes a device, as one does with a phone that was lost. It was not: it is told
    /// so, and pairs anew.
    pub(crate) fn remove(&mut self, who: usize) {
        if self.machines[who].is_busy() || self.machines[who].only_reads {
            return;
        }
        let Some(device) = self.machines[who].device() else { return };
        let target = format!("/v1/devices/{device}");
        let reply = self.life().ask(&self.owner, Method::DELETE, &target, &Value::Null);
        self.trace.note(format!("{who} is removed: {}", reply.status));
    }

    /// The owner decides on all deletions that wait, device by device.
    pub(crate) fn person_decides(&mut self) {
        let base = format!("/v1/libraries/{}/held", self.library);
        let held = self.life().must(&self.owner, Method::GET, &base, &Value::Null);
        for line in held["items"].as_array().unwrap() {
            let device: DeviceId = line["device"].as_str().unwrap().parse().unwrap();
            let confirms = self.dice.one_in(2);
            let what = if confirms { "confirm" } else { "refuse" };
            let target = format!("{base}/{device}/{what}");
            let ask = json!({ "through": line["through"] });
            self.trace.note(format!("the owner: {what} {} deletions", line["count"]));
            let answer = self.life().must(&self.owner, Method::POST, &target, &ask);
            if confirms {
                let now = self.now();
                self.ledger.take(device, &answer, now);
            }
        }
    }
}

/// Whether `row` gives the field `name` a value.
fn puts(row: &Change, name: &'static str) -> bool {
    let register = Register::from(name);
    let mut put = row.set.get(&register).into_iter().chain(row.also.get(&register));
    put.any(Option::is_some)
}
