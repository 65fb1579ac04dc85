//! One key: seals bytes as one thing of one owner, and opens them as that alone (AES-256-GCM).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use shelf_ports::chance::Chance;
use shelf_ports::vault::{KEY_BYTES, Of, Owner};
use std::fmt;

/// What every sealed thing begins with: how it is made.
const FORM: u8 = 1;
/// What is authenticated beside the owner and the thing.
const LABEL: &[u8] = b"mindshelf.vault.1";

/// It does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not open: it was changed, or sealed with another key or as another thing")]
pub struct Broken;

impl From<ring::error::Unspecified> for Broken {
    fn from(_: ring::error::Unspecified) -> Self {
        Self
    }
}

/// A key. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY_BYTES]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The key of these bytes.
    pub const fn of(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// A key nobody had before.
    pub fn fresh(chance: &dyn Chance) -> Self {
        Self(chance.secret())
    }

    /// Its bytes, for whoever keeps it.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals `plain` as `of` of `owner`: a form byte, a nonce drawn from `chance`, and what it
    /// became with its tag.
    pub fn seal(
        &self,
        chance: &dyn Chance,
        owner: Owner,
        of: Of,
        plain: &[u8],
    ) -> Result<Vec<u8>, Broken> {
        let drawn = chance.secret();
        let nonce = &drawn[..NONCE_LEN];
        let mut body = plain.to_vec();
        let unique = Nonce::try_assume_unique_for_key(nonce)?;
        self.ready()?.seal_in_place_append_tag(unique, Aad::from(beside(owner, of)), &mut body)?;
        Ok([&[FORM][..], nonce, &body].concat())
    }

    /// Opens what was sealed as `of` of `owner`.
    pub fn open(&self, owner: Owner, of: Of, sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let Some((&FORM, rest)) = sealed.split_first() else { return Err(Broken) };
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut body = body.to_vec();
        let aad = Aad::from(beside(owner, of));
        let bytes = self.ready()?.open_in_place(nonce, aad, &mut body)?.len();
        body.truncate(bytes);
        Ok(body)
    }

    fn ready(&self) -> Result<LessSafeKey, Broken> {
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0)?))
    }
}

/// What is authenticated but not sealed. No word of it holds a zero byte, and all else has its
/// length, so that no two things look alike.
fn beside(owner: Owner, of: Of) -> Vec<u8> {
    [
        LABEL,
        &[0, FORM],
        owner.kind().as_bytes(),
        &[0],
        &owner.to_bytes(),
        of.what.as_bytes(),
        &[0],
        &of.id,
        &of.part.to_be_bytes(),
    ]
    .concat()
}
