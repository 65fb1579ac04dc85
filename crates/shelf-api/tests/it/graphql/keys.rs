//! Mutations that are sent twice: whatever they change is changed once.

use crate::graphql::{ask, code, data, library};
use crate::world::{Told, World};
use axum::http::Method;
use serde_json::{Value, json};

const SAVE: &str = "mutation M($input: SaveBookmarkInput!, $key: String) { \
    saveBookmark(input: $input, idempotencyKey: $key) { act status bookmark { id title } } }";

async fn save(world: &World, key: &str, title: &str) -> Told {
    let input =
        json!({ "library": library(&world.ada), "url": "https://a.example", "title": title });
    ask(world, &world.ada, SAVE, json!({ "input": input, "key": key })).await
}

#[tokio::test]
async fn a_save_under_one_key_is_done_once_and_answered_alike() {
    let world = World::new().await;
    let (first, again) = (save(&world, "k", "A").await, save(&world, "k", "A").await);
    assert_eq!(data(&first), data(&again));
    assert_eq!(data(&first)["saveBookmark"]["status"], "applied");
    assert_eq!(code(&save(&world, "k", "B").await), "key_reused");
    let acts = world.get(&world.ada, "/v1/libraries/{library}/history").await;
    assert_eq!(acts.json["items"].as_array().unwrap().len(), 1, "{}", acts.text);
}

#[tokio::test]
async fn a_key_is_the_same_by_rest() {
    let world = World::new().await;
    let made = "mutation { pairDevice(name: \"phone\", idempotencyKey: \"k\") { name } }";
    data(&ask(&world, &world.ada, made, Value::Null).await);
    let mut asked = world.ada.request(Method::POST, "/v1/devices", r#"{"name":"phone"}"#);
    asked.headers_mut().insert("idempotency-key", "k".parse().unwrap());
    let told = world.send(asked).await;
    assert_eq!(told.header("idempotency-replayed"), "true", "{}", told.text);
    let devices = world.get(&world.ada, "/v1/devices").await;
    assert_eq!(devices.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_key_of_a_request_is_that_of_each_of_its_fields() {
    let world = World::new().await;
    let query = "mutation { a: pairDevice(name: \"a\") { id } b: pairDevice(name: \"b\") { id } }";
    let body = json!({ "query": query }).to_string();
    let send = async || {
        let mut asked = world.ada.request(Method::POST, "/graphql", &body);
        asked.headers_mut().insert("idempotency-key", "\"whole\"".parse().unwrap());
        world.send(asked).await
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(data(&first), data(&again));
    let devices = world.get(&world.ada, "/v1/devices").await;
    assert_eq!(devices.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_shown_once_is_shown_once() {
    let world = World::new().await;
    let query =
        "mutation { createToken(input: {name: \"n\"}, idempotencyKey: \"once\") { token } }";
    let first = ask(&world, &world.ada, query, Value::Null).await;
    let token = data(&first)["createToken"]["token"].as_str().unwrap().to_owned();
    let again = ask(&world, &world.ada, query, Value::Null).await;
    assert_eq!(code(&again), "shown_once", "{}", again.text);
    assert!(!again.text.contains(&token));
    for key in ["", &"k".repeat(256), "ä"] {
        assert_eq!(code(&save(&world, key, "A").await), "invalid", "{key}");
    }
}

#[tokio::test]
async fn an_edit_of_what_has_changed_since_is_refused() {
    let world = World::new().await;
    let saved = save(&world, "k", "A").await;
    let id = &data(&saved)["saveBookmark"]["bookmark"]["id"];
    let query = "mutation M($input: EditBookmarkInput!) { editBookmark(input: $input) \
        { bookmark { title version } } }";
    let edit = async |input: Value| ask(&world, &world.ada, query, json!({ "input": input })).await;
    let version = "query Q($id: ID!) { node(id: $id) { ... on Bookmark { version } } }";
    let version = ask(&world, &world.ada, version, json!({ "id": id })).await;
    let version = &data(&version)["node"]["version"];
    let with = |title: &str| json!({ "id": id, "title": title, "ifVersion": version });
    let edited = edit(with("B")).await;
    assert_eq!(data(&edited)["editBookmark"]["bookmark"]["title"], "B");
    assert_eq!(code(&edit(with("C")).await), "stale");
    let emptied = edit(json!({ "id": id, "title": null })).await;
    assert_eq!(data(&emptied)["editBookmark"]["bookmark"]["title"], "");
}

#[tokio::test]
async fn what_was_written_is_read_at_the_position_that_was_answered() {
    let world = World::new().await;
    let query = "mutation M($input: SaveBookmarkInput!) { saveBookmark(input: $input) { head } }";
    let input = json!({ "library": library(&world.ada), "url": "https://a.example" });
    let saved = ask(&world, &world.ada, query, json!({ "input": input })).await;
    let head = data(&saved)["saveBookmark"]["head"].as_u64().unwrap();
    let query = "query Q($id: ID!, $at: Int) { library(id: $id, atLeast: $at) \
        { bookmarks { nodes { url } } head { seq } } }";
    let read = async |at: u64| {
        let asked = json!({ "id": library(&world.ada), "at": at });
        ask(&world, &world.ada, query, asked).await
    };
    let told = read(head).await;
    assert_eq!(data(&told)["library"]["bookmarks"]["nodes"][0]["url"], "https://a.example");
    let seq = data(&told)["library"]["head"]["seq"].as_u64().unwrap();
    assert!(seq >= head);
    assert_eq!(code(&read(seq + 1).await), "not_yet");
}
