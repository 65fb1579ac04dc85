//! What this server signs with, and whether a signature is of a key.

use super::PrivacyDoors;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use shelf_ports::Fault;
use shelf_ports::privacy::ServerKey;
use shelf_ports::vault::Owner;
use std::fmt;

/// The key of this server (Ed25519). Prints nothing of itself.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    fn of(seed: &[u8]) -> Result<Self, Fault> {
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

/// The key of this server, made when it is first asked for, and kept sealed.
pub async fn signing_key(doors: &PrivacyDoors) -> Result<SigningKey, Fault> {
    let key = kept(doors).await?;
    if key.is_plain() {
        return SigningKey::of(&key.seed);
    }
    let opened = doors.vault.open(Owner::Server, ServerKey::OF, &key.seed).await?;
    let gone = || Fault::new("opening the server's key", "the key that sealed it is gone");
    SigningKey::of(&opened.ok_or_else(gone)?)
}

/// Seals the key of this server where it is kept as it is, from before there was a root key.
pub async fn seal_signing_key(doors: &PrivacyDoors) -> Result<(), Fault> {
    let key = kept(doors).await?;
    if key.is_plain() {
        let seed = doors.vault.seal(Owner::Server, ServerKey::OF, &key.seed).await?;
        doors.privacy.keep_server_key_as(&key, &ServerKey { seed, ..key.clone() }).await?;
    }
    Ok(())
}

async fn kept(doors: &PrivacyDoors) -> Result<ServerKey, Fault> {
    let (seed, made_at) = (doors.doors().chance.secret(), doors.doors().clock.now_ms());
    let seed = doors.vault.seal(Owner::Server, ServerKey::OF, &seed).await?;
    doors.privacy.server_key(&ServerKey { seed, made_at }).await
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
