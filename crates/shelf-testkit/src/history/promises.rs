//! The promises, one by one: what is acknowledged stays, counts once, reaches everybody in order, and
//! is seen by whoever did it.

use super::{Asked, End, Event, Found, Key, List, Lists, Told, digest};
use shelf_domain::change::Change;
use shelf_domain::id::DeviceId;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use shelf_domain::sums::{Sums, written};
use std::collections::{BTreeMap, BTreeSet};

/// Codes that refuse another body under a key that was used.
const REUSED: [&str; 2] = ["device_reused", "key_reused"];
/// Codes by which a server says that a device's counter is none that could come next.
const OUT_OF_TURN: [&str; 2] = ["gap", "device_reused"];

/// One write, with all that was told about it.
#[derive(Default)]
struct Write<'a> {
    /// The body it was first sent with.
    body: u64,
    adds: Option<&'a (List, String)>,
    answers: BTreeSet<(Option<Seq>, &'a str)>,
    refusals: Vec<&'a str>,
    /// What was told of other bodies under its key.
    others: Vec<&'a Told>,
}

/// P1 and P2: what was acknowledged is in the log, as it was told; each key counts once.
pub(super) fn of_writes(events: &[Event], end: &End, lists: &Lists, found: &mut Found) {
    let rows: BTreeMap<Seq, &Change> = end.log.iter().map(|row| (row.seq, row)).collect();
    for (key, write) in &writes(events) {
        stays(key, write, &rows, lists, found);
        counts_once(key, write, lists, found);
    }
    let devices: BTreeSet<DeviceId> = events.iter().filter_map(device_of).collect();
    let mut counters = BTreeSet::new();
    for row in end.log.iter().filter(|row| devices.contains(&row.device)) {
        let is_new = counters.insert((row.device, row.n));
        found.require(is_new, "P2", || {
            format!("row {} has counter {} of its device again", row.seq, row.n)
        });
    }
    for (list, words) in lists.all() {
        let once: BTreeSet<&String> = words.iter().map(|(_, word)| word).collect();
        found.require(once.len() == words.len(), "P2", || {
            format!("{list:?} has a word twice: {words:?}")
        });
    }
}

/// The device that pushed.
fn device_of(event: &Event) -> Option<DeviceId> {
    match &event.asked {
        Asked::Write { key: Key::Device(device, _), .. } => Some(*device),
        _ => None,
    }
}

fn writes(events: &[Event]) -> BTreeMap<&Key, Write<'_>> {
    let mut writes: BTreeMap<&Key, Write<'_>> = BTreeMap::new();
    for event in events {
        let Asked::Write { key, body, adds } = &event.asked else { continue };
        let write = writes.entry(key).or_insert_with(|| Write {
            body: *body,
            adds: adds.as_ref(),
            ..Write::default()
        });
        match &event.told {
            told if *body != write.body => write.others.push(told),
            Told::Written { seq, answer } => {
                write.answers.insert((*seq, answer.as_str()));
            }
            Told::Refused(code) => write.refusals.push(code),
            _ => {}
        }
    }
    writes
}

fn stays(
    key: &Key,
    write: &Write<'_>,
    rows: &BTreeMap<Seq, &Change>,
    lists: &Lists,
    found: &mut Found,
) {
    for (seq, answer) in &write.answers {
        if let (Key::Device(device, n), Some(seq)) = (key, seq) {
            let row = rows.get(seq);
            let is_there = row.is_some_and(|row| row.device == *device && row.n == *n);
            found.require(is_there, "P1", || format!("{key:?} was told row {seq}: {row:?}"));
        }
        let Some((list, word)) = write.adds else { continue };
        let row = lists.row_of(*list, word);
        let is_there = match (key, row, seq) {
            (_, None, _) | (Key::Device(..), _, None) => false,
            (Key::Device(..), Some(row), Some(told)) => row == *told,
            (Key::Rest(_), Some(row), told) => told.is_none_or(|told| row <= told),
        };
        found.require(is_there, "P1", || {
            format!("{key:?} was told {answer} for {word:?}, which is in row {row:?}")
        });
    }
}

fn counts_once(key: &Key, write: &Write<'_>, lists: &Lists, found: &mut Found) {
    found.require(write.answers.len() <= 1, "P2", || {
        format!("{key:?} was answered in several ways: {:?}", write.answers)
    });
    let is_done = write.adds.is_some_and(|(list, word)| lists.row_of(*list, word).is_some());
    let is_refused = !write.refusals.is_empty();
    found.require(!(is_refused && (is_done || !write.answers.is_empty())), "P2", || {
        format!("{key:?} was refused {:?}, and is done all the same", write.refusals)
    });
    let out_of_turn = |code: &&str| OUT_OF_TURN.contains(code);
    let is_in_turn = !matches!(key, Key::Device(..)) || !write.refusals.iter().any(out_of_turn);
    found.require(is_in_turn, "P2", || {
        format!("{key:?} was refused {:?}: its queue is forgotten", write.refusals)
    });
    for told in &write.others {
        let is_refused = match told {
            Told::Refused(code) => REUSED.contains(&code.as_str()),
            told => matches!(told, Told::Unknown),
        };
        found.require(is_refused, "P2", || format!("another body under {key:?} was told {told:?}"));
    }
}

/// P3: whoever has pulled everything has what the log folds to, and what the server sums up.
pub(super) fn of_replicas(end: &End, found: &mut Found) {
    let shelf = Shelf::folded(&end.log);
    let sum = written(Sums::of(&shelf).whole());
    found.require(sum == end.checksum, "P3", || {
        format!("the server sums up {}, its log folds to {sum}", end.checksum)
    });
    for (client, replica) in &end.replicas {
        found.require(*replica == shelf, "P3", || {
            let (is, ought) = (&replica.head, &shelf.head);
            format!("client {client} has folded another library: {is:?}, not {ought:?}")
        });
    }
}

/// P4: the log is dense, and whoever pulls sees it from its beginning, in order, without a gap.
pub(super) fn of_pulls(events: &[Event], end: &End, found: &mut Found) {
    let seqs = end.log.iter().map(|row| row.seq);
    found.require(seqs.eq(1..=end.log.len() as u64), "P4", || "the log has a gap".to_owned());
    let rows: BTreeMap<Seq, u64> = end.log.iter().map(|row| (row.seq, digest(row))).collect();
    let mut positions: BTreeMap<usize, Seq> = BTreeMap::new();
    for event in events {
        let client = event.client;
        let Asked::Pull { from } = event.asked else { continue };
        let position = positions.entry(client).or_default();
        let (epoch, to, pulled) = match &event.told {
            Told::Pulled { epoch, to, rows, .. } => (*epoch, *to, rows),
            Told::Refused(code) => {
                found.require(false, "P4", || format!("client {client} at {from}: {code}"));
                continue;
            }
            _ => continue,
        };
        found.require(*position == from && to >= from, "P4", || {
            format!("client {client} stands at {position}, and is told {from} to {to}")
        });
        found.require(epoch == end.epoch, "P4", || format!("client {client} saw epoch {epoch}"));
        found.require(pulled.iter().map(|(seq, _)| *seq).eq(from + 1..=to), "P4", || {
            format!("client {client} was told {from} to {to} with a gap: {pulled:?}")
        });
        for (seq, row) in pulled {
            found.require(rows.get(seq) == Some(row), "P4", || {
                format!("client {client} was told a row {seq} that the log does not have")
            });
        }
        *position = to;
    }
}

/// What one client knows.
#[derive(Default)]
struct Known {
    /// The highest position it was told of.
    seq: Seq,
    /// Of each list, the words it appended or has read.
    words: BTreeMap<List, BTreeSet<String>>,
}

/// P5: a client sees what it wrote, what it has seen, and all up to the position it asks for; and
/// what it sees of a list is the list as it was at some moment.
pub(super) fn of_reads(events: &[Event], lists: &Lists, found: &mut Found) {
    let mut clients: BTreeMap<usize, Known> = BTreeMap::new();
    for event in events {
        let client = event.client;
        let known = clients.entry(client).or_default();
        match (&event.asked, &event.told) {
            (Asked::Write { adds, .. }, Told::Written { seq, .. }) => {
                known.seq = known.seq.max(seq.unwrap_or_default());
                if let Some((list, word)) = adds {
                    known.words.entry(*list).or_default().insert(word.clone());
                }
            }
            (Asked::Read { list, at_least }, Told::Read { seq, words }) => {
                let is_whole = is_prefix(*list, words, (*at_least, *seq), lists);
                found.require(is_whole, "P5", || {
                    format!(
                        "client {client} reads at {seq}, at least {at_least}: {list:?} {words:?}"
                    )
                });
                let words: BTreeSet<String> = words.iter().cloned().collect();
                let before = known.words.entry(*list).or_default();
                found.require(before.is_subset(&words), "P5", || {
                    format!("client {client} sees {list:?} without {:?}", before.difference(&words))
                });
                before.extend(words);
                known.seq = known.seq.max(*seq);
            }
            (Asked::Read { list, at_least }, Told::Refused(code)) => {
                found.require(false, "P5", || {
                    format!("client {client} may not read {list:?} at {at_least}: {code}")
                });
            }
            (Asked::Pull { .. }, Told::Pulled { to, is_end: true, .. }) => {
                found.require(*to >= known.seq, "P5", || {
                    format!("client {client} knows of {} and is told that {to} is all", known.seq)
                });
            }
            _ => {}
        }
    }
}

/// Whether `words` are all that was appended up to some row, which is at least the one asked for, and
/// the one of the version that was told; lines in their order.
fn is_prefix(list: List, words: &[String], (at_least, version): (Seq, Seq), lists: &Lists) -> bool {
    let appended = lists.of_list(list);
    let up_to = |seq: Seq| appended.iter().filter(|(row, _)| *row <= seq).count();
    let first: Vec<&String> = appended.iter().take(words.len()).map(|(_, word)| word).collect();
    let is_first = match list {
        List::Notes(_) => words.iter().eq(first.iter().copied()),
        List::Tags(_) => {
            let (read, first): (BTreeSet<_>, BTreeSet<_>) =
                (words.iter().collect(), first.into_iter().collect());
            read == first
        }
    };
    is_first && words.len() >= up_to(at_least) && words.len() == up_to(version)
}
