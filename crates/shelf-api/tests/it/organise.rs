//! Collections, places, tags, trash and history.

use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::json;

const BASE: &str = "/v1/libraries/{library}";

#[tokio::test]
async fn folders_are_made_moved_and_never_put_under_themselves() {
    let world = World::new().await;
    let folders = format!("{BASE}/collections");
    let make = async |name: &str, parent: Option<&str>| {
        let ask = json!({"name": name, "parent": parent});
        let told = world.post(&world.ada, &folders, &ask).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
        told.at("/item/id")
    };
    let a = make("a", None).await;
    let b = make("b", None).await;
    let c = make("c", Some(&a)).await;
    let names = async || {
        let told = world.get(&world.ada, &folders).await;
        let rows = told.json["items"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a", "c", "b"]);
    let moved = world.patch(&world.ada, &format!("{folders}/{b}"), &json!({"after": null})).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    assert_eq!(names().await, ["b", "a", "c"]);
    let ask = json!({"parent": c, "name": "A"});
    let cycle = world.patch(&world.ada, &format!("{folders}/{a}"), &ask).await;
    assert_eq!((cycle.status, cycle.code()), (StatusCode::CONFLICT, "cycle"));
    let ask = json!({"parent": null, "after": b, "description": "deep"});
    let told = world.patch(&world.ada, &format!("{folders}/{c}"), &ask).await;
    assert_eq!(told.json["item"]["description"], "deep", "{}", told.text);
    assert_eq!(names().await, ["b", "c", "a"]);
}

#[tokio::test]
async fn a_bookmark_stands_in_several_places_and_leaves_them_one_by_one() {
    let world = World::new().await;
    let folder = world.post(&world.ada, &format!("{BASE}/collections"), &json!({"name": "f"}));
    let folder = folder.await.at("/item/id");
    let id = world.saved(&world.ada, "https://a.example").await;
    let places = format!("{BASE}/bookmarks/{id}/places");
    for ask in [json!({"collection": folder, "title": "there"}), json!({})] {
        let told = world.post(&world.ada, &places, &ask).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    }
    let listed = world.get(&world.ada, &places).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2);
    let place = listed.at("/items/0/id");
    let told = world.patch(&world.ada, &format!("{BASE}/places/{place}"), &json!({"after": null}));
    assert_eq!(told.await.status, StatusCode::OK);
    let told = world.patch(&world.ada, &format!("{BASE}/places/{folder}"), &json!({"after": null}));
    assert_eq!(told.await.status, StatusCode::NOT_FOUND, "a folder is no place");
    let gone = world.ask(&world.ada, Method::DELETE, &format!("{BASE}/places/{place}"), "").await;
    assert_eq!(gone.status, StatusCode::OK);
    assert_eq!(world.get(&world.ada, &places).await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn renaming_a_tag_to_a_name_that_lives_merges_the_two() {
    let world = World::new().await;
    let tags = format!("{BASE}/tags");
    let a = world.post(&world.ada, &tags, &json!({"name": "Rust"})).await;
    let b = world.post(&world.ada, &tags, &json!({"name": "ferris"})).await;
    assert_eq!((a.status, b.status), (StatusCode::CREATED, StatusCode::CREATED));
    let again = world.post(&world.ada, &tags, &json!({"name": "RUST"})).await;
    assert_eq!((again.status, again.at("/item/id")), (StatusCode::OK, a.at("/item/id")));
    let at = format!("{tags}/{}", b.at("/item/id"));
    let told = world.patch(&world.ada, &at, &json!({"name": "rust"})).await;
    assert_eq!(told.at("/status"), "joined");
    assert_eq!(told.at("/item/id"), a.at("/item/id"));
    assert_eq!(world.get(&world.ada, &tags).await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_trash_gives_back_and_forgets_only_what_it_is_told_to() {
    let world = World::new().await;
    let a = world.saved(&world.ada, "https://a.example").await;
    let b = world.saved(&world.ada, "https://b.example").await;
    for id in [&a, &b] {
        let at = format!("{BASE}/bookmarks/{id}");
        assert_eq!(world.ask(&world.ada, Method::DELETE, &at, "").await.status, StatusCode::OK);
    }
    let trash = format!("{BASE}/trash");
    let page = world.get(&world.ada, &format!("{trash}?limit=1")).await;
    assert_eq!(page.at("/items/0/id"), b);
    let next = world.get(&world.ada, &format!("{trash}?cursor={}", page.at("/next_cursor"))).await;
    assert_eq!(next.at("/items/0/id"), a);
    let told = world.post(&world.ada, &format!("{trash}/restore"), &json!({"ids": [a]})).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let purge = |query: String| world.ask(&world.ada, Method::DELETE, &query, "");
    assert_eq!(purge(format!("{trash}?ids={a}")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(purge(format!("{trash}?ids=x")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(purge(trash.clone()).await.status, StatusCode::OK);
    assert_eq!(purge(trash.clone()).await.json["items"], json!([]));
    let at = format!("{BASE}/bookmarks/{b}");
    assert_eq!(world.get(&world.ada, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.get(&world.ada, &format!("{BASE}/bookmarks/{a}")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_older_version_and_an_older_library_are_put_back() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let at = format!("{BASE}/bookmarks/{id}");
    for title in ["one", "two"] {
        world.patch(&world.ada, &at, &json!({ "title": title })).await;
    }
    let history = world.get(&world.ada, &format!("{at}/history")).await;
    assert_eq!(history.at("/items/0/changes/0/from"), "one");
    assert_eq!(history.at("/items/0/device_name"), "tests");
    let seq = history.json["items"][1]["seq"].as_u64().unwrap();
    let told = world.post(&world.ada, &format!("{at}/restore"), &json!({ "seq": seq })).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(world.get(&world.ada, &at).await.at("/title"), "one");
    let acts = world.get(&world.ada, &format!("{BASE}/history?limit=2")).await;
    assert_eq!(acts.json["items"].as_array().unwrap().len(), 2);
    let when = acts.at("/items/1/at");
    let told = world.post(&world.ada, &format!("{BASE}/restore"), &json!({ "at": when })).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(world.get(&world.ada, &at).await.at("/title"), "two");
}

#[tokio::test]
async fn what_is_opened_is_remembered_only_while_it_is_wanted() {
    let world = World::new().await;
    let id = world.saved(&world.ada, "https://a.example").await;
    let open = format!("{BASE}/bookmarks/{id}/open");
    let opened = async || {
        let told = world.ask(&world.ada, Method::POST, &open, "").await;
        assert_eq!(told.at("/url"), "https://a.example");
        let told = world.get(&world.ada, &format!("{BASE}/activity")).await;
        told.json["items"].as_array().unwrap().len()
    };
    assert_eq!(opened().await, 1);
    let told = world.ask(&world.ada, Method::PUT, "/v1/activity", r#"{"on": false}"#).await;
    assert_eq!(told.json, json!({"on": false}));
    assert_eq!(opened().await, 1);
    let forget = world.ask(&world.ada, Method::DELETE, &format!("{BASE}/activity"), "").await;
    assert_eq!(forget.status, StatusCode::NO_CONTENT);
    assert_eq!(opened().await, 0);
    assert_eq!(world.get(&world.eve, "/v1/activity").await.json, json!({"on": true}));
}
