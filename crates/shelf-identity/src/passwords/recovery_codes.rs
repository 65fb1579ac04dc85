//! Make recovery codes: each signs in once, for whoever lost their password.

use super::by_them::by_them;
use super::{PasswordDoors, Typed, in_person};
use crate::audit::record_own;
use crate::authenticate::Signed;
use sha2::{Digest, Sha256};
use shelf_domain::audit::Deed;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::SecretHash;
use shelf_ports::{Failure, Fault};
use std::fmt;

/// How many codes are made at once.
pub const CODES: usize = 10;
/// Characters of a code: 80 random bits, too many to guess even from the stored hashes.
const CODE_CHARS: usize = 16;
/// Characters that stand together.
const GROUP_CHARS: usize = 4;
/// Digits and letters without those that are mistaken for others (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Longest text that is read as a code, bytes.
const TEXT_BYTES_MAX: usize = 64;

/// A recovery code without its dashes. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new one, of the first 80 of these random bits.
    fn new(chance: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(chance);
        let five = |at: usize| usize::try_from((bits >> (123 - 5 * at)) & 31).unwrap_or_default();
        Self((0..CODE_CHARS).map(|at| char::from(ALPHABET[five(at)])).collect())
    }

    /// What somebody typed: small or large, with dashes, spaces, and O for 0, I or L for 1.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let meant = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let meant = meant.map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let code: String = meant.collect();
        let is_one = code.len() == CODE_CHARS && code.bytes().all(|c| ALPHABET.contains(&c));
        is_one.then_some(Self(code))
    }

    /// As it is shown: in groups with dashes.
    pub fn expose(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        let groups = characters.chunks(GROUP_CHARS).map(|group| group.iter().collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }

    /// What is stored and looked up.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// Makes [`CODES`] codes in the place of those there were; they are shown this once. Refused
/// `invalid` for whoever has no password, and like [`by_them`] where they do not prove that it is
/// them.
#[tracing::instrument(skip_all)]
pub async fn recovery_codes(
    doors: &PasswordDoors,
    signed: &Signed,
    password: &Typed,
) -> Result<Vec<RecoveryCode>, Failure> {
    in_person(signed)?;
    let none = || Refused::invalid("current", "you have no password yet; set one first");
    doors.credentials.credential_of(signed.person.id).await?.ok_or_else(none)?;
    by_them(doors, signed, password).await?;
    let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::new(doors.doors.chance.seed())).collect();
    let hashes: Vec<_> = codes.iter().map(RecoveryCode::hash).collect();
    record_own(&doors.doors, signed.into(), (Deed::RecoveryCodesMade, None)).await?;
    if !doors.credentials.put_codes(signed.person.id, &hashes).await? {
        return Err(none().into());
    }
    Ok(codes)
}

/// How many codes a person has left.
#[tracing::instrument(skip_all)]
pub async fn codes_left(doors: &PasswordDoors, person: PersonId) -> Result<usize, Fault> {
    doors.credentials.codes_left(person).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::new([0x01; 16]);
        let shown = code.expose();
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3));
        let sloppy = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert!(RecoveryCode::typed(&format!(" {sloppy}\n")).unwrap() == code);
        let longer = format!("{shown}2");
        let long = "0".repeat(10_000);
        for other in ["", "0000", "0000-0000-0000-000U", &longer, &long] {
            assert!(RecoveryCode::typed(other).is_none(), "{other:?}");
        }
        assert!(!format!("{code:?}").contains('0'));
    }

    #[test]
    fn codes_differ_in_their_first_eighty_bits() {
        let code = |bit: u32| RecoveryCode::new((1_u128 << (127 - bit)).to_be_bytes()).0;
        let all: std::collections::BTreeSet<_> = (0..80).map(code).collect();
        assert_eq!(all.len(), 80);
    }
}
