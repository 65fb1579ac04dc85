//! Sync: pull, push what waits, pull what became of it, and prove now and then that both sides hold
//! the same. Every step may be cut off anywhere and begun again.

use crate::backoff::Backoff;
use crate::event::Event;
use crate::failure::ReplicaFailure;
use crate::file::Step;
use crate::queue::{Why, batch};
use crate::replica::Replica;
use crate::server::Server;
use serde::Serialize;
use shelf_client::sync::{Pulled, PushAnswer};
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Seq;
use shelf_ports::chance::{Chance, Clock};
use std::fmt;

/// Rows asked for at once.
pub(crate) const LIMIT: usize = 1_000;
/// From how many rows on a library is loaded whole, as a snapshot where the server makes one.
const SNAPSHOT_FROM: Seq = 5_000;
/// How often one sync begins again because another program wrote to the file.
const OVERTAKEN_MAX: u32 = 5;
/// How often one sync may put its numbers right, and how often its pushes may begin a new epoch.
const RECOVERIES_MAX: u32 = 3;
/// How often what was answered is looked for in the log, where a copy the server reads from lags.
const LOOKS_MAX: u32 = 5;
/// How long sums are believed, milliseconds.
const VERIFIED_MS: i64 = 3_600_000;

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were folded.
    pub seq: Seq,
    /// Rows there are.
    pub head: Seq,
    /// Changes that wait.
    pub waiting: usize,
}

/// What a sync needs: a server, time, chance, and somebody who is told how far it is.
pub struct Way<'a> {
    /// The library at its server.
    pub server: &'a dyn Server,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Chance.
    pub chance: &'a dyn Chance,
    /// Is told how far it is.
    pub progress: &'a mut (dyn FnMut(Progress) + Send),
    /// Whether to compare sums even if they were compared a short while ago.
    pub verify: bool,
}

impl fmt::Debug for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// Rows that came in.
    pub pulled: u64,
    /// Changes that were answered.
    pub pushed: u64,
    /// Whether the library was loaded anew, because the server began a new epoch or forgot rows.
    pub restarted: bool,
    /// Changes that were queued again because the server had lost them.
    pub healed: u64,
    /// Items the server had lost that were not put again, since the person may only read.
    pub given_up: u64,
    /// Ranges that were repaired.
    pub repaired: u64,
}

impl Replica {
    /// Brings both sides level. Where it fails, nothing that was queued is lost, and the next sync
    /// goes on.
    pub async fn sync(&mut self, way: &mut Way<'_>) -> Result<Synced, ReplicaFailure> {
        let mut told = Synced::default();
        for _ in 0..OVERTAKEN_MAX {
            self.catch_up(way.clock.now_ms())?;
            match self.round(way, &mut told).await {
                Err(ReplicaFailure::Overtaken) => {}
                Err(failure) => return Err(failure),
                Ok(()) => return Ok(told),
            }
        }
        Err(ReplicaFailure::Overtaken)
    }

    /// The same, tried again after a while where the server does not answer, or as long after as it
    /// says: `tries` times in all.
    pub async fn sync_patiently(
        &mut self,
        way: &mut Way<'_>,
        tries: u32,
    ) -> Result<Synced, ReplicaFailure> {
        let mut backoff = Backoff::default();
        loop {
            match self.sync(way).await {
                Err(failure) if failure.may_pass() && backoff.tries() + 1 < tries => {
                    tokio::time::sleep(backoff.after(&failure, way.chance)).await;
                }
                done => return done,
            }
        }
    }

    async fn round(&mut self, way: &mut Way<'_>, told: &mut Synced) -> Result<(), ReplicaFailure> {
        if self.at.device.is_none() {
            let device = way.server.pair(&self.about.device_name).await?;
            let mut after = self.at.clone();
            after.device = Some(device);
            self.file.write(Step::Renumbering, (&self.at, &mut after), |_| Ok(()))?;
            self.at = after;
        }
        self.pull(way, told).await?;
        self.push(way, told).await?;
        self.look_for_answered(way, told).await?;
        let now = way.clock.now_ms();
        let due =
            self.at.verified_at.is_none_or(|at| now.abs_diff(at) > VERIFIED_MS.unsigned_abs());
        if way.verify || due || told.restarted {
            self.verify(way, told).await?;
        }
        self.forget_held(way).await?;
        self.level(way.clock.now_ms(), told)
    }

    /// Pulls until there is no more.
    pub(crate) async fn pull(
        &mut self,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        loop {
            let pulled = match way.server.pull(self.at.cursor.as_deref(), LIMIT).await {
                Err(failure) if failure.code() == Some(Code::CursorExpired.name()) => {
                    return self.restart(way, told).await;
                }
                pulled => pulled?,
            };
            self.file.step(Step::Pulled)?;
            let is_first = self.at.cursor.is_none();
            if !is_first && pulled.head.epoch != self.at.head.epoch {
                return self.restart(way, told).await;
            }
            if is_first && pulled.head.seq >= SNAPSHOT_FROM {
                return self.begin_whole(way).await;
            }
            self.take(&pulled, way, told)?;
            if is_first {
                self.tell(vec![Event::Anew]);
            }
            if !pulled.has_more || pulled.changes.is_empty() {
                return Ok(());
            }
        }
    }

    fn take(
        &mut self,
        pulled: &Pulled,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        let is_new = self.at.cursor.as_deref() != Some(pulled.next_cursor.as_str());
        if is_new || !pulled.changes.is_empty() {
            self.fold(pulled, way.clock.now_ms())?;
        }
        told.pulled += u64::try_from(pulled.changes.len()).unwrap_or_default();
        self.progress(way, pulled.head.seq);
        Ok(())
    }

    pub(crate) fn progress(&self, way: &mut Way<'_>, head: Seq) {
        let waiting = self.queue.len();
        (way.progress)(Progress { seq: self.base.head.seq, head, waiting });
    }

    /// Pushes all that waits, oldest first.
    async fn push(&mut self, way: &mut Way<'_>, told: &mut Synced) -> Result<(), ReplicaFailure> {
        let (mut most, mut recoveries, mut restarts) = (Self::BATCH_MAX, 0, 0);
        loop {
            let batch = batch(&self.queue, most);
            if batch.is_empty() {
                return Ok(());
            }
            let device = self.must_have_device()?;
            self.file.step(Step::Sending)?;
            let stopped = match way.server.push(device, &batch).await {
                Ok(answer) => {
                    self.file.step(Step::Answered)?;
                    let is_of_before = answer.head.epoch != self.at.head.epoch;
                    let seed = way.chance.seed();
                    let count = self.note(&batch, &answer, (way.clock.now_ms(), seed))?;
                    told.pushed += u64::try_from(count).unwrap_or_default();
                    self.progress(way, answer.head.seq);
                    if is_of_before {
                        self.restart(way, told).await?;
                        restarts += 1;
                        if restarts > RECOVERIES_MAX {
                            let text = "the server answers of two lives of its log";
                            return Err(ReplicaFailure::Unusable(text.to_owned()));
                        }
                        continue;
                    }
                    stopped_by(answer, count)?
                }
                Err(failure) => match failure.code() {
                    Some(code) if code == Code::TooLarge.name() => {
                        most = (batch.len() / 2).max(1);
                        if batch.len() == 1 {
                            self.put_too_large_aside(way.clock.now_ms())?;
                        }
                        continue;
                    }
                    Some(code) if is_about_numbers(code) => Some(code.to_owned()),
                    Some(code) if code == Code::Forbidden.name() => {
                        if self.lets_go(way, told).await? {
                            continue;
                        }
                        return Err(failure.into());
                    }
                    _ => return Err(failure.into()),
                },
            };
            if let Some(code) = stopped {
                recoveries += 1;
                if recoveries > RECOVERIES_MAX {
                    let text = format!("the server does not take the queue: {code}");
                    return Err(ReplicaFailure::Unusable(text));
                }
                self.recover(&code, way, told).await?;
            }
        }
    }

    /// Pulls until all that was answered came back, or a few times.
    async fn look_for_answered(
        &mut self,
        way: &mut Way<'_>,
        told: &mut Synced,
    ) -> Result<(), ReplicaFailure> {
        let mut backoff = Backoff::default();
        while !self.queue.is_empty() && backoff.tries() < LOOKS_MAX {
            self.pull(way, told).await?;
            if !self.queue.is_empty() {
                let wait = backoff.next(way.chance);
                tokio::time::sleep(wait).await;
            }
        }
        Ok(())
    }

    /// What was held stands aside until the person decided; what they refused comes by no log.
    async fn forget_held(&mut self, way: &mut Way<'_>) -> Result<(), ReplicaFailure> {
        let device = self.must_have_device()?;
        if self.aside()?.iter().all(|aside| aside.why != Why::Held || aside.device != device) {
            return Ok(());
        }
        let standing = way.server.standing(device).await?;
        if standing.is_some_and(|standing| standing.held == 0) {
            let mut after = self.at.clone();
            // What waits of a device this one was before is not decided by that.
            let sql = "DELETE FROM aside WHERE why = 'held' AND device = ?1";
            self.file.write(Step::Noting, (&self.at, &mut after), |tx| {
                tx.execute(sql, [device.to_bytes()]).map(drop)
            })?;
            self.at = after;
        }
        Ok(())
    }

    /// Notes that both sides are level, if they are.
    fn level(&mut self, now: i64, told: &Synced) -> Result<(), ReplicaFailure> {
        if !self.is_synced() {
            return Ok(());
        }
        if told.pulled + told.pushed > 0 || self.at.level_at.is_none() {
            let mut after = self.at.clone();
            after.level_at = Some(now);
            self.file.write(Step::Noting, (&self.at, &mut after), |_| Ok(()))?;
            self.at = after;
        }
        self.tell(vec![Event::Synced { seq: self.base.head.seq }]);
        Ok(())
    }
}

/// Why a push was not looked at whole; a server that does not say is not understood.
fn stopped_by(answer: PushAnswer, count: usize) -> Result<Option<String>, ReplicaFailure> {
    match answer.stopped {
        Some(stopped) if is_about_numbers(&stopped.code) => Ok(Some(stopped.code)),
        Some(stopped) => {
            let text = format!("the server stopped: {} {}", stopped.code, stopped.detail);
            Err(ReplicaFailure::Unusable(text))
        }
        None if count == 0 => {
            let text = "the server answered to nothing of a push";
            Err(ReplicaFailure::Unusable(text.to_owned()))
        }
        None => Ok(None),
    }
}

fn is_about_numbers(code: &str) -> bool {
    code == Code::Gap.name() || code == Code::DeviceReused.name()
}
