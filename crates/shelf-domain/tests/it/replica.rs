//! A replica: the log as far as it was pulled, its own waiting changes on top, a clock of its own.

use crate::server::{Server, Told, reg};
use crate::steps::{self, Recipe, Texts, Where};
use shelf_domain::change::{Change, Pushed, Puts};
use shelf_domain::id::{ActId, DeviceId, Ids, ItemId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::order;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::turn::{Author, Turn};
use shelf_domain::value::Value;

/// A device with a copy of the library.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    /// Its id.
    pub(crate) device: DeviceId,
    /// What it has replayed.
    pub(crate) base: Shelf,
    /// What waits to be pushed.
    pub(crate) queue: Vec<Pushed>,
    /// Refused changes, kept for their owner to see.
    pub(crate) refused: Vec<Pushed>,
    skew: i64,
    n: u64,
    acked: u64,
    hlc: Hlc,
    typed: u32,
}

impl Replica {
    /// A fresh device whose clock is `skew` milliseconds off.
    pub(crate) fn new(at: u8, skew: i64) -> Self {
        Self {
            device: steps::device(at),
            base: Shelf::default(),
            queue: Vec::new(),
            refused: Vec::new(),
            skew,
            n: 0,
            acked: 0,
            hlc: Hlc::default(),
            typed: 0,
        }
    }

    /// What its owner sees: the replayed log with the waiting changes on top, by the same decision.
    pub(crate) fn view(&self, now: i64) -> Shelf {
        let author = Author { device: self.device, now: now + self.skew, seed: [0; 16] };
        let mut turn = Turn::new(self.base.clone(), author, self.acked);
        for waiting in &self.queue {
            drop(turn.push(waiting).expect("the queue is dense"));
        }
        turn.shelf
    }

    /// Edits what it sees, and queues the change.
    pub(crate) fn edit(&mut self, what: &Recipe, now: i64) {
        let view = self.view(now);
        let Some((item, kind, set)) = self.puts(what, &view) else { return };
        self.queue_up((item, kind, set), view.head.hlc, now);
    }

    /// Queues one change, later than what it shows: that holds stamps of joins which its own waiting
    /// changes will cause.
    fn queue_up(&mut self, (item, kind, set): (ItemId, Kind, Puts), shown: Hlc, now: i64) {
        self.n += 1;
        self.hlc = Hlc::local(now + self.skew, self.hlc.max(shown));
        let mut seed = [0; 16];
        seed[0] = self.device.to_bytes()[0];
        let act: ActId = Ids::new(now + i64::try_from(self.n).unwrap(), seed).make();
        let base: Seq = self.base.head.seq;
        self.queue.push(Pushed { n: self.n, hlc: self.hlc, base, act, item, kind, set });
    }

    fn text(&mut self) -> Value {
        self.typed += 1;
        Value::from(format!("d{}.{}.", self.device.to_bytes()[0] & 0x0f, self.typed))
    }

    fn long(&mut self, set: &mut Puts, texts: Texts, fields: [&'static str; 2]) {
        let [first, second] = fields;
        match texts {
            Texts::None => {}
            Texts::First => drop(set.insert(reg(first), Some(self.text()))),
            Texts::Both => {
                set.insert(reg(first), Some(self.text()));
                set.insert(reg(second), Some(self.text()));
            }
            Texts::Cleared => drop(set.insert(reg(first), None)),
        }
    }

    /// The puts of a recipe; a new item gets what it needs.
    fn puts(&mut self, what: &Recipe, view: &Shelf) -> Option<(ItemId, Kind, Puts)> {
        let mut set = Puts::new();
        let made = match what {
            Recipe::Bookmark { .. } | Recipe::Tag { .. } | Recipe::Folder { .. } => {
                self.named_puts(what, view, &mut set)
            }
            Recipe::Mark { .. } | Recipe::Note { .. } => self.noted_puts(what, view, &mut set),
            Recipe::Tagged { id, tag, on } => {
                let tag = Register::tag(steps::of_pool(1, *tag));
                set.insert(tag, on.then(|| Value::from(true)));
                (steps::of_pool(0, *id), Kind::Bookmark)
            }
            Recipe::Place { id, bookmark, parent } => {
                set.insert(reg(field::BOOKMARK), Some(Value::from(steps::of_pool(0, *bookmark))));
                set.insert(reg(field::PARENT), parent.map(|at| Value::from(steps::of_pool(2, at))));
                (steps::of_pool(3, *id), Kind::Place)
            }
            Recipe::Trash { any, on } => {
                let known = view.item(steps::any_of_pools(*any))?;
                set.insert(reg(field::TRASHED_AT), on.then(|| Value::from(1_800_000_000_000_i64)));
                (known.id, known.kind.clone())
            }
            Recipe::Settle { any } => {
                let known = view.item(steps::any_of_pools(*any))?;
                let copies = known.registers.iter().filter(|(name, held)| {
                    name.as_str().contains("/copy/") && held.value.is_some()
                });
                set.extend(copies.map(|(name, _)| (name.clone(), None)));
                (known.id, known.kind.clone())
            }
            Recipe::Odd { id, odd } => odd_puts(*id, *odd, &mut set),
        };
        (!set.is_empty()).then_some((made.0, made.1, set))
    }

    /// Bookmarks, tags and folders.
    fn named_puts(&mut self, what: &Recipe, view: &Shelf, set: &mut Puts) -> (ItemId, Kind) {
        let new = |item| view.item(item).is_none();
        let at = |list: &[&str], at: u8| Some(Value::from(list[usize::from(at) % list.len()]));
        match what {
            Recipe::Bookmark { id, url, title, flag, texts } => {
                let item = steps::of_pool(0, *id);
                if url.is_some() || new(item) {
                    set.insert(reg(field::URL), at(&steps::URLS, url.unwrap_or(*id)));
                }
                if *title {
                    set.insert(reg(field::TITLE), Some(self.text()));
                }
                if let Some(flag) = flag {
                    set.insert(reg(field::UNREAD), Some(Value::from(*flag)));
                }
                self.long(set, *texts, [field::NOTES, field::DESCRIPTION]);
                (item, Kind::Bookmark)
            }
            Recipe::Tag { id, name, colour } => {
                let item = steps::of_pool(1, *id);
                if name.is_some() || new(item) {
                    set.insert(reg(field::NAME), at(&steps::NAMES, name.unwrap_or(*id)));
                }
                if *colour {
                    set.insert(reg(field::COLOUR), Some(Value::from("#123456")));
                }
                (item, Kind::Tag)
            }
            Recipe::Folder { id, parent, texts } => {
                let item = steps::of_pool(2, *id);
                if new(item) {
                    set.insert(reg(field::NAME), Some(self.text()));
                    set.insert(reg(field::ORDER), Some(Value::from(order::nth(usize::from(*id)))));
                }
                match parent {
                    Where::Stays => None,
                    Where::Root => set.insert(reg(field::PARENT), None),
                    Where::Into(at) => {
                        set.insert(reg(field::PARENT), Some(Value::from(steps::of_pool(2, *at))))
                    }
                };
                self.long(set, *texts, [field::DESCRIPTION, field::DESCRIPTION]);
                (item, Kind::Collection)
            }
            _ => unreachable!("only these three are named"),
        }
    }

    /// Marks and notes.
    fn noted_puts(&mut self, what: &Recipe, view: &Shelf, set: &mut Puts) -> (ItemId, Kind) {
        match what {
            Recipe::Mark { id, bookmark, texts } => {
                let item = steps::of_pool(4, *id);
                if view.item(item).is_none() {
                    let bookmark = Value::from(steps::of_pool(0, *bookmark));
                    set.insert(reg(field::BOOKMARK), Some(bookmark));
                    set.insert(reg(field::QUOTE), Some(self.text()));
                }
                self.long(set, *texts, [field::COMMENT, field::COMMENT]);
                (item, Kind::Highlight)
            }
            Recipe::Note { id, texts } => {
                let item = steps::of_pool(5, *id);
                let texts = if view.item(item).is_none() { Texts::First } else { *texts };
                self.long(set, texts, [field::BODY, field::BODY]);
                (item, Kind::Note)
            }
            _ => unreachable!("only these two hold notes"),
        }
    }

    /// Pushes up to `count` waiting changes. A deaf device does not hear the answer.
    pub(crate) fn push(&mut self, server: &mut Server, count: usize, deaf: bool) -> Vec<Told> {
        let count = count.min(self.queue.len());
        let batch: Vec<Pushed> = self.queue[..count].to_vec();
        let told = server.push(self.device, &batch);
        if !deaf {
            for (sent, told) in batch.into_iter().zip(&told) {
                let told = told.as_ref().expect("an honest queue is never refused as a whole");
                self.acked = sent.n;
                match told {
                    Ok(outcome) => self.hlc = self.hlc.max(outcome.hlc),
                    Err(_) => self.refused.push(sent),
                }
            }
            self.queue.drain(..count);
        }
        told
    }

    /// Replays up to `count` rows it has not seen.
    pub(crate) fn pull(&mut self, log: &[Change], count: usize) {
        let from = usize::try_from(self.base.head.seq).unwrap();
        for row in log.iter().skip(from).take(count) {
            self.base.fold(row);
        }
    }
}

/// Changes no honest device makes.
fn odd_puts(id: u8, odd: u8, set: &mut Puts) -> (ItemId, Kind) {
    let (item, bookmark) = (steps::of_pool(0, id), Kind::Bookmark);
    match odd {
        0 => drop(set.insert(reg(field::PURGED), Some(Value::from(true)))),
        1 => drop(set.insert(reg("glow"), Some(Value::from(true)))),
        2 => drop(set.insert(reg(field::URL), None)),
        3 => drop(set.insert(reg(field::CREATED_AT), Some(Value::from("yesterday")))),
        4 => {
            set.insert(reg(field::NAME), Some(Value::from("x")));
            return (item, Kind::Other("sketch".to_owned()));
        }
        _ => {
            set.insert(reg(field::NAME), Some(Value::from("x")));
            return (item, Kind::Tag);
        }
    }
    (item, bookmark)
}
