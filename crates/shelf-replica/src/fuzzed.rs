//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::lines::snapshot;
use flate2::Compression;
use flate2::read::GzEncoder;
use shelf_domain::id::LibraryId;
use std::io::Read;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[("snapshot", packed, &[SNAPSHOT])];

/// A library of one bookmark, and an id that joined it.
const SNAPSHOT: &[u8] = br#"{"mindshelf":"snapshot.v1","library":"0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a","epoch":0,"seq":7,"cursor":"AAAAAAAAAAAAAAAHgZOAqg","hlc":"0193f0a000010001","at":1800000000000,"numbers":{"bookmark":1}}
{"item":"0193f0a0-0000-7000-8000-00000000000b","kind":"bookmark","number":1,"created":1,"puts":[{"seq":1,"hlc":"0193f0a000000000","device":"0193f0a0-0000-7000-8000-000000000006","set":{"title":null,"url":"https://example.org/"}}]}
{"items":1,"aliases":0,"checksum":"21c4e3044ba90b9a"}
"#;

/// The bytes as they are, and as what a snapshot becomes when it is unpacked.
fn packed(bytes: &[u8]) {
    let (ours, other) = (LibraryId::from_bytes([10; 16]), LibraryId::from_bytes([11; 16]));
    let mut file = Vec::new();
    let is_packed = GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut file).is_ok();
    assert!(is_packed, "memory takes all");
    for file in [bytes, file.as_slice()] {
        if let Ok((shelf, _)) = snapshot(ours, file) {
            assert!(snapshot(other, file).is_err(), "it is of one library");
            assert!(shelf.items().all(|item| shelf.item(item.id) == Some(item)), "each is found");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
