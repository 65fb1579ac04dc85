//! What callers are told of their limits, and what becomes of those who go beyond.

use crate::world::{Told, World};
use axum::body::Body;
use axum::http::header::{HOST, IF_NONE_MATCH};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shelf_api::probes::AlwaysReady;
use shelf_identity::{Address, Plan};
use std::sync::Arc;

const BASE: &str = "/v1/libraries/{library}";

async fn world(plan: Plan) -> World {
    World::with(Arc::new(AlwaysReady), plan).await
}

/// What is left of the limit `name`, as the answer says.
fn left(told: &Told, name: &str) -> Option<u64> {
    let field = told.header("ratelimit").split(", ").find(|one| one.contains(name))?.to_owned();
    field.split(";r=").nth(1)?.split(';').next()?.parse().ok()
}

/// Somebody without a token, at `address`.
async fn stranger(world: &World, address: &str, path: &str) -> Told {
    let mut ask = Request::get(path).header(HOST, "localhost").body(Body::empty()).unwrap();
    ask.extensions_mut().insert(Address::of(address.parse().unwrap()));
    world.send(ask).await
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_when_there_is_room_again() {
    let world = world(Plan::Personal).await;
    let me = world.get(&world.ada, "/v1/me").await;
    let policy = "\"grant\";q=1200;w=60, \"tenant\";q=2400;w=60, \"day\";q=200000;w=86400";
    assert_eq!(me.header("ratelimit-policy"), policy);
    let first = left(&me, "grant").unwrap();
    let export = format!("{BASE}/exports/csv");
    let mut dry = world.get(&world.ada, &export).await;
    assert_eq!(left(&dry, "grant").unwrap().abs_diff(first - 50), 0, "a whole library costs more");
    for _ in 0..40 {
        dry = world.get(&world.ada, &export).await;
    }
    assert_eq!((dry.status, dry.code()), (StatusCode::TOO_MANY_REQUESTS, "slow_down"));
    let wait: u64 = dry.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    let detail = dry.at("/detail");
    assert!(detail.contains("\"grant\"") && detail.contains(&format!("{wait} s")), "{detail}");
    assert!(left(&dry, "grant").unwrap() < 50 && left(&dry, "tenant").is_some());
    assert_eq!(world.get(&world.eve, "/v1/me").await.status, StatusCode::OK, "others go on");
    world.rest(wait);
    assert_eq!(world.get(&world.ada, &export).await.status, StatusCode::OK, "waiting helped");
}

#[tokio::test]
async fn ones_own_machine_bounds_nobody_who_is_signed_in() {
    let world = world(Plan::Home).await;
    for _ in 0..60 {
        let told = world.get(&world.ada, &format!("{BASE}/exports/csv")).await;
        assert_eq!((told.status, told.header("ratelimit")), (StatusCode::OK, ""));
    }
    let nowhere = format!("{BASE}/bookmarks/0193f0a0-0000-7000-8000-000000000999");
    for _ in 0..400 {
        assert_eq!(world.get(&world.ada, &nowhere).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.get(&world.ada, "/v1/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_looks_for_what_is_not_theirs_runs_dry_and_who_mistypes_does_not() {
    for plan in [Plan::Personal, Plan::Team] {
        let world = world(plan).await;
        let nowhere = format!("{BASE}/bookmarks/0193f0a0-0000-7000-8000-000000000999");
        for _ in 0..20 {
            assert_eq!(world.get(&world.ada, &nowhere).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(world.get(&world.ada, "/v1/me").await.status, StatusCode::OK, "{plan:?}");
        let mut told = world.get(&world.ada, &nowhere).await;
        for _ in 0..80 {
            told = world.get(&world.ada, &nowhere).await;
        }
        assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "{plan:?}");
        assert!(told.at("/detail").contains("\"failures\""), "{}", told.text);
        let known = world.get(&world.ada, "/v1/me").await;
        assert_eq!(known.status, StatusCode::TOO_MANY_REQUESTS, "and learns nothing more");
    }
}

#[tokio::test]
async fn strangers_are_counted_by_address_and_who_watches_is_not() {
    let world = world(Plan::Home).await;
    let mut told = stranger(&world, "192.0.2.7", "/v1/me").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.header("ratelimit-policy"), "\"address\";q=120;w=120");
    for _ in 0..30 {
        told = stranger(&world, "192.0.2.7", "/v1/me").await;
    }
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(told.at("/detail").contains("\"address\""), "{}", told.text);
    assert_eq!(stranger(&world, "192.0.2.8", "/v1/me").await.status, StatusCode::UNAUTHORIZED);
    let mut signed = world.ada.request(Method::GET, "/v1/me", "");
    signed.extensions_mut().insert(Address::of("192.0.2.7".parse().unwrap()));
    assert_eq!(world.send(signed).await.status, StatusCode::OK, "who lives behind it gets in");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(stranger(&world, "192.0.2.7", path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn guessing_at_invitations_is_refused_and_a_right_one_lets_in() {
    let world = world(Plan::Home).await;
    let join = async |invitation: &str, address: &str| {
        let body = json!({ "invitation": invitation }).to_string();
        let mut ask = world.eve.request(Method::POST, "/v1/memberships", &body);
        ask.extensions_mut().insert(Address::of(address.parse().unwrap()));
        world.send(ask).await
    };
    let made = world.post(&world.ada, "/v1/tenants", &json!({ "name": "Guild" })).await;
    let invitations = format!("/v1/tenants/{}/invitations", made.at("/id"));
    let mut secrets = Vec::new();
    for _ in 0..20 {
        let invited = world.post(&world.ada, &invitations, &json!({ "role": "member" })).await;
        secrets.push(invited.at("/secret"));
    }
    for right in &secrets[..18] {
        assert_eq!(join(right, "192.0.2.7").await.status, StatusCode::CREATED, "costs no attempt");
    }
    for _ in 0..12 {
        assert_eq!(join("wrong", "192.0.2.7").await.status, StatusCode::NOT_FOUND);
    }
    let told = join(&secrets[18], "192.0.2.7").await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "whatever it tries now");
    assert!(told.at("/detail").contains("\"attempts\""), "{}", told.text);
    assert_eq!(world.get(&world.eve, "/v1/me").await.status, StatusCode::OK, "all else goes on");
    for guess in 0..100 {
        join("wrong", &format!("198.51.100.{guess}")).await;
    }
    assert_eq!(join(&secrets[19], "203.0.113.5").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_was_little_work_costs_little() {
    let world = world(Plan::Personal).await;
    let item = world.saved(&world.ada, "https://limits.example").await;
    let at = format!("{BASE}/bookmarks/{item}");
    let tag = world.get(&world.ada, &at).await.header("etag").to_owned();
    let asked = async || {
        let mut ask = world.ada.request(Method::GET, &at, "");
        ask.headers_mut().insert(IF_NONE_MATCH, tag.parse().unwrap());
        world.send(ask).await
    };
    let first = asked().await;
    assert_eq!(first.status, StatusCode::NOT_MODIFIED);
    for _ in 0..50 {
        asked().await;
    }
    let last = asked().await;
    let spent = left(&first, "grant").unwrap() - left(&last, "grant").unwrap();
    assert!((1..=11).contains(&spent), "fifty-one that were not changed cost {spent}");

    let save = async || {
        let body = json!({ "url": "https://limits.example/again" }).to_string();
        let mut ask = world.ada.request(Method::POST, &format!("{BASE}/bookmarks"), &body);
        ask.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        world.send(ask).await
    };
    let before = left(&save().await, "grant").unwrap();
    for _ in 0..49 {
        save().await;
    }
    let after = save().await;
    assert_eq!(after.header("idempotency-replayed"), "true");
    let spent = before - left(&after, "grant").unwrap();
    assert!(spent < 20, "fifty that were answered before cost {spent}");
}

#[tokio::test]
async fn a_push_costs_by_its_changes() {
    let world = world(Plan::Personal).await;
    let device = world.post(&world.ada, "/v1/devices", &json!({ "name": "d" })).await;
    let change = |n: u64| -> Value {
        let id = |kind: u8| format!("0193f0a0-0000-7000-8000-{kind:02x}{n:010x}");
        json!({
            "n": n, "hlc": "0193f0a000000000", "base": 0, "act": id(1), "item": id(2),
            "kind": "tag", "set": { "name": format!("tag {n}") }
        })
    };
    let changes: Vec<Value> = (1..=400).map(change).collect();
    let body = json!({ "device": device.at("/id"), "changes": changes });
    let before = left(&world.get(&world.ada, "/v1/me").await, "grant").unwrap();
    let pushed = world.post(&world.ada, &format!("{BASE}/changes"), &body).await;
    assert_eq!(pushed.status, StatusCode::OK, "{}", pushed.text);
    let after = left(&world.get(&world.ada, "/v1/me").await, "grant").unwrap();
    assert!((78..=83).contains(&(before - after)), "{}", before - after);
}
