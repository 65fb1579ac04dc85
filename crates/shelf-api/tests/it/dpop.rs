//! Secrets that are bound to a key (RFC 9449): what they open, and for whom not.

use crate::graphql::sockets::Listening;
use crate::oauth::{ISSUER, Program, TOKEN, VERIFIER, code, denied, form, registered};
use crate::world::{Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};

/// The moment the clock of the world begins at, seconds.
const BEGAN_S: i64 = 1_790_000_000;

/// A program's key, and what it counts its proofs by.
struct Key {
    pair: EcdsaKeyPair,
    proofs: AtomicU32,
}

impl Key {
    fn new() -> Self {
        let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(way, made.as_ref(), &random).unwrap();
        Self { pair, proofs: AtomicU32::new(0) }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let half = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        json!({"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33)})
    }

    /// A proof that says `claims`, with an id of its own.
    fn proof(&self, claims: Value) -> String {
        let mut claims = claims;
        let number = self.proofs.fetch_add(1, Ordering::Relaxed);
        claims["jti"] = json!(format!("proof {number}"));
        let head = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", part(&head), part(&claims));
        let signed = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signed))
    }
}

/// Brings a code, or a refresh secret, with a proof that says `nonce`.
async fn asks(world: &World, program: &Program, of: (&str, &str), proof: &str) -> Told {
    let way = if of.0 == "code" { "authorization_code" } else { of.0 };
    let mut fields = vec![("grant_type", way), of, ("client_id", &program.id)];
    if of.0 == "code" {
        fields.push(("code_verifier", VERIFIER));
    }
    let mut request = form(TOKEN, &fields);
    request.headers_mut().insert("dpop", proof.parse().unwrap());
    world.send(request).await
}

fn at_token(nonce: Option<&str>) -> Value {
    let mut claims = json!({"htm": "POST", "htu": format!("{ISSUER}{TOKEN}"), "iat": BEGAN_S});
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// The nonce the server gives who has none.
async fn nonce(world: &World, program: &Program, key: &Key) -> String {
    let told = asks(world, program, ("code", "any"), &key.proof(at_token(None))).await;
    denied(&told, "use_dpop_nonce", "no nonce");
    told.header("dpop-nonce").to_owned()
}

struct Bound {
    world: World,
    program: Program,
    key: Key,
    nonce: String,
    access: String,
    refresh: String,
}

impl Bound {
    async fn new() -> Self {
        let world = World::new().await;
        let (program, key) = (registered(&world, false).await, Key::new());
        let nonce = nonce(&world, &program, &key).await;
        let code = code(&world, &program).await;
        let proof = key.proof(at_token(Some(&nonce)));
        let told = asks(&world, &program, ("code", &code), &proof).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        assert_eq!(told.json["token_type"], "DPoP");
        let (access, refresh) = (told.at("/access_token"), told.at("/refresh_token"));
        Self { world, program, key, nonce, access, refresh }
    }

    fn path(&self) -> String {
        format!("/v1/libraries/{}/bookmarks", self.world.ada.library)
    }

    /// A proof for reading the bookmarks, with `change` made to what it says.
    fn proof(&self, key: &Key, change: impl FnOnce(&mut Value)) -> String {
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.access));
        let htu = format!("{ISSUER}{}", self.path());
        let mut claims = json!({"htm": "GET", "htu": htu, "iat": BEGAN_S, "ath": ath});
        change(&mut claims);
        key.proof(claims)
    }

    async fn reads(&self, scheme: &str, proofs: &[&str]) -> Told {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}?limit=1", self.path()))
            .header("host", "localhost:4747")
            .header("authorization", format!("{scheme} {}", self.access));
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        self.world.send(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn a_bound_token_opens_with_a_fresh_proof_of_its_key_alone() {
    let bound = Bound::new().await;
    let good = bound.proof(&bound.key, |_| {});
    let told = bound.reads("DPoP", &[&good]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let other = Key::new();
    let refused = [
        ("Bearer", vec![], "stolen"),
        ("Bearer", vec![bound.proof(&bound.key, |_| {})], "as a bearer's"),
        ("DPoP", vec![], "no proof"),
        ("DPoP", vec![good], "a proof that was used"),
        ("DPoP", vec![bound.proof(&other, |_| {})], "another key"),
        ("DPoP", vec![bound.proof(&bound.key, |_| {}), bound.proof(&bound.key, |_| {})], "two"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["htm"] = json!("POST"))], "another method"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["htu"] = json!(ISSUER))], "another address"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["iat"] = json!(BEGAN_S - 500))], "old"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["iat"] = json!(BEGAN_S + 500))], "to come"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["ath"] = json!("x"))], "another token"),
        ("DPoP", vec![bound.proof(&bound.key, |c| c["iat"] = Value::Null)], "no moment"),
        ("DPoP", vec!["nonsense".to_owned()], "no proof at all"),
    ];
    for (scheme, proofs, name) in refused {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let told = bound.reads(scheme, &proofs).await;
        assert_eq!(
            (told.status, told.code()),
            (StatusCode::UNAUTHORIZED, "unauthenticated"),
            "{name}"
        );
        assert!(told.header("www-authenticate").starts_with("DPoP "), "{name}");
    }
    let again = bound.proof(&bound.key, |_| {});
    assert_eq!(bound.reads("dpop", &[&again]).await.status, StatusCode::OK, "it still opens");
    let open = bound.world.ada.token.clone();
    let open = Bound { access: open, ..bound };
    let proof = open.proof(&open.key, |_| {});
    let told = open.reads("DPoP", &[&proof]).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED, "a token of no key has none proven");
}

#[tokio::test]
async fn secrets_are_renewed_with_the_same_key_alone() {
    let bound = Bound::new().await;
    let Bound { world, program, key, nonce, refresh, .. } = &bound;
    let of = ("refresh_token", refresh.as_str());
    let other = Key::new();
    let told = asks(world, program, of, &other.proof(at_token(Some(nonce)))).await;
    denied(&told, "invalid_grant", "another key");
    let fields = [("grant_type", "refresh_token"), of, ("client_id", &program.id)];
    denied(&world.send(form(TOKEN, &fields)).await, "invalid_grant", "no key");
    for (claims, error) in [
        (at_token(None), "use_dpop_nonce"),
        (at_token(Some("made-up")), "use_dpop_nonce"),
        (
            json!({"htm": "GET", "htu": format!("{ISSUER}{TOKEN}"), "iat": BEGAN_S}),
            "invalid_dpop_proof",
        ),
        (json!({"htm": "POST", "htu": ISSUER, "iat": BEGAN_S}), "invalid_dpop_proof"),
    ] {
        denied(&asks(world, program, of, &key.proof(claims)).await, error, error);
    }
    let told = asks(world, program, of, &key.proof(at_token(Some(nonce)))).await;
    assert_eq!(told.status, StatusCode::OK, "none of this used it up: {}", told.text);
    assert_eq!(told.json["token_type"], "DPoP");
    let retry = asks(world, program, of, &key.proof(at_token(Some(nonce)))).await;
    assert_eq!(retry.json["refresh_token"], told.json["refresh_token"], "an honest retry");
}

#[tokio::test]
async fn a_nonce_holds_for_some_minutes() {
    let bound = Bound::new().await;
    let Bound { world, program, key, nonce, refresh, .. } = &bound;
    world.rest(11 * 60);
    let mut claims = at_token(Some(nonce));
    claims["iat"] = json!(BEGAN_S + 11 * 60);
    let told = asks(world, program, ("refresh_token", refresh), &key.proof(claims.clone())).await;
    denied(&told, "use_dpop_nonce", "an old nonce");
    claims["nonce"] = json!(told.header("dpop-nonce"));
    let told = asks(world, program, ("refresh_token", refresh), &key.proof(claims)).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
}

#[tokio::test]
async fn a_socket_is_opened_to_a_bound_token_by_a_fresh_proof_of_its_key_alone() {
    let Bound { world, key, access, .. } = Bound::new().await;
    let listening = Listening::over(world).await;
    let address = format!("http://{}/v1/sync", listening.place);
    let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(&access));
    let proof = |key: &Key, method: &str, address: &str| {
        key.proof(json!({"htm": method, "htu": address, "iat": BEGAN_S, "ath": ath}))
    };
    let good = proof(&key, "GET", &address);
    let hello = |proof: &str| json!({"type": "hello", "token": access, "dpop": proof});
    let mut client = listening.sync().await;
    client.say(&hello(&good)).await;
    assert_eq!(client.hear().await["type"], "welcome");
    let library = listening.world.ada.library.to_string();
    client.say(&json!({"type": "follow", "library": library})).await;
    assert_eq!(client.hear().await["type"], "following", "it goes on without another proof");
    for (said, name) in [
        (json!({"type": "hello", "token": access}), "no proof"),
        (hello(&good), "a proof that was used"),
        (hello(&proof(&Key::new(), "GET", &address)), "another key"),
        (hello(&proof(&key, "POST", &address)), "another method"),
        (hello(&proof(&key, "GET", ISSUER)), "another address"),
        (hello("nonsense"), "no proof at all"),
    ] {
        let mut client = listening.sync().await;
        client.say(&said).await;
        assert_eq!(client.hear().await, 4403, "{name}");
    }
}
