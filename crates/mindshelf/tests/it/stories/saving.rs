//! Save, list, edit, trash, restore.

use crate::world::World;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_listed_edited_trashed_and_restored() {
    let world = World::new().await;
    let owner = world.owner().await;
    let first = owner.save("https://www.rust-lang.org/learn", "Learn Rust").await;
    // What was saved in one millisecond is listed in no order of time.
    world.clock.advance(1);
    owner.save("https://example.org/second", "Second").await;
    assert_eq!(
        owner.listed("bookmarks").await,
        ["https://example.org/second", "https://www.rust-lang.org/learn"]
    );
    let at = format!("bookmarks/{}", first["id"].as_str().unwrap());
    let patch = json!({ "title": "The Book", "tags": ["rust", "to read"], "favourite": true });
    let edited = owner.patch(&at, &patch, None).await.expect(200);
    assert_eq!(edited.text("/item/title"), "The Book");
    assert_eq!(edited.json["item"]["tags"].as_array().unwrap().len(), 2);

    owner.delete(&at).await.expect(200);
    assert_eq!(owner.listed("bookmarks").await, ["https://example.org/second"]);
    assert_eq!(owner.listed("trash").await, ["https://www.rust-lang.org/learn"]);
    owner.post("trash/restore", &json!({ "ids": [first["id"]] })).await.expect(200);
    assert_eq!(owner.listed("bookmarks").await.len(), 2);
    assert_eq!(owner.get(&at).await.expect(200).text("/title"), "The Book");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_saved_twice_joins_and_loses_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let first = json!({ "url": "https://example.org/a?utm_source=x", "notes": "first thought",
        "tags": ["one"] });
    owner.post("bookmarks", &first).await.expect(201);
    let second = json!({ "url": "https://EXAMPLE.org/a/", "title": "A", "notes": "second thought",
        "tags": ["two"] });
    let joined = owner.post("bookmarks", &second).await.expect(200);
    assert_eq!(joined.text("/status"), "joined");
    assert_eq!(joined.text("/item/title"), "A");
    let notes = joined.text("/item/notes");
    assert!(notes.contains("first thought") && notes.contains("second thought"), "{notes}");
    assert_eq!(joined.json["item"]["tags"].as_array().unwrap().len(), 2);
    assert_eq!(owner.listed("bookmarks").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_shelf_is_there_after_a_restart() {
    let mut world = World::new().await;
    let owner = world.owner().await;
    for number in 0..30 {
        owner.save(&format!("https://example.org/{number}"), "page").await;
    }
    let before = owner.get("bookmarks?limit=100").await.expect(200).json;
    drop(owner);
    world.restart().await;
    let owner = world.owner().await;
    assert_eq!(owner.get("bookmarks?limit=100").await.expect(200).json, before);
}
