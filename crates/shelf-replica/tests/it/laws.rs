//! Laws over random stories: devices with wrong clocks edit, sync, crash and lose answers, and end
//! with what the server has.

use crate::device::Device;
use crate::memory::Memory;
use proptest::prelude::*;
use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_replica::{ReplicaFailure, canonical};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

const DEVICES: usize = 4;
const URLS: [&str; 4] = [
    "https://a.example/one",
    "https://b.example/?q=2",
    "HTTPS://A.example:443/one/?utm_source=x",
    "https://c.example/",
];
const NAMES: [&str; 3] = ["Rust lang", " rust  LANG", "later"];

/// What somebody does to what they see. Numbers pick among what is there.
#[derive(Clone, Debug)]
enum Deed {
    Save { url: usize, tag: Option<usize>, folder: Option<usize>, notes: bool },
    Note { pick: usize },
    Folder { inside: Option<usize> },
    Move { pick: usize, into: Option<usize> },
    Tag { pick: usize, tag: usize, on: bool },
    Trash { pick: usize },
    Restore { pick: usize },
}

#[derive(Clone, Debug)]
enum Step {
    Act { who: usize, what: Deed },
    Sync { who: usize },
    Deaf { who: usize },
    Cut { who: usize },
    Crash { who: usize, after: u32 },
    Caller(Deed),
    Purge { pick: usize },
    Wait(u16),
}

fn deed() -> impl Strategy<Value = Deed> {
    let some = |most: usize| prop::option::of(0..most);
    prop_oneof![
        5 => (0..4_usize, some(3), some(4), any::<bool>())
            .prop_map(|(url, tag, folder, notes)| Deed::Save { url, tag, folder, notes }),
        4 => (0..8_usize).prop_map(|pick| Deed::Note { pick }),
        2 => some(4).prop_map(|inside| Deed::Folder { inside }),
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
        1 => (0..u16::MAX).prop_map(Step::Wait),
    ]
}

fn skews() -> impl Strategy<Value = [i64; DEVICES]> {
    const DAYS: i64 = 2 * 86_400_000;
    prop::array::uniform4(prop_oneof![Just(0), -DAYS..DAYS, -90_000..90_000_i64])
}

fn cases() -> ProptestConfig {
    #[expect(clippy::disallowed_methods, reason = "a test binary has no settings but this")]
    let asked = std::env::var("MINDSHELF_CASES").ok().and_then(|text| text.parse().ok());
    // Each case writes real files, durable at every step.
    ProptestConfig {
        cases: asked.unwrap_or(24),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The ids of what `kinds` there are, in order.
fn of(shelf: &Shelf, kinds: &[Kind], lives: bool) -> Vec<ItemId> {
    let all = shelf.items().filter(|item| kinds.contains(&item.kind) && !item.is_purged());
    let ids: BTreeSet<ItemId> =
        all.filter(|item| item.is_living() == lives).map(|item| item.id).collect();
    ids.into_iter().collect()
}

fn pick(ids: &[ItemId], at: usize) -> Result<ItemId, Refused> {
    let none = || Refused::not_found("item");
    ids.get(at % ids.len().max(1)).copied().ok_or_else(none)
}

/// Does a deed to what `turn` shows; `text` is typed where one is.
fn does(turn: &mut Turn, what: &Deed, text: &str) -> Result<(), Refused> {
    let folders = of(&turn.shelf, &[Kind::Collection], true);
    let folder = |at: &Option<usize>| at.and_then(|at| pick(&folders, at).ok());
    match what {
        Deed::Save { url, tag, folder: at, notes } => {
            let place = SavePlace { parent: folder(at), ..SavePlace::default() };
            let ask = SaveBookmark {
                notes: if *notes { text.to_owned() } else { String::new() },
                tags: tag.iter().map(|tag| NAMES[*tag].to_owned()).collect(),
                places: at.iter().map(|_| place.clone()).collect(),
                ..SaveBookmark::of(URLS[*url])
            };
            turn.save(&ask.checked()?).map(drop)
        }
        Deed::Note { pick: at } => {
            let item = pick(&of(&turn.shelf, &[Kind::Bookmark], true), *at)?;
            let edit = Edit::default().put(field::NOTES, Some(Value::from(text)));
            turn.edit(item, &Kind::Bookmark, &edit).map(drop)
        }
        Deed::Folder { inside } => {
            let mut puts = [(Register::from(field::NAME), Some(Value::from(text)))].into_iter();
            let parent = folder(inside).map(Value::from);
            let parent = parent.map(|parent| (Register::from(field::PARENT), Some(parent)));
            turn.make(&Kind::Collection, puts.by_ref().chain(parent).collect()).map(drop)
        }
        Deed::Move { pick: at, into } => {
            let item = pick(&of(&turn.shelf, &[Kind::Collection, Kind::Place], true), *at)?;
            turn.move_to(item, folder(into), Spot::End).map(drop)
        }
        Deed::Tag { pick: at, tag, on } => {
            let item = pick(&of(&turn.shelf, &[Kind::Bookmark], true), *at)?;
            let names = vec![NAMES[*tag].to_owned()];
            let (add_tags, remove_tags) = if *on { (names, vec![]) } else { (vec![], names) };
            let edit = Edit { add_tags, remove_tags, ..Edit::default() };
            turn.edit(item, &Kind::Bookmark, &edit).map(drop)
        }
        Deed::Trash { pick: at } => {
            let kinds = [Kind::Bookmark, Kind::Collection, Kind::Tag];
            let item = pick(&of(&turn.shelf, &kinds, true), *at)?;
            turn.trash(item).map(drop)
        }
        Deed::Restore { pick: at } => {
            let kinds = [Kind::Bookmark, Kind::Collection, Kind::Tag];
            let item = pick(&of(&turn.shelf, &kinds, false), *at)?;
            turn.restore(item).map(drop)
        }
    }
}

/// A server, its devices, and every text somebody typed and was told to be safe.
struct World {
    server: Arc<Memory>,
    devices: Vec<Device>,
    typed: Vec<String>,
    count: u32,
}

impl World {
    fn new(skews: [i64; DEVICES]) -> Self {
        let server = Arc::new(Memory::new());
        let device = |(at, skew): (u64, i64)| Device::new(&server, at, skew);
        let devices = (0..).zip(skews).map(device).collect();
        Self { server, devices, typed: Vec::new(), count: 0 }
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
            Step::Wait(ms) => self.server.wait(i64::from(*ms)),
        }
    }

    fn act(&mut self, who: usize, what: &Deed) {
        self.count += 1;
        let text = format!("d{who}.{}.", self.count);
        let device = &mut self.devices[who];
        let done = device.act(|turn| does(turn, what, &text));
        if done.is_ok() {
            let typed = match what {
                Deed::Note { .. } => true,
                Deed::Save { notes, .. } => *notes,
                _ => false,
            };
            assert!(!typed || says(device.replica().shown(), &text), "{text} is not shown at once");
            self.typed.extend(typed.then_some(text));
        } else if let Err(failure) = done {
            assert!(matches!(failure, ReplicaFailure::Refused(_)), "{failure:?}");
        }
        assert_tree(device.replica().shown());
    }

    /// Everybody comes back, pushes what they have and pulls what there is.
    fn settle(&mut self) {
        *self.server.odd.lock().unwrap() = crate::memory::Oddities::default();
        for _ in 0..2 {
            for device in &mut self.devices {
                device.crash();
                device.sync_as(true).unwrap();
            }
        }
    }
}

/// Whether some register of some item holds `text`.
fn says(shelf: &Shelf, text: &str) -> bool {
    let all = shelf.items().flat_map(|item| item.registers.values());
    let mut texts = all.filter_map(|held| held.value.as_ref()?.as_text());
    texts.any(|held| held.contains(text))
}

/// What every register holds.
fn values(shelf: &Shelf) -> BTreeMap<(ItemId, Register), Value> {
    let all = shelf.items().flat_map(|item| {
        let id = item.id;
        item.registers.iter().map(move |(register, held)| ((id, register.clone()), held))
    });
    all.filter_map(|(key, held)| Some((key, held.value.clone()?))).collect()
}

fn assert_tree(shelf: &Shelf) {
    for item in shelf.items().filter(|item| item.kind == Kind::Collection) {
        assert!(!shelf.ancestors(item.id).contains(&item.id), "{} is inside itself", item.id);
    }
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
        for text in &world.typed {
            let logged = store.log.iter().any(|row| {
                let mut puts = row.set.values().chain(row.also.values()).flatten();
                puts.any(|value| value.as_text().is_some_and(|held| held.contains(text)))
            });
            prop_assert!(logged || aside.contains(text.as_str()), "{} is lost", text);
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
