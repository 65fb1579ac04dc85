//! Marks of the texts a form was filled with. What comes back with the mark of what was shown was left as
//! it was by whoever sends it; and where something else is kept by then, somebody else wrote it.

use sha2::{Digest, Sha256};

/// Digits of a mark: 64 bits, enough that no two texts of one field meet.
const DIGITS: usize = 16;

/// The mark of `text`. Browsers send any end of a line as CRLF, whatever it was.
pub(crate) fn mark(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut digits = hex::encode(Sha256::digest(text.as_bytes()));
    digits.truncate(DIGITS);
    digits
}

/// What a form calls the mark of its field `name`.
pub(crate) fn named(name: &str) -> String {
    format!("shown-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_mark_on_its_way_through_a_browser() {
        assert_eq!(mark("one\ntwo\rthree"), mark("one\r\ntwo\r\nthree"));
        assert_ne!(mark("one"), mark("one "));
        assert_eq!(mark("").len(), DIGITS);
    }
}
