//! Every hostile text to every operation: in its path, its query, its headers, its body.

use super::{fine, siege, texts};
use crate::walk::{Prepared, Route, encoded, request};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use futures::future::join_all;
use serde_json::Value;
use std::sync::Arc;

/// Longest address the framework takes, bytes; the rest of the request needs some of it.
const URI_BYTES_MAX: usize = 60_000;
/// Texts whose requests are under way at once, so that those that write share a commit.
const TEXTS_AT_ONCE: usize = 8;
/// After so many turns a world that is written to is left for a new one.
const TURNS_OF_A_WORLD: usize = 25;
/// Headers that any request may have, beside those of the document.
const HEADERS: [&str; 6] =
    ["authorization", "cookie", "x-csrf-token", "traceparent", "content-type", "accept"];

/// `body` with its `at`-th text replaced; counts `at` down.
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

fn leaves(body: &Value) -> usize {
    match body {
        Value::String(_) => 1,
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(fields) => fields.values().map(leaves).sum(),
        _ => 0,
    }
}

/// The route asked with `text` at every place it has, one place at a time.
fn hostile(route: &Route, text: &str) -> Vec<Route> {
    let mut all = Vec::new();
    for (name, example) in &route.places {
        let others = route.places.iter().filter(|(other, _)| other != name);
        let path = route.template.replace(&format!("{{{name}}}"), &encoded(text));
        let path = others.fold(path, |path, (other, id)| path.replace(&format!("{{{other}}}"), id));
        debug_assert!(!example.is_empty(), "{name}");
        all.push(Route { path, query: Vec::new(), ..route.clone() });
    }
    for (name, _) in &route.query {
        all.push(Route { query: vec![(name.clone(), encoded(text))], ..route.clone() });
    }
    match serde_json::from_str::<Value>(&route.body) {
        Ok(body) => {
            for at in 0..leaves(&body) {
                let mut hostile = body.clone();
                with_text(&mut hostile, text, &mut at.clone());
                all.push(Route { body: hostile.to_string(), ..route.clone() });
            }
            // As a name, and as the whole body.
            let named = serde_json::json!({ text: text });
            all.push(Route { body: named.to_string(), ..route.clone() });
            all.push(Route { body: text.to_owned(), ..route.clone() });
        }
        Err(_) if route.kind.is_empty() => {}
        Err(_) => all.push(Route { body: text.to_owned(), ..route.clone() }),
    }
    all
}

/// The route's own example with `text` in one header, where a header can carry it.
fn in_headers(prepared: &Prepared, route: &Route, text: &str) -> Vec<Request<Body>> {
    let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) else { return Vec::new() };
    let named = route.headers.iter().map(String::as_str).chain(HEADERS);
    let ada = &prepared.world.ada;
    named
        .map(|name| {
            let mut asked = request(route, Some(ada), |text| prepared.adas(text));
            let name: HeaderName = name.parse().unwrap();
            asked.headers_mut().insert(name, value.clone());
            asked
        })
        .collect()
}

/// Whether the machine has time for every place of every operation.
#[expect(clippy::disallowed_methods, reason = "the environment says which run this is")]
fn is_ci() -> bool {
    std::env::var("CI").as_deref() == Ok("true")
}

/// The requests of `route` that carry `text`: one for each place it can stand in, or only one of
/// them, chosen by `turn`, where this is no run of CI; and one with a header, chosen likewise.
fn requests(prepared: &Prepared, route: &Route, text: &str, turn: usize) -> Vec<Request<Body>> {
    let ada = &prepared.world.ada;
    let fits = |route: &Route| {
        let query: usize = route.query.iter().map(|(_, value)| value.len()).sum();
        route.path.len() + query < URI_BYTES_MAX
    };
    let asked = |route: &Route| request(route, Some(ada), |text| prepared.adas(text));
    let routes = hostile(route, text);
    let mut all: Vec<Request<Body>> =
        routes.iter().filter(|route| fits(route)).map(asked).collect();
    if !is_ci() && !all.is_empty() {
        all = vec![all.swap_remove(turn % all.len())];
    }
    // Whatever a header does it does in any route: the texts go round the headers of each.
    let mut headed = in_headers(prepared, route, text);
    if !headed.is_empty() {
        all.push(headed.swap_remove(turn % headed.len()));
    }
    all
}

async fn attack(mut prepared: Arc<Prepared>, route: Arc<Route>) -> usize {
    let mut sent = 0;
    for (turn, texts) in texts().chunks(TEXTS_AT_ONCE).enumerate() {
        // A bookmark that is given tag upon tag becomes a test of patience.
        if turn % TURNS_OF_A_WORLD == TURNS_OF_A_WORLD - 1 && route.kind.contains("json") {
            prepared = Arc::new(Prepared::new().await);
        }
        let mut asked = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let all = requests(&prepared, &route, text, turn + at);
            asked.extend(all.into_iter().map(|request| (request, text.clone())));
        }
        sent += asked.len();
        let asked = asked.into_iter().map(|(request, text)| one(prepared.clone(), request, text));
        join_all(asked).await;
    }
    sent
}

async fn one(prepared: Arc<Prepared>, request: Request<Body>, text: String) {
    fine(&prepared, request, &text).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_break_no_operation() {
    siege(|_| true, |prepared, route| Box::pin(attack(prepared, route))).await;
}
