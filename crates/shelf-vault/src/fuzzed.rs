//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::key::Key;
use crate::root::RootKey;
use shelf_ports::vault::{KEY_BYTES, Of, Owner, SealedKey};

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("root key", root, &[b"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", b" \n"]),
    ("sealed bytes", sealed, &[b"\x01000000000000sealed and its tag is here", b"\x01"]),
];

fn root(bytes: &[u8]) {
    if let Ok(root) = RootKey::read(&String::from_utf8_lossy(bytes)) {
        assert!(RootKey::read(&root.text()).is_ok_and(|again| again == root));
        assert_eq!(root.fingerprint().len(), 32);
    }
}

fn sealed(bytes: &[u8]) {
    let of = Of::whole("fuzzed", [1; 16]);
    assert!(Key::of([7; KEY_BYTES]).open(Owner::Server, of, bytes).is_err(), "nobody sealed it");
    if let Ok(root) = RootKey::read("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc") {
        assert!(root.open_key(Owner::Server, &SealedKey(bytes.to_vec())).is_err());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
