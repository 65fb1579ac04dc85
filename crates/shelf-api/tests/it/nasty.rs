//! Hostile input at every door: never a failure of ours, never a hang, always a problem.

mod strings;
mod json;
mod whole;

use crate::walk::{Prepared, Route, routes};
use crate::world::Told;
use axum::body::Body;
use axum::http::{Method, Request};
use futures::StreamExt;
use futures::future::BoxFuture;
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// No single answer may take longer, however busy the machine is.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Requests of one route that are under way at once: they share a commit.
const AT_ONCE: usize = 32;
/// Routes that are attacked at once, each in a world of its own.
const WORLDS_AT_ONCE: usize = 3;

/// The shared data, or nothing (loudly), where it is not there.
#[expect(clippy::disallowed_methods, reason = "tests find the data they share by the environment")]
fn shared(file: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var("MINDSHELF_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data/nasty").join(file);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", path.display());
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

/// The lines of a file of hostile input, packed or not.
fn lines(file: &str) -> Vec<Value> {
    let Some(path) = shared(file) else { return Vec::new() };
    let mut bytes = std::fs::read(&path).unwrap();
    if path.extension().is_some_and(|ending| ending == "zst") {
        let mut plain = Vec::new();
        let mut packed = ruzstd::decoding::StreamingDecoder::new(&*bytes).unwrap();
        packed.read_to_end(&mut plain).unwrap();
        bytes = plain;
    }
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The texts under `field` in a file of hostile input.
fn texts_of(file: &str, field: &str) -> Vec<String> {
    lines(file).iter().filter_map(|line| line[field].as_str().map(str::to_owned)).collect()
}

/// Texts that are hostile wherever they stand; a few of our own, in case no others are there.
fn texts() -> Vec<String> {
    let own = ["", "\0", "../../etc/passwd", "%00", "' OR 1=1 --", "\u{202e}", "💥", "{{7*7}}"];
    let mut all: Vec<String> = own.map(str::to_owned).to_vec();
    all.push("x".repeat(70_000));
    for (file, field) in [
        ("naughty_strings.jsonl", "string"),
        ("payloads.jsonl", "value"),
        ("url_tests.jsonl", "input"),
        ("url_setters.jsonl", "new_value"),
        ("data_urls.jsonl", "input"),
        ("bad_punycode.jsonl", "decoded"),
        ("bad_punycode.jsonl", "encoded"),
    ] {
        all.extend(texts_of(file, field));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Names of hosts that are hostile where an address is read.
fn hosts() -> Vec<String> {
    let lines = lines("idna_tests.jsonl.zst");
    lines.iter().filter_map(|line| line["fields"][0].as_str().map(str::to_owned)).collect()
}

/// Sends `request`, whose answer must be one of ours, and soon.
async fn fine(prepared: &Prepared, request: Request<Body>, what: &str) -> Told {
    let asked = format!("{} {}", request.method(), request.uri());
    let told = tokio::time::timeout(ANSWER_MAX, prepared.world.send(request)).await;
    let told = told.unwrap_or_else(|_| panic!("{asked} hangs on {what:?}"));
    assert!(!told.status.is_server_error(), "{asked}: {} on {what:?}", told.text);
    if told.status.is_client_error() {
        assert_eq!(told.header("content-type"), "application/problem+json", "{asked} {what:?}");
        assert!(!told.code().is_empty());
    }
    told
}

/// Attacks every route by `attack`, each that writes in a world of its own, which must live on.
async fn siege(
    of: fn(&Route) -> bool,
    attack: fn(Arc<Prepared>, Arc<Route>) -> BoxFuture<'static, usize>,
) {
    let document = shelf_api::document();
    let wanted: Vec<Route> = routes(&document).into_iter().filter(of).collect();
    // What only reads harms no other.
    let shared = Arc::new(Prepared::new().await);
    let attacks = wanted.into_iter().map(|route| {
        let shared = &shared;
        async move {
            let own = route.method != Method::GET;
            let prepared = if own { Arc::new(Prepared::new().await) } else { shared.clone() };
            let route = Arc::new(route);
            let sent = tokio::spawn(attack(prepared.clone(), route.clone())).await.unwrap();
            let me = prepared.world.get(&prepared.world.eve, "/v1/me").await;
            let name = format!("{} {}", route.method, route.template);
            assert!(me.status.is_success(), "{name}: the server does not answer any more");
            (name, sent)
        }
    });
    let sent: Vec<(String, usize)> =
        futures::stream::iter(attacks).buffer_unordered(WORLDS_AT_ONCE).collect().await;
    assert!(!sent.is_empty(), "nothing was attacked");
    for (name, sent) in sent {
        assert!(sent > 0, "nothing was sent to {name}");
    }
}
