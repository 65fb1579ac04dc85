//! Hostile input at every door: never a failure of ours, never a hang, always a problem.

use crate::walk::{Prepared, Route, encoded, request, routes};
use crate::world::Told;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// No single answer may take longer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Of so many routes one meets each text; over all texts every route meets many.
const SPREAD: usize = 19;

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

fn lines(file: &str) -> Vec<Value> {
    let Some(path) = shared(file) else { return Vec::new() };
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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
    ] {
        all.extend(lines(file).iter().filter_map(|line| line[field].as_str().map(str::to_owned)));
    }
    all
}

async fn fine(prepared: &Prepared, request: axum::http::Request<Body>, what: &str) -> Told {
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

/// The route with every text leaf of its body replaced.
fn with_texts(body: &Value, text: &str) -> Value {
    match body {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(items) => items.iter().map(|item| with_texts(item, text)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), with_texts(value, text))).collect()
        }
        other => other.clone(),
    }
}

/// The body with one text leaf replaced: the `at`-th of them all.
fn with_text(body: &mut Value, text: &str, at: &mut usize) {
    match body {
        Value::String(leaf) => {
            if *at == 0 {
                text.clone_into(leaf);
            }
            *at = at.wrapping_sub(1);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_text(item, text, at)),
        Value::Object(fields) => fields.values_mut().for_each(|item| with_text(item, text, at)),
        _ => {}
    }
}

async fn attack(prepared: &Prepared, route: &Route, text: &str, turn: usize) {
    let ada = &prepared.world.ada;
    let plain = |part: &str| prepared.adas(part);
    // In the path: instead of the last id, and instead of the library.
    if let Some(at) = route.path.rfind("0193f0a0") {
        let path = format!("{}{}{}", &route.path[..at], encoded(text), &route.path[at + 36..]);
        if path.len() < 60_000 {
            let hostile = Route { path, query: Vec::new(), ..copy(route) };
            fine(prepared, request(&hostile, Some(ada), plain), text).await;
        }
    }
    // In every query parameter.
    let query: Vec<(String, String)> =
        route.query.iter().map(|(name, _)| (name.clone(), encoded(text))).collect();
    if let Some(one) = query.get(turn % query.len().max(1))
        && text.len() < 10_000
    {
        let hostile = Route { query: vec![one.clone()], ..copy(route) };
        fine(prepared, request(&hostile, Some(ada), plain), text).await;
    }
    // In one text of the body, and in all of them.
    if let Ok(body) = serde_json::from_str::<Value>(&prepared.adas(&route.body)) {
        let mut one = body.clone();
        with_text(&mut one, text, &mut (turn % 5));
        for hostile in [one, with_texts(&body, text)] {
            let hostile = Route { body: hostile.to_string(), ..copy(route) };
            fine(prepared, request(&hostile, Some(ada), plain), text).await;
        }
    }
}

fn copy(route: &Route) -> Route {
    Route {
        method: route.method.clone(),
        path: route.path.clone(),
        query: route.query.clone(),
        body: route.body.clone(),
        kind: route.kind.clone(),
        public: route.public,
        responses: Value::Null,
    }
}

#[tokio::test]
async fn hostile_texts_break_no_route() {
    let prepared = Prepared::new().await;
    let document = shelf_api::document();
    let routes: Vec<Route> = routes(&document)
        .into_iter()
        // What ends the sign-ins of the test itself is walked elsewhere.
        .filter(|route| !route.path.starts_with("/v1/tokens/"))
        .collect();
    for (turn, text) in texts().iter().enumerate() {
        for (at, route) in routes.iter().enumerate() {
            if (turn + at) % SPREAD == 0 {
                attack(&prepared, route, text, turn).await;
            }
        }
    }
    let me = prepared.world.get(&prepared.world.ada, "/v1/me").await;
    assert!(me.status.is_success(), "the server still answers");
}

#[tokio::test]
async fn hostile_json_breaks_no_route() {
    let prepared = Prepared::new().await;
    let document = shelf_api::document();
    let routes = routes(&document);
    for (turn, case) in lines("json_parsing.jsonl").iter().enumerate() {
        let text = case["b64"].as_str().or_else(|| case["repeat_b64"].as_str()).unwrap();
        let mut bytes = STANDARD.decode(text).unwrap();
        let wanted = usize::try_from(case["bytes"].as_u64().unwrap()).unwrap();
        while !bytes.is_empty() && bytes.len() < wanted {
            bytes.extend_from_within(..bytes.len().min(wanted - bytes.len()));
        }
        let name = case["name"].as_str().unwrap();
        let json = routes.iter().filter(|route| route.kind.contains("json"));
        for (at, route) in json.enumerate() {
            if (turn + at) % 3 != 0 {
                continue;
            }
            let mut asked = request(route, Some(&prepared.world.ada), |text| prepared.adas(text));
            *asked.body_mut() = Body::from(bytes.clone());
            let told = fine(&prepared, asked, name).await;
            assert!(case["expect"] != "reject" || told.status.is_client_error(), "{name}");
        }
    }
}
