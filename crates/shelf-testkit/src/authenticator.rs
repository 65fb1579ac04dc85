//! An authenticator in software: makes a passkey and uses it, and says whatever a test has it say.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shelf_ports::chance::Chance;

/// Somebody touched it, it knows who, and the passkey is on other devices.
const TRULY: u8 = 0b0001_1101;
/// It says what it made.
const MADE: u8 = 1 << 6;

/// What a browser and an authenticator say beside a signature; each part may be untrue.
#[derive(Clone, Debug)]
pub struct Words {
    /// What is done: `webauthn.create` or `webauthn.get`.
    pub kind: String,
    /// The challenge, as base64url.
    pub challenge: String,
    /// The page.
    pub origin: String,
    /// Whether the page stood in one of others.
    pub cross_origin: Option<bool>,
    /// Which one that was.
    pub top_origin: Option<String>,
    /// The site, as the authenticator knows it.
    pub site: String,
    /// The flags: somebody there 1, verified 4, may be copied 8, was 16, extensions 128.
    pub flags: u8,
    /// How often it was used.
    pub count: u32,
    /// What stands behind all that.
    pub tail: Vec<u8>,
}

impl Words {
    /// True words of a page at `origin` that was given `options` to make a passkey.
    pub fn making(options: &Value, origin: &str) -> Self {
        Self::of(options, "webauthn.create", (origin, &options["rp"]["id"]))
    }

    /// The same to use one.
    pub fn using(options: &Value, origin: &str) -> Self {
        Self::of(options, "webauthn.get", (origin, &options["rpId"]))
    }

    fn of(options: &Value, kind: &str, (origin, site): (&str, &Value)) -> Self {
        Self {
            kind: kind.to_owned(),
            challenge: options["challenge"].as_str().unwrap().to_owned(),
            origin: origin.to_owned(),
            cross_origin: Some(false),
            top_origin: None,
            site: site.as_str().unwrap().to_owned(),
            flags: TRULY,
            count: 0,
            tail: Vec::new(),
        }
    }

    fn client_data(&self) -> String {
        let mut said = json!({
            "type": self.kind, "challenge": self.challenge, "origin": self.origin,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
        });
        if let Some(crossed) = self.cross_origin {
            said["crossOrigin"] = crossed.into();
        }
        if let Some(top) = &self.top_origin {
            said["topOrigin"] = top.as_str().into();
        }
        said.to_string()
    }

    fn head(&self, more: u8) -> Vec<u8> {
        let count = self.count.to_be_bytes();
        let site = Sha256::digest(&self.site);
        [&site[..], &[self.flags | more][..], &count[..]].concat()
    }
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// An authenticator with one passkey.
#[derive(Debug)]
pub struct Authenticator {
    pair: Pair,
    /// The id it gives its passkey.
    pub credential: Vec<u8>,
    /// What it knows the person by, once it was told.
    pub handle: Vec<u8>,
}

impl Authenticator {
    /// One that signs by ES256.
    pub fn new(chance: &dyn Chance) -> Self {
        let (way, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(way, made.as_ref(), &random).unwrap();
        Self::with(Pair::Es256(pair), chance)
    }

    /// One that signs by Ed25519.
    pub fn edwards(chance: &dyn Chance) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&chance.secret()).unwrap();
        Self::with(Pair::EdDsa(pair), chance)
    }

    fn with(pair: Pair, chance: &dyn Chance) -> Self {
        Self { pair, credential: chance.secret().to_vec(), handle: Vec::new() }
    }

    /// Its public key, as COSE writes it.
    pub fn key(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (&point[1..33], &point[33..65]);
                let (before, between) = ([0xa5, 1, 2, 3, 0x26, 0x20, 1], [0x58, 0x20]);
                [&before[..], &[0x21][..], &between[..], x, &[0x22][..], &between[..], y].concat()
            }
            Pair::EdDsa(pair) => {
                let before = [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 0x20];
                [&before[..], pair.public_key().as_ref()].concat()
            }
        }
    }

    /// Makes its passkey for the person `options` name, and says so in these words.
    pub fn make(&mut self, options: &Value, words: &Words) -> Value {
        let handle = options["user"]["id"].as_str().unwrap();
        self.handle = URL_SAFE_NO_PAD.decode(handle).unwrap();
        self.made(words, &self.key())
    }

    /// Says in these words that it made a passkey with this public key.
    pub fn made(&self, words: &Words, key: &[u8]) -> Value {
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        let head = words.head(MADE);
        let data =
            [&head[..], &[0; 16][..], &length[..], &self.credential[..], key, &words.tail[..]]
                .concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let form = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
        let object = [&form[..], &length[..], &data[..]].concat();
        json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(words.client_data()),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
        })
    }

    /// Uses its passkey in these words.
    pub fn show(&self, words: &Words) -> Value {
        let client = words.client_data();
        let data = [&words.head(0)[..], &words.tail[..]].concat();
        let message = [&data[..], &Sha256::digest(&client)[..]].concat();
        let signature = match &self.pair {
            Pair::Es256(pair) => {
                pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec()
            }
            Pair::EdDsa(pair) => pair.sign(&message).as_ref().to_vec(),
        };
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.credential),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": URL_SAFE_NO_PAD.encode(&self.handle),
        })
    }
}
