//! Coming to rest, and what must be true then: the promises of `docs/SYNC.md`, by their numbers.

use crate::deeds::{Typed, assert_tree};
use crate::machine::Machine;
use crate::trace::digits;
use crate::world::World;
use shelf_domain::change::Change;
use shelf_domain::shelf::Shelf;
use shelf_replica::canonical;
use std::fmt::Write as _;

/// How often everybody syncs at the end: whoever heals a restored server is heard by those before.
const ROUNDS: usize = 4;
/// How often a device tries while all is well: it may have to pair anew, and to be told so first.
const TRIES: usize = 4;
/// A second, milliseconds.
const SECOND_MS: u32 = 1_000;

impl World {
    /// A device syncs to the end over a network that does no harm.
    pub(crate) fn level(&mut self, who: usize) {
        for _ in 0..TRIES {
            self.pass(SECOND_MS);
            self.machines[who].begin(true);
            self.poll(who);
            self.lead_to_end(who);
            if self.machines[who].is_level() {
                return;
            }
        }
        panic!("device {who} does not come level: {:?}", self.machines[who].replica().standing());
    }

    /// Everybody comes back, what is under way comes late, and all is brought level.
    pub(crate) fn rest(&mut self) {
        (0..self.machines.len()).for_each(|who| self.device_crashes(who));
        self.come_late();
        self.person_decides();
        for _ in 0..ROUNDS {
            (0..self.machines.len()).for_each(|who| self.level(who));
        }
    }

    /// Checks every promise, against a device that was never there.
    pub(crate) fn check(&mut self) {
        let (bits, now) = (self.dice.bits(), self.now());
        self.machines.push(Machine::new("judge", self.library, bits, (now, 0)));
        let judge = self.machines.len() - 1;
        self.level(judge);
        let log = self.life().log(&self.owner, self.library);
        for row in &log {
            self.trace.note(digits(row.to_wire().as_bytes()));
        }
        self.ledger.check(&log);
        let shelf = self.machines[judge].replica().base().clone();
        self.check_replicas(&shelf);
        assert_tree(&shelf);
        self.check_texts(&log, &shelf);
        self.trace.note(digits(&canonical(&shelf)));
    }

    /// P3, P4: whoever stands at one position has the same, byte for byte.
    fn check_replicas(&mut self, shelf: &Shelf) {
        let all = canonical(shelf);
        for (who, machine) in self.machines.iter_mut().enumerate() {
            let replica = machine.replica();
            let head = (replica.base().head.epoch, replica.base().head.seq);
            assert_eq!(head, (shelf.head.epoch, shelf.head.seq), "P4: device {who} is behind");
            assert!(canonical(replica.base()) == all, "P3: the base of device {who} differs");
            assert!(replica.is_synced(), "P3: something waits on device {who}");
            assert!(canonical(replica.shown()) == all, "P3: device {who} shows something else");
            assert_eq!(replica.standing().mismatches, 0, "P3: sums of device {who} differed");
        }
    }

    /// P7: what somebody typed is in the log, or stands aside where it was typed, or went for good
    /// with its item after its time in the trash.
    fn check_texts(&mut self, log: &[Change], shelf: &Shelf) {
        let mut kept = String::new();
        for machine in &mut self.machines {
            write!(kept, "{:?}", machine.replica().aside().unwrap()).unwrap();
        }
        for row in log {
            kept.push_str(&row.to_wire());
        }
        for typed in &self.typed {
            let Typed { text, .. } = typed;
            assert!(kept.contains(text) || typed.is_purged(shelf), "P7: {text} is lost");
        }
    }
}
