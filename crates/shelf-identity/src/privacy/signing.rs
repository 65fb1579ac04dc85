//! What this server signs with, and whether a signature is of a key.

use super::PrivacyDoors;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use shelf_ports::Fault;
use shelf_ports::privacy::ServerKey;
use std::fmt;

/// The key of this server (Ed25519). Prints nothing of itself.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    fn of(seed: &[u8; 32]) -> Result<Self, Fault> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|error| Fault::new("reading the server's key", error.to_string()))
    }

    /// The signature of `message`, 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// The same, as text (base64).
    pub fn sign_text(&self, message: &str) -> String {
        STANDARD.encode(self.sign(message.as_bytes()))
    }

    /// Its public half, which checks signatures, as text (base64).
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }
}

/// The key of this server, made when it is first asked for.
pub async fn signing_key(doors: &PrivacyDoors) -> Result<SigningKey, Fault> {
    let (seed, made_at) = (doors.doors().chance.secret(), doors.doors().clock.now_ms());
    let key = doors.privacy.server_key(&ServerKey { seed, made_at }).await?;
    SigningKey::of(&key.seed)
}

/// Whether `signature` is that of `message` by the key with the public half `key` (base64).
pub fn is_signed(key: &str, message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = STANDARD.decode(key.trim()) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let (ours, theirs) = (SigningKey::of(&[7; 32]).unwrap(), SigningKey::of(&[8; 32]).unwrap());
        let signature = ours.sign(b"all of it");
        assert!(is_signed(&ours.public(), b"all of it", &signature));
        assert!(!is_signed(&ours.public(), b"all of It", &signature));
        assert!(!is_signed(&theirs.public(), b"all of it", &signature));
        assert!(!is_signed("no key", b"all of it", &signature));
        assert!(!is_signed(&ours.public(), b"all of it", &signature[1..]));
        assert_eq!(format!("{ours:?}"), "SigningKey(..)");
    }
}
