//! Keys of a provider, and tokens that are signed with them, or with something else.

use super::Lie;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// An RSA key for tests alone: it is known to everybody.
const RSA: &str = include_str!("rsa.txt");

/// A way to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA, PKCS #1.
    Rs256,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A key with its name.
#[derive(Debug)]
pub(super) struct Signer {
    pair: Pair,
    id: String,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Pair {
    fn new(way: Way) -> Self {
        let chance = SystemRandom::new();
        match way {
            Way::Es256 => {
                let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let made = EcdsaKeyPair::generate_pkcs8(alg, &chance).unwrap();
                Self::Es256(EcdsaKeyPair::from_pkcs8(alg, made.as_ref(), &chance).unwrap())
            }
            Way::EdDsa => {
                let made = Ed25519KeyPair::generate_pkcs8(&chance).unwrap();
                Self::EdDsa(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap())
            }
            Way::Rs256 => {
                let made = STANDARD.decode(RSA.split_whitespace().collect::<String>()).unwrap();
                Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(&made).unwrap()))
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
            Self::Rs256(_) => "RS256",
        }
    }

    fn public(&self) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rs256(pair) => pair.public().as_ref().to_vec(),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let chance = SystemRandom::new();
        match self {
            Self::Es256(pair) => pair.sign(&chance, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &chance, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

impl Signer {
    pub(super) fn new(way: Way, id: &str) -> Self {
        Self { pair: Pair::new(way), id: id.to_owned() }
    }

    /// The public keys, as a provider shows them; some are of no use for this.
    pub(super) fn keys(&self) -> Value {
        let public = self.pair.public();
        let key = match &self.pair {
            Pair::Es256(_) => json!({
                "kty": "EC", "crv": "P-256", "x": encoded(&public[1..33]),
                "y": encoded(&public[33..]), "kid": self.id, "use": "sig", "alg": "ES256",
            }),
            Pair::EdDsa(_) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(public), "kid": self.id })
            }
            Pair::Rs256(pair) => {
                let parts: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
                let (n, e) = (encoded(parts.n), encoded(parts.e));
                json!({ "kty": "RSA", "n": n, "e": e, "kid": self.id, "alg": "RS256" })
            }
        };
        let other = json!({ "kty": "oct", "k": encoded("a secret"), "kid": self.id });
        let seals = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": self.id, "use": "enc" });
        json!({ "keys": [other, seals, "nonsense", key] })
    }

    /// A token with these claims, as far as `lie` lets it be one.
    pub(super) fn token(&self, lie: Lie, claims: &Value) -> String {
        let algorithm = match lie {
            Lie::NoAlgorithm => "none",
            Lie::PublicAsSecret => "HS256",
            _ => self.pair.algorithm(),
        };
        let id = if lie == Lie::UnknownKey { "nobody's" } else { &self.id };
        let mut head = json!({ "alg": algorithm, "kid": id, "typ": "JWT" });
        if lie == Lie::Critical {
            head["crit"] = json!(["exp"]);
        }
        let (head, body) = (encoded(head.to_string()), encoded(claims.to_string()));
        let text = format!("{head}.{body}");
        let signature = match lie {
            Lie::NoAlgorithm => Vec::new(),
            Lie::PublicAsSecret => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.pair.public());
                hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
            Lie::OtherKey | Lie::UnknownKey => Pair::new(Way::Es256).sign(text.as_bytes()),
            _ => self.pair.sign(text.as_bytes()),
        };
        let body = match lie {
            Lie::Changed => {
                encoded(claims.to_string().replace("Member", "Owner").replace("\"flo\"", "\"eve\""))
            }
            _ => body,
        };
        format!("{head}.{body}.{}", encoded(signature))
    }
}
