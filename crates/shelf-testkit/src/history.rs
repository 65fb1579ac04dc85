//! What clients asked and were told, seen from outside, and whether it can have been: the promises P1
//! to P5 of docs/SYNC.md, held against the log as it is in the end.
//!
//! Clients append words to lists, each word once: tags to a bookmark, lines to its notes. So every
//! read tells which writes it saw, the log tells their order, and what depends on what is known
//! (Kingsbury and Alvaro, "Elle", 2020). Nothing here asks a server: it is all functions of a history.

mod lists;
mod promises;
mod cycles;
#[cfg(test)]
mod tests;

pub use lists::{Lists, words};

use sha2::{Digest, Sha256};
use shelf_domain::change::Change;
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A list that clients append words to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// The names of the tags of a bookmark, in any order.
    Tags(ItemId),
    /// The lines of the notes of a bookmark, in their order.
    Notes(ItemId),
}

/// What makes a write count once, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A paired device and its counter.
    Device(DeviceId, u64),
    /// An idempotency key.
    Rest(String),
}

/// What a client asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To write something; sent again as it was, until it is told what became of it.
    Write {
        /// What makes it count once.
        key: Key,
        /// A hash of what was sent.
        body: u64,
        /// The word it appends, and where; `None` where it only prepares that.
        adds: Option<(List, String)>,
    },
    /// What is in a list, having seen the log up to `at_least`.
    Read {
        /// Which one.
        list: List,
        /// A position of the log that somebody was told of.
        at_least: Seq,
    },
    /// The rows after a position that was pulled before.
    Pull {
        /// The position.
        from: Seq,
    },
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was written: by the row `seq` (by one at or before it, where it went by REST), and the
    /// answer was this. No `seq` where nothing had to be logged.
    Written {
        /// The position that was told.
        seq: Option<Seq>,
        /// The answer, to be compared with that to a repetition.
        answer: String,
    },
    /// What the list held, when its item had the version `seq`.
    Read {
        /// The version.
        seq: Seq,
        /// Its words.
        words: Vec<String>,
    },
    /// Rows, each with its [`digest`], up to `to`.
    Pulled {
        /// The epoch of the log.
        epoch: u32,
        /// The position of the last row.
        to: Seq,
        /// Position and digest of each.
        rows: Vec<(Seq, u64)>,
        /// Whether there was no more.
        is_end: bool,
    },
    /// Nothing: it may have been done, or may be done yet.
    Unknown,
    /// That it was not done, by this code.
    Refused(String),
}

/// One thing a client asked, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which client; each asks one thing after the other.
    pub client: usize,
    /// When it was asked and when it ended, in one order of all clients.
    pub span: (u64, u64),
    /// What was asked.
    pub asked: Asked,
    /// What was told.
    pub told: Told,
}

/// Where clients write down what they ask and are told.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    order: Arc<AtomicU64>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Recorder {
    /// Something is about to be asked: when.
    pub fn begins(&self) -> u64 {
        self.order.fetch_add(1, Ordering::SeqCst)
    }

    /// What was asked of old has ended so.
    pub fn ends(&self, client: usize, began: u64, asked: Asked, told: Told) {
        let span = (began, self.order.fetch_add(1, Ordering::SeqCst));
        self.events.lock().unwrap().push(Event { client, span, asked, told });
    }

    /// Everything so far, in the order in which it ended.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.events.lock().unwrap().clone();
        events.sort_by_key(|event| event.span.1);
        events
    }
}

/// How it is in the end, when nothing is under way any more.
#[derive(Clone, Debug)]
pub struct End {
    /// The epoch of the log.
    pub epoch: u32,
    /// The log, from its beginning.
    pub log: Vec<Change>,
    /// The checksum the server tells.
    pub checksum: String,
    /// What each client that pulls has folded, having pulled everything.
    pub replicas: Vec<(usize, Shelf)>,
}

/// A promise that was not kept, and how that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub promise: &'static str,
    /// What shows it.
    pub shown_by: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.shown_by)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found(Vec<Violation>);

impl Found {
    /// That `promise` was not kept, unless `is_kept`.
    fn require(&mut self, is_kept: bool, promise: &'static str, shown_by: impl FnOnce() -> String) {
        if !is_kept {
            self.0.push(Violation { promise, shown_by: shown_by() });
        }
    }
}

/// Every violation that `events` and `end` show.
pub fn check(events: &[Event], end: &End) -> Vec<Violation> {
    let mut found = Found::default();
    let lists = Lists::of(&end.log);
    for broken in lists.broken() {
        found.require(false, "P1", || broken.clone());
    }
    promises::of_writes(events, end, &lists, &mut found);
    promises::of_replicas(end, &mut found);
    promises::of_pulls(events, end, &mut found);
    promises::of_reads(events, &lists, &mut found);
    found.0.extend(cycles::cycle(events, &lists));
    found.0
}

/// By what a row is known again: the first bytes of the SHA-256 of what stands on the wire.
pub fn digest(change: &Change) -> u64 {
    hash(&change.to_wire())
}

/// By what a text is known again.
pub fn hash(text: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

/// How a history went, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Writes that were acknowledged, each key once.
    pub acknowledged: usize,
    /// Times that nobody answered what came of a write.
    pub unknown: usize,
    /// Times that something was refused.
    pub refused: usize,
    /// Reads that were answered.
    pub reads: usize,
    /// Pulls and portions of a socket that were told.
    pub pulls: usize,
}

impl Tally {
    /// The numbers of `events`.
    pub fn of(events: &[Event]) -> Self {
        let mut tally = Self::default();
        let mut keys = BTreeSet::new();
        for event in events {
            match (&event.asked, &event.told) {
                (Asked::Write { key, .. }, Told::Written { .. }) => {
                    keys.insert(key);
                }
                (Asked::Write { .. }, Told::Unknown) => tally.unknown += 1,
                (_, Told::Refused(_)) => tally.refused += 1,
                (_, Told::Read { .. }) => tally.reads += 1,
                (_, Told::Pulled { .. }) => tally.pulls += 1,
                _ => {}
            }
        }
        tally.acknowledged = keys.len();
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} writes acknowledged, {} times unknown, {} refused; {} reads, {} pulls",
            self.acknowledged, self.unknown, self.refused, self.reads, self.pulls
        )
    }
}
