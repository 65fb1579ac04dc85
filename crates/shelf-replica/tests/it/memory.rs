//! A server in memory: the sequencer is the domain's own, the wire is what `docs/SYNC.md` says, and
//! answers can be lost.

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use shelf_client::ClientFailure;
use shelf_client::sync::{
    Checksum, DeviceStanding, LogHead, Pulled, PushAnswer, PushRefused, PushTold, Repaired,
    SyncStanding,
};
use shelf_domain::change::{Change, Pushed};
use shelf_domain::id::{DeviceId, ItemId, LibraryId};
use shelf_domain::kind::{Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_domain::sums::{Sums, range_of, written};
use shelf_domain::turn::{Answer, Author, Turn};
use shelf_domain::value::Value;
use shelf_replica::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// The library there is.
pub(crate) const LIBRARY: LibraryId = LibraryId::from_bytes([7; 16]);
/// The grant callers write with.
const CALLER: DeviceId = DeviceId::from_bytes([0xaa; 16]);

/// All a store would keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) log: Vec<Change>,
    pub(crate) shelf: Shelf,
    answers: BTreeMap<DeviceId, BTreeMap<u64, Answer>>,
    last: BTreeMap<DeviceId, u64>,
    held: BTreeSet<(DeviceId, u64)>,
}

/// What is odd about a server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Oddities {
    /// The next push has its effect, and its answer is lost.
    pub(crate) deaf: bool,
    /// The next request does not arrive.
    pub(crate) cut: bool,
    /// It tells nothing but changes, as servers did before.
    pub(crate) old: bool,
    /// It holds deletions.
    pub(crate) holds: bool,
    /// Most changes of a push.
    pub(crate) most: Option<usize>,
    /// The next push is refused, with so many seconds to wait.
    pub(crate) away: Option<u64>,
    /// An item no change of which fits into a request.
    pub(crate) too_large: Option<ItemId>,
    /// Whoever asks may only read.
    pub(crate) reads_only: bool,
    /// The next answer with rows is without its first one.
    pub(crate) leaves_out: bool,
}

#[derive(Debug)]
pub(crate) struct Memory {
    store: Mutex<Store>,
    pub(crate) odd: Mutex<Oddities>,
    pub(crate) now: Mutex<i64>,
    paired: Mutex<u8>,
    turns: Mutex<u64>,
    /// What it comes back from before it looks at the next push.
    next: Mutex<Option<Store>>,
    pub(crate) pulls: Mutex<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn refused(status: u16, code: &str, detail: &str) -> ClientFailure {
    let (code, detail) = (code.to_owned(), detail.to_owned());
    ClientFailure::Refused { status, code, title: String::new(), detail, retry_after: None }
}

fn away(seconds: u64) -> ClientFailure {
    let (code, title, detail) = ("unavailable".to_owned(), String::new(), String::new());
    let retry_after = Some(Duration::from_secs(seconds));
    ClientFailure::Refused { status: 503, code, title, detail, retry_after }
}

fn unreachable() -> ClientFailure {
    ClientFailure::Unreachable { address: "memory".to_owned(), source: "it was cut".into() }
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            store: Mutex::default(),
            odd: Mutex::default(),
            now: Mutex::new(1_800_000_000_000),
            paired: Mutex::default(),
            turns: Mutex::default(),
            next: Mutex::default(),
            pulls: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> Store {
        lock(&self.store).clone()
    }

    pub(crate) fn shelf(&self) -> Shelf {
        lock(&self.store).shelf.clone()
    }

    pub(crate) fn now(&self) -> i64 {
        *lock(&self.now)
    }

    pub(crate) fn wait(&self, ms: i64) {
        *lock(&self.now) += ms;
    }

    /// Brings back what `backup` holds, in a new epoch.
    pub(crate) fn restore(&self, backup: Store) {
        let mut store = lock(&self.store);
        let epoch = store.shelf.head.epoch + 1;
        *store = backup;
        store.shelf.head.epoch = epoch;
    }

    /// It will come back from `backup` when the next push is under way.
    pub(crate) fn restore_before_push(&self, backup: Store) {
        *lock(&self.next) = Some(backup);
    }

    /// It comes back now from what it was to come back from with the next push, if it did not.
    pub(crate) fn restore_as_was_due(&self) {
        let next = lock(&self.next).take();
        if let Some(backup) = next {
            self.restore(backup);
        }
    }

    /// What `device` pushed and these rows came of arrives once more.
    pub(crate) fn arrives_again(&self, device: DeviceId, rows: &[Change]) {
        let pushed = rows.iter().cloned().map(|row| {
            let Change { n, hlc, base, act, item, kind, set, .. } = row;
            Pushed { n, hlc, base, act, item, kind, set }
        });
        let changes: Vec<Pushed> = pushed.collect();
        self.take(&mut lock(&self.store), device, &changes);
    }

    /// The person decided what waits of `device`, and against it: nothing of that comes by the log.
    pub(crate) fn let_go(&self, device: DeviceId) {
        lock(&self.store).held.retain(|(of, _)| *of != device);
    }

    /// Notes that `item` lives in the library `there` now.
    pub(crate) fn move_away(&self, item: ItemId, there: LibraryId) {
        let mut store = lock(&self.store);
        let mut row = store.log.iter().rfind(|row| row.item == item).unwrap().clone();
        (row.seq, row.hlc) = (store.shelf.head.seq + 1, store.shelf.head.hlc.next());
        (row.device, row.number) = (DeviceId::SEQUENCER, None);
        let there = Value::from(there.to_string());
        row.set = BTreeMap::from([(Register::from(field::MOVED_TO), Some(there))]);
        store.shelf.fold(&row);
        store.log.push(row);
    }

    /// What a caller does at the server itself.
    pub(crate) fn write<T>(
        &self,
        decide: impl FnOnce(&mut Turn) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut store = lock(&self.store);
        let mut turn = self.turn(&store, CALLER);
        let done = decide(&mut turn)?;
        self.commit(&mut store, CALLER, turn);
        Ok(done)
    }

    fn turn(&self, store: &Store, device: DeviceId) -> Turn {
        let mut turns = lock(&self.turns);
        *turns += 1;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&turns.to_be_bytes());
        let author = Author { device, now: self.now(), seed };
        let last = store.last.get(&device).copied().unwrap_or(0);
        let mut turn = Turn::new(store.shelf.clone(), author, last);
        turn.answers = store.answers.get(&device).cloned().unwrap_or_default();
        turn
    }

    fn commit(&self, store: &mut Store, device: DeviceId, turn: Turn) {
        store.last.insert(device, turn.n);
        store.answers.entry(device).or_default().extend(turn.answered);
        store.shelf = turn.shelf;
        store.log.extend(turn.rows);
        self.wait(7);
    }

    fn take(&self, store: &mut Store, device: DeviceId, changes: &[Pushed]) -> PushAnswer {
        let holds = lock(&self.odd).holds;
        let mut turn = self.turn(store, device);
        let (mut answers, mut stopped) = (Vec::new(), None);
        for change in changes {
            let trashed = Register::from(field::TRASHED_AT);
            let deletes = change.set.get(&trashed).is_some_and(Option::is_some);
            if store.held.contains(&(device, change.n)) || (holds && deletes) {
                store.held.insert((device, change.n));
                turn.n = turn.n.max(change.n);
                answers.push(told(change.n, "held"));
                continue;
            }
            match turn.push(change) {
                Ok(Ok(outcome)) => {
                    let status = serde_json::to_value(outcome.status).unwrap();
                    let mut told = told(change.n, status.as_str().unwrap());
                    (told.seq, told.hlc) = (outcome.seq, Some(outcome.hlc));
                    answers.push(told);
                }
                Ok(Err(refused)) => {
                    let mut told = told(change.n, "refused");
                    told.refused = Some(place(refused));
                    answers.push(told);
                }
                Err(refused) => {
                    stopped = Some(place(refused));
                    break;
                }
            }
        }
        self.commit(store, device, turn);
        PushAnswer { answers, stopped, head: head(&store.shelf) }
    }

    fn arrive(&self) -> Result<(), ClientFailure> {
        let mut odd = lock(&self.odd);
        if std::mem::take(&mut odd.cut) { Err(unreachable()) } else { Ok(()) }
    }

    fn is_old(&self) -> bool {
        lock(&self.odd).old
    }
}

fn told(n: u64, status: &str) -> PushTold {
    PushTold { n, status: status.to_owned(), seq: None, hlc: None, refused: None }
}

fn place(refused: Refused) -> PushRefused {
    let code = refused.code.name().to_owned();
    PushRefused { pointer: refused.at, code, detail: refused.detail }
}

fn head(shelf: &Shelf) -> LogHead {
    LogHead { epoch: shelf.head.epoch, seq: shelf.head.seq, floor: 0 }
}

fn lines(shelf: &Shelf) -> (Vec<Stated>, Vec<StatedAlias>) {
    let items: BTreeMap<ItemId, Stated> =
        shelf.items().map(|item| (item.id, item.into())).collect();
    let aliases: BTreeMap<ItemId, ItemId> = shelf.aliases().collect();
    let alias = |(younger, item)| StatedAlias { younger, item };
    (items.into_values().collect(), aliases.into_iter().map(alias).collect())
}

fn cursor_text(shelf: &Shelf, seq: Seq) -> String {
    format!("{}:{seq}", shelf.head.epoch)
}

#[async_trait]
impl Server for Memory {
    async fn pair(&self, _name: &str) -> Result<DeviceId, ClientFailure> {
        self.arrive()?;
        let mut paired = lock(&self.paired);
        *paired += 1;
        Ok(DeviceId::from_bytes([*paired; 16]))
    }

    async fn pull(&self, cursor: Option<&str>, limit: usize) -> Result<Pulled, ClientFailure> {
        self.arrive()?;
        *lock(&self.pulls) += 1;
        let store = self.store();
        let head = head(&store.shelf);
        let from = match cursor.and_then(|cursor| cursor.split_once(':')) {
            None => 0,
            Some((epoch, seq)) => {
                let seq: Seq = seq.parse().unwrap();
                if epoch != head.epoch.to_string() || seq > head.seq {
                    return Err(refused(410, "cursor_expired", "it begins anew"));
                }
                seq
            }
        };
        let rows = store.log.iter().skip(usize::try_from(from).unwrap());
        let mut changes: Vec<Change> = rows.take(limit.min(9)).cloned().collect();
        let to = changes.last().map_or(from, |row| row.seq);
        if !changes.is_empty() && std::mem::take(&mut lock(&self.odd).leaves_out) {
            drop(changes.remove(0));
        }
        let next_cursor = cursor_text(&store.shelf, to);
        Ok(Pulled { changes, from, to, next_cursor, has_more: to < head.seq, head })
    }

    async fn push(
        &self,
        device: DeviceId,
        changes: &[Pushed],
    ) -> Result<PushAnswer, ClientFailure> {
        self.arrive()?;
        self.restore_as_was_due();
        let odd = *lock(&self.odd);
        if odd.reads_only {
            return Err(refused(403, "forbidden", "this library is shared with you to read"));
        }
        if let Some(seconds) = odd.away {
            lock(&self.odd).away = None;
            return Err(away(seconds));
        }
        let large = changes.iter().any(|change| Some(change.item) == odd.too_large);
        if large || odd.most.is_some_and(|most| changes.len() > most) {
            return Err(refused(413, "too_large", "send it in parts"));
        }
        let answer = self.take(&mut lock(&self.store), device, changes);
        if std::mem::take(&mut lock(&self.odd).deaf) {
            return Err(unreachable());
        }
        match (&answer.stopped, answer.answers.is_empty()) {
            (Some(stopped), true) => Err(refused(409, &stopped.code, &stopped.detail)),
            _ => Ok(answer),
        }
    }

    async fn standing(&self, device: DeviceId) -> Result<Option<SyncStanding>, ClientFailure> {
        self.arrive()?;
        let store = self.store();
        let n = store.last.get(&device).copied().unwrap_or(0);
        let held = store.held.iter().filter(|(of, _)| *of == device).count();
        let (head, device) = (head(&store.shelf), Some(DeviceStanding { n }));
        let standing = SyncStanding { head, device, held: u64::try_from(held).unwrap() };
        Ok((!self.is_old()).then_some(standing))
    }

    async fn checksum(&self) -> Result<Option<Checksum>, ClientFailure> {
        self.arrive()?;
        let shelf = self.shelf();
        let (sums, head) = (Sums::of(&shelf), head(&shelf));
        let (checksum, ranges) = (written(sums.whole()), sums.ranges().map(written).collect());
        let told = Checksum { epoch: head.epoch, seq: head.seq, checksum, ranges };
        Ok((!self.is_old()).then_some(told))
    }

    async fn repair(
        &self,
        ranges: &[u8],
        after: Option<ItemId>,
    ) -> Result<Repaired, ClientFailure> {
        self.arrive()?;
        let shelf = self.shelf();
        let (items, aliases) = lines(&shelf);
        let asked = |id: ItemId| ranges.contains(&range_of(id));
        let items = items.into_iter().filter(|line| asked(line.item));
        let mut items: Vec<_> =
            items.filter(|line| after.is_none_or(|after| line.item > after)).collect();
        // Two at a time, so that an answer has a next.
        let next = items.get(1).filter(|_| items.len() > 2).map(|line| line.item);
        items.truncate(2);
        let first = aliases.into_iter().filter(|alias| after.is_none() && asked(alias.younger));
        let (epoch, seq, aliases) = (shelf.head.epoch, shelf.head.seq, first.collect());
        Ok(Repaired { epoch, seq, items, aliases, next })
    }

    async fn snapshot(&self) -> Result<Option<Vec<u8>>, ClientFailure> {
        self.arrive()?;
        if self.is_old() {
            return Ok(None);
        }
        let shelf = self.shelf();
        let (items, aliases) = lines(&shelf);
        let head = &shelf.head;
        let mut file = GzEncoder::new(Vec::new(), Compression::fast());
        let first = json!({ "mindshelf": "snapshot.v1", "library": LIBRARY, "epoch": head.epoch,
            "seq": head.seq, "cursor": cursor_text(&shelf, head.seq), "hlc": head.hlc,
            "at": head.at, "numbers": head.numbers });
        let end = json!({ "items": items.len(), "aliases": aliases.len(),
            "checksum": written(Sums::of(&shelf).whole()), "settled": head.seq });
        writeln!(file, "{first}").unwrap();
        for item in &items {
            writeln!(file, "{}", serde_json::to_string(item).unwrap()).unwrap();
        }
        for alias in &aliases {
            writeln!(file, "{}", serde_json::to_string(alias).unwrap()).unwrap();
        }
        writeln!(file, "{end}").unwrap();
        Ok(Some(file.finish().unwrap()))
    }
}
