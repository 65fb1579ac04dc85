//! A device: a replica in a file of its own, with a clock that may be wrong, that crashes and comes
//! back.

use crate::memory::{LIBRARY, Memory};
use shelf_domain::edit::Edit;
use shelf_domain::id::ItemId;
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::SaveBookmark;
use shelf_domain::turn::{Outcome, Turn};
use shelf_domain::value::Value;
use shelf_ports::chance::{Chance, Clock};
use shelf_replica::{About, Replica, ReplicaFailure, Step, Synced, Way};
use shelf_testkit::{FakeClock, SeededChance};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// One device. While it is down it has no replica, only its file.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) server: Arc<Memory>,
    pub(crate) skew: i64,
    replica: Option<Replica>,
    chance: SeededChance,
    file: PathBuf,
    _dir: TempDir,
}

impl Device {
    /// A new device whose clock is `skew` milliseconds off, which synced once.
    pub(crate) fn new(server: &Arc<Memory>, number: u64, skew: i64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.replica");
        let about = About {
            server: "memory".to_owned(),
            library: LIBRARY,
            name: "Bookmarks".to_owned(),
            device_name: format!("device {number}"),
        };
        let replica = Some(Replica::make(&file, about).unwrap());
        let chance = SeededChance::new(number + 1);
        let server = Arc::clone(server);
        let mut device = Self { server, skew, replica, chance, file, _dir: dir };
        device.sync().unwrap();
        device
    }

    pub(crate) fn now(&self) -> i64 {
        self.server.now() + self.skew
    }

    /// The replica; a device that is down comes up.
    pub(crate) fn replica(&mut self) -> &mut Replica {
        let now = self.now();
        self.replica.get_or_insert_with(|| Replica::open(&self.file, now).unwrap())
    }

    pub(crate) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// Goes down, as if the power were cut.
    pub(crate) fn crash(&mut self) {
        self.replica = None;
    }

    /// Goes down at the `count`th step it comes to from now on that is `of` these.
    pub(crate) fn crash_at(&mut self, of: Option<Step>, mut count: u32) {
        self.replica().stop_at(Box::new(move |step| {
            if of.is_some_and(|of| of != step) {
                return false;
            }
            count = count.saturating_sub(1);
            count == 0
        }));
    }

    fn after<T>(&mut self, done: Result<T, ReplicaFailure>) -> Result<T, ReplicaFailure> {
        if matches!(done, Err(ReplicaFailure::Stopped(_))) {
            self.crash();
        }
        done
    }

    pub(crate) fn act<T>(
        &mut self,
        decide: impl Fn(&mut Turn) -> Result<T, Refused>,
    ) -> Result<T, ReplicaFailure> {
        let (now, seed) = (self.now(), self.chance.seed());
        let done = self.replica().act(now, seed, decide);
        self.after(done)
    }

    pub(crate) fn sync(&mut self) -> Result<Synced, ReplicaFailure> {
        self.sync_as(false)
    }

    /// Syncs, and compares sums where `verify` says so.
    pub(crate) fn sync_as(&mut self, verify: bool) -> Result<Synced, ReplicaFailure> {
        self.sync_patiently(verify, 1).0
    }

    /// The same, `tries` times in all where the server is away, and how long that took: time stands
    /// still but for what is waited.
    pub(crate) fn sync_patiently(
        &mut self,
        verify: bool,
        tries: u32,
    ) -> (Result<Synced, ReplicaFailure>, Duration) {
        let clock = FakeClock::at(self.now());
        let server = Arc::clone(&self.server);
        let chance = SeededChance::new(u64::try_from(clock.now_ms()).unwrap());
        let mut ignore = |_| {};
        let mut way =
            Way { server: &*server, clock: &clock, chance: &chance, progress: &mut ignore, verify };
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        let (done, waited) = runtime.block_on(async {
            let began = Instant::now();
            let done = self.replica().sync_patiently(&mut way, tries).await;
            (done, began.elapsed())
        });
        (self.after(done), waited)
    }

    /// Pairs as a new device, as the person says.
    pub(crate) fn pair_anew(&mut self) {
        let clock = FakeClock::at(self.now());
        let (server, chance) = (Arc::clone(&self.server), SeededChance::new(9));
        let mut ignore = |_| {};
        let mut way = Way {
            server: &*server,
            clock: &clock,
            chance: &chance,
            progress: &mut ignore,
            verify: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.replica().pair_anew(&mut way)).unwrap();
    }

    /// Saves an address with a note.
    pub(crate) fn save(&mut self, url: &str, notes: &str) -> ItemId {
        let ask = SaveBookmark { notes: notes.to_owned(), ..SaveBookmark::of(url) };
        let ask = ask.checked().unwrap();
        self.act(|turn| turn.save(&ask)).unwrap().item
    }

    /// Writes a note.
    pub(crate) fn note(&mut self, item: ItemId, notes: &str) -> Result<Outcome, ReplicaFailure> {
        let edit = Edit::default().put(field::NOTES, Some(Value::from(notes)));
        self.act(|turn| turn.edit(item, &Kind::Bookmark, &edit))
    }

    /// The note of an item as it is shown.
    pub(crate) fn noted(&mut self, item: ItemId) -> String {
        let shown = self.replica().shown();
        shown.item(item).map(|item| item.text(field::NOTES).to_owned()).unwrap_or_default()
    }
}
