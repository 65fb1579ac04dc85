//! The proof that whoever sends a secret has the key it is bound to (DPoP, RFC 9449; ES256 alone).

use super::{OAuthCode, OAuthRefusal};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest, Sha256};
use shelf_ports::accounts::KeyPrint;

/// The only way a proof may be signed.
pub const ALGORITHM: &str = "ES256";
/// Longest proof, bytes.
const PROOF_BYTES_MAX: usize = 4_096;
/// Longest id of a proof, bytes.
const ID_BYTES_MAX: usize = 200;
/// How old a proof may be, by the clock of its maker or ours, seconds.
const OLD_S: i64 = 300;
/// How far ahead of ours the clock of its maker may be, seconds.
const AHEAD_S: i64 = 300;
/// Bytes of a coordinate, and of half a signature.
const HALF: usize = 32;

/// A proof, and what it is to prove.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The proof, as the field `DPoP` has it.
    pub proof: &'a str,
    /// The method of the request.
    pub method: &'a str,
    /// The address of the request, without query.
    pub address: &'a str,
    /// The secret it was sent with, where it was.
    pub access: Option<&'a Secret>,
    /// The moment, milliseconds.
    pub now: i64,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whose key it is.
    pub key: KeyPrint,
    /// What the server said to prove that it was made just now.
    pub nonce: Option<String>,
    /// The proof's own id, together with the key: works once.
    pub once: [u8; 32],
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    d: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
    nonce: Option<String>,
}

fn refuse(why: &'static str) -> OAuthRefusal {
    OAuthRefusal::new(OAuthCode::InvalidDpopProof, why)
}

/// Checks a proof: its form, signature, request, moment and secret. Whether it was used before is
/// for whoever keeps that.
pub fn proven(shown: &Shown<'_>) -> Result<Proven, OAuthRefusal> {
    let Shown { proof, method, address, access, now } = *shown;
    if proof.len() > PROOF_BYTES_MAX {
        return Err(refuse("the proof is too long"));
    }
    let mut parts = proof.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refuse("the proof is no JWS of three parts"));
    };
    let header: Header = part(head)?;
    if header.typ != "dpop+jwt" || header.alg != ALGORITHM || header.crit.is_some() {
        return Err(refuse("the proof is a dpop+jwt signed by ES256"));
    }
    let (point, key) = point(&header.jwk)?;
    let signed = proof.get(..head.len() + 1 + body.len()).unwrap_or_default();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &bytes(signature)?)
        .map_err(|_| refuse("the proof is not signed by the key in it"))?;
    let claims: Claims = part(body)?;
    if claims.htm != method || whole(&claims.htu) != whole(address) {
        return Err(refuse("the proof is for another request"));
    }
    let age = now as f64 / 1_000.0 - claims.iat;
    if !(-(AHEAD_S as f64)..=OLD_S as f64).contains(&age) {
        return Err(refuse("the proof was not made just now"));
    }
    if claims.jti.is_empty() || claims.jti.len() > ID_BYTES_MAX {
        return Err(refuse("the proof has an id of 1 to 200 bytes"));
    }
    if claims.ath != access.map(hashed) {
        return Err(refuse("the proof is for another access token"));
    }
    let once = Sha256::new().chain_update(key.0).chain_update(&claims.jti).finalize().into();
    Ok(Proven { key, nonce: claims.nonce, once })
}

/// The hash of a secret as proofs name it (`ath`).
fn hashed(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.expose()))
}

/// An address without what does not count (RFC 9449 §4.3).
fn whole(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn bytes(text: &str) -> Result<Vec<u8>, OAuthRefusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse("a part of the proof is no base64url"))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, OAuthRefusal> {
    serde_json::from_slice(&bytes(text)?).map_err(|_| refuse("a part of the proof is missing"))
}

/// The public key, uncompressed, and its hash (RFC 7638).
fn point(jwk: &Jwk) -> Result<([u8; 1 + 2 * HALF], KeyPrint), OAuthRefusal> {
    if jwk.kty != "EC" || jwk.crv != "P-256" || jwk.d.is_some() {
        return Err(refuse("the key is the public half of one on P-256"));
    }
    let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
    let mut point = [4; 1 + 2 * HALF];
    let (left, right) = point[1..].split_at_mut(HALF);
    if x.len() != HALF || y.len() != HALF {
        return Err(refuse("a coordinate of the key has 32 bytes"));
    }
    left.copy_from_slice(&x);
    right.copy_from_slice(&y);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let text = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
    Ok((point, KeyPrint(Sha256::digest(text).into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9449, section 4.1 and 7.1: a proof at the token endpoint, and one with an access token.
    const PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    const AT: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    const SECRET: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

    fn shown(proof: &str) -> Shown<'_> {
        let (method, address) = ("POST", "https://server.example.com/token");
        Shown { proof, method, address, access: None, now: 1_562_262_616_000 }
    }

    #[test]
    fn the_proofs_of_the_standard_hold_for_their_requests_alone() {
        let one = proven(&shown(PROOF)).unwrap();
        // RFC 9449, section 6.1.
        let print = URL_SAFE_NO_PAD.encode(one.key.0);
        assert_eq!(print, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let secret = Secret::sent(SECRET);
        let with = Shown {
            proof: AT,
            method: "GET",
            address: "https://resource.example.org/protectedresource",
            access: Some(&secret),
            now: 1_562_262_618_000,
        };
        let two = proven(&with).unwrap();
        assert_eq!(two.key, one.key);
        assert_ne!(two.once, one.once);
        let other = Secret::sent("other");
        for (wrong, name) in [
            (Shown { method: "GET", ..shown(PROOF) }, "another method"),
            (
                Shown { address: "https://server.example.com/tokens", ..shown(PROOF) },
                "another path",
            ),
            (Shown { address: "http://server.example.com/token", ..shown(PROOF) }, "no TLS"),
            (Shown { access: Some(&secret), ..shown(PROOF) }, "it names no secret"),
            (Shown { access: Some(&other), ..with }, "another secret"),
            (Shown { access: None, ..with }, "no secret"),
            (Shown { now: 1_562_262_616_000 + 301_000, ..shown(PROOF) }, "old"),
            (Shown { now: 1_562_262_616_000 - 301_000, ..shown(PROOF) }, "from the future"),
        ] {
            assert_eq!(proven(&wrong).unwrap_err().code, OAuthCode::InvalidDpopProof, "{name}");
        }
        let query = Shown { address: "https://server.example.com/token?x=1", ..shown(PROOF) };
        assert!(proven(&query).is_ok(), "a query does not count");
    }

    #[test]
    fn nothing_else_is_taken_for_a_proof() {
        let parts: Vec<&str> = PROOF.split('.').collect();
        let head = |from: &str, to: &str| {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
            assert!(text.contains(from), "{from}");
            let head = URL_SAFE_NO_PAD.encode(text.replace(from, to));
            format!("{head}.{}.{}", parts[1], parts[2])
        };
        let mut wrong = vec![
            String::new(),
            "a.b.c".to_owned(),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{PROOF}.{}", parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], &AT.rsplit_once('.').unwrap().1),
            head("ES256", "none"),
            head("ES256", "HS256"),
            head("dpop+jwt", "jwt"),
            head("P-256", "P-384"),
            head("\"kty\":\"EC\"", "\"kty\":\"oct\""),
            head("\"crv\"", "\"d\":\"AAAA\",\"crv\""),
            head("\"typ\"", "\"crit\":[\"x\"],\"typ\""),
            head("l8tFrhx", "l8tFrh"),
            "x".repeat(PROOF_BYTES_MAX + 1),
        ];
        // Every byte of it counts.
        for at in 0..PROOF.len() {
            let mut bytes = PROOF.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            wrong.push(String::from_utf8(bytes).unwrap());
        }
        for wrong in wrong {
            assert!(proven(&shown(&wrong)).is_err(), "{wrong}");
        }
    }
}
