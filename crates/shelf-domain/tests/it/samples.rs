//! One row of the log for every kind and case: what the golden files freeze.

use crate::steps::{device, id};
use shelf_domain::change::{Change, Puts};
use shelf_domain::id::ActId;
use shelf_domain::kind::{Kind, Register};
use shelf_domain::stamp::Hlc;
use shelf_domain::value::Value;

/// A row and what it shows.
pub(crate) type Named = (&'static str, Change);

/// Some moment.
pub(crate) const AT: i64 = 1_800_000_000_000;

fn act() -> ActId {
    ActId::from_bytes([0xac; 16])
}

fn puts(list: Vec<(&str, Option<Value>)>) -> Puts {
    list.into_iter().map(|(name, value)| (Register::named(name), value)).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "beside nothing, a value reads like this")]
fn text(text: &str) -> Option<Value> {
    Some(Value::from(text))
}

fn change(seq: u64, item: u8, kind: Kind, set: Vec<(&str, Option<Value>)>) -> Change {
    let at = AT + i64::try_from(seq).unwrap();
    Change {
        seq,
        at,
        device: device(0),
        n: seq,
        hlc: Hlc::at(at).next(),
        base: seq - 1,
        act: act(),
        item: id(item),
        kind,
        number: Some(1),
        joined: None,
        set: puts(set),
        also: Puts::new(),
        also_hlc: None,
    }
}

fn whole_bookmark() -> Change {
    let tag = format!("tag/{}", id(10));
    let set = vec![
        ("url", text("https://a.example/?q=1#part")),
        ("title", text("Caf\u{e9} \u{201c}\u{6771}\u{4eac}\u{201d} \u{1f516}")),
        ("description", text("quotes \" back \\ slash / tab \t line \n end")),
        ("notes", text("control \u{1} and \u{7f}, \u{2028} and \u{feff}")),
        ("created_at", Some(Value::from(1_234_567_890_123_i64))),
        ("modified_at", Some(Value::from(0_i64))),
        ("archived_at", Some(Value::from(-1_i64))),
        ("favourite", Some(Value::from(true))),
        ("unread", Some(Value::from(false))),
        ("private", None),
        (&tag, Some(Value::from(true))),
        ("raw/toread", text("")),
    ];
    change(1, 0, Kind::Bookmark, set)
}

fn in_the_tree() -> Vec<Named> {
    let bookmark = || Some(Value::from(id(0)));
    let folder = || Some(Value::from(id(20)));
    vec![
        ("bookmark", whole_bookmark()),
        (
            "collection",
            change(
                2,
                20,
                Kind::Collection,
                vec![
                    ("name", text("Reading")),
                    ("parent", None),
                    ("order", text("V0001VV")),
                    ("description", text("d")),
                    ("icon", text("i")),
                    ("query", text("is:unread")),
                    ("mount", Some(Value::from(id(99)))),
                    ("created_at", Some(Value::from(AT))),
                    ("modified_at", Some(Value::from(i64::MAX))),
                ],
            ),
        ),
        (
            "place",
            change(
                3,
                30,
                Kind::Place,
                vec![
                    ("bookmark", bookmark()),
                    ("parent", folder()),
                    ("order", text("V")),
                    ("title", text("t")),
                ],
            ),
        ),
    ]
}

fn about_them() -> Vec<Named> {
    let bookmark = || Some(Value::from(id(0)));
    vec![
        (
            "tag",
            change(4, 10, Kind::Tag, vec![("name", text("Rust")), ("colour", text("#b7410e"))]),
        ),
        (
            "highlight",
            change(
                5,
                40,
                Kind::Highlight,
                vec![
                    ("bookmark", bookmark()),
                    ("quote", text("q")),
                    ("anchor", text("a")),
                    ("colour", text("yellow")),
                    ("comment", text("c")),
                    ("created_at", Some(Value::from(i64::MIN))),
                ],
            ),
        ),
        ("note", change(6, 50, Kind::Note, vec![("bookmark", bookmark()), ("body", text("b"))])),
        (
            "rule",
            change(
                7,
                60,
                Kind::Rule,
                vec![
                    ("name", text("r")),
                    ("query", text("site:a.example")),
                    ("actions", text("tag x")),
                ],
            ),
        ),
    ]
}

fn later(seq: u64, item: u8, kind: Kind, set: Vec<(&str, Option<Value>)>) -> Change {
    Change { number: None, ..change(seq, item, kind, set) }
}

fn in_and_out() -> Vec<Named> {
    let sealed = Some(Value::Sealed(vec![0, 1, 2, 253, 254, 255]));
    vec![
        ("trash", later(8, 0, Kind::Bookmark, vec![("trashed_at", Some(Value::from(AT)))])),
        ("restore", later(9, 0, Kind::Bookmark, vec![("trashed_at", None)])),
        ("purge", later(10, 0, Kind::Bookmark, vec![("purged", Some(Value::from(true)))])),
        ("moved", later(11, 20, Kind::Collection, vec![("moved_to", Some(Value::from(id(98))))])),
        ("sealed", change(12, 1, Kind::Bookmark, vec![("url", sealed.clone()), ("title", sealed)])),
        (
            "sealed, empty",
            later(13, 1, Kind::Bookmark, vec![("notes", Some(Value::Sealed(Vec::new())))]),
        ),
    ]
}

fn decided_besides() -> Vec<Named> {
    let copy = Register::copy("notes", device(1));
    vec![
        (
            "joined bookmark",
            Change {
                joined: Some(id(2)),
                also: puts(vec![("notes", text("mine\n\ntheirs")), ("trashed_at", None)]),
                also_hlc: Some(Hlc::from_bits(0x01a3_1857_0000_0002)),
                ..later(
                    14,
                    0,
                    Kind::Bookmark,
                    vec![("url", text("HTTPS://a.example:443/?q=1#part"))],
                )
            },
        ),
        (
            "joined tag",
            Change {
                joined: Some(id(11)),
                ..later(15, 10, Kind::Tag, vec![("name", text(" rust "))])
            },
        ),
        (
            "kept copy",
            Change {
                also: [(copy.clone(), text("the other text"))].into(),
                also_hlc: Some(Hlc::from_bits(u64::MAX)),
                ..later(16, 0, Kind::Bookmark, vec![("notes", text("the winning text"))])
            },
        ),
        ("cleared copy", later(17, 0, Kind::Bookmark, vec![(copy.as_str(), None)])),
    ]
}

fn odd_ones() -> Vec<Named> {
    vec![
        (
            "unknown field",
            later(18, 0, Kind::Bookmark, vec![("glow", text("bright")), ("glow/2", None)]),
        ),
        (
            "unknown kind",
            change(
                19,
                70,
                Kind::named("sketch"),
                vec![("strokes", text("/\\/")), ("name", text("s"))],
            ),
        ),
        (
            "text like an id",
            later(
                20,
                0,
                Kind::Bookmark,
                vec![
                    ("title", text("00000000-0000-7000-8000-00000000000a")),
                    ("notes", text("00000000-0000-7000-8000-00000000000A")),
                    ("tag/00000000-0000-7000-8000-00000000000A", None),
                ],
            ),
        ),
        ("blanked", later(21, 0, Kind::Bookmark, Vec::new())),
    ]
}

/// One row of every kind and case. New ones are added at the end.
pub(crate) fn samples() -> Vec<Named> {
    [in_the_tree(), about_them(), in_and_out(), decided_besides(), odd_ones()].concat()
}
