//! Every hostile JSON text as the body of every operation that reads one.

use super::{AT_ONCE, fine, lines, siege};
use crate::walk::{Prepared, Route, request};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use serde_json::Value;
use std::sync::Arc;

/// The bytes of one case; the bombs are a short text many times over.
fn bytes_of(case: &Value) -> Vec<u8> {
    let text = case["b64"].as_str().or_else(|| case["repeat_b64"].as_str()).unwrap();
    let mut bytes = STANDARD.decode(text).unwrap();
    let wanted = usize::try_from(case["bytes"].as_u64().unwrap()).unwrap();
    while !bytes.is_empty() && bytes.len() < wanted {
        bytes.extend_from_within(..bytes.len().min(wanted - bytes.len()));
    }
    bytes
}

/// The example with `text` as the value of its first field: deep where the shape is right.
fn within(route: &Route, text: &[u8]) -> Option<Vec<u8>> {
    let body: Value = serde_json::from_str(&route.body).ok()?;
    let first = body.as_object()?.keys().next()?;
    let mut bytes = format!("{{{}: ", serde_json::json!(first)).into_bytes();
    bytes.extend_from_slice(text);
    bytes.push(b'}');
    Some(bytes)
}

async fn attack(prepared: Arc<Prepared>, route: Arc<Route>) -> usize {
    let ada = &prepared.world.ada;
    let mut asks = Vec::new();
    for case in lines("json_parsing.jsonl") {
        let bytes = bytes_of(&case);
        for body in within(&route, &bytes).into_iter().chain([bytes]) {
            let mut asked = request(&route, Some(ada), |text| prepared.adas(text));
            *asked.body_mut() = Body::from(body);
            asks.push((asked, case.clone()));
        }
    }
    // At least one, where the shared data is not there.
    let mut own = request(&route, Some(ada), |text| prepared.adas(text));
    *own.body_mut() = Body::from("[".repeat(100_000));
    asks.push((own, serde_json::json!({"name": "a deep list", "expect": "reject"})));
    let prepared = &prepared;
    futures::stream::iter(asks)
        .map(|(asked, case)| async move {
            let name = case["name"].as_str().unwrap();
            let told = fine(prepared, asked, name).await;
            assert!(case["expect"] != "reject" || told.status.is_client_error(), "{name}");
        })
        .buffer_unordered(AT_ONCE)
        .count()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_json_breaks_no_operation() {
    let reads_json = |route: &Route| route.kind.contains("json");
    siege(reads_json, |prepared, route| Box::pin(attack(prepared, route))).await;
}
