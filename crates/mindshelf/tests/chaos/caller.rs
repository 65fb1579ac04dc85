//! One client's way to the servers: through wires that harm, from one gateway to the other.

use serde_json::Value;
use shelf_client::{Http, Method, Request, Transport, header};
use shelf_domain::stamp::Seq;
use shelf_testkit::SeededChance;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a client waits for an answer before it holds that there is none.
const ANSWER_MAX: Duration = Duration::from_millis(1_200);
/// Longest pause between two requests, milliseconds.
const PAUSE_MS: u64 = 15;
/// One request in so many goes another way than the one before.
const HOP_EVERY: u64 = 4;

/// A request that can be sent again as it was.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    /// Below the library.
    path: String,
    headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn post(path: String, body: &Value) -> Self {
        let json = ("content-type", "application/json".to_owned());
        Self { method: Method::POST, path, headers: vec![json], body: body.to_string() }
    }

    pub(crate) fn patch(path: String, body: &Value) -> Self {
        let json = ("content-type", "application/merge-patch+json".to_owned());
        Self { method: Method::PATCH, path, headers: vec![json], body: body.to_string() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It was done.
    Yes(Yes),
    /// It was refused by this code, and not done.
    No(String),
    /// Nobody said, or the server said that it does not know or asks to try again.
    Unknown,
}

/// An answer to what was done.
#[derive(Debug)]
pub(crate) struct Yes {
    /// The `ETag`, where there is one.
    pub(crate) tag: String,
    pub(crate) json: Value,
}

impl Yes {
    /// The position of the log in the `ETag`.
    pub(crate) fn seq(&self) -> Option<Seq> {
        self.tag.trim_matches('"').split_once('-')?.1.parse().ok()
    }
}

/// Answers that say that the server broke.
pub(crate) type Broken = Arc<Mutex<Vec<String>>>;

/// One client's way to the servers.
#[derive(Debug)]
pub(crate) struct Caller {
    ways: Vec<Http>,
    at: usize,
    token: header::HeaderValue,
    library: String,
    chance: SeededChance,
    broken: Broken,
}

impl Caller {
    /// A client that shows `token`, by ways through the ports `ports`, to the library at `library`.
    pub(crate) fn new(ports: &[u16], (token, library): (&str, &str), seed: u64) -> Self {
        let way = |port: &u16| Http::new(&format!("http://127.0.0.1:{port}")).unwrap();
        let chance = SeededChance::new(seed);
        let at = usize::try_from(seed).unwrap_or_default();
        Self {
            ways: ports.iter().map(way).collect(),
            at,
            token: format!("Bearer {token}").parse().unwrap(),
            library: library.to_owned(),
            chance,
            broken: Broken::default(),
        }
    }

    /// The same client, which writes down in `broken` what broke.
    pub(crate) fn telling(mut self, broken: &Broken) -> Self {
        self.broken = Arc::clone(broken);
        self
    }

    /// Whether there is one server alone, which gives the very answer it gave before.
    pub(crate) fn is_alone(&self) -> bool {
        self.ways.len() == 1
    }

    /// The id of the library.
    pub(crate) fn library_id(&self) -> &str {
        self.library.rsplit('/').next().unwrap_or_default()
    }

    /// The way that is taken now, with what to show there.
    pub(crate) fn way(&self) -> (&Http, header::HeaderValue) {
        (&self.ways[self.at % self.ways.len()], self.token.clone())
    }

    /// From now on another way is taken, where there is one.
    pub(crate) fn hop(&mut self) {
        self.at += 1;
    }

    pub(crate) async fn pause(&self) {
        let pause = Duration::from_millis(self.chance.next() % PAUSE_MS);
        sleep_until(Instant::now() + pause).await;
    }

    /// Asks once.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Reply {
        if self.chance.next().is_multiple_of(HOP_EVERY) {
            self.hop();
        }
        let (way, token) = self.way();
        let target = format!("{}/{}", self.library, ask.path);
        let mut request =
            Request::new(ask.method.clone(), target).header(header::AUTHORIZATION, token);
        for (name, value) in &ask.headers {
            let name = header::HeaderName::from_static(name);
            request = request.header(name, value.parse().unwrap());
        }
        if !ask.body.is_empty() {
            request = request.bytes(ask.body.clone());
        }
        let answered = timeout(ANSWER_MAX, answered(way, request)).await;
        let Some((status, tag, body)) = answered.ok().flatten() else {
            self.hop();
            return Reply::Unknown;
        };
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = json["code"].as_str().unwrap_or_default().to_owned();
        match (status, code.as_str()) {
            (200..=299, _) => Reply::Yes(Yes { tag, json }),
            (500, _) => {
                let what = format!("{} {}: {json}", ask.method, ask.path);
                self.broken.lock().unwrap().push(what);
                Reply::Unknown
            }
            (408 | 429 | 501.., _) | (_, "busy") => Reply::Unknown,
            _ => Reply::No(code),
        }
    }
}

/// Status, tag and body of the answer; `None` where none came whole.
async fn answered(way: &Http, request: Request) -> Option<(u16, String, Vec<u8>)> {
    let answer = way.send(request).await.ok()?;
    let status = answer.status;
    let tag = answer.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let tag = tag.unwrap_or_default().to_owned();
    let body = answer.bytes().await.ok()?;
    Some((status, tag, body))
}
