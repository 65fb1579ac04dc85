//! The proof a provider gives of who somebody is (ID token), and whether it holds.

use super::refusal::TurnedAway;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

/// Longest token, bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// Most keys of a provider that are looked at.
const KEYS_MAX: usize = 100;
/// How far the clock of a provider may be from ours, seconds.
const SKEW_S: f64 = 60.0;
/// How old a token may be when it comes, seconds: it was made a moment ago.
const OLD_S: f64 = 600.0;
/// Longest name a provider has for somebody, bytes (OpenID Connect Core §2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Most audiences of a token.
const AUDIENCES_MAX: usize = 20;

/// How a token may be signed: with the other half of a key that is public, and in no other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A public key of a provider.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    /// The point, or the modulus.
    first: Vec<u8>,
    /// The exponent of an RSA key.
    second: Vec<u8>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The keys in a document; what is no key that may sign is passed over.
pub(super) fn keys_in(document: Value) -> Option<Vec<Key>> {
    let Jwks { keys } = serde_json::from_value(document).ok()?;
    Some(keys.into_iter().take(KEYS_MAX).filter_map(key_of).collect())
}

fn key_of(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let (algorithm, first, second) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => (Algorithm::Rs256, whole(bytes(&jwk.n)?), whole(bytes(&jwk.e)?)),
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            (x.len() == 32 && y.len() == 32).then_some((Algorithm::Es256, point, Vec::new()))?
        }
        ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, bytes(&jwk.x)?, Vec::new()),
        _ => return None,
    };
    let signs = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
    let is_same = jwk.alg.as_deref().is_none_or(|alg| Algorithm::named(alg) == Some(algorithm));
    (signs && is_same).then_some(Key { id: jwk.kid, algorithm, first, second })
}

/// A number without the zeroes before it.
fn whole(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

impl Key {
    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let held =
            match self.algorithm {
                Algorithm::Rs256 => RsaPublicKeyComponents { n: &self.first, e: &self.second }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
                Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.first)
                    .verify(message, signature),
                Algorithm::EdDsa => {
                    UnparsedPublicKey::new(&ED25519, &self.first).verify(message, signature)
                }
            };
        held.is_ok()
    }
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// Who made it.
    pub(super) issuer: &'a str,
    /// For whom: what the provider calls this server.
    pub(super) client_id: &'a str,
    /// For which sign-in.
    pub(super) nonce: &'a str,
    /// The moment, milliseconds.
    pub(super) now: i64,
}

/// What a token says of somebody.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    /// What the provider calls them, for ever.
    pub(super) subject: String,
    /// Their mail address, where the provider verified it.
    pub(super) mail: Option<String>,
    /// What they are called.
    pub(super) name: Option<String>,
    /// Everything it says.
    pub(super) all: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
    typ: Option<String>,
}

/// For whom a token is.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Standard {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
}

/// The body of a token that one of `keys` signed, still encoded, and what its head says it is.
pub(super) fn signed_body<'t>(
    token: &'t str,
    keys: &[Key],
) -> Result<(Option<String>, &'t str), TurnedAway> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TurnedAway::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TurnedAway::Malformed);
    };
    let header: Header = part(head)?;
    let algorithm = Algorithm::named(&header.alg).ok_or(TurnedAway::Algorithm)?;
    if header.crit.is_some() {
        return Err(TurnedAway::Algorithm);
    }
    let key = found(keys, algorithm, header.kid.as_deref()).ok_or(TurnedAway::UnknownKey)?;
    let signed = token.get(..head.len() + 1 + body.len()).unwrap_or_default();
    if !key.signed(signed.as_bytes(), &bytes(signature)?) {
        return Err(TurnedAway::Signature);
    }
    Ok((header.typ, body))
}

/// Judges a token: its form, who signed it, and everything it must say.
pub(super) fn judged(
    token: &str,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<Claims, TurnedAway> {
    let (_, body) = signed_body(token, keys)?;
    let all: Map<String, Value> = part(body)?;
    let standard: Standard = part(body)?;
    check(&standard, expected)?;
    let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
    // Only the word `true` is a yes: "true" in quotation marks is a text somebody set.
    let is_verified = all.get("email_verified") == Some(&Value::Bool(true));
    let mail = text("email").filter(|_| is_verified);
    let name = text("name").or_else(|| text("preferred_username"));
    Ok(Claims { subject: standard.sub, mail, name, all })
}

/// The key that is named; where none is named, the only one there is of the kind.
fn found<'a>(keys: &'a [Key], algorithm: Algorithm, id: Option<&str>) -> Option<&'a Key> {
    let mut fitting = keys.iter().filter(|key| {
        key.algorithm == algorithm && id.is_none_or(|id| key.id.as_deref() == Some(id))
    });
    let first = fitting.next()?;
    (id.is_some() || fitting.next().is_none()).then_some(first)
}

/// Refuses what another provider made, or what is for somebody else than `party`, if one is named.
pub(super) fn check_maker(
    issuer: &str,
    audience: &Audience,
    party: Option<&str>,
    expected: &Expected<'_>,
) -> Result<(), TurnedAway> {
    if issuer != expected.issuer {
        return Err(TurnedAway::Issuer);
    }
    let audiences = match audience {
        Audience::One(one) => std::slice::from_ref(one),
        Audience::Many(all) => all.as_slice(),
    };
    let is_ours = audiences.iter().any(|one| one == expected.client_id);
    let is_for_us = match party {
        Some(party) => party == expected.client_id,
        None => audiences.len() == 1,
    };
    if !is_ours || !is_for_us || audiences.len() > AUDIENCES_MAX {
        return Err(TurnedAway::Audience);
    }
    Ok(())
}

/// Refuses what has ended, is not for now, or was made long ago or in the future.
pub(super) fn check_made(
    made: f64,
    until: f64,
    from: Option<f64>,
    expected: &Expected<'_>,
) -> Result<(), TurnedAway> {
    let now = expected.now as f64 / 1_000.0;
    if until <= now - SKEW_S {
        return Err(TurnedAway::Expired);
    }
    let is_recent = made > now - OLD_S && made < now + SKEW_S;
    if !is_recent || from.is_some_and(|from| from > now + SKEW_S) {
        return Err(TurnedAway::Moment);
    }
    Ok(())
}

fn check(said: &Standard, expected: &Expected<'_>) -> Result<(), TurnedAway> {
    check_maker(&said.iss, &said.aud, said.azp.as_deref(), expected)?;
    check_made(said.iat, said.exp, said.nbf, expected)?;
    if said.nonce.as_deref() != Some(expected.nonce) {
        return Err(TurnedAway::Nonce);
    }
    if said.sub.is_empty() || said.sub.len() > SUBJECT_BYTES_MAX {
        return Err(TurnedAway::Malformed);
    }
    Ok(())
}

fn bytes(text: &str) -> Result<Vec<u8>, TurnedAway> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TurnedAway::Malformed)
}

/// A part of a token, as JSON.
pub(super) fn part<T: DeserializeOwned>(text: &str) -> Result<T, TurnedAway> {
    serde_json::from_slice(&bytes(text)?).map_err(|_| TurnedAway::Malformed)
}
