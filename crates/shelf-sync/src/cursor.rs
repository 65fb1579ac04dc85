//! The cursor: how far a reader has followed a library's log, opaque to those who carry it.

use crate::doors::Doors;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shelf_domain::change::Head;
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::stamp::Seq;
use shelf_ports::Failure;

/// A position in one library's log, in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch it was given in.
    pub epoch: u32,
    /// The last row that was given.
    pub seq: Seq,
}

/// Bytes of a cursor: 4 of the epoch, 8 of the seq, 4 that say of which library it is.
const BYTES: usize = 16;

impl Cursor {
    /// The text of this cursor in `library`: base64url, 22 characters.
    pub fn text(self, library: LibraryId) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(check(library));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor of `library`; refused `invalid` where it is none of ours or of another one.
    pub fn read(text: &str, library: LibraryId) -> Result<Self, Refused> {
        let bad = || Refused::invalid("cursor", "this is no cursor of this library");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| bad())?;
        let [e0, e1, e2, e3, seq @ .., c0, c1, c2, c3] = bytes;
        if [c0, c1, c2, c3] != check(library) {
            return Err(bad());
        }
        Ok(Self { epoch: u32::from_be_bytes([e0, e1, e2, e3]), seq: Seq::from_be_bytes(seq) })
    }

    /// Refuses `cursor_expired` where the log no longer leads on from here: another epoch, a
    /// position that retention has removed, or one that never was.
    pub fn check(self, head: &Head) -> Result<Self, Refused> {
        if self.expired(head).is_some() {
            let detail = format!("the library is in epoch {} at {}", head.epoch, head.seq);
            return Err(Refused::new(Code::CursorExpired, "cursor", detail));
        }
        Ok(self)
    }

    /// Why the log no longer leads on from here, where it does not.
    pub fn expired(self, head: &Head) -> Option<Expired> {
        if self.epoch != head.epoch {
            return Some(Expired::Epoch);
        }
        if self.seq > head.seq {
            return Some(Expired::Ahead);
        }
        // From the very beginning the kept rows still fold to the whole state.
        (self.seq > 0 && self.seq < head.floor).then_some(Expired::Floor)
    }
}

/// Why a cursor is followed no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// It is of another life of the log.
    Epoch,
    /// Rows after it have been removed.
    Floor,
    /// It is beyond the end of the log.
    Ahead,
}

impl Expired {
    /// The word for it on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Floor => "floor",
            Self::Ahead => "ahead",
        }
    }
}

/// That a reader starts again, and keeps its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Why.
    pub why: Expired,
    /// Where the log stands.
    pub head: Head,
}

/// Why `cursor` of the library was refused, where that was because it has expired.
pub async fn reset_of(doors: &Doors, scope: Scope, cursor: &str) -> Result<Option<Reset>, Failure> {
    let head = doors.library.head(scope).await?;
    let why = Cursor::read(cursor, scope.library)?.expired(&head);
    Ok(why.map(|why| Reset { why, head }))
}

/// Four bytes that tell libraries apart; a guard against mix-ups, not against malice: whether one
/// may read a library is decided before.
fn check(library: LibraryId) -> [u8; 4] {
    let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3] = library.to_bytes();
    [a0 ^ b0 ^ c0 ^ d0, a1 ^ b1 ^ c1 ^ d1, a2 ^ b2 ^ c2 ^ d2, a3 ^ b3 ^ c3 ^ d3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINE: LibraryId = LibraryId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7]);
    const YOURS: LibraryId = LibraryId::from_bytes([9; 16]);

    proptest! {
        #[test]
        fn a_cursor_reads_back_from_its_text(epoch in any::<u32>(), seq in any::<u64>()) {
            let cursor = Cursor { epoch, seq };
            prop_assert_eq!(Cursor::read(&cursor.text(MINE), MINE).unwrap(), cursor);
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC*") {
            prop_assert!(Cursor::read(&text, MINE).is_err() || text.len() == 22);
        }
    }

    #[test]
    fn a_cursor_of_another_library_is_not_followed() {
        let text = Cursor { epoch: 0, seq: 7 }.text(YOURS);
        assert_eq!(Cursor::read(&text, MINE).unwrap_err().code, Code::Invalid);
    }

    #[test]
    fn a_cursor_of_another_epoch_below_the_floor_or_beyond_the_head_has_expired() {
        let head = Head { epoch: 2, seq: 100, floor: 10, ..Head::default() };
        for (epoch, seq) in [(1, 50), (3, 50), (2, 9), (2, 101)] {
            let refused = Cursor { epoch, seq }.check(&head).unwrap_err();
            assert_eq!(refused.code, Code::CursorExpired, "{epoch} {seq}");
        }
        for seq in [0, 10, 100] {
            assert!(Cursor { epoch: 2, seq }.check(&head).is_ok());
        }
    }
}
