//! A log in memory whose hints can be cut, and a projection that fails and crashes on demand.

use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ActId, DeviceId, ItemId, LibraryId, Scope, TenantId};
use shelf_domain::kind::Kind;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::turn::Author;
use shelf_follow::{Follower, Pace, Source, Turns};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::leases::Leases;
use shelf_ports::library::{ActLine, Decision, IdempotencyKey, Library, Touch, Touched, Written};
use shelf_ports::news::{Mark, News};
use shelf_ports::projection::Projection;
use shelf_ports::{Failure, Fault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub(crate) fn library(number: u8) -> Scope {
    Scope { tenant: TenantId::from_bytes([1; 16]), library: LibraryId::from_bytes([number; 16]) }
}

/// Logs of many libraries, and who was stirred.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    rows: Mutex<BTreeMap<Scope, Vec<Change>>>,
    stirred: Mutex<Vec<Scope>>,
    hint: Notify,
    pub(crate) hints_cut: AtomicBool,
    pub(crate) deaf: AtomicU32,
    pub(crate) now: AtomicI64,
}

impl Logs {
    pub(crate) fn append(&self, scope: Scope, count: u64) {
        let at = self.now.load(Ordering::SeqCst);
        let mut rows = self.rows.lock().unwrap();
        let log = rows.entry(scope).or_default();
        for _ in 0..count {
            let seq = log.len() as Seq + 1;
            log.push(Change {
                seq,
                at,
                device: DeviceId::from_bytes([2; 16]),
                n: seq,
                hlc: Hlc::at(at),
                base: 0,
                act: ActId::from_bytes([3; 16]),
                item: ItemId::from_bytes([4; 16]),
                kind: Kind::Bookmark,
                number: None,
                joined: None,
                set: BTreeMap::new(),
                also: BTreeMap::new(),
                also_hlc: None,
            });
        }
        drop(rows);
        self.stirred.lock().unwrap().push(scope);
        if !self.hints_cut.load(Ordering::SeqCst) {
            self.hint.notify_one();
        }
    }
}

fn unasked<T>() -> Result<T, Fault> {
    Err(Fault::new("asking what a follower never asks", "not in this fake"))
}

#[async_trait]
impl News for Logs {
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault> {
        if self.deaf.load(Ordering::SeqCst) > 0 {
            self.deaf.fetch_sub(1, Ordering::SeqCst);
            return Err(Fault::new("asking for news", "the store is away"));
        }
        let stirred = self.stirred.lock().unwrap();
        let news = (1..).zip(stirred.iter().copied()).skip(usize::try_from(mark).unwrap());
        Ok(news.take(limit).collect())
    }

    async fn hint(&self) {
        self.hint.notified().await;
    }
}

#[async_trait]
impl Library for Logs {
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        let seq = self.rows.lock().unwrap().get(&scope).map_or(0, |log| log.len() as Seq);
        Ok(Head { seq, ..Head::default() })
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        let rows = self.rows.lock().unwrap();
        let log = rows.get(&scope).into_iter().flatten();
        Ok(log.filter(|change| change.seq > after).take(limit).cloned().collect())
    }

    async fn write(
        &self,
        _: Scope,
        _: Author,
        _: Option<IdempotencyKey>,
        _: Reads,
        _: Decision,
    ) -> Result<Written, Failure> {
        Ok(unasked()?)
    }
    async fn read(&self, _: Scope, _: Reads) -> Result<Shelf, Fault> {
        unasked()
    }
    async fn history(
        &self,
        _: Scope,
        _: ItemId,
        _: Option<Seq>,
        _: usize,
    ) -> Result<Vec<Change>, Fault> {
        unasked()
    }
    async fn touched(&self, _: Scope, _: Touched, _: Seq, _: usize) -> Result<Vec<Touch>, Fault> {
        unasked()
    }
    async fn acts(&self, _: Scope, _: Option<Seq>, _: usize) -> Result<Vec<ActLine>, Fault> {
        unasked()
    }
    async fn overdue(&self, _: Scope, _: i64, _: usize) -> Result<Vec<ItemId>, Fault> {
        unasked()
    }
    async fn forget_answers(&self, _: Scope, _: i64) -> Result<(), Fault> {
        unasked()
    }
    async fn refold(&self, _: Scope) -> Result<(), Fault> {
        unasked()
    }
}

/// What a projection has on its disk: effect and position, committed together.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) taken: BTreeMap<Scope, Vec<Seq>>,
    pub(crate) position: BTreeMap<Scope, Seq>,
    pub(crate) batches: Vec<usize>,
}

/// A projection that lists the seqs it took in.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) disk: Arc<Mutex<Disk>>,
    /// Batches that fail before anything is on disk.
    pub(crate) failing: AtomicU32,
    /// Batches that are on disk, yet whose answer is lost.
    pub(crate) silent: AtomicU32,
    /// Batches before which another process resets the library.
    pub(crate) resets: AtomicU32,
    /// Libraries it can never take in.
    pub(crate) poison: BTreeSet<Scope>,
}

#[async_trait]
impl Projection for Listed {
    fn name(&self) -> &'static str {
        "listed"
    }

    async fn position(&self, scope: Scope) -> Result<Seq, Fault> {
        Ok(self.disk.lock().unwrap().position.get(&scope).copied().unwrap_or(0))
    }

    async fn apply(&self, scope: Scope, after: Seq, batch: &[Change]) -> Result<(), Fault> {
        // Others act between reading and taking in.
        tokio::task::yield_now().await;
        if self.poison.contains(&scope) || take_one(&self.failing) {
            return Err(Fault::new("taking in a batch", "planted"));
        }
        {
            let mut disk = self.disk.lock().unwrap();
            if take_one(&self.resets) {
                disk.taken.remove(&scope);
                disk.position.remove(&scope);
            }
            let position = disk.position.get(&scope).copied().unwrap_or(0);
            disk.batches.push(batch.len());
            if position == after {
                let fresh: Vec<Seq> = batch.iter().map(|change| change.seq).collect();
                disk.position.insert(scope, fresh.last().copied().unwrap_or(position));
                disk.taken.entry(scope).or_default().extend(fresh);
            }
        }
        if take_one(&self.silent) {
            return Err(Fault::new("answering after the commit", "planted"));
        }
        Ok(())
    }

    async fn reset(&self, scope: Scope) -> Result<(), Fault> {
        let mut disk = self.disk.lock().unwrap();
        disk.taken.remove(&scope);
        disk.position.remove(&scope);
        Ok(())
    }
}

fn take_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[derive(Debug)]
struct Still(Arc<Logs>);

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        self.0.now.load(Ordering::SeqCst)
    }
    fn ticks_us(&self) -> u64 {
        0
    }
}

impl Chance for Still {
    fn seed(&self) -> [u8; 16] {
        [128; 16]
    }
}

fn follower(logs: &Arc<Logs>, projection: Arc<Listed>) -> Arc<Follower> {
    let source = Source {
        news: logs.clone(),
        library: logs.clone(),
        clock: Arc::new(Still(logs.clone())),
        chance: Arc::new(Still(logs.clone())),
    };
    Follower::new(source, projection, Pace::default())
}

/// A follower that runs.
pub(crate) struct Running {
    pub(crate) follower: Arc<Follower>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(logs: &Arc<Logs>, projection: Arc<Listed>) -> Self {
        let follower = follower(logs, projection);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(follower.clone().run(stopped));
        Self { follower, stop, task }
    }

    /// Starts one process of several.
    pub(crate) fn share(
        logs: &Arc<Logs>,
        projection: Arc<Listed>,
        leases: Arc<dyn Leases>,
        holder: &str,
    ) -> Self {
        let follower = follower(logs, projection);
        let (stop, stopped) = watch::channel(false);
        let turns = Turns::new(leases, follower.clone(), holder.to_owned());
        let task = tokio::spawn(turns.run(stopped));
        Self { follower, stop, task }
    }

    /// Stops it between two batches.
    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }

    /// Kills it wherever it is.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}
