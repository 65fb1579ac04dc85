//! The log over HTTP: pull, push, and two replicas that meet.

use crate::world::World;
use axum::http::{Method, StatusCode};
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

#[tokio::test]
async fn a_folder_made_offline_in_one_that_is_gone_is_found_at_the_top() {
    let world = World::new().await;
    let (ada, base) = (&world.ada, "/v1/libraries/{library}");
    let device = world.post(ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let folders = format!("{base}/collections");
    let gone = world.post(ada, &folders, &json!({"name": "Gone"})).await.at("/item/id");
    let base_seq = world.get(ada, CHANGES).await.json["head"]["seq"].clone();
    let trashed = world.ask(ada, Method::DELETE, &format!("{folders}/{gone}"), "").await;
    assert_eq!(trashed.status, StatusCode::OK, "{}", trashed.text);
    let id = |at: u8| format!("0193f0a0-0000-7000-8000-0000000000{at:02x}");
    let of = |n: u64, at: u8, kind: &str, set: Value| {
        let mut change = change(n, &id(at), set);
        (change["kind"], change["base"]) = (json!(kind), base_seq.clone());
        change
    };
    let changes = json!([
        of(1, 0xa1, "collection", json!({"name": "Made offline", "parent": gone})),
        of(2, 0xa2, "bookmark", json!({"url": "https://a.example/in"})),
        of(3, 0xa3, "place", json!({"bookmark": id(0xa2), "parent": id(0xa1)})),
        of(4, 0xa4, "bookmark", json!({"url": "https://a.example/beside"})),
        of(5, 0xa5, "place", json!({"bookmark": id(0xa4), "parent": gone})),
    ]);
    let told = world.post(ada, CHANGES, &json!({"device": device, "changes": changes})).await;
    let answers = told.json["answers"].as_array().unwrap().clone();
    assert!(answers.iter().all(|one| one["status"] == "applied"), "{}", told.text);
    let is_found = async || {
        let listed = world.get(ada, &folders).await;
        assert_eq!(listed.at("/items/0/id"), id(0xa1), "{}", listed.text);
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        let alone = world.get(ada, &format!("{folders}/{}", id(0xa1))).await;
        for told in [&listed.json["items"][0], &alone.json] {
            assert_eq!(told["parent"], Value::Null, "{told}");
        }
        assert_eq!(listed.json["items"][0]["bookmarks"], 1);
        let unsorted = world.get(ada, &format!("{base}/bookmarks?unsorted=true")).await;
        assert_eq!(unsorted.at("/items/0/id"), id(0xa4), "{}", unsorted.text);
        assert_eq!(unsorted.json["items"].as_array().unwrap().len(), 1);
        let export = world.get(ada, &format!("{base}/exports/html")).await.text;
        for name in ["Made offline", "a.example/in", "a.example/beside"] {
            assert!(export.contains(name), "{name} is exported");
        }
    };
    is_found().await;
    let purged = world.ask(ada, Method::DELETE, &format!("{base}/trash?ids={gone}"), "").await;
    assert!(purged.status.is_success(), "{}", purged.text);
    is_found().await;
}
