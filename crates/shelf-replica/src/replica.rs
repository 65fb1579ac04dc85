//! The replica: what it shows, edits without a connection, and how it stands.

use crate::event::{BEHIND_MAX, Before, Event};
use crate::failure::ReplicaFailure;
use crate::file::{About, File, Loaded, Position, Step, Stops, put_queued};
use crate::queue::{Aside, QUEUE_MAX, Queued, pushed_of};
use crate::shown::replayed;
use serde::Serialize;
use shelf_domain::change::Pushed;
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::kind::Kind;
use shelf_domain::limits;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use shelf_domain::turn::{Author, Turn};
use std::path::Path;
use tokio::sync::broadcast;

/// How often an edit is decided anew because another program wrote meanwhile.
const TRIES_MAX: u32 = 5;

/// A replica of one library, in one file.
#[derive(Debug)]
pub struct Replica {
    pub(crate) file: File,
    pub(crate) about: About,
    pub(crate) at: Position,
    pub(crate) base: Shelf,
    pub(crate) queue: Vec<Queued>,
    /// What is shown, where that is not the base.
    pub(crate) over: Option<Shelf>,
    pub(crate) news: broadcast::Sender<Event>,
}

/// How a replica stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whose it is.
    pub server: String,
    /// The library.
    pub library: String,
    /// The position of the log it has folded.
    pub seq: Seq,
    /// Living bookmarks it shows.
    pub bookmarks: usize,
    /// Changes that were not answered yet.
    pub waiting: usize,
    /// Changes that were answered and did not come back by the log yet.
    pub answered: usize,
    /// Whether nothing waits and all that was written came back. Say "synced" only then.
    pub is_synced: bool,
    /// When that was so last, milliseconds.
    pub level_at: Option<i64>,
    /// Ranges that ever differed from the server's: stays 0.
    pub mismatches: u64,
}

impl Replica {
    /// Makes an empty replica at `path`, where there is none.
    pub fn make(path: &Path, about: About) -> Result<Self, ReplicaFailure> {
        let file = File::make(path, &about)?;
        Self::with(file, about)
    }

    /// Whose replica is at `path`, without reading the rest.
    pub fn about_of(path: &Path) -> Result<About, ReplicaFailure> {
        File::open(path).map(|(_, about)| about)
    }

    /// Opens the replica at `path`; `now` is this machine's clock.
    pub fn open(path: &Path, now: i64) -> Result<Self, ReplicaFailure> {
        let (file, about) = File::open(path)?;
        let mut replica = Self::with(file, about)?;
        replica.show(now);
        Ok(replica)
    }

    fn with(file: File, about: About) -> Result<Self, ReplicaFailure> {
        let Loaded { at, base, queue } = file.load()?;
        let news = broadcast::channel(BEHIND_MAX).0;
        Ok(Self { file, about, at, base, queue, over: None, news })
    }

    /// Whose replica it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Says where its server is now: the same server may be reached by another address, and may move.
    pub fn reached_at(&mut self, server: &str) -> Result<(), ReplicaFailure> {
        if self.about.server == server {
            return Ok(());
        }
        let about = About { server: server.to_owned(), ..self.about.clone() };
        self.file.say_about(&about)?;
        self.about = about;
        Ok(())
    }

    /// The device it pushes as; none before the first sync.
    pub fn device(&self) -> Option<DeviceId> {
        self.at.device
    }

    /// How far it has pulled, for whoever tells it of news.
    pub fn cursor(&self) -> Option<&str> {
        self.at.cursor.as_deref()
    }

    /// What the server decided, as far as it was pulled.
    pub fn base(&self) -> &Shelf {
        &self.base
    }

    /// What to show: the base with all that waits on top.
    pub fn shown(&self) -> &Shelf {
        self.over.as_ref().unwrap_or(&self.base)
    }

    /// What changes from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.news.subscribe()
    }

    /// What was refused or waits for the person at the server, oldest first.
    pub fn aside(&self) -> Result<Vec<Aside>, ReplicaFailure> {
        self.file.aside()
    }

    /// Drops what stands aside under `id`, as its owner wishes; whether it was there.
    pub fn drop_aside(&mut self, id: i64) -> Result<bool, ReplicaFailure> {
        let there = self.aside()?.iter().any(|aside| aside.id == id);
        let mut after = self.at.clone();
        self.file.write(Step::Noting, (&self.at, &mut after), |tx| {
            tx.execute("DELETE FROM aside WHERE id = ?1", [id]).map(drop)
        })?;
        self.at = after;
        Ok(there)
    }

    /// Whether nothing waits, and all that was written came back by the log.
    pub fn is_synced(&self) -> bool {
        self.queue.is_empty() && self.at.cursor.is_some()
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        let shown = self.shown().items();
        let bookmarks = shown.filter(|item| item.kind == Kind::Bookmark && item.is_living());
        let answered = self.queue.iter().filter(|queued| queued.seq.is_some()).count();
        Standing {
            server: self.about.server.clone(),
            library: self.about.name.clone(),
            seq: self.base.head.seq,
            bookmarks: bookmarks.count(),
            waiting: self.queue.len() - answered,
            answered,
            is_synced: self.is_synced(),
            level_at: self.at.level_at,
            mismatches: self.at.mismatches,
        }
    }

    /// Does what `decide` does to what is shown, and queues it: durable when this returns. A refusal
    /// leaves nothing. `now` is this machine's clock, `seed` 16 random bytes. What another program
    /// wrote to the file meanwhile is read first, and then decided on anew.
    pub fn act<T>(
        &mut self,
        now: i64,
        seed: [u8; 16],
        decide: impl Fn(&mut Turn) -> Result<T, Refused>,
    ) -> Result<T, ReplicaFailure> {
        for _ in 0..TRIES_MAX {
            self.catch_up(now)?;
            match self.try_act(now, seed, &decide) {
                Err(ReplicaFailure::Overtaken) => {}
                done => return done,
            }
        }
        Err(ReplicaFailure::Overtaken)
    }

    fn try_act<T>(
        &mut self,
        now: i64,
        seed: [u8; 16],
        decide: &impl Fn(&mut Turn) -> Result<T, Refused>,
    ) -> Result<T, ReplicaFailure> {
        let Some(device) = self.at.device else {
            let text = "sync once with the server first: it names this device";
            return Err(ReplicaFailure::Unusable(text.to_owned()));
        };
        let mut shelf = self.shown().clone();
        shelf.head.hlc = shelf.head.hlc.max(self.at.hlc);
        let mut turn = Turn::new(shelf, Author { device, now, seed }, self.at.n);
        let done = decide(&mut turn)?;
        let base = self.base.head.seq;
        let rows = turn.into_rows().into_iter();
        let changes: Vec<Pushed> = rows.map(|row| pushed_of(row, base)).collect();
        if !changes.is_empty() {
            self.queue_up(changes, device, now)?;
        }
        Ok(done)
    }

    /// Adds changes to the queue, decided as a push is: what the server would refuse by what is
    /// known here is refused now.
    fn queue_up(
        &mut self,
        changes: Vec<Pushed>,
        device: DeviceId,
        now: i64,
    ) -> Result<(), ReplicaFailure> {
        if self.queue.len() + changes.len() > QUEUE_MAX {
            let detail = format!("{QUEUE_MAX} changes wait: sync first");
            return Err(Refused::new(Code::Quota, "", detail).into());
        }
        let author = Author { device, now, seed: [0; 16] };
        let mut turn = Turn::new(self.shown().clone(), author, self.at.n);
        for change in &changes {
            turn.push(change)??;
        }
        let mut after = self.at.clone();
        after.n = turn.n;
        after.hlc = changes.iter().map(|change| change.hlc).fold(after.hlc, Ord::max);
        let touched = changes.iter().map(|change| change.item);
        let touched = touched.chain(turn.rows.iter().map(|row| row.item));
        let before = Before::of(self.shown(), touched);
        let queued: Vec<Queued> = changes.into_iter().map(Queued::new).collect();
        self.file.write(Step::Queueing, (&self.at, &mut after), |tx| {
            queued.iter().try_for_each(|queued| put_queued(tx, queued))
        })?;
        self.at = after;
        self.queue.extend(queued);
        self.over = Some(turn.shelf);
        self.tell(before.until(self.shown()));
        self.file.step(Step::Queued)
    }

    /// From now on `stops` is asked at every step whether to stop, as a crash would: for tests.
    pub fn stop_at(&mut self, stops: Stops) {
        self.file.stop_at(stops);
    }

    /// Reads the file anew where somebody else wrote to it.
    pub fn catch_up(&mut self, now: i64) -> Result<(), ReplicaFailure> {
        if self.file.turn()? != self.at.turn {
            self.read_anew(now)?;
            self.tell(vec![Event::Anew]);
        }
        Ok(())
    }

    /// Reads the file.
    pub(crate) fn read_anew(&mut self, now: i64) -> Result<(), ReplicaFailure> {
        let Loaded { at, base, queue } = self.file.load()?;
        (self.at, self.base, self.queue) = (at, base, queue);
        self.show(now);
        Ok(())
    }

    /// Decides anew what is shown.
    pub(crate) fn show(&mut self, now: i64) {
        let device = self.at.device.unwrap_or(DeviceId::SEQUENCER);
        self.over = replayed(&self.base, &self.queue, device, now);
    }

    /// The items that the queue is about.
    pub(crate) fn queued_items(&self) -> impl Iterator<Item = ItemId> {
        self.queue.iter().map(|queued| queued.change.item)
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, events: Vec<Event>) {
        for event in events {
            // Nobody has to listen.
            drop(self.news.send(event));
        }
    }

    /// Most changes that may be pushed at once.
    pub(crate) const BATCH_MAX: usize = limits::BATCH_MAX;
}
