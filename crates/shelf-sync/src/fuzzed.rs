//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::cursor::Cursor;
use shelf_domain::id::LibraryId;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] =
    &[("sync cursor", cursor, &[b"AAAAAAAAAAAAAAAHCAgICA", b"AQIDBAUGBwgJCgsMDQ4PEA"])];

fn cursor(bytes: &[u8]) {
    let library = LibraryId::from_bytes([8; 16]);
    let text = String::from_utf8_lossy(bytes);
    if let Ok(cursor) = Cursor::read(&text, library) {
        assert_eq!(cursor.text(library), text, "one position is written in one way");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
