//! One turn at the log: the pure function that decides what a put becomes.
//!
//! The sequencer decides once; the log records what was decided; replicas replay. A replica runs
//! the same function on its own pending changes, on top of what it has replayed.

mod check;
mod join;
mod signed;
mod text;
mod put;
mod queue;

pub use queue::fingerprint;

use crate::change::{Change, Pushed, Puts};
use crate::id::{ActId, DeviceId, Ids, ItemId, PersonId};
use crate::item::Item;
use crate::kind::{Kind, Register, field};
use crate::limits;
use crate::plan::Room;
use crate::refusal::{Code, Refused};
use crate::shelf::{Reads, Shelf};
use crate::stamp::{Hlc, Seq, Stamp};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who writes, when, and the chance its ids are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The device, REST grant or role.
    pub device: DeviceId,
    /// Wall clock of the server, milliseconds since 1970, UTC.
    pub now: i64,
    /// 16 random bytes.
    pub seed: [u8; 16],
}

/// What became of one put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It won at least one register.
    Applied,
    /// It would have changed nothing and was not logged.
    Noop,
    /// Later puts had won all its registers; history keeps it.
    Superseded,
    /// The item joined an older one.
    Joined,
    /// It waits outside the log until a person says that it was meant.
    Held,
}

/// The answer to one put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// The item that carries it now.
    pub item: ItemId,
    /// The row, if one was logged.
    pub seq: Option<Seq>,
    /// The stamp it was logged with.
    pub hlc: Hlc,
}

/// The stored answer to a device's counter: what it asked (as a hash) and what it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// SHA-256 of the pushed change in canonical JSON.
    pub asked: String,
    /// What it was told.
    pub told: Result<Outcome, Refused>,
}

/// What a whole turn did; stored beside an idempotency key and given again.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    /// One outcome for each thing asked, in order.
    pub outcomes: Vec<Outcome>,
    /// Items that were left as they are, because others have changed them since.
    #[serde(default)]
    pub left: Vec<ItemId>,
    /// The gesture this turn belonged to.
    #[serde(default)]
    pub act: Option<ActId>,
}

impl Done {
    /// The item of the first outcome.
    pub fn item(&self) -> Option<ItemId> {
        self.outcomes.first().map(|outcome| outcome.item)
    }
}

/// What happens when a put names an address or tag name another item owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The item joins the owner.
    Joins,
    /// The put is refused and names the owner.
    Refuses,
}

struct Ask {
    n: u64,
    hlc: Hlc,
    base: Seq,
    act: ActId,
    item: ItemId,
    kind: Kind,
    set: Puts,
    taken: Taken,
    by_server: bool,
    /// Whether it waited, so that its author may have put more since.
    waited: bool,
    /// Whether `base` is how far its author says they had seen: not even their own puts after that.
    says_seen: bool,
}

/// One turn at the log: what is seen, who writes, and the rows decided so far.
#[derive(Debug)]
pub struct Turn {
    /// What was read, with the rows of this turn folded in.
    pub shelf: Shelf,
    /// Rows to append, in order.
    pub rows: Vec<Change>,
    /// Answers already given to the author's counters.
    pub answers: BTreeMap<u64, Answer>,
    /// Answers given in this turn.
    pub answered: BTreeMap<u64, Answer>,
    /// The author's last counter.
    pub n: u64,
    author: Author,
    ids: Ids,
    act: ActId,
    moment: i64,
    room: Option<Room>,
    signed: Option<PersonId>,
}

impl Turn {
    /// A turn of `author`, whose last counter is `n`, over what `shelf` shows.
    pub fn new(shelf: Shelf, author: Author, n: u64) -> Self {
        let mut ids = Ids::new(author.now, author.seed);
        let act = ids.make();
        let (rows, answers, answered) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let moment = author.now;
        let (room, signed) = (None, None);
        Self { shelf, rows, answers, answered, n, author, ids, act, moment, room, signed }
    }

    /// The gesture this turn's local puts belong to.
    pub fn act(&self) -> ActId {
        self.act
    }

    /// Makes this turn part of a gesture that began in an earlier one.
    pub fn continue_act(&mut self, act: ActId) {
        self.act = act;
    }

    /// The moment what this turn trashes has been in the trash since.
    pub fn moment(&self) -> i64 {
        self.moment
    }

    /// Says since when what this turn trashes has been in the trash: a gesture over many turns
    /// has one moment, by which its parts are known to have gone together.
    pub fn set_moment(&mut self, moment: i64) {
        self.moment = moment;
    }

    /// Says for how many new bookmarks there is room; what comes beyond that is refused.
    pub fn keep_within(&mut self, room: Room) {
        self.room = Some(room);
    }

    /// The server's clock in this turn, milliseconds.
    pub fn now(&self) -> i64 {
        self.author.now
    }

    /// Who writes in this turn.
    pub(crate) fn device(&self) -> DeviceId {
        self.author.device
    }

    /// A new id.
    pub fn new_id(&mut self) -> ItemId {
        self.ids.make()
    }

    /// What is done so far, as the answer of this turn.
    pub fn done(&self, outcomes: Vec<Outcome>) -> Done {
        Done { outcomes, left: Vec::new(), act: Some(self.act) }
    }

    /// Takes back an idle turn's place in time, for another author's rows: used by replicas.
    pub fn into_rows(self) -> Vec<Change> {
        self.rows
    }

    fn decide(&mut self, mut ask: Ask) -> Result<Outcome, Refused> {
        check::shape(&ask)?;
        let named = ask.item;
        ask.item = self.shelf.resolve(named);
        ask.set = self.readdressed(ask.set)?;
        let known = self.shelf.item(ask.item).cloned();
        if let Some(known) = &known {
            check::known(known, &ask.kind)?;
            signed::check(known, &ask)?;
            self.drop_aliased_tags(known, &mut ask.set);
        } else {
            check::complete(&ask)?;
        }
        ask.hlc = ask.hlc.clamped(self.author.now, self.shelf.head.hlc);
        if let Some(known) = &known {
            ask.hlc = self.later_than_seen(known, &ask, named != ask.item);
        }
        let mut also = Puts::new();
        if let Some(known) = &known {
            self.bring_back(known, &ask, &mut also);
            say_about(known, &ask, &mut also);
        }
        if let Some(owner) = self.owner_of_same(&ask, known.as_ref(), &also) {
            if ask.taken == Taken::Refuses {
                let detail = format!("this {} exists already", ask.kind);
                return Err(Refused::new(Code::AlreadySaved, owner.to_string(), detail));
            }
            return Ok(self.join(owner, ask, known.as_ref()));
        }
        self.check_tree(&ask, known.as_ref())?;
        self.check_mount(&ask, known.as_ref())?;
        if let Some(known) = &known {
            text::keep_copies(known, &ask, self.author.device, &mut also);
        } else if ask.kind == Kind::Note {
            self.sign(&mut also);
        } else if ask.kind == Kind::Bookmark
            && let Some(room) = self.room
        {
            self.room = Some(room.take()?);
        }
        Ok(self.log(ask, known.as_ref(), also, None))
    }

    /// A put never loses to one its author had seen, whatever the clocks say. A device that does
    /// not know yet that its item joined has seen what it carried over itself.
    fn later_than_seen(&self, known: &Item, ask: &Ask, by_alias: bool) -> Hlc {
        let held = ask.set.keys().filter_map(|register| known.registers.get(register));
        let seen = held.filter(|held| {
            let by = held.stamp.device;
            let own = (by == self.author.device && !ask.waited)
                || (by_alias && by == DeviceId::SEQUENCER);
            own || held.seq <= ask.base
        });
        let latest = seen.map(|held| held.stamp.hlc).max();
        latest.filter(|latest| *latest >= ask.hlc).map_or(ask.hlc, Hlc::next)
    }

    fn log(
        &mut self,
        ask: Ask,
        known: Option<&Item>,
        also: Puts,
        joined: Option<ItemId>,
    ) -> Outcome {
        let seq = self.shelf.head.seq + 1;
        let number = known.is_none() && joined.is_none();
        let highest = self.shelf.head.numbers.get(&ask.kind).copied().unwrap_or_default();
        let change = Change {
            seq,
            at: self.author.now.max(self.shelf.head.at),
            device: self.author.device,
            n: ask.n,
            hlc: ask.hlc,
            base: ask.base,
            act: ask.act,
            item: ask.item,
            kind: ask.kind,
            number: number.then_some(highest + 1),
            joined,
            also_hlc: (!also.is_empty()).then(|| just_later(&also, known, ask.hlc)),
            set: ask.set,
            also,
        };
        let wins = known.is_none_or(|known| {
            change.puts().any(|(register, _, stamp)| known.would_win(register, stamp))
        });
        let status = match (joined.is_some(), wins) {
            (true, _) => Status::Joined,
            (false, true) => Status::Applied,
            (false, false) => Status::Superseded,
        };
        let outcome = Outcome { status, item: change.item, seq: Some(seq), hlc: change.hlc };
        self.shelf.fold(&change);
        self.rows.push(change);
        outcome
    }

    /// Follows aliases in what is put, and checks that what is named exists.
    fn readdressed(&self, set: Puts) -> Result<Puts, Refused> {
        let mut out = Puts::new();
        for (register, value) in set {
            if let Some(tag) = register.as_tag() {
                let tag = self.shelf.resolve(tag);
                if value.is_some() {
                    self.must_exist(tag, &Kind::Tag, register.as_str())?;
                }
                // Only "true" says that a tag is borne: everything else is nothing.
                let value = value.filter(|value| value.as_bool() != Some(false));
                out.insert(Register::tag(tag), value);
                continue;
            }
            let kind = match register.as_str() {
                field::BOOKMARK => Some(Kind::Bookmark),
                field::PARENT => Some(Kind::Collection),
                _ => None,
            };
            let reference = value.as_ref().and_then(Value::as_text).and_then(|t| t.parse().ok());
            match (kind, reference) {
                (Some(kind), Some(id)) => {
                    let id = self.shelf.resolve(id);
                    self.must_exist(id, &kind, register.as_str())?;
                    out.insert(register, Some(Value::from(id)));
                }
                _ => {
                    out.insert(register, value);
                }
            }
        }
        Ok(out)
    }

    fn must_exist(&self, id: ItemId, kind: &Kind, at: &str) -> Result<(), Refused> {
        match self.shelf.item(id) {
            // What goes into a folder that has moved is for the library that has it.
            Some(item) if item.kind == *kind => item.here(),
            _ => Err(Refused::invalid(at, format!("there is no {kind} {id} in this library"))),
        }
    }

    /// Taking a tag off takes off the tags that joined it, too.
    fn drop_aliased_tags(&self, known: &Item, set: &mut Puts) {
        let dropped: Vec<ItemId> = set
            .iter()
            .filter(|(_, value)| value.as_ref().and_then(Value::as_bool) != Some(true))
            .filter_map(|(register, _)| register.as_tag())
            .collect();
        for tag in known.tags().filter(|tag| dropped.contains(&self.shelf.resolve(*tag))) {
            set.insert(Register::tag(tag), None);
        }
    }

    /// A content change that had not seen the trashing brings the item back.
    fn bring_back(&self, known: &Item, ask: &Ask, also: &mut Puts) {
        let trashed = Register::from(field::TRASHED_AT);
        let Some(held) = known.registers.get(&trashed).filter(|held| held.value.is_some()) else {
            return;
        };
        let blind = ask.base < held.seq && held.stamp.device != self.author.device;
        if blind && !ask.set.contains_key(&trashed) && !ask.by_server {
            also.insert(trashed, None);
        }
    }

    /// What is put into a folder where a library is mounted is for that library: here nobody who
    /// reads that would see it. What stands there already may be put in order, and what a folder
    /// that is carried holds goes with it.
    fn check_mount(&self, ask: &Ask, known: Option<&Item>) -> Result<(), Refused> {
        let Some(into) = parent_of(ask).filter(|_| !ask.by_server) else { return Ok(()) };
        if known.is_some_and(|known| known.reference(field::PARENT) == Some(into)) {
            return Ok(());
        }
        match self.shelf.item(into).and_then(Item::mounted) {
            Some(library) => {
                let detail = "the folder shows another library; put it into that one";
                Err(Refused::new(Code::Moved, library.to_string(), detail))
            }
            None => Ok(()),
        }
    }

    fn check_tree(&self, ask: &Ask, known: Option<&Item>) -> Result<(), Refused> {
        let parent = Register::from(field::PARENT);
        let Some(new) = parent_of(ask) else { return Ok(()) };
        let stamp = Stamp { hlc: ask.hlc, device: self.author.device };
        if ask.kind != Kind::Collection || known.is_some_and(|k| !k.would_win(&parent, stamp)) {
            return Ok(());
        }
        let above = self.shelf.ancestors(new);
        if new == ask.item || above.contains(&ask.item) {
            return Err(Refused::new(
                Code::Cycle,
                field::PARENT,
                "the folder would be inside itself",
            ));
        }
        if above.len() >= limits::DEPTH_MAX {
            return Err(Refused::invalid(field::PARENT, "folders are nested too deeply"));
        }
        Ok(())
    }
}

/// What a decision over these pushed changes has to see.
pub fn reads_of<'a>(batch: impl IntoIterator<Item = &'a Pushed>) -> Reads {
    let mut reads = Reads::none();
    for pushed in batch {
        reads.answers.insert(pushed.n);
        reads.items.insert(pushed.item);
        for (register, value) in &pushed.set {
            if let Some(tag) = register.as_tag() {
                // Taking a tag off takes off those that joined it: the borne tags are needed.
                reads.items.insert(tag);
                reads.places.insert(pushed.item);
            }
            let Some(text) = value.as_ref().and_then(Value::as_text) else { continue };
            match register.as_str() {
                field::URL => reads = reads.url(text),
                field::NAME if pushed.kind == Kind::Tag => reads = reads.tags([text]),
                field::BOOKMARK => reads.items.extend(text.parse::<ItemId>().ok()),
                field::PARENT => reads = reads.above(text.parse().ok()),
                _ => {}
            }
        }
    }
    reads
}

/// The folder that `ask` puts its item into.
fn parent_of(ask: &Ask) -> Option<ItemId> {
    ask.set.get(&Register::from(field::PARENT))?.as_ref()?.as_text()?.parse().ok()
}

/// The row that purges a note or a place says which bookmark that was of: whoever follows the log
/// may come to it when the item is blank already, and has its words in an index of the bookmark, or
/// holds the bookmark for the place.
fn say_about(known: &Item, ask: &Ask, also: &mut Puts) {
    let is_purge = ask.set.contains_key(&Register::from(field::PURGED));
    if is_purge
        && matches!(known.kind, Kind::Note | Kind::Place)
        && let Some(bookmark) = known.reference(field::BOOKMARK)
    {
        also.insert(Register::from(field::BOOKMARK), Some(Value::from(bookmark)));
    }
}

/// The logical time of what the sequencer puts besides: it wins over what is there, and loses to
/// whatever its author put after it.
fn just_later(also: &Puts, known: Option<&Item>, own: Hlc) -> Hlc {
    let held = also.keys().filter_map(|register| known?.registers.get(register));
    held.map(|held| held.stamp.hlc).fold(own, Hlc::max).next()
}
