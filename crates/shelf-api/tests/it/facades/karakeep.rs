//! Karakeep's interface, as floccus was seen to ask.

use super::keep;
use crate::world::{Told, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shelf_api::probes::AlwaysReady;
use shelf_identity::Plan;
use std::sync::Arc;

const NONE: Value = Value::Null;

async fn get(world: &World, path: &str) -> Told {
    keep(world, &world.ada, Method::GET, path, NONE).await
}

async fn list(world: &World, name: &str, parent: Value) -> String {
    let body = json!({"name": name, "icon": "\u{1f4d4}", "type": "manual", "parentId": parent});
    let told = keep(world, &world.ada, Method::POST, "/lists", body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    told.at("/id")
}

async fn bookmark(world: &World, url: &str) -> String {
    let body = json!({"type": "link", "url": url, "title": "A"});
    let told = keep(world, &world.ada, Method::POST, "/bookmarks", body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    assert_eq!(told.json["alreadyExists"], false);
    told.at("/id")
}

/// `PUT` or `DELETE` of a bookmark in a list, both with a content type and nothing in it.
async fn moved(world: &World, method: Method, list: &str, bookmark: &str) {
    let path = format!("/lists/{list}/bookmarks/{bookmark}");
    let told = keep(world, &world.ada, method, &path, NONE).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::NO_CONTENT, ""));
}

#[tokio::test]
async fn a_tree_of_folders_goes_up_and_comes_down() {
    let world = World::new().await;
    let root = list(&world, "Floccus", NONE).await;
    let child = list(&world, &"long ".repeat(30), json!(root)).await;
    let told = get(&world, "/lists").await;
    let lists = told.json["lists"].as_array().unwrap();
    assert_eq!(lists.len(), 2);
    let first = lists.iter().find(|list| list["id"] == json!(root)).unwrap();
    assert_eq!(
        *first,
        json!({"id": root, "name": "Floccus", "description": null, "icon": "\u{1f4d4}",
            "parentId": null, "type": "manual", "query": null, "public": false,
            "hasCollaborators": false, "userRole": "owner"})
    );
    let second = lists.iter().find(|list| list["id"] == json!(child)).unwrap();
    let name = second["name"].as_str().unwrap();
    assert_eq!((name.chars().count(), &second["parentId"]), (100, &json!(root)));

    // A move sends the name it was shown, which was cut.
    let body = json!({"name": name, "parentId": null});
    let told = keep(&world, &world.ada, Method::PATCH, &format!("/lists/{child}"), body).await;
    assert_eq!((told.status, &told.json["parentId"]), (StatusCode::OK, &NONE), "{}", told.text);
    let ours =
        world.get(&world.ada, &format!("/v1/libraries/{{library}}/collections/{child}")).await;
    assert!(ours.at("/name").len() > 100, "the name was not cut: {}", ours.text);

    let cycle = json!({"name": "Floccus", "parentId": root});
    let told = keep(&world, &world.ada, Method::PATCH, &format!("/lists/{root}"), cycle).await;
    assert_eq!((told.status, told.code()), (StatusCode::CONFLICT, "CYCLE"));
}

/// Units that are left of the day, as the answer says.
fn left_of_day(told: &Told) -> u64 {
    let day = told.header("ratelimit").split(", ").find(|one| one.contains("\"day\"")).unwrap();
    day.split(";r=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_thousand_folders_are_read_with_what_a_plan_gives_at_once() {
    let world = World::with(Arc::new(AlwaysReady), Plan::Personal).await;
    let folder = list(&world, "One", NONE).await;
    let before = left_of_day(&get(&world, "/lists").await);
    for _ in 0..100 {
        let told = get(&world, &format!("/lists/{folder}/bookmarks?limit=100")).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    }
    let spent = before - left_of_day(&get(&world, "/lists").await);
    assert!(spent >= 50, "it is counted: {spent}");
    assert!(spent * 20 <= 1_200, "a hundred folders cost {spent}");
}

#[tokio::test]
async fn one_address_in_two_lists_is_one_bookmark() {
    let world = World::new().await;
    let [one, two] = [list(&world, "One", NONE).await, list(&world, "Two", NONE).await];
    let id = bookmark(&world, "https://a.example").await;
    moved(&world, Method::PUT, &one, &id).await;
    moved(&world, Method::PUT, &two, &id).await;
    moved(&world, Method::PUT, &two, &id).await;
    let told = get(&world, &format!("/lists/{two}/bookmarks?includeContent=false")).await;
    assert_eq!(told.json["bookmarks"].as_array().unwrap().len(), 1);
    assert!(
        told.json.as_object().unwrap().contains_key("nextCursor"),
        "it is there at the end too"
    );
    assert_eq!(told.at("/bookmarks/0/content/url"), "https://a.example");
    assert_eq!(told.at("/bookmarks/0/content/type"), "link");
    let lists = get(&world, &format!("/bookmarks/{id}/lists")).await;
    assert_eq!(lists.json["lists"].as_array().unwrap().len(), 2);

    let body = json!({"type": "link", "url": "https://a.example/", "title": "B"});
    let again = keep(&world, &world.ada, Method::POST, "/bookmarks", body).await;
    assert_eq!((again.status, &again.json["alreadyExists"]), (StatusCode::OK, &json!(true)));
    assert_eq!((again.at("/id"), again.at("/title")), (id.clone(), "A".to_owned()));
    let patch = json!({"title": "B"});
    let told = keep(&world, &world.ada, Method::PATCH, &format!("/bookmarks/{id}"), patch).await;
    assert_eq!(told.at("/title"), "B");
    moved(&world, Method::DELETE, &two, &id).await;
    let lists = get(&world, &format!("/bookmarks/{id}/lists")).await;
    assert_eq!(lists.at("/lists/0/id"), one);
}

#[tokio::test]
async fn an_address_that_stands_twice_in_a_browser_is_one_bookmark_in_both_places() {
    let world = World::new().await;
    let [one, two] = [list(&world, "One", NONE).await, list(&world, "Two", NONE).await];
    let secure = bookmark(&world, "https://a.example/page").await;
    moved(&world, Method::PUT, &one, &secure).await;
    let plain = bookmark(&world, "http://old.a.example/page").await;
    moved(&world, Method::PUT, &two, &plain).await;
    // Somebody mends the second bookmark of their browser: its address is that of the first.
    let patch = json!({"url": "https://a.example/page", "title": "The page"});
    let path = format!("/bookmarks/{plain}");
    let told = keep(&world, &world.ada, Method::PATCH, &path, patch.clone()).await;
    assert_eq!((told.status, told.at("/id")), (StatusCode::OK, secure.clone()), "{}", told.text);
    assert_eq!(told.at("/title"), "The page");
    for list in [&one, &two] {
        let there = get(&world, &format!("/lists/{list}/bookmarks")).await;
        let rows = there.json["bookmarks"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(secure)), "{}", there.text);
    }
    let trash = world.get(&world.ada, "/v1/libraries/{library}/trash").await;
    assert_eq!(trash.at("/items/0/id"), plain, "what nobody else touched is not left behind");
    // One that stands in no list is nobody's twin: the address is taken, as everywhere.
    let loose = bookmark(&world, "https://b.example").await;
    let path = format!("/bookmarks/{loose}");
    let told = keep(&world, &world.ada, Method::PATCH, &path, patch).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
}

#[tokio::test]
async fn a_page_leads_to_the_next_and_the_last_says_so() {
    let world = World::new().await;
    let list = list(&world, "Many", NONE).await;
    for number in 0..3 {
        let id = bookmark(&world, &format!("https://{number}.example")).await;
        moved(&world, Method::PUT, &list, &id).await;
    }
    let first = get(&world, &format!("/lists/{list}/bookmarks?limit=2")).await;
    assert_eq!(first.json["bookmarks"].as_array().unwrap().len(), 2);
    let next = first.at("/nextCursor");
    let last = get(&world, &format!("/lists/{list}/bookmarks?limit=2&cursor={next}")).await;
    assert_eq!(last.json["bookmarks"].as_array().unwrap().len(), 1);
    assert_eq!(last.json["nextCursor"], NONE);
}

#[tokio::test]
async fn what_others_touched_outlives_a_sync_that_deletes_it() {
    let world = World::new().await;
    let own = bookmark(&world, "https://own.example").await;
    let other = bookmark(&world, "https://other.example").await;
    let of_person = world.limited(&world.ada, "bookmarks:read bookmarks:write").await;
    let path = format!("/v1/libraries/{{library}}/bookmarks/{other}");
    let told = world.patch(&of_person, &path, &json!({"notes": "mine"})).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let placed = bookmark(&world, "https://placed.example").await;
    let list = list(&world, "Kept", NONE).await;
    moved(&world, Method::PUT, &list, &placed).await;
    for id in [&own, &other, &placed] {
        let told =
            keep(&world, &world.ada, Method::DELETE, &format!("/bookmarks/{id}"), NONE).await;
        assert_eq!(told.status, StatusCode::NO_CONTENT, "{}", told.text);
    }
    let gone = get(&world, &format!("/bookmarks/{own}")).await;
    assert_eq!((gone.status, gone.code()), (StatusCode::NOT_FOUND, "NOT_FOUND"));
    for id in [&other, &placed] {
        assert_eq!(get(&world, &format!("/bookmarks/{id}")).await.status, StatusCode::OK);
    }
    let trash = world.get(&world.ada, "/v1/libraries/{library}/trash").await;
    assert_eq!(trash.at("/items/0/id"), own);
}

#[tokio::test]
async fn a_list_that_goes_leaves_what_stood_in_it() {
    let world = World::new().await;
    let root = list(&world, "Root", NONE).await;
    let child = list(&world, "Child", json!(root)).await;
    let id = bookmark(&world, "https://a.example").await;
    moved(&world, Method::PUT, &root, &id).await;
    let told = keep(&world, &world.ada, Method::DELETE, &format!("/lists/{root}"), NONE).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT, "{}", told.text);
    assert_eq!(get(&world, &format!("/bookmarks/{id}")).await.status, StatusCode::OK);
    let lists = get(&world, "/lists").await;
    assert_eq!((lists.at("/lists/0/id"), &lists.json["lists"][0]["parentId"]), (child, &NONE));
    let again = keep(&world, &world.ada, Method::DELETE, &format!("/lists/{root}"), NONE).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn small_tools_find_check_and_tag() {
    let world = World::new().await;
    let id = bookmark(&world, "https://kite.example").await;
    let tags = json!({"tags": [{"tagName": "wind"}, {"tagName": "sky"}]});
    let told = keep(&world, &world.ada, Method::POST, &format!("/bookmarks/{id}/tags"), tags).await;
    assert_eq!(told.json["attached"].as_array().unwrap().len(), 2, "{}", told.text);
    let off = json!({"tags": [{"tagName": "sky"}]});
    let path = format!("/bookmarks/{id}/tags");
    let told = keep(&world, &world.ada, Method::DELETE, &path, off).await;
    assert_eq!(told.json["detached"].as_array().unwrap().len(), 1, "{}", told.text);
    assert_eq!(get(&world, &format!("/bookmarks/{id}")).await.at("/tags/0/name"), "wind");
    let check = get(&world, "/bookmarks/check-url?url=https%3A%2F%2Fkite.example").await;
    assert_eq!(check.at("/bookmarkId"), id);
    let check = get(&world, "/bookmarks/check-url?url=https%3A%2F%2Fnone.example").await;
    assert_eq!(check.json, json!({"bookmarkId": null}));
    world.follow(&world.ada).await;
    let found = get(&world, "/bookmarks/search?q=kite&searchMode=fts").await;
    assert_eq!(found.at("/bookmarks/0/id"), id, "{}", found.text);
    assert_eq!(get(&world, "/users/me").await.at("/name"), "Person 1");
    let text = json!({"type": "text", "text": "a note"});
    let told = keep(&world, &world.ada, Method::POST, "/bookmarks", text).await;
    assert_eq!((told.status, told.code()), (StatusCode::BAD_REQUEST, "INVALID"));
}

#[tokio::test]
async fn a_bookmark_and_a_tag_have_every_key_a_client_requires() {
    let world = World::new().await;
    let id = bookmark(&world, "https://a.example").await;
    let body = json!({"tags": [{"tagName": "t"}]});
    keep(&world, &world.ada, Method::POST, &format!("/bookmarks/{id}/tags"), body).await;
    let told = get(&world, &format!("/bookmarks/{id}")).await;
    assert_eq!(told.json["userId"], get(&world, "/users/me").await.json["id"]);
    let row = told.json.as_object().unwrap();
    for name in ["modifiedAt", "embeddingStatus", "archived", "favourited", "assets", "content"] {
        assert!(row.contains_key(name), "{name}: {}", told.text);
    }
    let tags = get(&world, "/tags").await;
    assert_eq!(tags.json["tags"][0]["numBookmarksByAttachedType"], json!({"human": 1}));
}
