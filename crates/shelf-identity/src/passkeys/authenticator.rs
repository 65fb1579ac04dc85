//! What an authenticator says beside its signature (WebAuthn §6.1, §6.5.1).
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::Unfit;
use super::cbor::{Item, read};

/// Most bytes of the id an authenticator gives a passkey (§7.1 step 25).
pub(super) const CREDENTIAL_BYTES_MAX: usize = 1_023;
/// Fewest bytes of one: with less there are not the 100 random bits it must have (§6.5.1).
const CREDENTIAL_BYTES_MIN: usize = 16;
const AAGUID_BYTES: usize = 16;

// The flags (§6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// What an authenticator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AuthenticatorData<'a> {
    /// SHA-256 of the name of the site it was asked by.
    pub(super) site: &'a [u8],
    /// How often it was used, or 0.
    pub(super) count: u32,
    /// The passkey it made, where it made one: its id, and its key as it was written.
    pub(super) made: Option<(&'a [u8], &'a [u8])>,
    flags: u8,
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all of `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unfit> {
        Self::parts(bytes).ok_or(Unfit("what its authenticator says cannot be read"))
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let (site, rest) = bytes.split_at_checked(32)?;
        let (flags, rest) = rest.split_first()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut made = None;
        if flags & ATTESTED != 0 {
            let (_, after) = rest.split_at_checked(AAGUID_BYTES)?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let (credential, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            let (_, behind) = read(after)?;
            let key = after.get(..after.len().checked_sub(behind.len())?)?;
            made = Some((credential, key));
            rest = behind;
        }
        if flags & EXTENDED != 0 {
            let (extensions, behind) = read(rest)?;
            matches!(extensions, Item::Map(_)).then_some(())?;
            rest = behind;
        }
        let count = u32::from_be_bytes(*count);
        rest.is_empty().then_some(Self { site, count, made, flags: *flags })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether somebody touched it.
    pub(super) fn is_present(&self) -> bool {
        self.has(PRESENT)
    }

    /// Whether it made sure who that was.
    pub(super) fn is_verified(&self) -> bool {
        self.has(VERIFIED)
    }

    /// Whether the passkey may be copied to other devices.
    pub(super) fn is_eligible(&self) -> bool {
        self.has(ELIGIBLE)
    }

    /// Whether it was.
    pub(super) fn is_backed_up(&self) -> bool {
        self.has(BACKED_UP)
    }
}

/// Whether the id of a passkey has a length that is accepted.
pub(super) fn is_credential(id: &[u8]) -> bool {
    (CREDENTIAL_BYTES_MIN..=CREDENTIAL_BYTES_MAX).contains(&id.len())
}
