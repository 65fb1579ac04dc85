//! The snapshot: a library as a file, line by line.

use crate::failure::ReplicaFailure;
use flate2::read::GzDecoder;
use serde::Deserialize;
use shelf_domain::change::Head;
use shelf_domain::id::LibraryId;
use shelf_domain::item::Item;
use shelf_domain::kind::Kind;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::{Hlc, Seq};
use shelf_domain::stated::{Stated, StatedAlias};
use shelf_domain::sums::{Sums, written};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

/// What a snapshot calls itself.
const FORM: &str = "snapshot.v1";
/// Most bytes a snapshot may become when it is unpacked.
const BYTES_MAX: u64 = 4 << 30;

#[derive(Deserialize)]
struct HeadLine {
    mindshelf: String,
    library: LibraryId,
    epoch: u32,
    seq: Seq,
    cursor: String,
    hlc: Hlc,
    at: i64,
    #[serde(default)]
    numbers: BTreeMap<Kind, u32>,
}

#[derive(Deserialize)]
struct EndLine {
    items: u64,
    aliases: u64,
    checksum: String,
}

/// A line after the first: what it is shows by what it holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Item(Stated),
    Alias(StatedAlias),
    End(EndLine),
}

/// The library a snapshot holds, and the cursor to go on from; a damaged one is unusable. Items may
/// be newer than that cursor: only who has pulled on to the end holds the library of one moment.
pub(crate) fn snapshot(
    library: LibraryId,
    bytes: &[u8],
) -> Result<(Shelf, String), ReplicaFailure> {
    let mut lines = BufReader::new(GzDecoder::new(bytes).take(BYTES_MAX)).lines();
    let mut next = || match lines.next() {
        Some(Ok(line)) => Ok(line),
        Some(Err(error)) => Err(damaged(&error.to_string())),
        None => Err(damaged("its end is missing")),
    };
    let head: HeadLine = read(&next()?)?;
    if head.mindshelf != FORM || head.library != library {
        return Err(damaged("it is none of this library in a form that is read here"));
    }
    let HeadLine { epoch, seq, hlc, at, numbers, cursor, .. } = head;
    let mut shelf = Shelf::at(Head { epoch, seq, floor: 0, hlc, at, numbers });
    let (mut items, mut aliases, mut sums) = (0, 0, Sums::default());
    loop {
        match read(&next()?)? {
            Line::Item(line) => {
                items += 1;
                let item = Item::from(line);
                sums.add_item(item.id, item.version());
                shelf.insert(item);
            }
            Line::Alias(line) => {
                aliases += 1;
                sums.add_alias(line.younger, line.item);
                // One that joined while the file was made may stand among the items, too.
                shelf.alias(line.younger, line.item);
            }
            Line::End(end) => {
                let whole = end.items == items && end.aliases == aliases;
                if !whole || end.checksum != written(sums.whole()) {
                    return Err(damaged("its checksum does not hold"));
                }
                return Ok((shelf, cursor));
            }
        }
    }
}

fn read<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, ReplicaFailure> {
    serde_json::from_str(line).map_err(|error| damaged(&error.to_string()))
}

fn damaged(why: &str) -> ReplicaFailure {
    ReplicaFailure::Unusable(format!("the snapshot is damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const LIBRARY: &str = "0193f0a0-0000-7000-8000-00000000000a";
    const HEAD: &str = r#"{"mindshelf":"snapshot.v1","library":"0193f0a0-0000-7000-8000-00000000000a","epoch":0,"seq":7,"cursor":"AAAAAAAAAAAAAAAHgZOAqg","hlc":"0193f0a000010001","at":1800000000000,"numbers":{"bookmark":1}}"#;
    const ITEM: &str = r#"{"item":"0193f0a0-0000-7000-8000-00000000000b","kind":"bookmark","number":1,"created":1,"puts":[{"seq":1,"hlc":"0193f0a000000000","device":"0193f0a0-0000-7000-8000-000000000006","set":{"title":null,"url":"https://example.org/"}}]}"#;
    const END: &str = r#"{"items":1,"aliases":0,"checksum":"21c4e3044ba90b9a"}"#;

    fn opened(lines: &[&str]) -> Result<(Shelf, String), ReplicaFailure> {
        let mut file = GzEncoder::new(Vec::new(), Compression::fast());
        for line in lines {
            writeln!(file, "{line}").unwrap();
        }
        snapshot(LIBRARY.parse().unwrap(), &file.finish().unwrap())
    }

    #[test]
    fn a_snapshot_reads_back_whole() {
        let (shelf, cursor) = opened(&[HEAD, ITEM, END]).unwrap();
        assert_eq!((shelf.head.seq, cursor.as_str()), (7, "AAAAAAAAAAAAAAAHgZOAqg"));
        let item = shelf.by_url("https://example.org").unwrap();
        assert_eq!((item.number, item.version()), (1, 1));
    }

    #[test]
    fn a_damaged_snapshot_is_not_loaded() {
        let wrong = END.replace("21c4", "21c5");
        for lines in [&[HEAD, ITEM][..], &[HEAD, END], &[HEAD, ITEM, &wrong], &[ITEM, END], &[]] {
            assert!(opened(lines).is_err(), "{lines:?}");
        }
        assert!(snapshot(LIBRARY.parse().unwrap(), b"no gzip").is_err());
    }
}
