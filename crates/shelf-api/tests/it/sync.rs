//! The log over HTTP: pull, push, and two replicas that meet.

use crate::world::World;
use axum::http::StatusCode;
use serde_json::{Value, json};

const CHANGES: &str = "/v1/libraries/{library}/changes";

fn change(n: u64, item: &str, set: Value) -> Value {
    let act = format!("0193f0a0-0000-7000-8000-{n:012}");
    let hlc = format!("{:016x}", (1_780_000_000_000_u64 + n) << 16);
    json!({"n": n, "hlc": hlc, "base": 0, "act": act, "item": item, "kind": "bookmark", "set": set})
}

#[tokio::test]
async fn a_push_is_pulled_by_cursor_and_pushed_again_has_the_same_answer() {
    let world = World::new().await;
    let device = world.post(&world.ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let item = "0193f0a0-0000-7000-8000-0000000000aa";
    let push = json!({"device": device, "changes": [
        change(1, item, json!({"url": "https://a.example"})),
        change(2, item, json!({"nonsense": "x"})),
        change(3, item, json!({"title": "A"})),
    ]});
    let first = world.post(&world.ada, CHANGES, &push).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let statuses: Vec<String> =
        (0..3).map(|at| first.at(&format!("/answers/{at}/status"))).collect();
    assert_eq!(statuses, ["applied", "refused", "applied"]);
    let again = world.post(&world.ada, CHANGES, &push).await;
    assert_eq!(again.json["answers"], first.json["answers"]);
    let pulled = world.get(&world.ada, &format!("{CHANGES}?limit=1")).await;
    assert_eq!(pulled.json["has_more"], true);
    let rest = world.get(&world.ada, &format!("{CHANGES}?cursor={}", pulled.at("/next_cursor")));
    let rest = rest.await;
    assert_eq!(rest.json["changes"][0]["set"]["title"], "A");
    assert_eq!(rest.json["has_more"], false);
    let foreign = world.get(&world.eve, &format!("{CHANGES}?cursor={}", pulled.at("/next_cursor")));
    assert!(foreign.await.status.is_client_error(), "a cursor belongs to its library");
}

#[tokio::test]
async fn a_device_of_another_person_and_a_skipped_counter_are_refused() {
    let world = World::new().await;
    let device = world.post(&world.ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let item = "0193f0a0-0000-7000-8000-0000000000aa";
    let push = json!({"device": device, "changes": [
        change(5, item, json!({"url": "https://a.example"})),
    ]});
    let told = world.post(&world.ada, CHANGES, &push).await;
    assert_eq!((told.status, told.code()), (StatusCode::CONFLICT, "gap"));
    let told = world.post(&world.eve, CHANGES, &push).await;
    assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "forbidden"));
}
