//! Histories made by hand: one that keeps every promise, and for each promise those that break it. A
//! checker that cannot fail would prove nothing.

use super::*;
use shelf_domain::change::Puts;
use shelf_domain::id::ActId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::stamp::Hlc;
use shelf_domain::sums::{Sums, written};
use shelf_domain::value::Value;
use std::collections::BTreeMap;

const PHONE: DeviceId = DeviceId::from_bytes([7; 16]);
const GRANT: DeviceId = DeviceId::from_bytes([9; 16]);
const PAGE: ItemId = ItemId::from_bytes([1; 16]);
const OTHER: ItemId = ItemId::from_bytes([2; 16]);
const TAGS: List = List::Tags(PAGE);
const NOTES: List = List::Notes(OTHER);

fn row(seq: Seq, (device, n): (DeviceId, u64), item: ItemId, kind: Kind, set: Puts) -> Change {
    Change {
        seq,
        at: 1_000,
        device,
        n,
        hlc: Hlc::from_bits(seq),
        base: 0,
        act: ActId::from_bytes([3; 16]),
        item,
        kind,
        number: None,
        joined: None,
        set,
        also: Puts::new(),
        also_hlc: None,
    }
}

fn put(register: Register, value: Value) -> Puts {
    BTreeMap::from([(register, Some(value))])
}

fn tag(last: u8) -> ItemId {
    ItemId::from_bytes([last; 16])
}

/// The log of all histories here: two pages; the phone puts the tags `a` and `b` on the first one,
/// and by REST the second one is noted `x`, then `y`.
fn log() -> Vec<Change> {
    let page = |url: &str| put(Register::from(field::URL), Value::from(url));
    let name = |name: &str| put(Register::from(field::NAME), Value::from(name));
    let bears = |last| put(Register::tag(tag(last)), Value::from(true));
    let notes = |text: &str| put(Register::from(field::NOTES), Value::from(text));
    vec![
        row(1, (GRANT, 1), PAGE, Kind::Bookmark, page("https://example.org/1")),
        row(2, (GRANT, 2), OTHER, Kind::Bookmark, page("https://example.org/2")),
        row(3, (PHONE, 1), tag(11), Kind::Tag, name("a")),
        row(4, (PHONE, 2), PAGE, Kind::Bookmark, bears(11)),
        row(5, (GRANT, 3), OTHER, Kind::Bookmark, notes("x")),
        row(6, (PHONE, 3), tag(12), Kind::Tag, name("b")),
        row(7, (PHONE, 4), PAGE, Kind::Bookmark, bears(12)),
        row(8, (GRANT, 4), OTHER, Kind::Bookmark, notes("x\ny")),
    ]
}

/// The end of a log: whoever pulls has all of it.
fn ended(log: Vec<Change>) -> End {
    let shelf = Shelf::folded(&log);
    let checksum = written(Sums::of(&shelf).whole());
    End { epoch: 0, log, checksum, replicas: vec![(0, shelf)] }
}

/// Events one after the other.
fn events(asked: Vec<(usize, Asked, Told)>) -> Vec<Event> {
    let recorder = Recorder::default();
    for (client, asked, told) in asked {
        let began = recorder.begins();
        recorder.ends(client, began, asked, told);
    }
    recorder.events()
}

fn pushed(n: u64, word: &str, seq: Seq) -> (usize, Asked, Told) {
    let key = Key::Device(PHONE, n);
    let adds = Some((TAGS, word.to_owned()));
    (0, Asked::Write { key, body: n, adds }, told(seq))
}

fn noted(client: usize, word: &str, seq: Seq) -> (usize, Asked, Told) {
    let key = Key::Rest(format!("key of {word}"));
    let adds = Some((NOTES, word.to_owned()));
    (client, Asked::Write { key, body: 1, adds }, told(seq))
}

fn told(seq: Seq) -> Told {
    Told::Written { seq: Some(seq), answer: format!("row {seq}") }
}

fn read(client: usize, list: List, at_least: Seq, seq: Seq, seen: &[&str]) -> (usize, Asked, Told) {
    let words = seen.iter().map(|word| (*word).to_owned()).collect();
    (client, Asked::Read { list, at_least }, Told::Read { seq, words })
}

/// A pull of rows from `from` to `to`, of all there are.
fn pulled(client: usize, from: Seq, to: Seq) -> (usize, Asked, Told) {
    let log = log();
    let of = log.iter().filter(|row| row.seq > from && row.seq <= to);
    let rows = of.map(|row| (row.seq, digest(row))).collect();
    let is_end = to == 8;
    (client, Asked::Pull { from }, Told::Pulled { epoch: 0, to, rows, is_end })
}

/// A history that keeps every promise.
fn good() -> Vec<(usize, Asked, Told)> {
    let (_, again, _) = pushed(2, "a", 4);
    let Asked::Write { key, adds, .. } = again.clone() else { unreachable!("it is a write") };
    vec![
        (0, again.clone(), Told::Unknown),
        pushed(2, "a", 4),
        pushed(2, "a", 4),
        (0, Asked::Write { key, body: 99, adds }, Told::Refused("device_reused".to_owned())),
        read(1, TAGS, 0, 4, &["a"]),
        noted(1, "x", 5),
        pulled(2, 0, 3),
        pushed(4, "b", 7),
        read(1, NOTES, 5, 5, &["x"]),
        noted(3, "y", 8),
        pulled(2, 3, 8),
        read(1, TAGS, 7, 7, &["b", "a"]),
        read(3, NOTES, 8, 8, &["x", "y"]),
    ]
}

/// The promises that a history breaks.
fn broken(asked: Vec<(usize, Asked, Told)>, end: &End) -> Vec<&'static str> {
    let mut found: Vec<_> =
        check(&events(asked), end).into_iter().map(|violation| violation.promise).collect();
    found.dedup();
    found
}

/// The good history with one more thing in it.
fn with(more: (usize, Asked, Told)) -> Vec<(usize, Asked, Told)> {
    let mut asked = good();
    asked.push(more);
    asked
}

#[test]
fn a_history_that_keeps_every_promise_has_no_violation() {
    let found = check(&events(good()), &ended(log()));
    assert!(found.is_empty(), "{found:?}");
    let tally = Tally::of(&events(good()));
    assert_eq!((tally.acknowledged, tally.unknown, tally.refused), (4, 1, 1));
    assert_eq!((tally.reads, tally.pulls), (4, 2), "{tally}");
}

#[test]
fn what_was_acknowledged_and_is_not_in_the_log_is_found() {
    assert_eq!(broken(with(pushed(6, "c", 7)), &ended(log())), ["P1"], "another row stands there");
    assert_eq!(broken(with(noted(1, "z", 8)), &ended(log())), ["P1"], "no row has the word");
    assert_eq!(broken(with(noted(2, "y", 7)), &ended(log())), ["P1", "P2"], "a row after the told");
    let mut none = pushed(6, "c", 7);
    none.2 = Told::Written { seq: None, answer: "noop".to_owned() };
    assert_eq!(broken(with(none), &ended(log())), ["P1"]);
}

#[test]
fn an_update_that_another_one_overwrites_is_found() {
    let mut log = log();
    log[7].set = put(Register::from(field::NOTES), Value::from("y"));
    let found = check(&[], &ended(log));
    assert!(found.iter().any(|violation| violation.shown_by.contains("an update is lost")));
    let mut taken_off = self::log();
    taken_off[6].set = BTreeMap::from([(Register::tag(tag(11)), None)]);
    assert_eq!(broken(Vec::new(), &ended(taken_off)), ["P1"]);
}

#[test]
fn what_has_an_effect_twice_is_found() {
    let mut twice = log();
    twice[6].set = put(Register::tag(tag(11)), Value::from(true));
    assert_eq!(broken(Vec::new(), &ended(twice)), ["P2"], "a word is there twice");
    let mut counter = log();
    counter[6].n = 2;
    let first = vec![pushed(2, "a", 4)];
    assert_eq!(broken(first, &ended(counter)), ["P2"], "a counter is there twice");
}

#[test]
fn answers_that_differ_and_refusals_of_what_is_done_are_found() {
    let mut differs = pushed(2, "a", 4);
    differs.2 = Told::Written { seq: Some(4), answer: "something else".to_owned() };
    assert_eq!(broken(with(differs), &ended(log())), ["P2"]);
    for code in ["stale", "gap", "device_reused"] {
        let (client, asked, _) = pushed(4, "b", 7);
        let refused = (client, asked, Told::Refused(code.to_owned()));
        assert!(broken(with(refused), &ended(log())).contains(&"P2"), "{code}");
    }
    let asked = Asked::Write { key: Key::Device(PHONE, 9), body: 1, adds: None };
    let refused = (0, asked, Told::Refused("gap".to_owned()));
    assert_eq!(broken(with(refused), &ended(log())), ["P2"], "a queue that is forgotten");
}

#[test]
fn another_body_under_a_key_that_is_taken_or_refused_otherwise_is_found() {
    let asked = Asked::Write { key: Key::Device(PHONE, 2), body: 99, adds: None };
    for told in [told(4), Told::Refused("invalid".to_owned())] {
        assert_eq!(broken(with((0, asked.clone(), told)), &ended(log())), ["P2"]);
    }
    assert_eq!(broken(with((0, asked, Told::Unknown)), &ended(log())), [""; 0]);
}

#[test]
fn replicas_and_sums_that_differ_are_found() {
    let mut end = ended(log());
    end.checksum = "0000000000000000".to_owned();
    assert_eq!(broken(good(), &end), ["P3"]);
    let mut end = ended(log());
    end.replicas.push((5, Shelf::folded(&log()[..7])));
    assert_eq!(broken(good(), &end), ["P3"]);
}

#[test]
fn a_log_or_a_pull_with_a_gap_is_found() {
    let mut gap = log();
    gap[7].seq = 9;
    assert!(broken(Vec::new(), &ended(gap)).contains(&"P4"));
    for (asked, why) in [
        (vec![pulled(2, 0, 3), pulled(2, 4, 8)], "a row is left out"),
        (vec![pulled(2, 0, 4), pulled(2, 3, 8)], "it goes back"),
    ] {
        assert_eq!(broken(asked, &ended(log())), ["P4"], "{why}");
    }
    for why in ["a row is missing", "rows are out of order", "nobody wrote it", "another life"] {
        let mut asked = pulled(2, 0, 8);
        if let Told::Pulled { epoch, rows, .. } = &mut asked.2 {
            match why {
                "a row is missing" => {
                    rows.remove(1);
                }
                "rows are out of order" => rows.swap(1, 2),
                "nobody wrote it" => rows[1].1 = 5,
                _ => *epoch = 1,
            }
        }
        assert_eq!(broken(vec![asked], &ended(log())), ["P4"], "{why}");
    }
    let (client, asked, _) = pulled(2, 0, 8);
    let refused = (client, asked, Told::Refused("cursor_expired".to_owned()));
    assert_eq!(broken(vec![refused], &ended(log())), ["P4"]);
}

#[test]
fn a_read_without_what_its_client_wrote_or_saw_is_found() {
    let own = vec![pushed(4, "b", 7), read(0, TAGS, 0, 4, &["a"])];
    assert_eq!(broken(own, &ended(log())), ["P5", "no cycle"]);
    let back = vec![read(1, TAGS, 0, 7, &["a", "b"]), read(1, TAGS, 0, 4, &["a"])];
    assert_eq!(broken(back, &ended(log())), ["P5", "no cycle"]);
    let asked = vec![read(1, TAGS, 7, 4, &["a"])];
    assert_eq!(broken(asked, &ended(log())), ["P5"], "less than it asked for");
    let end = vec![noted(2, "y", 8), pulled(2, 0, 0)];
    assert_eq!(broken(end, &ended(log())), [""; 0], "there is more to pull");
    let mut early = pulled(2, 0, 3);
    if let Told::Pulled { is_end, .. } = &mut early.2 {
        *is_end = true;
    }
    assert_eq!(broken(vec![noted(2, "y", 8), early], &ended(log())), ["P5"]);
}

#[test]
fn a_read_of_what_never_was_or_never_was_together_is_found() {
    for (read, why) in [
        (read(1, TAGS, 0, 7, &["a", "q"]), "nobody wrote it"),
        (read(1, TAGS, 0, 7, &["b"]), "the later one without the earlier"),
        (read(1, TAGS, 0, 7, &["a"]), "the version says that there is more"),
        (read(1, TAGS, 0, 4, &["a", "b"]), "the version says that there is less"),
        (read(1, NOTES, 0, 8, &["y", "x"]), "lines are in another order"),
    ] {
        assert!(broken(vec![read], &ended(log())).contains(&"P5"), "{why}");
    }
    let refused = Told::Refused("not_yet".to_owned());
    let asked = vec![(1, Asked::Read { list: TAGS, at_least: 4 }, refused)];
    assert_eq!(broken(asked, &ended(log())), ["P5"]);
}

#[test]
fn reads_of_two_lists_that_contradict_each_other_are_a_cycle() {
    // One sees `b` and, later, not yet `x`; `x` was written by one who wrote `b` after it.
    let asked = vec![
        noted(0, "x", 5),
        pushed(4, "b", 7),
        read(1, TAGS, 0, 7, &["a", "b"]),
        read(1, NOTES, 0, 2, &[]),
    ];
    let found = check(&events(asked), &ended(log()));
    let cycle = found.iter().find(|violation| violation.promise == "no cycle").unwrap();
    assert_eq!(found.len(), 1, "each list by itself is in order");
    assert!(cycle.shown_by.contains("-rw-> append of \"x\""), "{cycle}");
    assert!(cycle.shown_by.contains("-then-> append of \"b\""), "{cycle}");
    assert!(cycle.shown_by.contains("-wr-> read"), "{cycle}");
}
