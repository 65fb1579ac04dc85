//! Public keys as authenticators write them (COSE, RFC 9053; WebAuthn §5.8.5), and what they signed.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use super::Unfit;
use super::cbor::{Item, read};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

/// ECDSA on P-256 with SHA-256.
const ES256: i64 = -7;
/// `EdDSA`, on Ed25519 alone.
const EDDSA: i64 = -8;
/// RSA PKCS #1 v1.5 with SHA-256.
const RS256: i64 = -257;
/// What is accepted, the best first; browsers are told the same.
pub(super) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

/// Most bytes of a key as it was written.
pub(super) const KEY_BYTES_MAX: usize = 1_024;
/// Bytes of a coordinate.
const COORDINATE: usize = 32;
/// Fewest and most bytes of the modulus of RSA: 2048 to 4096 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

// The labels of a key (RFC 9052 §7.1, RFC 9053 §7).
const KIND: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;

/// A public key of one of the three kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// A point, uncompressed.
    Es256(Vec<u8>),
    /// A point.
    EdDsa(Vec<u8>),
    /// Modulus and exponent.
    Rs256(Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// Reads a key that `cose` is, wholly.
    pub(super) fn read(cose: &[u8]) -> Result<Self, Unfit> {
        let whole = (cose.len() <= KEY_BYTES_MAX).then(|| read(cose)).flatten();
        let whole = whole.filter(|(_, rest)| rest.is_empty()).map(|(map, _)| map);
        let map = whole.ok_or(Unfit("its key cannot be read"))?;
        Self::of(&map).ok_or(Unfit("its key is of a kind that is not accepted"))
    }

    fn of(map: &Item<'_>) -> Option<Self> {
        let number = |label| match map.under(&Item::Int(label))? {
            Item::Int(number) => Some(*number),
            _ => None,
        };
        let bytes = |label| map.under(&Item::Int(label))?.bytes();
        let point = |label| bytes(label).filter(|bytes| bytes.len() == COORDINATE);
        match (number(KIND)?, number(ALGORITHM)?) {
            (2, ES256) if number(CURVE)? == 1 => {
                Some(Self::Es256([&[4][..], point(X)?, point(Y)?].concat()))
            }
            (1, EDDSA) if number(CURVE)? == 6 => Some(Self::EdDsa(point(X)?.to_vec())),
            (3, RS256) => {
                let (modulus, exponent) = (bytes(MODULUS)?, bytes(EXPONENT)?);
                let full = modulus.first().is_some_and(|first| first & 0x80 != 0);
                let fits = full && MODULUS_BYTES.contains(&modulus.len()) && exponent.len() <= 4;
                fits.then(|| Self::Rs256(modulus.to_vec(), exponent.to_vec()))
            }
            _ => None,
        }
    }

    /// Whether `signature` is that of this key under `message` (WebAuthn §6.5.5).
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            Self::Rs256(n, e) => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        }
        .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of small numbers to numbers and bytes, written plainly.
    fn map(pairs: &[(i8, &[u8])]) -> Vec<u8> {
        let mut out = vec![0xa0 | u8::try_from(pairs.len()).unwrap()];
        for (label, value) in pairs {
            let small = if *label < 0 { 0x20 + (-1 - label) } else { *label };
            out.push(small.cast_unsigned());
            out.extend_from_slice(value);
        }
        out
    }

    fn bytes(many: u16, of: u8) -> Vec<u8> {
        let mut out = vec![0x59];
        out.extend_from_slice(&many.to_be_bytes());
        out.extend(std::iter::repeat_n(of, many.into()));
        out
    }

    #[test]
    fn only_the_three_kinds_of_keys_are_read_in_their_one_form() {
        let (half, short) = (bytes(32, 7), bytes(31, 7));
        let ec = |kind: u8, algorithm: u8, curve: u8, x: &[u8], y: &[u8]| {
            map(&[(1, &[kind]), (3, &[algorithm]), (-1, &[curve]), (-2, x), (-3, y)])
        };
        assert!(matches!(PublicKey::read(&ec(2, 0x26, 1, &half, &half)), Ok(PublicKey::Es256(_))));
        for other in [
            ec(1, 0x26, 1, &half, &half),
            ec(2, 0x27, 1, &half, &half),
            ec(2, 0x26, 2, &half, &half),
            ec(2, 0x26, 1, &short, &half),
            ec(2, 0x26, 1, &half, &[0xf5]),
            [ec(2, 0x26, 1, &half, &half), vec![0]].concat(),
            map(&[(1, &[2]), (3, &[0x26]), (-1, &[1]), (-2, &half)]),
            vec![0xa0],
            vec![],
        ] {
            assert!(PublicKey::read(&other).is_err(), "{other:x?}");
        }
        let ed = map(&[(1, &[1]), (3, &[0x27]), (-1, &[6]), (-2, &half)]);
        assert!(matches!(PublicKey::read(&ed), Ok(PublicKey::EdDsa(_))));
        let rsa = |modulus: &[u8]| {
            map(&[(1, &[3]), (3, &[0x39, 1, 0]), (-1, modulus), (-2, &[0x43, 1, 0, 1])])
        };
        assert!(matches!(PublicKey::read(&rsa(&bytes(256, 0xff))), Ok(PublicKey::Rs256(..))));
        for weak in [bytes(255, 0xff), bytes(256, 0x7f), bytes(1_000, 0xff)] {
            assert!(PublicKey::read(&rsa(&weak)).is_err());
        }
    }
}
