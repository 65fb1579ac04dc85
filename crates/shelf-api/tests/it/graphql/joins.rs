//! Joins: what the rows of a list ask for is asked once for all of them.

use crate::graphql::{ask, data, library};
use crate::world::World;
use serde_json::{Value, json};

const BASE: &str = "/v1/libraries/{library}";

/// A world with a hundred bookmarks, each with three tags and in two collections.
async fn full() -> World {
    let world = World::new().await;
    let mut collections = Vec::new();
    for number in 0..5 {
        let ask = json!({ "name": format!("folder {number}") });
        let made = world.post(&world.ada, &format!("{BASE}/collections"), &ask).await;
        collections.push(made.at("/item/id"));
    }
    for number in 0..100 {
        let of = |shift: usize| json!({ "collection": collections[(number + shift) % 5] });
        let tags: Vec<String> =
            (0..3).map(|shift| format!("tag {}", (number + shift) % 7)).collect();
        let ask = json!({
            "url": format!("https://{number}.example"), "tags": tags, "places": [of(0), of(1)],
            "title": format!("kite {number}"),
        });
        world.post(&world.ada, &format!("{BASE}/bookmarks"), &ask).await.at("/item/id");
    }
    world
}

#[tokio::test]
async fn a_hundred_bookmarks_with_tags_and_collections_are_four_asks() {
    let world = full().await;
    let query = "query Q($id: ID!) { library(id: $id) { bookmarks(first: 100) { nodes { \
        title tags { name colour bookmarks } \
        places { collection { name parent { name } children { name } } } } } } }";
    let told = ask(&world, &world.ada, query, json!({ "id": library(&world.ada) })).await;
    let nodes = data(&told)["library"]["bookmarks"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 100);
    for node in nodes {
        assert_eq!(node["tags"].as_array().unwrap().len(), 3, "{node}");
        assert!(node["tags"][0]["bookmarks"].as_u64().unwrap() > 10, "{node}");
        assert!(node["places"][1]["collection"]["name"].is_string(), "{node}");
    }
    // Itself, the library, the list, all tags, all collections.
    assert_eq!(told.json["extensions"]["cost"], 5);
}

#[tokio::test]
async fn the_bookmarks_of_a_page_of_hits_are_one_ask() {
    let world = full().await;
    world.follow(&world.ada).await;
    let query = "{ search(query: \"kite\", first: 50) { totalCount nodes { title bookmark { url } \
        library { name } } } }";
    let told = ask(&world, &world.ada, query, Value::Null).await;
    let nodes = data(&told)["search"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 50);
    assert!(nodes.iter().all(|node| node["bookmark"]["url"].is_string()), "{}", told.text);
    // Itself, the search (6), the bookmarks, the library.
    assert_eq!(told.json["extensions"]["cost"], 9);
}

#[tokio::test]
async fn the_nodes_of_a_library_are_one_ask() {
    let world = full().await;
    let page = world.get(&world.ada, &format!("{BASE}/bookmarks?limit=100")).await;
    let library = world.ada.library.to_string();
    let ids: Vec<String> = page.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| crate::graphql::id("bookmark", &[&library, item["id"].as_str().unwrap()]))
        .collect();
    let query = "query Q($ids: [ID!]!) { nodes(ids: $ids) { id ... on Bookmark { title } } }";
    let told = ask(&world, &world.ada, query, json!({ "ids": ids })).await;
    let nodes = data(&told)["nodes"].as_array().unwrap();
    assert!(nodes.iter().zip(&ids).all(|(node, id)| node["id"] == **id), "in their order");
    assert_eq!(told.json["extensions"]["cost"], 2);
    let more = ids.iter().chain(&ids[..1]).collect::<Vec<_>>();
    let told = ask(&world, &world.ada, query, json!({ "ids": more })).await;
    assert_eq!(told.json["errors"][0]["extensions"]["at"], "ids", "{}", told.text);
}

#[tokio::test]
async fn what_is_written_is_seen_by_what_comes_after_it_in_one_request() {
    let world = World::new().await;
    let query = "mutation M($id: ID!) { \
        a: createTag(input: {library: $id, name: \"one\"}) { tag { name } } \
        b: purgeTrash(library: $id) { library { counts { tags } } } \
        c: createTag(input: {library: $id, name: \"two\"}) { tag { name } } \
        d: purgeTrash(library: $id) { library { counts { tags } } } }";
    let told = ask(&world, &world.ada, query, json!({ "id": library(&world.ada) })).await;
    assert_eq!(data(&told)["b"]["library"]["counts"]["tags"], 1, "{}", told.text);
    assert_eq!(data(&told)["d"]["library"]["counts"]["tags"], 2, "{}", told.text);
}
