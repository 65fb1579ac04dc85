//! An identity provider in process, which can be told to lie; reached by the door out alone.

mod signing;

pub use signing::Way;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shelf_ports::chance::Clock;
use shelf_ports::outbound::{Answer, Ask, Method, Outbound, Trouble, Unanswered};
use signing::Signer;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// What this server is called at the provider.
pub const CLIENT: &str = "mindshelf";
/// What it proves itself by there.
pub const SECRET: &str = "a secret & more";

/// A way to lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// None.
    #[default]
    None,
    /// The token is of another issuer.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It is for several, and does not say for whom of them.
    NoParty,
    /// It was made for another party.
    Party,
    /// It is of another sign-in.
    Nonce,
    /// It names no sign-in.
    NoNonce,
    /// It has ended.
    Expired,
    /// It is from the future.
    Future,
    /// It was made long ago.
    Old,
    /// It is signed with a key the provider does not name, under the name of one it does.
    OtherKey,
    /// It is signed with a key nobody knows.
    UnknownKey,
    /// It is not signed.
    NoAlgorithm,
    /// It is signed with the public key as if that were a secret.
    PublicAsSecret,
    /// It has something that must be understood and is not.
    Critical,
    /// It says another thing than what was signed.
    Changed,
    /// The provider says of itself that it is another one.
    SaysOther,
}

/// Somebody at a provider.
#[derive(Clone, Debug)]
pub struct Account {
    /// What the provider calls them.
    pub subject: String,
    /// Their mail address.
    pub mail: String,
    /// What the provider says of it.
    pub verified: Value,
    /// The groups they are in.
    pub groups: Vec<String>,
}

impl Account {
    /// Somebody with a verified address.
    pub fn new(subject: &str, mail: &str, groups: &[&str]) -> Self {
        Self {
            subject: subject.to_owned(),
            mail: mail.to_owned(),
            verified: Value::Bool(true),
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// What a browser was sent with.
#[derive(Clone, Debug)]
struct Sent {
    challenge: String,
    nonce: String,
    redirect: String,
    account: Account,
}

/// An identity provider.
#[derive(Debug)]
pub struct FakeProvider {
    /// What it calls itself.
    pub issuer: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    looks: AtomicU32,
}

#[derive(Debug)]
struct State {
    signer: Signer,
    lie: Lie,
    codes: HashMap<String, Sent>,
    made: u32,
}

impl FakeProvider {
    /// A provider that calls itself `issuer` and signs with ES256.
    pub fn new(issuer: &str, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (signer, lie) = (Signer::new(Way::Es256, "one"), Lie::None);
        let state = State { signer, lie, codes: HashMap::new(), made: 0 };
        let (issuer, state) = (issuer.to_owned(), Mutex::new(state));
        Arc::new(Self { issuer, clock, state, looks: AtomicU32::new(0) })
    }

    /// Lies from now on.
    pub fn lie(&self, lie: Lie) {
        self.state.lock().unwrap().lie = lie;
    }

    /// Signs with another key from now on, called `id`.
    pub fn sign_with(&self, way: Way, id: &str) {
        self.state.lock().unwrap().signer = Signer::new(way, id);
    }

    /// How often it was asked for its keys.
    pub fn looks(&self) -> u32 {
        self.looks.load(Ordering::SeqCst)
    }

    /// Signs `account` in, whose browser was sent to `address`; the code and the state it comes back
    /// with.
    pub fn signs_in(&self, address: &str, account: Account) -> (String, String) {
        let (end, query) = address.split_once('?').unwrap();
        assert_eq!(end, format!("{}/auth", self.issuer));
        let said = form(query);
        let of = |name: &str| said.get(name).cloned().unwrap_or_default();
        assert_eq!((of("client_id"), of("response_type")), (CLIENT.to_owned(), "code".to_owned()));
        assert_eq!(of("code_challenge_method"), "S256");
        assert!(of("scope").split(' ').any(|scope| scope == "openid"));
        let (challenge, nonce, redirect) = (of("code_challenge"), of("nonce"), of("redirect_uri"));
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        let code = format!("code-{}", state.made);
        state.codes.insert(code.clone(), Sent { challenge, nonce, redirect, account });
        (code, of("state"))
    }

    /// The word that whom it calls `subject` is signed out (a logout token), with `changes` to what it
    /// says; null takes away.
    pub fn signs_out(&self, subject: &str, changes: &Value) -> String {
        let now = self.clock.now_ms() / 1_000;
        let mut said = json!({
            "iss": self.issuer, "sub": subject, "aud": CLIENT, "iat": now, "exp": now + 120,
            "jti": format!("{subject} {now}"),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            said[name.as_str()] = value.clone();
        }
        said.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let state = self.state.lock().unwrap();
        state.signer.token(state.lie, &said)
    }

    fn about(&self) -> Value {
        let issuer = &self.issuer;
        let said = match self.state.lock().unwrap().lie {
            Lie::SaysOther => "https://other.example",
            _ => issuer,
        };
        json!({
            "issuer": said,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        })
    }

    fn token(&self, ask: &Ask) -> (u16, Value) {
        let refused = |why: &str| (400, json!({ "error": why }));
        let header = ask.headers.iter().find(|(name, _)| name == "Authorization");
        let known = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:a+secret+%26+more")));
        if header.is_none_or(|(_, sent)| *sent != known) {
            return refused("invalid_client");
        }
        let said = form(std::str::from_utf8(&ask.body).unwrap());
        let of = |name: &str| said.get(name).cloned().unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        // A code is good for one use.
        let Some(sent) = state.codes.remove(&of("code")) else { return refused("invalid_grant") };
        let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier")));
        if proof != sent.challenge || of("redirect_uri") != sent.redirect {
            return refused("invalid_grant");
        }
        let claims = self.claims(state.lie, &sent);
        let token = state.signer.token(state.lie, &Value::Object(claims));
        (200, json!({ "access_token": "x", "token_type": "Bearer", "id_token": token }))
    }

    fn claims(&self, lie: Lie, sent: &Sent) -> Map<String, Value> {
        let now = self.clock.now_ms() / 1_000;
        let account = &sent.account;
        let claims = json!({
            "iss": if lie == Lie::Issuer { "https://other.example" } else { &self.issuer },
            "sub": account.subject,
            "aud": match lie {
                Lie::Audience => json!("somebody-else"),
                Lie::NoParty => json!([CLIENT, "somebody-else"]),
                _ => json!(CLIENT),
            },
            "azp": if lie == Lie::Party { json!("somebody-else") } else { Value::Null },
            "exp": if lie == Lie::Expired { now - 120 } else { now + 300 },
            "iat": match lie {
                Lie::Future => now + 600,
                Lie::Old => now - 86_400,
                _ => now,
            },
            "nonce": match lie {
                Lie::Nonce => json!("another"),
                Lie::NoNonce => Value::Null,
                _ => json!(sent.nonce),
            },
            "email": account.mail,
            "email_verified": account.verified,
            "name": format!("Member {}", account.subject),
            "groups": account.groups,
        });
        let Value::Object(mut claims) = claims else { unreachable!("it is one") };
        claims.retain(|_, value| !value.is_null());
        claims
    }

    fn answer(&self, ask: &Ask) -> Option<(u16, Value)> {
        match (ask.method, ask.url.strip_prefix(&self.issuer)?) {
            (Method::Get, "/.well-known/openid-configuration") => Some((200, self.about())),
            (Method::Get, "/keys") => {
                self.looks.fetch_add(1, Ordering::SeqCst);
                Some((200, self.state.lock().unwrap().signer.keys()))
            }
            (Method::Post, "/token") => Some(self.token(ask)),
            _ => None,
        }
    }
}

/// What a form or a query says.
fn form(text: &str) -> HashMap<String, String> {
    let plain = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let [first, after @ ..] = rest {
            let (byte, used) = match (first, after) {
                (b'+', _) => (b' ', 1),
                (b'%', [a, b, ..]) => {
                    let digits = [*a, *b];
                    let digits = std::str::from_utf8(&digits).unwrap();
                    (u8::from_str_radix(digits, 16).unwrap(), 3)
                }
                (byte, _) => (*byte, 1),
            };
            bytes.push(byte);
            rest = &rest[used..];
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

/// What there is beyond the door out: providers, and files.
#[derive(Debug, Default)]
pub struct FakeInternet {
    providers: Mutex<Vec<Arc<FakeProvider>>>,
    files: Mutex<HashMap<String, String>>,
}

impl FakeInternet {
    /// Has one more provider.
    pub fn has(&self, provider: &Arc<FakeProvider>) {
        self.providers.lock().unwrap().push(Arc::clone(provider));
    }

    /// Has this text at this address.
    pub fn says(&self, address: &str, text: &str) {
        self.files.lock().unwrap().insert(address.to_owned(), text.to_owned());
    }
}

#[async_trait]
impl Outbound for FakeInternet {
    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let found = self.files.lock().unwrap().get(&ask.url).cloned();
        let answered = |status, body: Vec<u8>| Answer {
            status,
            headers: Vec::new(),
            // Of what is no yes, nobody gets the body.
            body: if status == 200 { body } else { Vec::new() },
            url: ask.url.clone(),
            hops: 0,
        };
        if let Some(text) = found {
            return Ok(answered(200, text.into_bytes()));
        }
        let providers = self.providers.lock().unwrap().clone();
        match providers.iter().find_map(|provider| provider.answer(&ask)) {
            Some((status, body)) => Ok(answered(status, body.to_string().into_bytes())),
            None => Err(Trouble::NoSuchName.into()),
        }
    }
}
