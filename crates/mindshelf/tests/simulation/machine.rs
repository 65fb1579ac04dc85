//! A device: a real replica in a file, with a clock of its own, whose sync is led on by hand.

use crate::wire::{Told, Wire};
use shelf_client::{Client, LibraryClient};
use shelf_domain::id::{DeviceId, LibraryId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Turn;
use shelf_ports::chance::{Chance, Clock};
use shelf_replica::{About, Progress, Replica, ReplicaFailure, Synced, Way};
use shelf_testkit::{FakeClock, SeededChance};
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tempfile::TempDir;
use tokio::runtime::Runtime;

type Done = Result<Synced, ReplicaFailure>;
/// A sync that is under way has the replica, and gives it back.
type Syncing = Pin<Box<dyn Future<Output = (Replica, Done)>>>;

/// A device. While it syncs, its replica is away; while it is down, there is only its file.
pub(crate) struct Machine {
    /// How wrong its clock is, milliseconds.
    pub(crate) skew: i64,
    /// Whether its owner may only read.
    pub(crate) only_reads: bool,
    /// How often it went down: whom it asked before answers in vain.
    pub(crate) life: u64,
    /// Whether somebody has its question.
    pub(crate) asks: bool,
    pub(crate) wire: Wire,
    clock: Arc<FakeClock>,
    chance: Arc<SeededChance>,
    library: LibraryClient,
    replica: Option<Replica>,
    syncing: Option<Syncing>,
    /// Whether the server said that it is not paired any more.
    is_removed: bool,
    /// Whether its last sync brought all level.
    is_level: bool,
    /// Epoch and position it was seen to stand at last.
    at: (u32, Seq),
    file: PathBuf,
    _dir: TempDir,
}

impl Machine {
    /// A device with an empty replica of `library`, whose clock stands at `now`.
    pub(crate) fn new(
        name: &str,
        library: LibraryId,
        chance: u64,
        (now, skew): (i64, i64),
    ) -> Self {
        let (wire, dir) = (Wire::default(), tempfile::tempdir().unwrap());
        let file = dir.path().join("library.replica");
        let about = About {
            server: "the simulation".to_owned(),
            library,
            name: "Papers".to_owned(),
            device_name: name.to_owned(),
        };
        let replica = Some(Replica::make(&file, about).unwrap());
        // Whoever carries a request shows the token of its sender.
        let client = Client::new(Arc::new(wire.clone()), "none").unwrap();
        Self {
            skew,
            only_reads: false,
            life: 0,
            asks: false,
            wire,
            clock: Arc::new(FakeClock::at(now + skew)),
            chance: Arc::new(SeededChance::new(chance)),
            library: client.library(library),
            replica,
            syncing: None,
            is_removed: false,
            is_level: false,
            at: (0, 0),
            file,
            _dir: dir,
        }
    }

    /// Sets its clock, which shows `now` as wrongly as it does.
    pub(crate) fn set_clock(&self, now: i64) {
        self.clock.set(now + self.skew);
    }

    /// Whether a sync is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.syncing.is_some()
    }

    /// Whether all is level with the server.
    pub(crate) fn is_level(&self) -> bool {
        self.is_level
    }

    /// Its replica, while no sync is under way; a device that is down comes up.
    pub(crate) fn replica(&mut self) -> &mut Replica {
        assert!(self.syncing.is_none(), "its replica is away");
        let (file, now) = (&self.file, self.clock.now_ms());
        let open = || Replica::open(file, now).unwrap();
        let replica = self.replica.get_or_insert_with(open);
        let head = &replica.base().head;
        let at = (head.epoch, head.seq);
        assert!(at >= self.at, "P5: it stood at {:?} and stands at {at:?}", self.at);
        self.at = at;
        replica
    }

    /// What its file holds, whatever is under way.
    pub(crate) fn look(&self) -> Replica {
        Replica::open(&self.file, self.clock.now_ms()).unwrap()
    }

    /// The device it pushes as.
    pub(crate) fn device(&mut self) -> Option<DeviceId> {
        self.replica().device()
    }

    /// Goes down, as if the power were cut.
    pub(crate) fn crash(&mut self) {
        (self.replica, self.syncing) = (None, None);
        (self.life, self.asks) = (self.life + 1, false);
        self.wire.clear();
    }

    /// Goes down at the `count`th step it comes to from now on.
    pub(crate) fn crash_at(&mut self, mut count: usize) {
        self.replica().stop_at(Box::new(move |_| {
            count = count.saturating_sub(1);
            count == 0
        }));
    }

    /// Does something to what it shows.
    pub(crate) fn act(
        &mut self,
        decide: impl Fn(&mut Turn) -> Result<(), Refused>,
    ) -> Result<(), ReplicaFailure> {
        let (now, seed) = (self.clock.now_ms(), self.chance.seed());
        let done = self.replica().act(now, seed, decide);
        if matches!(done, Err(ReplicaFailure::Stopped(_))) {
            self.crash();
        }
        done
    }

    /// Begins to sync; one that was removed pairs anew first.
    pub(crate) fn begin(&mut self, verify: bool) {
        self.replica();
        let Some(mut replica) = self.replica.take() else { return };
        let anew = std::mem::take(&mut self.is_removed);
        let (library, clock, chance) =
            (self.library.clone(), self.clock.clone(), self.chance.clone());
        self.syncing = Some(Box::pin(async move {
            let mut ignore = |_: Progress| {};
            let progress = &mut ignore;
            let mut way =
                Way { server: &library, clock: &*clock, chance: &*chance, progress, verify };
            let paired = if anew { replica.pair_anew(&mut way).await } else { Ok(()) };
            let done = match paired {
                Ok(()) => replica.sync(&mut way).await,
                Err(failure) => Err(failure),
            };
            (replica, done)
        }));
    }

    /// Leads its sync on as far as it goes by itself; how it ended, if it did.
    pub(crate) fn poll(&mut self, devices: &Runtime) -> Option<Done> {
        let syncing = self.syncing.as_mut()?;
        let polled = devices.block_on(poll_fn(|cx| Poll::Ready(syncing.as_mut().poll(cx))));
        let Poll::Ready((replica, done)) = polled else { return None };
        self.syncing = None;
        if matches!(done, Err(ReplicaFailure::Stopped(_))) {
            drop(replica);
            self.crash();
            return Some(done);
        }
        self.replica = Some(replica);
        let code = done.as_ref().err().and_then(ReplicaFailure::code);
        self.is_removed = code == Some(Code::Forbidden.name()) && !self.only_reads;
        self.is_level = self.replica().is_synced() && done.is_ok();
        Some(done)
    }

    /// Hears what came back of its question.
    pub(crate) fn hear(&mut self, told: Told) {
        self.asks = false;
        self.wire.tell(told);
    }
}
