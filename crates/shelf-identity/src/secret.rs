//! A secret: 32 random bytes in base64url that leave their maker once and are never shown.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use shelf_ports::accounts::SecretHash;
use shelf_ports::chance::Chance;
use std::fmt;

/// Longest text that is looked up; longer ones open nothing.
const TEXT_BYTES_MAX: usize = 256;

/// A secret in the form its holder sends it. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one: 32 random bytes, 43 characters.
    pub fn new(chance: &dyn Chance) -> Self {
        Self(URL_SAFE_NO_PAD.encode(chance.secret()))
    }

    /// One that was made of something nobody can guess.
    pub(crate) fn made(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a caller sent. Anything may be tried; only what was given out opens something.
    pub fn sent(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, for the one answer or file that hands it over.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it can be one of ours at all.
    pub(crate) fn is_plausible(&self) -> bool {
        !self.0.is_empty() && self.0.len() <= TEXT_BYTES_MAX
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Secret::sent("open sesame")), "Secret(..)");
        assert_eq!(format!("{:?}", Secret::sent("open sesame").hash()), "SecretHash(..)");
    }

    #[test]
    fn a_secret_sent_back_has_the_hash_of_the_one_given_out() {
        let given = Secret::sent("abc");
        assert!(Secret::sent(" abc\n").hash() == given.hash());
        assert!(Secret::sent("abd").hash() != given.hash());
    }
}
