//! Laws over random stories: devices with wrong clocks edit, sync, crash and lose answers, and end
//! with what the server has.

use crate::deeds::{Deed, Typed, assert_tree, does, of, pick, says};
use crate::device::Device;
use crate::memory::{Memory, Store};
use proptest::prelude::*;
use shelf_domain::change::Change;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, Register};
use shelf_domain::shelf::Shelf;
use shelf_domain::value::Value;
use shelf_replica::{ReplicaFailure, canonical};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

const DEVICES: usize = 4;
/// Random cases of each law, each with real files that are durable at every step:
/// `MINDSHELF_CASES`, else these, at home and where `CI` is `true`.
const CASES: (u32, u32) = (24, 200);

#[derive(Clone, Debug)]
enum Step {
    Act { who: usize, what: Deed },
    Sync { who: usize },
    Deaf { who: usize },
    Cut { who: usize },
    Crash { who: usize, after: u32 },
    Caller(Deed),
    Purge { pick: usize },
    Backup,
    Restore,
    RestoreAmid { who: usize, what: Deed, crashes: bool },
    Wait(u16),
}

fn deed() -> impl Strategy<Value = Deed> {
    let some = |most: usize| prop::option::of(0..most);
    prop_oneof![
        5 => (0..4_usize, some(3), some(4), any::<bool>())
            .prop_map(|(url, tag, folder, notes)| Deed::Save { url, tag, folder, notes }),
        4 => (0..8_usize).prop_map(|pick| Deed::Note { pick }),
        2 => some(4).prop_map(|inside| Deed::Folder { inside }),
        1 => (0..4_usize).prop_map(|pick| Deed::Rename { pick }),
        3 => (0..8_usize, some(4)).prop_map(|(pick, into)| Deed::Move { pick, into }),
        2 => (0..8_usize, 0..3_usize, any::<bool>())
            .prop_map(|(pick, tag, on)| Deed::Tag { pick, tag, on }),
        2 => (0..8_usize).prop_map(|pick| Deed::Trash { pick }),
        1 => (0..8_usize).prop_map(|pick| Deed::Restore { pick }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..DEVICES;
    prop_oneof![
        8 => (who(), deed()).prop_map(|(who, what)| Step::Act { who, what }),
        4 => who().prop_map(|who| Step::Sync { who }),
        1 => who().prop_map(|who| Step::Deaf { who }),
        1 => who().prop_map(|who| Step::Cut { who }),
        2 => (who(), 1..9_u32).prop_map(|(who, after)| Step::Crash { who, after }),
        2 => deed().prop_map(Step::Caller),
        1 => (0..8_usize).prop_map(|pick| Step::Purge { pick }),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
        1 => (who(), deed(), any::<bool>())
            .prop_map(|(who, what, crashes)| Step::RestoreAmid { who, what, crashes }),
        1 => (0..u16::MAX).prop_map(Step::Wait),
    ]
}

fn skews() -> impl Strategy<Value = [i64; DEVICES]> {
    const DAYS: i64 = 2 * 86_400_000;
    const YEARS: i64 = 3_652 * 86_400_000;
    prop::array::uniform4(prop_oneof![
        2 => Just(0),
        2 => -DAYS..DAYS,
        2 => -90_000..90_000_i64,
        1 => -YEARS..YEARS,
    ])
}

#[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn cases() -> ProptestConfig {
    let asked = variable("MINDSHELF_CASES").and_then(|text| text.parse().ok());
    let usual = if variable("CI").as_deref() == Some("true") { CASES.1 } else { CASES.0 };
    ProptestConfig {
        cases: asked.unwrap_or(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Whether some row of `log` says `text`.
fn logged(log: &[Change], text: &str) -> bool {
    log.iter().any(|row| {
        let mut puts = row.set.values().chain(row.also.values()).flatten();
        puts.any(|value| value.as_text().is_some_and(|held| held.contains(text)))
    })
}

/// A server, its devices, and every text somebody typed and was told to be safe.
struct World {
    server: Arc<Memory>,
    devices: Vec<Device>,
    typed: Vec<Typed>,
    count: u32,
    backup: Option<Store>,
    is_restored: bool,
}

impl World {
    fn new(skews: [i64; DEVICES]) -> Self {
        let server = Arc::new(Memory::new());
        let device = |(at, skew): (u64, i64)| Device::new(&server, at, skew);
        let devices = (0..).zip(skews).map(device).collect();
        let (typed, backup) = (Vec::new(), None);
        Self { server, devices, typed, count: 0, backup, is_restored: false }
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Act { who, what } => self.act(*who, what),
            Step::Sync { who } => drop(self.devices[*who].sync()),
            Step::Deaf { who } => {
                self.server.odd.lock().unwrap().deaf = true;
                drop(self.devices[*who].sync());
            }
            Step::Cut { who } => {
                self.server.odd.lock().unwrap().cut = true;
                drop(self.devices[*who].sync());
            }
            Step::Crash { who, after } => {
                self.devices[*who].crash_at(None, *after);
                drop(self.devices[*who].sync());
                self.devices[*who].crash();
            }
            Step::Caller(what) => {
                self.count += 1;
                let text = format!("caller.{}.", self.count);
                drop(self.server.write(|turn| does(turn, what, &text)));
            }
            Step::Purge { pick: at } => {
                let trashed = of(&self.server.shelf(), &[Kind::Bookmark], false);
                if let Ok(item) = pick(&trashed, *at) {
                    drop(self.server.write(|turn| turn.purge(item)));
                }
            }
            Step::Backup => self.backup = Some(self.server.store()),
            Step::Restore => self.restore(),
            Step::RestoreAmid { who, what, crashes } => self.restore_amid(*who, what, *crashes),
            Step::Wait(ms) => self.server.wait(i64::from(*ms)),
        }
    }

    fn act(&mut self, who: usize, what: &Deed) {
        self.count += 1;
        let text = format!("d{who}.{}.", self.count);
        let device = &mut self.devices[who];
        let done = device.act(|turn| does(turn, what, &text));
        if done.is_ok() {
            let shown = device.replica().shown();
            assert!(!what.types() || says(shown, &text), "{text} is not shown at once");
            self.typed.extend(what.types().then(|| Typed::new(text, shown)));
        } else if let Err(failure) = done {
            assert!(matches!(failure, ReplicaFailure::Refused(_)), "{failure:?}");
        }
        assert_tree(device.replica().shown());
    }

    /// The server comes back from its backup, in a new epoch.
    fn restore(&mut self) {
        let Some(backup) = self.backup.clone() else { return };
        self.forget_replaced(&backup);
        self.server.restore(backup);
        self.is_restored = true;
    }

    /// The same, between a pull of a device and its push; and the device may go down before it has
    /// taken the new life of the log over.
    fn restore_amid(&mut self, who: usize, what: &Deed, crashes: bool) {
        let Some(backup) = self.backup.clone() else { return };
        if self.devices[who].sync().is_err() {
            return;
        }
        self.act(who, what);
        self.forget_replaced(&backup);
        self.server.restore_before_push(backup);
        if crashes {
            self.devices[who].crash_at(Some(shelf_replica::Step::Restarting), 1);
        }
        drop(self.devices[who].sync());
        self.devices[who].crash();
        // Where there was nothing to push.
        self.server.restore_as_was_due();
        self.is_restored = true;
    }

    /// What neither the server nor a device shows any more and the backup does not hold was replaced
    /// knowingly, and its history is lost with the server.
    fn forget_replaced(&mut self, backup: &Store) {
        let (devices, theirs) = (&mut self.devices, self.server.shelf());
        self.typed.retain_mut(|typed| {
            let mut is_kept = logged(&backup.log, &typed.text);
            is_kept |= typed.look(&theirs);
            for device in devices.iter_mut() {
                let replica = device.replica();
                is_kept |= typed.look(replica.base());
                is_kept |= typed.look(replica.shown());
            }
            is_kept
        });
    }

    /// Everybody comes back, pushes what they have and pulls what there is.
    fn settle(&mut self) {
        *self.server.odd.lock().unwrap() = crate::memory::Oddities::default();
        for _ in 0..3 {
            for device in &mut self.devices {
                device.crash();
                device.sync_as(true).unwrap();
            }
        }
    }
}

/// What every register holds.
fn values(shelf: &Shelf) -> BTreeMap<(ItemId, Register), Value> {
    let all = shelf.items().flat_map(|item| {
        let id = item.id;
        item.registers.iter().map(move |(register, held)| ((id, register.clone()), held))
    });
    all.filter_map(|(key, held)| Some((key, held.value.clone()?))).collect()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn devices_end_with_what_the_server_has_byte_for_byte(
        skews in skews(), story in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new(skews);
        for step in &story {
            world.play(step);
        }
        world.settle();
        let store = world.server.store();
        let theirs = canonical(&store.shelf);
        assert_tree(&store.shelf);
        for device in &mut world.devices {
            let replica = device.replica();
            prop_assert!(replica.is_synced());
            prop_assert_eq!(replica.standing().mismatches, 0, "no sum ever differed");
            prop_assert_eq!(&canonical(replica.base()), &theirs);
            prop_assert_eq!(&canonical(replica.shown()), &theirs);
        }
        // Exactly once: no counter of a device stands in the log twice.
        let counters: BTreeSet<_> = store.log.iter().map(|row| (row.device, row.n)).collect();
        prop_assert_eq!(counters.len(), store.log.len());
        // Nothing typed is lost: it came to the log, or stands aside where it was typed.
        let mut aside = String::new();
        for device in &mut world.devices {
            write!(aside, "{:?}", device.replica().aside().unwrap()).unwrap();
        }
        for typed in &world.typed {
            // The row of a text that came to an item which the restored server had removed for good.
            let is_gone = world.is_restored && typed.is_purged(&store.shelf);
            let is_safe = logged(&store.log, &typed.text) || aside.contains(&typed.text);
            prop_assert!(is_safe || is_gone, "{} is lost", typed.text);
        }
    }

    #[test]
    fn what_is_shown_is_what_comes_back_after_a_crash(
        skews in skews(), story in prop::collection::vec(step(), 1..24),
    ) {
        let mut world = World::new(skews);
        for step in &story {
            world.play(step);
            let Step::Act { who, .. } = step else { continue };
            let device = &mut world.devices[*who];
            let before = values(device.replica().shown());
            device.crash();
            prop_assert_eq!(values(device.replica().shown()), before);
        }
    }
}
