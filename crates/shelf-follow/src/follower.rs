//! The loop: hear news, read after the position, apply in batches, back off, park, measure.

use crate::pace::Pace;
use crate::report::{Parked, Report};
use crate::track::{Track, Tracks};
use shelf_domain::id::Scope;
use shelf_domain::shard::ShardGroup;
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::Library;
use shelf_ports::news::News;
use shelf_ports::projection::Projection;
use std::collections::BTreeSet;
use std::error::Error;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Where followers read from, and what they measure and jitter with.
#[derive(Clone, Debug)]
pub struct Source {
    /// Who has news.
    pub news: Arc<dyn News>,
    /// The log.
    pub library: Arc<dyn Library>,
    /// Time, for lag.
    pub clock: Arc<dyn Clock>,
    /// Chance, for jitter.
    pub chance: Arc<dyn Chance>,
}

/// Keeps one projection following the log of every library, or of those in the groups it holds.
///
/// Holds nothing that matters: after a crash it asks again who was ever stirred, and each
/// projection knows its own position.
#[derive(Debug)]
pub struct Follower {
    source: Source,
    projection: Arc<dyn Projection>,
    pace: Pace,
    tracks: Mutex<Tracks>,
    moved: Notify,
    wake: Notify,
    turn: tokio::sync::Mutex<()>,
}

impl Follower {
    /// A follower of `source` for `projection`, of all groups; [`run`](Self::run) starts it.
    pub fn new(source: Source, projection: Arc<dyn Projection>, pace: Pace) -> Arc<Self> {
        let mut tracks = Tracks::default();
        tracks.hold(&ShardGroup::all().collect());
        Arc::new(Self {
            source,
            projection,
            pace,
            tracks: Mutex::new(tracks),
            moved: Notify::new(),
            wake: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// The projection's name.
    pub fn name(&self) -> &'static str {
        self.projection.name()
    }

    /// Follows libraries of `groups` alone from now on: those of a new one at once, from where the
    /// projection is. A batch that was begun is ended.
    pub fn hold(&self, groups: &BTreeSet<ShardGroup>) {
        self.lock().hold(groups);
        self.wake.notify_one();
    }

    /// Whether it follows the libraries of `group`.
    pub fn holds(&self, group: ShardGroup) -> bool {
        self.lock().marks.contains_key(&group)
    }

    /// Follows `scope` once more, although nothing new was heard of it: something beside the log
    /// changed where its projection has to begin. Nothing, unless its group is followed.
    pub fn stir(&self, scope: Scope) {
        if !self.holds(ShardGroup::of(scope.library)) {
            return;
        }
        self.lock().stirred.insert(scope);
        self.wake.notify_one();
    }

    /// Follows until `stop` becomes true (or its sender is gone). A batch that was begun is ended.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut deaf = 0_u32;
        let mut restless = false;
        let mut echoes = 0_u32;
        while !*stop.borrow() {
            // Listened for before looking: a hint that comes while there is work is not missed.
            let hint = self.source.news.hint();
            tokio::pin!(hint);
            let mut hinted = poll_fn(|cx| Poll::Ready(hint.as_mut().poll(cx).is_ready())).await;
            match self.hear().await {
                Ok(heard) => {
                    deaf = 0;
                    restless |= heard;
                    echoes = if heard { 0 } else { Pace::echo_after(echoes) };
                }
                Err(fault) => {
                    deaf = deaf.saturating_add(1);
                    self.note_fault(None, &fault);
                }
            }
            let more = self.round(&stop).await;
            self.measure().await;
            if more && deaf == 0 {
                tokio::task::yield_now().await;
                continue;
            }
            let echo = self.pace.echo(echoes).map(|wait| Instant::now() + wait);
            let until = echo.into_iter().fold(self.next_look(deaf), Instant::min);
            if !hinted {
                tokio::select! {
                    () = &mut hint => hinted = true,
                    () = self.wake.notified() => {}
                    () = sleep_until(until) => {
                        if echoes == 0 && std::mem::take(&mut restless) {
                            self.rest().await;
                        }
                    }
                    changed = stop.changed() => if changed.is_err() { return },
                }
            }
            if hinted {
                echoes = 1;
            }
        }
    }

    /// Waits, at most `within`, until the projection has taken in `seq` of `scope`; whether it has.
    pub async fn caught_up(&self, scope: Scope, seq: Seq, within: Duration) -> Result<bool, Fault> {
        let until = Instant::now() + within;
        if self.known(scope).is_none() {
            let position = self.projection.position(scope).await?;
            let mut tracks = self.lock();
            let track = tracks.all.entry(scope).or_default();
            track.position = track.position.max(Some(position));
        }
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.known(scope).is_some_and(|at| at >= seq) {
                return Ok(true);
            }
            self.wake.notify_one();
            if timeout_at(until, moved).await.is_err() {
                return Ok(self.known(scope).is_some_and(|at| at >= seq));
            }
        }
    }

    /// Drops what the projection holds of `scope` and lets it follow again from the beginning.
    pub async fn rebuild(&self, scope: Scope) -> Result<(), Fault> {
        let _turn = self.turn.lock().await;
        self.projection.reset(scope).await?;
        {
            let mut tracks = self.lock();
            tracks.all.insert(scope, Track { position: Some(0), ..Track::default() });
            tracks.stirred.insert(scope);
        }
        self.wake.notify_one();
        Ok(())
    }

    /// How this follower stands now.
    pub async fn report(&self) -> Report {
        let waiting: Vec<(Scope, Seq)> = {
            let tracks = self.lock();
            let position = |scope| tracks.all.get(scope).and_then(|track| track.position);
            tracks.stirred.iter().map(|scope| (*scope, position(scope).unwrap_or(0))).collect()
        };
        let mut lag_changes = 0;
        for (scope, position) in waiting {
            let head = self.source.library.head(scope).await.map_or(position, |head| head.seq);
            lag_changes += head.saturating_sub(position);
        }
        let now = self.source.clock.now_ms();
        let tracks = self.lock();
        let oldest = tracks.all.values().filter_map(|track| track.waiting_since).min();
        let parked = tracks.all.iter().filter(|(_, track)| track.faults >= self.pace.park_after);
        Report {
            follower: self.name(),
            groups: tracks.marks.len(),
            lag_changes,
            lag_seconds: oldest.map_or(0.0, |at| now.saturating_sub(at).max(0) as f64 / 1000.0),
            batch_size: tracks.batch_size,
            retries: tracks.retries,
            parked: parked
                .map(|(scope, track)| Parked {
                    scope: *scope,
                    position: track.position,
                    problem: track.problem.clone(),
                })
                .collect(),
        }
    }

    /// Lets the projection tidy up: nothing came for as long as a look takes.
    async fn rest(&self) {
        let _turn = self.turn.lock().await;
        if let Err(fault) = self.projection.rest().await {
            self.note_fault(None, &fault);
        }
    }

    /// Hears which libraries moved, page by page; whether any did.
    async fn hear(&self) -> Result<bool, Fault> {
        let mut heard = false;
        loop {
            let Some(mark) = self.lock().hears_from() else { return Ok(heard) };
            let news = self.source.news.stirred_since(mark, self.pace.news).await?;
            self.lock().heard(mark, &news);
            heard |= !news.is_empty();
            if news.len() < self.pace.news {
                return Ok(heard);
            }
        }
    }

    /// Gives every library that is due its turn; whether one of them has more at once.
    async fn round(&self, stop: &watch::Receiver<bool>) -> bool {
        let mut more = false;
        let due = self.lock().due(Instant::now());
        for scope in due {
            if *stop.borrow() {
                return false;
            }
            match self.follow(scope, stop).await {
                Ok(done) => more |= !done,
                Err(fault) => self.note_fault(Some(scope), &fault),
            }
        }
        more
    }

    /// Takes in what is new in `scope`, a bounded number of batches; whether that was all.
    async fn follow(&self, scope: Scope, stop: &watch::Receiver<bool>) -> Result<bool, Fault> {
        let _turn = self.turn.lock().await;
        if !self.lock().stirred.contains(&scope) {
            return Ok(true);
        }
        let mut position = self.projection.position(scope).await?;
        for _ in 0..self.pace.turns {
            let batch = self.source.library.changes(scope, position, self.pace.batch).await?;
            let Some((first, last)) = batch.first().zip(batch.last()) else {
                self.arrived(scope, position, true);
                return Ok(true);
            };
            {
                let mut tracks = self.lock();
                tracks.batch_size = batch.len();
                let Some(track) = tracks.of_stirred(scope) else { return Ok(true) };
                track.waiting_since = Some(first.at);
            }
            self.projection.apply(scope, position, &batch).await?;
            // Another process that follows the same library may have been quicker.
            position = self.projection.position(scope).await?;
            let done = batch.len() < self.pace.batch && position >= last.seq;
            self.arrived(scope, position, done);
            if done || *stop.borrow() {
                return Ok(done);
            }
        }
        Ok(false)
    }

    fn arrived(&self, scope: Scope, position: Seq, done: bool) {
        self.lock().arrived(scope, position, done);
        self.moved.notify_waiters();
    }

    /// Notes a fault of one library, or of the news themselves, and says so once.
    fn note_fault(&self, scope: Option<Scope>, fault: &Fault) {
        let problem = chain(fault);
        let mut tracks = self.lock();
        tracks.retries += 1;
        let mut parked = false;
        if let Some(track) = scope.and_then(|scope| tracks.of_stirred(scope)) {
            track.faults = track.faults.saturating_add(1);
            let wait = self.pace.back_off(track.faults, self.source.chance.seed());
            track.retry_at = Some(Instant::now() + wait);
            parked = track.faults == self.pace.park_after;
            track.problem.clone_from(&problem);
        }
        drop(tracks);
        metrics::counter!("mindshelf_follower_retries_total", "follower" => self.name())
            .increment(1);
        let library = scope.map(|scope| scope.library.to_string()).unwrap_or_default();
        let follower = self.name();
        if parked {
            tracing::error!(follower, library, problem, "a library is parked after many faults");
        } else {
            tracing::warn!(follower, library, problem, "a follower met a fault and tries again");
        }
    }

    async fn measure(&self) {
        let report = self.report().await;
        let follower = report.follower;
        metrics::gauge!("mindshelf_follower_lag_changes", "follower" => follower)
            .set(report.lag_changes as f64);
        metrics::gauge!("mindshelf_follower_lag_seconds", "follower" => follower)
            .set(report.lag_seconds);
        metrics::gauge!("mindshelf_follower_batch_changes", "follower" => follower)
            .set(report.batch_size as f64);
        metrics::gauge!("mindshelf_follower_groups", "follower" => follower)
            .set(report.groups as f64);
        metrics::gauge!("mindshelf_follower_parked", "follower" => follower)
            .set(report.parked.len() as f64);
    }

    /// When to look again without a hint.
    fn next_look(&self, deaf: u32) -> Instant {
        let now = Instant::now();
        let poll = match deaf {
            0 => self.pace.poll,
            faults => self.pace.back_off(faults, self.source.chance.seed()),
        };
        let retry = self.lock().next_retry();
        retry.map_or(now + poll, |retry| retry.min(now + poll))
    }

    fn known(&self, scope: Scope) -> Option<Seq> {
        self.lock().all.get(&scope).and_then(|track| track.position)
    }

    fn lock(&self) -> MutexGuard<'_, Tracks> {
        // Nothing panics while holding it, and its content is only what was seen last.
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault with its causes, in one line.
fn chain(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
