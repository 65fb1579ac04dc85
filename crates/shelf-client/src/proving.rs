//! A transport that proves with each request to have a key (DPoP, RFC 9449): what was given to it is
//! of no use without the key, which never leaves the machine.

use crate::transport::{Answer, Answering, Request, Transport, Upgrading};
use crate::{ClientFailure, Http};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// The status of an answer that wants the server's nonce in the proof.
const BAD_REQUEST: u16 = 400;

/// A key of this machine. Prints nothing of itself.
pub struct Key {
    pair: EcdsaKeyPair,
    kept: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A new one.
    pub fn make() -> Result<Self, ClientFailure> {
        let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(way, &SystemRandom::new())
            .map_err(|_| unusable("the system gives no randomness"))?;
        Self::read(&URL_SAFE_NO_PAD.encode(made.as_ref()))
    }

    /// One that was kept.
    pub fn read(kept: &str) -> Result<Self, ClientFailure> {
        let bytes = URL_SAFE_NO_PAD.decode(kept).map_err(|_| unusable("it is no base64url"))?;
        let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(way, &bytes, &SystemRandom::new())
            .map_err(|_| unusable("it is no key"))?;
        Ok(Self { pair, kept: kept.to_owned() })
    }

    /// The text to keep it as, for its owner alone.
    pub fn kept(&self) -> &str {
        &self.kept
    }

    /// A proof that says `claims`.
    fn proof(&self, claims: &Value) -> Result<HeaderValue, ClientFailure> {
        let point = self.pair.public_key().as_ref();
        let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or(&[]));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": half(1), "y": half(33) });
        let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", part(&head), part(claims));
        let signed = self.pair.sign(&SystemRandom::new(), text.as_bytes());
        let signed = signed.map_err(|_| unusable("it does not sign"))?;
        let proof = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signed));
        HeaderValue::try_from(proof).map_err(|_| unusable("its proof is no header"))
    }
}

fn unusable(why: &str) -> ClientFailure {
    ClientFailure::Unreadable(format!("the key of this machine: {why}"))
}

/// Tells the moment, seconds since 1970.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A server that is asked with proofs. What is sent as a bearer's goes as bound to the key.
pub struct Proving {
    http: Http,
    key: Key,
    now: Now,
    nonce: Mutex<Option<String>>,
}

impl fmt::Debug for Proving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proving").field("http", &self.http).finish_non_exhaustive()
    }
}

impl Proving {
    /// The server behind `http`, asked by who has `key`.
    pub fn new(http: Http, key: Key, now: Now) -> Self {
        Self { http, key, now, nonce: Mutex::default() }
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The request with a proof of its own.
    fn proven(&self, mut request: Request) -> Result<Request, ClientFailure> {
        let mut url = self.http.below(&request.target)?;
        url.set_query(None);
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| unusable("there is no randomness"))?;
        let mut claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(id),
            "htm": request.method.as_str(),
            "htu": url.as_str(),
            "iat": (self.now)(),
        });
        if let Some(access) = bearer(&request.headers) {
            let hash = ring::digest::digest(&ring::digest::SHA256, access.as_bytes());
            claims["ath"] = URL_SAFE_NO_PAD.encode(hash).into();
            let mut bound = HeaderValue::try_from(format!("DPoP {access}"))
                .map_err(|_| unusable("what it opens is no header"))?;
            bound.set_sensitive(true);
            request = request.header(AUTHORIZATION, bound);
        }
        if let Some(nonce) = &*self.nonce.lock().unwrap_or_else(PoisonError::into_inner) {
            claims["nonce"] = nonce.as_str().into();
        }
        let proof = self.key.proof(&claims)?;
        Ok(request.header(DPOP, proof))
    }

    /// Notes what the server wants repeated; whether it wants anything.
    fn noted(&self, answer: &Answer) -> bool {
        let said = answer.headers.get(DPOP_NONCE).and_then(|nonce| nonce.to_str().ok());
        if let Some(nonce) = said {
            let mut known = self.nonce.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(nonce.to_owned());
        }
        said.is_some()
    }

    async fn ask(&self, request: Request) -> Result<Answer, ClientFailure> {
        let again = request.again();
        let answer = self.http.send(self.proven(request)?).await?;
        match again {
            Some(again) if self.noted(&answer) && answer.status == BAD_REQUEST => {
                self.http.send(self.proven(again)?).await
            }
            _ => Ok(answer),
        }
    }
}

/// The token that is sent.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

impl Transport for Proving {
    fn send(&self, request: Request) -> Answering<'_> {
        Box::pin(self.ask(request))
    }

    fn upgrade(&self, request: Request) -> Upgrading<'_> {
        Box::pin(async move { self.http.upgrade(self.proven(request)?).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;

    #[test]
    fn each_request_has_a_proof_of_its_own_for_it_alone() {
        let http = Http::new("http://127.0.0.1:1/shelf").unwrap();
        let key = Key::read(Key::make().unwrap().kept()).unwrap();
        let proving = Proving::new(http, key, Arc::new(|| 7));
        *proving.nonce.lock().unwrap() = Some("again".to_owned());
        let asked = || {
            let bearer = HeaderValue::from_static("Bearer abc");
            let request = Request::new(Method::GET, "/v1/me?x=1").header(AUTHORIZATION, bearer);
            let sent = proving.proven(request).unwrap();
            assert_eq!(sent.headers[AUTHORIZATION], "DPoP abc");
            let proof = sent.headers[DPOP].to_str().unwrap().to_owned();
            let claims = proof.split('.').nth(1).unwrap();
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
        };
        let (one, two) = (asked(), asked());
        assert_ne!(one["jti"], two["jti"]);
        assert_eq!(one["htu"], "http://127.0.0.1:1/shelf/v1/me");
        assert_eq!(
            (&one["htm"], &one["iat"], &one["nonce"]),
            (&json!("GET"), &json!(7), &json!("again"))
        );
        // SHA-256 of "abc".
        assert_eq!(one["ath"], "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(Key::read("AAAA").is_err());
    }
}
