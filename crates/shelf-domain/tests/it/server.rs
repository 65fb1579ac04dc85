//! A sequencer in memory: the log, the state beside it, and the answers it has given.

use crate::steps::{self, Rest};
use shelf_domain::change::{Change, Pushed};
use shelf_domain::edit::Edit;
use shelf_domain::id::{ActId, DeviceId, ItemId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Shelf;
use shelf_domain::turn::{Answer, Author, Done, Outcome, Turn};
use shelf_domain::value::Value;
use std::collections::BTreeMap;

/// What a push is answered.
pub(crate) type Told = Result<Result<Outcome, Refused>, Refused>;

/// The sequencer of one library.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Server time, milliseconds.
    pub(crate) now: i64,
    /// The log.
    pub(crate) log: Vec<Change>,
    /// The state a store keeps beside it.
    pub(crate) shelf: Shelf,
    /// Answers, by device and counter.
    pub(crate) answers: BTreeMap<DeviceId, BTreeMap<u64, Answer>>,
    /// The last counter of each device.
    pub(crate) last: BTreeMap<DeviceId, u64>,
    turns: u64,
    typed: u32,
}

/// The grant every REST call of these tests writes with.
pub(crate) fn rest_device() -> DeviceId {
    DeviceId::from_bytes([0xaa; 16])
}

impl Server {
    /// An empty library.
    pub(crate) fn new() -> Self {
        Self {
            now: 1_800_000_000_000,
            log: Vec::new(),
            shelf: Shelf::default(),
            answers: BTreeMap::new(),
            last: BTreeMap::new(),
            turns: 0,
            typed: 0,
        }
    }

    /// A turn of `device` over the whole library, its history in view.
    pub(crate) fn turn(&mut self, device: DeviceId) -> Turn {
        self.turns += 1;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.turns.to_be_bytes());
        let mut shelf = self.shelf.clone();
        shelf.history = self.log.iter().map(|row| (row.seq, row.clone())).collect();
        let author = Author { device, now: self.now, seed };
        let mut turn = Turn::new(shelf, author, self.last.get(&device).copied().unwrap_or(0));
        turn.answers = self.answers.get(&device).cloned().unwrap_or_default();
        turn
    }

    /// Commits what a turn decided.
    pub(crate) fn commit(&mut self, device: DeviceId, turn: Turn) {
        self.last.insert(device, turn.n);
        self.answers.entry(device).or_default().extend(turn.answered);
        self.shelf = turn.shelf;
        self.shelf.history.clear();
        self.log.extend(turn.rows);
        self.now += 7;
    }

    /// Takes a batch of one device, as one transaction.
    pub(crate) fn push(&mut self, device: DeviceId, batch: &[Pushed]) -> Vec<Told> {
        let mut turn = self.turn(device);
        let told = batch.iter().map(|pushed| turn.push(pushed)).collect();
        self.commit(device, turn);
        told
    }

    /// Runs a decision of a REST call; a refusal leaves no trace.
    pub(crate) fn write<T>(
        &mut self,
        decide: impl FnOnce(&mut Turn) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut turn = self.turn(rest_device());
        let done = decide(&mut turn)?;
        self.commit(rest_device(), turn);
        Ok(done)
    }

    /// The acts so far, in order.
    pub(crate) fn acts(&self) -> Vec<ActId> {
        let mut acts: Vec<ActId> = Vec::new();
        for row in &self.log {
            if !acts.contains(&row.act) {
                acts.push(row.act);
            }
        }
        acts
    }

    /// Takes back one act.
    pub(crate) fn undo(&mut self, act: ActId) -> Result<Done, Refused> {
        let mut items: Vec<ItemId> =
            self.log.iter().filter(|row| row.act == act).map(|row| row.item).collect();
        items.sort();
        items.dedup();
        self.write(|turn| turn.take_back(&items, |row| row.act == act))
    }

    /// Does what a caller asks; whether it was refused does not matter here.
    pub(crate) fn rest(&mut self, ask: &Rest) -> Result<(), Refused> {
        self.typed += 1;
        let text = format!("r{}.", self.typed);
        match ask {
            Rest::Save { url, tag, parent, notes } => {
                let mut save = SaveBookmark::of(steps::URLS[usize::from(*url)]);
                save.tags =
                    tag.iter().map(|at| steps::NAMES[usize::from(*at)].to_owned()).collect();
                save.places = parent
                    .iter()
                    .map(|at| SavePlace {
                        parent: Some(steps::of_pool(2, *at)),
                        ..SavePlace::default()
                    })
                    .collect();
                save.notes = if *notes { text } else { String::new() };
                let save = save.checked()?;
                self.write(|turn| turn.save(&save)).map(drop)
            }
            Rest::Edit { id, url, notes, tag } => {
                let mut edit = Edit::default();
                if let Some(url) = url {
                    edit = edit.put(field::URL, Some(Value::from(steps::URLS[usize::from(*url)])));
                }
                if *notes {
                    edit = edit.put(field::NOTES, Some(Value::from(text)));
                }
                edit.add_tags =
                    tag.iter().map(|at| steps::NAMES[usize::from(*at)].to_owned()).collect();
                let edit = edit.checked(&Kind::Bookmark)?;
                self.write(|turn| turn.edit(steps::of_pool(0, *id), &Kind::Bookmark, &edit))
                    .map(drop)
            }
            Rest::Rename { tag, name } => {
                let name = Value::from(steps::NAMES[usize::from(*name)]);
                let edit = Edit::default().put(field::NAME, Some(name));
                self.write(|turn| turn.edit(steps::of_pool(1, *tag), &Kind::Tag, &edit)).map(drop)
            }
            Rest::Move { folder, parent } => {
                let parent = parent.map(|at| steps::of_pool(2, at));
                self.write(|turn| turn.move_to(steps::of_pool(2, *folder), parent, Spot::End))
                    .map(drop)
            }
            Rest::Trash { any } => {
                self.write(|turn| turn.trash(steps::any_of_pools(*any))).map(drop)
            }
            Rest::Restore { any } => {
                self.write(|turn| turn.restore(steps::any_of_pools(*any))).map(drop)
            }
            Rest::Purge { any } => {
                self.write(|turn| turn.purge(steps::any_of_pools(*any))).map(drop)
            }
            Rest::Undo { act } => {
                let acts = self.acts();
                let Some(act) = acts.get(usize::from(*act) % acts.len().max(1)) else {
                    return Ok(());
                };
                self.undo(*act).map(drop)
            }
        }
    }
}

/// The register called `name`.
pub(crate) fn reg(name: &str) -> Register {
    Register::named(name)
}
