//! What replicas need besides the log, over HTTP; and deletions that wait.

use crate::world::{Told, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shelf_domain::sums::range_of;
use shelf_sync::Cursor;

const BASE: &str = "/v1/libraries/{library}";

async fn paired(world: &World) -> String {
    world.post(&world.ada, "/v1/devices", &json!({"name": "phone"})).await.at("/id")
}

/// A change of a device to `item`.
fn change(n: u64, item: &str, set: Value) -> Value {
    let act = format!("0193f0a0-0000-7000-8000-{n:012}");
    let hlc = format!("{:016x}", (1_780_000_000_000_u64 + n) << 16);
    json!({"n": n, "hlc": hlc, "base": 9_000, "act": act, "item": item, "kind": "bookmark",
        "set": set})
}

async fn push(world: &World, device: &str, changes: Vec<Value>) -> Told {
    let body = json!({"device": device, "changes": changes});
    world.post(&world.ada, &format!("{BASE}/changes"), &body).await
}

fn item(n: u64) -> String {
    format!("0193f0a0-0000-7000-8000-{:012x}", 0xaaa_0000 + n)
}

#[tokio::test]
async fn a_device_learns_where_it_stands_and_how_far_it_has_come() {
    let world = World::new().await;
    let device = paired(&world).await;
    let url = json!({"url": "https://a.example"});
    push(&world, &device, vec![change(1, &item(1), url)]).await;
    let told = world.get(&world.ada, &format!("{BASE}/sync?device={device}")).await;
    assert_eq!(told.json["protocol"], "mindshelf.sync.v1");
    assert_eq!(told.json["device"], json!({"id": device, "n": 1}));
    assert_eq!((&told.json["head"]["seq"], &told.json["held"]), (&json!(1), &json!(0)));
    let pulled = world.get(&world.ada, &format!("{BASE}/changes")).await;
    assert_eq!(told.json["cursor"], pulled.json["next_cursor"]);
    let theirs = world.get(&world.eve, &format!("{BASE}/sync?device={device}")).await;
    assert_eq!((theirs.status, theirs.code()), (StatusCode::FORBIDDEN, "forbidden"));
    assert_eq!(theirs.at("/errors/0/pointer"), "?device");
}

#[tokio::test]
async fn a_removed_device_is_told_so_and_nothing_of_its_queue_waits() {
    let world = World::new().await;
    let device = paired(&world).await;
    world.ask(&world.ada, Method::DELETE, &format!("/v1/devices/{device}"), "").await;
    let url = json!({"url": "https://a.example"});
    let told = push(&world, &device, vec![change(1, &item(1), url)]).await;
    assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "forbidden"));
    assert_eq!(told.at("/errors/0/pointer"), "#/device");
}

#[tokio::test]
async fn a_device_is_renamed_by_whose_it_is() {
    let world = World::new().await;
    let device = paired(&world).await;
    let path = format!("/v1/devices/{device}");
    let told = world.patch(&world.ada, &path, &json!({"name": "old phone"})).await;
    assert_eq!(told.json["name"], "old phone", "{}", told.text);
    let listed = world.get(&world.ada, "/v1/devices").await;
    assert_eq!(listed.at("/items/0/name"), "old phone");
    let theirs = world.patch(&world.eve, &path, &json!({"name": "mine"})).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let none = world.patch(&world.ada, &path, &json!({"name": ""})).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_expired_cursor_says_that_a_replica_starts_again_and_why() {
    let world = World::new().await;
    let before = world.get(&world.ada, &format!("{BASE}/changes")).await;
    let epoch = before.json["head"]["epoch"].as_u64().unwrap();
    let other = Cursor { epoch: u32::try_from(epoch + 1).unwrap(), seq: 0 };
    let cursor = other.text(world.ada.library);
    let told = world.get(&world.ada, &format!("{BASE}/changes?cursor={cursor}")).await;
    assert_eq!((told.status, told.code()), (StatusCode::GONE, "cursor_expired"), "{}", told.text);
    let wanted = json!({"why": "epoch", "epoch": epoch, "seq": 0, "floor": 0});
    assert_eq!(told.json["reset"], wanted);
    assert_eq!(told.at("/errors/0/pointer"), "?cursor");
}

#[tokio::test]
async fn sums_name_the_ranges_and_repair_tells_their_items() {
    let world = World::new().await;
    let saved = world.saved(&world.ada, "https://sum.example").await;
    let told = world.get(&world.ada, &format!("{BASE}/checksum")).await;
    let ranges = told.json["ranges"].as_array().unwrap();
    assert_eq!(ranges.len(), 256);
    let range = range_of(saved.parse().unwrap());
    assert_ne!(ranges[usize::from(range)], "0000000000000000");
    let repaired = world.get(&world.ada, &format!("{BASE}/sync/repair?ranges={range}")).await;
    let items = repaired.json["items"].as_array().unwrap();
    let own = items.iter().find(|one| one["item"] == saved.as_str()).unwrap();
    assert_eq!(own["puts"][0]["set"]["url"], "https://sum.example");
    assert_eq!(repaired.json["seq"], told.json["seq"]);
    for bad in ["", "256", "1,x", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"] {
        let told = world.get(&world.ada, &format!("{BASE}/sync/repair?ranges={bad}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(told.at("/errors/0/pointer"), "?ranges");
    }
}

#[tokio::test]
async fn a_snapshot_is_resumed_where_it_was_cut_off() {
    let world = World::new().await;
    for at in 0..20 {
        world.saved(&world.ada, &format!("https://snapshot.example/{at}")).await;
    }
    let whole = world.get(&world.ada, &format!("{BASE}/snapshot")).await;
    assert_eq!((whole.status, whole.header("content-type")), (StatusCode::OK, "application/gzip"));
    let bytes: u64 = whole.header("content-length").parse().unwrap();
    let ask = async |range: &str, tag: &str| {
        let mut asked = world.ada.request(Method::GET, &format!("{BASE}/snapshot"), "");
        asked.headers_mut().insert("range", range.parse().unwrap());
        asked.headers_mut().insert("if-range", tag.parse().unwrap());
        world.send(asked).await
    };
    let rest = ask("bytes=10-", whole.header("etag")).await;
    assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(rest.header("content-range"), format!("bytes 10-{}/{bytes}", bytes - 1));
    assert_eq!(rest.header("content-length"), (bytes - 10).to_string());
    let other = ask("bytes=10-", "\"another\"").await;
    assert_eq!(
        (other.status, other.header("content-length")),
        (StatusCode::OK, &*bytes.to_string())
    );
    let beyond = ask(&format!("bytes={bytes}-"), whole.header("etag")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{bytes}"));
}

#[tokio::test]
async fn deletions_that_wait_are_listed_confirmed_and_refused() {
    let world = World::new().await;
    let device = paired(&world).await;
    let url = |n: u64| json!({"url": format!("https://held.example/{n}")});
    push(&world, &device, (1..=120).map(|n| change(n, &item(n), url(n))).collect()).await;
    let trashed = json!({"trashed_at": 1_790_000_000_000_i64});
    let gone = |n: u64| change(120 + n, &item(n), trashed.clone());
    let told = push(&world, &device, (1..=60).map(gone).collect()).await;
    assert_eq!(told.at("/answers/0/status"), "held", "{}", told.text);
    assert_eq!(told.json["head"]["seq"], 120);
    let held = world.get(&world.ada, &format!("{BASE}/held")).await;
    assert_eq!(
        (held.at("/items/0/name"), &held.json["items"][0]["count"]),
        ("phone".into(), &json!(60))
    );
    let path = format!("{BASE}/held/{device}");
    let listed = world.get(&world.ada, &format!("{path}?limit=2")).await;
    assert_eq!(listed.at("/items/0/title"), "https://held.example/1");
    assert_eq!(listed.json["next"], 122);
    let theirs = world.post(&world.eve, &format!("{path}/confirm"), &json!({"through": 999})).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let told = world.post(&world.ada, &format!("{path}/confirm"), &json!({"through": 122})).await;
    assert_eq!(told.json["answers"].as_array().unwrap().len(), 2, "{}", told.text);
    assert_eq!(told.at("/answers/0/status"), "applied");
    let told = world.post(&world.ada, &format!("{path}/refuse"), &json!({"through": 999})).await;
    assert_eq!(told.json, json!({"dropped": 58}));
    let none = world.get(&world.ada, &path).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&world.ada, &format!("{BASE}/sync")).await.json["held"], 0);
}

#[tokio::test]
async fn a_part_is_told_from_its_beginning_and_then_by_cursor() {
    let world = World::new().await;
    let folder =
        world.post(&world.ada, &format!("{BASE}/collections"), &json!({"name": "F"})).await;
    let folder = folder.at("/item/id");
    let within = json!({"url": "https://in.example", "places": [{"collection": folder}]});
    world.post(&world.ada, &format!("{BASE}/bookmarks"), &within).await;
    world.saved(&world.ada, "https://out.example").await;
    let path = format!("{BASE}/sync/part?folders={folder}&thin=true");
    let told = world.get(&world.ada, &path).await;
    assert!(told.text.contains("https://in.example"), "{}", told.text);
    assert!(!told.text.contains("https://out.example"));
    let cursor = told.at("/next_cursor");
    let later = world.saved(&world.ada, "https://later.example").await;
    let told = world.get(&world.ada, &format!("{path}&cursor={cursor}")).await;
    assert_eq!(told.json["leave"], json!([later]), "{}", told.text);
    assert_eq!(told.json["again"], false);
    let since = format!("{BASE}/sync/part?since=2020-01-01T00:00:00Z");
    assert!(world.get(&world.ada, &since).await.text.contains("https://out.example"));
    let bad = world.get(&world.ada, &format!("{BASE}/sync/part?folders=x")).await;
    assert_eq!(
        (bad.status, bad.at("/errors/0/pointer")),
        (StatusCode::BAD_REQUEST, "?folders".into())
    );
}
