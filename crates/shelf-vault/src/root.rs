//! The root key: kept outside of the records, it seals the keys that are in them.

use crate::key::{Broken, Key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use shelf_ports::chance::Chance;
use shelf_ports::vault::{KEY_BYTES, Of, Owner, SealedKey};
use std::fmt;

/// What every purpose is told apart from others' by.
const LABEL: &[u8] = b"mindshelf.root.1\0";

/// A text is no root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no root key: one is 43 letters, digits, - and _, as `mindshelf key make` writes it"
)]
pub struct NoRootKey;

/// The root key. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RootKey([u8; KEY_BYTES]);

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}

impl RootKey {
    /// A root key nobody had before.
    pub fn fresh(chance: &dyn Chance) -> Self {
        Self(chance.secret())
    }

    /// Reads one as it is written in its file.
    pub fn read(text: &str) -> Result<Self, NoRootKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| NoRootKey)?;
        bytes.try_into().map(Self).map_err(|_| NoRootKey)
    }

    /// As it is written in its file.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What tells it from others and says nothing about it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.derived("fingerprint")[..16])
    }

    /// Seals `key`, which is that of `owner`.
    pub fn seal_key(
        &self,
        chance: &dyn Chance,
        owner: Owner,
        key: &Key,
    ) -> Result<SealedKey, Broken> {
        self.keys().seal(chance, owner, of_key(owner), key.bytes()).map(SealedKey)
    }

    /// Opens the key of `owner`.
    pub fn open_key(&self, owner: Owner, sealed: &SealedKey) -> Result<Key, Broken> {
        let bytes = self.keys().open(owner, of_key(owner), &sealed.0)?;
        bytes.try_into().map(Key::of).map_err(|_| Broken)
    }

    fn keys(&self) -> Key {
        Key::of(self.derived("keys"))
    }

    /// HKDF-Expand of one block (RFC 5869); the root key is as random as what it would be extracted to.
    fn derived(&self, purpose: &str) -> [u8; KEY_BYTES] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let info = [LABEL, purpose.as_bytes(), &[1]].concat();
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(hmac::sign(&key, &info).as_ref());
        bytes
    }
}

fn of_key(owner: Owner) -> Of {
    Of::whole("owner key", owner.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_key_is_read_as_it_was_written_and_nothing_else_is() {
        let root = RootKey([7; 32]);
        assert_eq!(RootKey::read(&format!("{}\n", root.text())), Ok(root.clone()));
        let short = &root.text()[1..];
        for text in ["", "secret", short, &format!("{}A", root.text())] {
            assert_eq!(RootKey::read(text), Err(NoRootKey), "{text}");
        }
        assert_eq!(format!("{root:?}"), "RootKey(..)");
    }

    #[test]
    fn what_is_derived_from_it_differs_by_purpose_and_key() {
        let (one, other) = (RootKey([7; 32]), RootKey([8; 32]));
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.fingerprint().len(), 32);
        assert_ne!(one.keys(), other.keys());
        assert_ne!(one.keys().bytes(), &one.0);
        assert_ne!(one.derived("keys"), one.derived("fingerprint"));
    }
}
