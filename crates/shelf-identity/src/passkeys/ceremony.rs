//! What a browser keeps between a question and its answer, and the challenge that follows from it.

use super::Unfit;
use crate::doors::Doors;
use crate::secret::Secret;
use crate::server_secret::server_secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use shelf_ports::Fault;
use shelf_ports::passkeys::Answered;

/// For how long a question can be answered, milliseconds.
pub const CEREMONY_MS: i64 = 5 * 60 * 1_000;
/// The setting, of nobody, that holds the key challenges are made with.
const SETTING: &str = "passkey_challenge_key";
const LABEL: &[u8] = b"mindshelf.passkey.1\0";
/// Bytes of what is kept.
const KEPT_BYTES: usize = 1 + 8 + 16 + 32 + 32;

/// For what a question is asked; an answer is good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Signing in.
    SignIn = 1,
    /// Adding a passkey.
    Add = 2,
    /// Confirming an act.
    Confirm = 3,
    /// Joining by an invitation.
    Join = 4,
}

/// A question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ceremony {
    purpose: Purpose,
    until: i64,
    /// The session or the invitation it belongs to; zeros for none.
    bound: [u8; 16],
    /// What an authenticator is to know the person by, where one makes a passkey.
    pub(super) handle: [u8; 32],
    chance: [u8; 32],
}

impl Ceremony {
    /// A new one, from now on.
    pub(super) fn new(doors: &Doors, purpose: Purpose, bound: [u8; 16], handle: [u8; 32]) -> Self {
        let until = doors.clock.now_ms().saturating_add(CEREMONY_MS);
        Self { purpose, until, bound, handle, chance: doors.chance.secret() }
    }

    fn bytes(&self) -> Vec<u8> {
        let (purpose, until) = ([self.purpose as u8], self.until.to_be_bytes());
        [&purpose[..], &until[..], &self.bound[..], &self.handle[..], &self.chance[..]].concat()
    }

    /// What the browser keeps.
    pub(super) fn kept(&self) -> Secret {
        Secret::sent(&URL_SAFE_NO_PAD.encode(self.bytes()))
    }

    /// What a browser kept, where it was for this and can still be answered. Whether it is one of
    /// ours shows when its challenge is compared.
    pub(super) fn read(
        doors: &Doors,
        kept: &str,
        (purpose, bound): (Purpose, [u8; 16]),
    ) -> Result<Self, Unfit> {
        let gone = Unfit("it took longer than five minutes, or was begun elsewhere; try again");
        Self::unpacked(kept, (purpose, bound), doors.clock.now_ms()).ok_or(gone)
    }

    /// The same at `now`; nothing where it is for something else or over.
    pub(super) fn unpacked(
        kept: &str,
        (purpose, bound): (Purpose, [u8; 16]),
        now: i64,
    ) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(kept).ok()?;
        let bytes: &[u8; KEPT_BYTES] = bytes.as_slice().try_into().ok()?;
        let (first, rest) = bytes.split_first()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (said, rest) = rest.split_first_chunk::<16>()?;
        let (handle, rest) = rest.split_first_chunk::<32>()?;
        let until = i64::from_be_bytes(*until);
        let is_for_this = *first == purpose as u8 && *said == bound;
        let is_in_time = (now + 1..=now + CEREMONY_MS).contains(&until);
        let chance = rest.try_into().ok()?;
        let one = Self { purpose, until, bound, handle: *handle, chance };
        (is_for_this && is_in_time).then_some(one)
    }

    /// The challenge: what nobody can know who does not have the key.
    pub(super) async fn challenge(&self, doors: &Doors) -> Result<[u8; 32], Fault> {
        let key = server_secret(doors, SETTING).await?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let tag = hmac::sign(&key, &[LABEL, &self.bytes()].concat());
        let mut challenge = [0; 32];
        challenge.copy_from_slice(tag.as_ref());
        Ok(challenge)
    }

    /// The same, as answered now.
    pub(super) fn answered(&self, doors: &Doors, challenge: [u8; 32]) -> Answered {
        Answered { challenge, until: self.until, at: doors.clock.now_ms() }
    }
}
