//! Bytes that no client would send, thousands of them by a seed: requests that were cut, doubled and
//! overwritten, frames that break the rules, messages that are none. Nothing of it is answered by 5xx,
//! nothing panics, and after all of it the server answers as before.

use crate::frames::{KEY, PROTOCOL, TEXT, frame};
use crate::one_server::{start, stop};
use crate::program::{client, mindshelf, said};
use crate::verdict::port_of;
use futures::{StreamExt, stream};
use serde_json::json;
use shelf_testkit::SeededChance;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Malformed requests, frames and messages of one run.
const REQUESTS: u64 = 1_200;
const FRAMES: u64 = 400;
const MESSAGES: u64 = 400;
/// How many are under way at once: fewer than a person may have sockets.
const AT_ONCE: usize = 40;
/// How long an answer may take to begin, where one comes: what was cut off has none.
const ANSWER_MAX: Duration = Duration::from_millis(250);
/// How long nothing more comes, where something has come.
const MORE_MAX: Duration = Duration::from_millis(60);
/// The longest until the server has hung up, having heard the end.
const HUNG_UP_MAX: Duration = Duration::from_secs(10);
/// Most bytes that are put in at once.
const GARBAGE_MAX: u64 = 300;
/// What stands for the token in what is sent: that is never harmed, or nobody would be let in.
const TOKEN: &str = "TOKEN";

/// What can be sent, and to whom.
struct Ground {
    port: u16,
    token: String,
    /// Right requests, to be spoilt.
    requests: Vec<String>,
    /// Right messages of a socket, likewise.
    messages: Vec<String>,
}

/// Sends all of it; how it was answered, in one line.
pub(crate) async fn run(seed: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path()).await;
    let (owner, library) = client(dir.path()).await;
    let token = said(mindshelf(dir.path()).args(["token", "create", "--name", "noise"]));
    let ground = Ground {
        port: port_of(&server.address),
        token: token.trim().to_owned(),
        requests: requests(&library),
        messages: messages(library.rsplit('/').next().unwrap_or_default()),
    };
    let chance = SeededChance::new(seed);
    let mut sent = Vec::new();
    sent.extend((0..REQUESTS).map(|_| ground.spoilt_request(&chance)));
    sent.extend((0..FRAMES).map(|_| ground.spoilt_frames(&chance)));
    sent.extend((0..MESSAGES).map(|_| ground.spoilt_messages(&chance)));
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    let (count, port) = (sent.len(), ground.port);
    let answering = stream::iter(sent).map(|bytes: Vec<u8>| async move {
        let answer = answered(port, &bytes).await;
        (bytes, answer)
    });
    let answers: Vec<_> = answering.buffer_unordered(AT_ONCE).collect().await;
    for (bytes, answer) in &answers {
        for status in statuses_of(answer) {
            let shown = String::from_utf8_lossy(bytes);
            assert!(!status.starts_with('5'), "seed {seed}: {status} to {shown:?}: {answer}");
            *statuses.entry(status.to_owned()).or_default() += 1;
        }
    }
    for refused in ["400", "401"] {
        assert!(statuses.contains_key(refused), "it was all well-formed: {statuses:?}");
    }
    assert!(statuses.contains_key("101"), "no socket was opened: {statuses:?}");
    let good = ground.requests[0].replace(TOKEN, &ground.token);
    let good = answered(ground.port, good.as_bytes()).await;
    assert_eq!(statuses_of(&good), ["200"], "seed {seed}: {good}");
    let health: serde_json::Value = owner.get("/local/doctor").await.unwrap();
    assert_eq!(health["damage"], json!([]), "integrity_check");
    drop(owner);
    stop(server, dir.path());
    format!("seed {seed}: {count} malformed, answered {statuses:?}; 0 times 5xx, 0 panics")
}

/// Right requests: of every method that is served, with and without bodies.
fn requests(library: &str) -> Vec<String> {
    let head = |first: &str| {
        format!("{first} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n")
    };
    let bare = |first: String| format!("{}\r\n", head(&first));
    let with = |first: String, kind: &str, body: serde_json::Value| {
        let (head, body) = (head(&first), body.to_string());
        let length = body.len();
        format!("{head}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let item = "0193f0a0-0000-7000-8000-00000000000b";
    let save = json!({ "url": "https://noise.example/", "title": "Noise", "tags": ["noise"] });
    let change = json!({ "n": 1, "hlc": "0193f0a000000000", "base": 0, "act": item, "item": item,
        "kind": "bookmark", "set": { "url": "https://noise.example/" } });
    let push = json!({ "device": item, "changes": [change] });
    let query = json!({ "query": "{ me { libraries { id } } }" });
    let json = "application/json";
    let mut chunked = head(&format!("POST {library}/bookmarks"));
    chunked.push_str("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    chunked.push_str("20\r\n{\"url\": \"https://noise.example/\"\r\n1\r\n}\r\n0\r\n\r\n");
    vec![
        bare("GET /v1/me".to_owned()),
        bare(format!("GET {library}/bookmarks?limit=3&sort=newest")),
        bare(format!("GET {library}/changes?limit=5")),
        bare(format!("GET {library}/search?q=noise%20tag:noise")),
        bare(format!("GET {library}/bookmarks/{item}")),
        bare("GET /healthz".to_owned()),
        bare("GET /library".to_owned()),
        bare(format!("OPTIONS {library}/bookmarks")),
        bare(format!("HEAD {library}/tags")),
        with(format!("POST {library}/bookmarks"), json, save),
        with(format!("POST {library}/changes"), json, push),
        with(
            format!("PATCH {library}/bookmarks/{item}"),
            "application/merge-patch+json",
            json!({ "title": "x" }),
        ),
        with("POST /graphql".to_owned(), json, query),
        with("POST /v1/devices".to_owned(), json, json!({ "name": "noise" })),
        chunked,
        opening(),
    ]
}

/// The request that opens a socket.
fn opening() -> String {
    format!(
        "GET /v1/sync HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
         connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-protocol: {PROTOCOL}\r\nsec-websocket-key: {KEY}\r\n\r\n"
    )
}

/// Right messages of a socket.
fn messages(library: &str) -> Vec<String> {
    let push = json!({ "type": "push", "id": "a", "library": library, "device": library,
        "changes": [{ "n": 1, "hlc": "0193f0a000000000", "base": 0, "act": library, "item": library,
            "kind": "tag", "set": { "name": "noise" } }], "confirmed": [] });
    let all = [
        json!({ "type": "follow", "library": library }),
        json!({ "type": "follow", "library": library, "cursor": "AAAAAAAAAAAAAAAHgZOAqg" }),
        json!({ "type": "leave", "library": library }),
        json!({ "type": "ping" }),
        push,
    ];
    all.iter().map(ToString::to_string).collect()
}

impl Ground {
    /// A right request that was spoilt somewhere, once or a few times.
    fn spoilt_request(&self, chance: &SeededChance) -> Vec<u8> {
        let right = &self.requests[below(chance, self.requests.len())];
        let (before, after) = right.split_once(TOKEN).unwrap_or((right.as_str(), ""));
        let (mut before, mut after) = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
        for _ in 0..=below(chance, 3) {
            let part = if chance.next().is_multiple_of(3) { &mut before } else { &mut after };
            spoil(part, chance);
        }
        // Some come without a token that opens anything.
        let token = if chance.next().is_multiple_of(12) { "none" } else { self.token.as_str() };
        [before, token.as_bytes().to_vec(), after].concat()
    }

    /// A socket that was opened rightly, and said hello on.
    fn opened(&self) -> Vec<u8> {
        let mut bytes = opening().replace(TOKEN, &self.token).into_bytes();
        bytes.extend(frame(TEXT, br#"{"type": "hello"}"#));
        bytes
    }

    /// Frames that break the rules, on a socket that was opened rightly.
    fn spoilt_frames(&self, chance: &SeededChance) -> Vec<u8> {
        let mut bytes = self.opened();
        for _ in 0..=below(chance, 3) {
            let first = u8::try_from(chance.next() % 256).unwrap();
            let mut wrong = frame(first, &garbage(chance));
            if chance.next().is_multiple_of(2) {
                spoil(&mut wrong, chance);
            }
            bytes.extend(wrong);
        }
        bytes
    }

    /// Messages that are none, each in a frame as it should be.
    fn spoilt_messages(&self, chance: &SeededChance) -> Vec<u8> {
        let mut bytes = self.opened();
        for _ in 0..=below(chance, 3) {
            let right = &self.messages[below(chance, self.messages.len())];
            let mut message = right.clone().into_bytes();
            spoil(&mut message, chance);
            bytes.extend(frame(TEXT, &message));
        }
        bytes
    }
}

fn below(chance: &SeededChance, count: usize) -> usize {
    usize::try_from(chance.next() % count.max(1) as u64).unwrap()
}

fn garbage(chance: &SeededChance) -> Vec<u8> {
    let count = chance.next() % GARBAGE_MAX;
    (0..count).map(|_| u8::try_from(chance.next() % 256).unwrap()).collect()
}

/// Harms `bytes` in one place, in one way of several.
fn spoil(bytes: &mut Vec<u8>, chance: &SeededChance) {
    let at = below(chance, bytes.len());
    let end = (at + 1 + below(chance, 40)).min(bytes.len());
    match chance.next() % 8 {
        0 => bytes.truncate(at),
        1 => drop(bytes.splice(at..at, garbage(chance))),
        2 => drop(bytes.drain(at.min(end)..end)),
        3 => {
            let again = bytes[at.min(end)..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
        4 => {
            for byte in &mut bytes[at.min(end)..end] {
                *byte ^= 1_u8 << (chance.next() % 8);
            }
        }
        5 => drop(bytes.splice(at..at, *b"\r\n")),
        6 => drop(bytes.splice(at..at, *b"99999999999999999999")),
        _ => {
            const SIGNS: &[u8] = b"\0\"\\{}[]:, %/.\xff\xc0-";
            let sign = SIGNS[below(chance, SIGNS.len())];
            if let Some(byte) = bytes.get_mut(at) {
                *byte = sign;
            }
        }
    }
}

/// Everything that is answered to `bytes`, until nothing more comes, and then to their end.
async fn answered(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // It may hang up before it has read all.
    drop(stream.write_all(bytes).await);
    let (mut all, mut some) = (Vec::new(), vec![0; 64 << 10]);
    let mut quiet = ANSWER_MAX;
    while let Ok(Ok(count @ 1..)) = timeout(quiet, stream.read(&mut some)).await {
        all.extend_from_slice(&some[..count]);
        quiet = MORE_MAX;
    }
    drop(stream.shutdown().await);
    let rest = timeout(HUNG_UP_MAX, stream.read_to_end(&mut all)).await;
    assert!(rest.is_ok(), "nobody hangs up on {:?}", String::from_utf8_lossy(bytes));
    String::from_utf8_lossy(&all).into_owned()
}

fn statuses_of(told: &str) -> Vec<&str> {
    told.split("HTTP/1.1 ").skip(1).map(|head| head.get(..3).unwrap_or_default()).collect()
}
