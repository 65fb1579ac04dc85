//! The encoding, frozen: what was written once is read and written the same for ever.

use crate::frozen::{assert_frozen, read};
use crate::samples::{AT, samples};
use shelf_domain::canon::{canon, folded};
use shelf_domain::change::{Change, Pushed, Puts};
use shelf_domain::id::{Ids, ItemId, LibraryId};
use shelf_domain::item::Item;
use shelf_domain::kind::Kind;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::fingerprint;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

#[test]
fn changes_are_written_and_read_as_ever() {
    let samples = samples();
    let lines: Vec<String> = samples.iter().map(|(_, change)| change.to_wire()).collect();
    assert_frozen("golden/changes.jsonl", &lines);
    for (line, (name, change)) in read("golden/changes.jsonl").lines().zip(&samples) {
        let read: Change = serde_json::from_str(line).unwrap();
        assert_eq!(&read, change, "{name}");
        assert_eq!(read.to_wire(), line, "{name}");
    }
}

#[test]
fn stored_bodies_are_written_and_read_as_ever() {
    let samples = samples();
    let line = |(name, change): &(&str, Change)| format!("{name}\t{}", hex(&change.body()));
    let lines: Vec<String> = samples.iter().map(line).collect();
    assert_frozen("golden/bodies.tsv", &lines);
    for (line, (name, change)) in read("golden/bodies.tsv").lines().zip(&samples) {
        let body = unhex(line.split_once('\t').unwrap().1);
        let blank = Change { set: Puts::new(), also: Puts::new(), ..change.clone() };
        assert_eq!(blank.clone().with_body(&body).as_ref(), Some(change), "{name}");
        assert_eq!(
            blank.clone().with_body(&[]),
            Some(blank.clone()),
            "no bytes are a blanked body"
        );
        let mut later = body.clone();
        later[0] += 1;
        assert_eq!(blank.with_body(&later), None, "a body of a later version is no guess");
    }
}

#[test]
fn what_devices_push_has_the_same_fingerprint_as_ever() {
    let pushed = |(at, (_, change)): (usize, (&str, Change))| Pushed {
        n: u64::try_from(at).unwrap() + 1,
        hlc: change.hlc,
        base: change.base,
        act: change.act,
        item: change.item,
        kind: change.kind,
        set: change.set,
    };
    let all: Vec<Pushed> = samples().into_iter().enumerate().map(pushed).collect();
    let line = |pushed: &Pushed| {
        format!("{}\t{}", fingerprint(pushed), serde_json::to_value(pushed).unwrap())
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    assert_frozen("golden/pushes.tsv", &lines);
    for (line, pushed) in read("golden/pushes.tsv").lines().zip(&all) {
        let (print, json) = line.split_once('\t').unwrap();
        let read: Pushed = serde_json::from_str(json).unwrap();
        assert_eq!((&read, fingerprint(&read).as_str()), (pushed, print));
    }
    let more = r#"{"n":1,"hlc":"0000000000000000","base":0,"act":"00000000-0000-7000-8000-000000000001","item":"00000000-0000-7000-8000-000000000001","kind":"tag","set":{},"seq":1}"#;
    assert!(serde_json::from_str::<Pushed>(more).is_err(), "a device does not say the seq");
}

#[test]
fn ids_and_stamps_are_made_as_ever() {
    let mut lines = Vec::new();
    for (now, seed) in [(0, 0), (AT, 7), (281_474_976_710_655, 255)] {
        let mut ids = Ids::new(now, [seed; 16]);
        let made: Vec<ItemId> = (0..4_098).map(|_| ids.make()).collect();
        for at in [0, 1, 2, 4_095, 4_096, 4_097] {
            lines.push(format!("id\t{now}\t{seed}\t{at}\t{}", made[at]));
        }
    }
    let heads =
        [Hlc::default(), Hlc::at(AT), Hlc::at(AT + 59_999).next(), Hlc::from_bits(u64::MAX)];
    for head in heads {
        lines.push(format!("local\t{AT}\t{head}\t\t{}", Hlc::local(AT, head)));
        for ahead in [-172_800_000, 0, 60_000, 60_001, 172_800_000] {
            let own = Hlc::at(AT + ahead).next();
            lines.push(format!("clamped\t{AT}\t{head}\t{own}\t{}", own.clamped(AT, head)));
        }
    }
    lines.push(format!("outside\t\t\t\t{}\t{}", Hlc::at(-1), Hlc::at(i64::MAX)));
    assert_frozen("golden/ids_and_stamps.tsv", &lines);
    for wrong in ["\"018bcfe56800000\"", "\"+18bcfe568000003\"", "\"018bcfe5680000030\"", "7"] {
        assert!(serde_json::from_str::<Hlc>(wrong).is_err(), "{wrong}");
    }
    let id: LibraryId = "00000000-0000-7000-8000-00000000000A".parse().unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"00000000-0000-7000-8000-00000000000a\"");
}

#[test]
fn addresses_are_one_bookmark_as_ever() {
    let given = read("golden/canon_v1.tsv");
    let line = |line: &str| match line.split_once('\t') {
        Some((given, _)) if !line.starts_with('#') => {
            format!("{given}\t{}", canon(given).as_deref().unwrap_or("-"))
        }
        _ => line.to_owned(),
    };
    let lines: Vec<String> = given.lines().map(line).collect();
    assert_frozen("golden/canon_v1.tsv", &lines);
    for line in lines.iter().filter(|line| !line.starts_with('#')) {
        let (_, once) = line.split_once('\t').unwrap();
        assert!(once == "-" || canon(once).as_deref() == Some(once), "{once} is not canonical");
    }
}

/// Names of tags, each with another that is the same tag.
const SAME: [(&str, &str); 8] = [
    ("Rust", "  rUST\u{a0}"),
    ("two  words", "Two\twords"),
    ("\u{ff32}\u{ff55}\u{ff53}\u{ff54}", "rust"),
    ("Caf\u{e9}", "CAFE\u{301}"),
    ("J\u{30c}", "\u{1f0}"),
    ("\u{c4}\u{d6}\u{dc}", "\u{e4}\u{f6}\u{fc}"),
    ("\u{fb01}ne", "FINE"),
    ("\u{6771}\u{4eac}", "\u{6771}\u{4eac} "),
];

#[test]
fn names_are_one_tag_as_ever() {
    let line = |(one, other): &(&str, &str)| {
        assert_eq!(folded(one), folded(other));
        format!("{}\t{}\t{}", one.escape_default(), other.escape_default(), folded(one))
    };
    let mut lines: Vec<String> = SAME.iter().map(line).collect();
    for name in ["stra\u{df}e", "STRASSE", "\u{3a3}\u{3c2}", "\u{130}", "c++", "C#", ""] {
        lines.push(format!("{}\t\t{}", name.escape_default(), folded(name)));
    }
    assert_frozen("golden/folded_v1.tsv", &lines);
}

/// Items are folded state, whose form may change; stores hold what former versions packed until an
/// item is written again.
#[test]
fn an_item_packed_by_a_former_version_is_read() {
    let packed = unhex(
        "0102018280d895f4a68bd10101a22d37422c7000b3f11147e8eeb80702040004000101ec8abad3c5680101a2\
         2d3742b670018008e3be4aadcda60001000100010001020641207061676500000001021468747470733a2f2f\
         6578616d706c652e6f72672f",
    );
    let id: ItemId = "01a22d37-42b6-7002-9cec-e0dc36c490ed".parse().unwrap();
    let tag: ItemId = "01a22d37-42b6-7001-8008-e3be4aadcda6".parse().unwrap();
    let item = Item::unpack(id, Kind::Bookmark, &packed).unwrap();
    assert_eq!((item.number, item.created_seq), (1, 2));
    assert_eq!((item.text("title"), item.text("url")), ("A page", "https://example.org/"));
    assert_eq!(item.tags().collect::<Vec<_>>(), [tag]);
    let again = item.pack();
    assert!(again.len() < packed.len(), "{} bytes, and {} before", again.len(), packed.len());
    assert_eq!(Item::unpack(id, Kind::Bookmark, &again), Some(item));
    for end in 1..again.len() {
        assert_eq!(Item::unpack(id, Kind::Bookmark, &again[..end]), None, "cut off at {end}");
    }
}
