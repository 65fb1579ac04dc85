//! Bundles of linkding's interface: smart collections, made, shown, put in order and asked by.

use super::ding;
use crate::world::{Told, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const COLLECTIONS: &str = "/v1/libraries/{library}/collections";

async fn got(world: &World, path: &str) -> Told {
    ding(world, &world.ada, Method::GET, path, Value::Null).await
}

/// Makes a bundle for Ada and gives its number.
async fn made(world: &World, body: Value) -> u64 {
    let told = ding(world, &world.ada, Method::POST, "/bundles/", body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    told.json["id"].as_u64().unwrap()
}

async fn names(world: &World) -> Vec<String> {
    let told = got(world, "/bundles/").await;
    let rows = told.json["results"].as_array().unwrap_or_else(|| panic!("{}", told.text)).clone();
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row["order"], json!(at), "{}", told.text);
    }
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_bundle_has_every_key_an_app_reads_and_is_a_smart_collection() {
    let world = World::new().await;
    world.post(&world.ada, "/v1/libraries/{library}/tags", &json!({"name": "to read"})).await;
    let body = json!({"name": "Rust", "search": "rust \"a book\" -x", "any_tags": "to-read db",
        "all_tags": "one", "excluded_tags": "no never", "filter_unread": "yes",
        "filter_shared": "no", "order": 7});
    let number = made(&world, body).await;
    let told = got(&world, &format!("/bundles/{number}/")).await;
    let mut row = told.json.clone();
    for date in ["date_created", "date_modified"] {
        assert!(row[date].take().as_str().unwrap().ends_with('Z'), "{}", told.text);
    }
    assert_eq!(
        row,
        json!({"id": number, "name": "Rust", "search": "rust \"a book\" -x",
            "any_tags": "to-read db", "all_tags": "one", "excluded_tags": "no never",
            "filter_unread": "yes", "filter_shared": "off", "order": 0, "date_created": null,
            "date_modified": null})
    );
    let ours = world.get(&world.ada, COLLECTIONS).await;
    assert_eq!(
        ours.at("/items/0/query"),
        "rust \"a book\" \"-x\" tag:\"to read|db\" tag:\"one\" -tag:\"no\" -tag:\"never\" is:unread"
    );
    let body = json!({"filter_unread": "off", "any_tags": "db"});
    let path = format!("/bundles/{number}/");
    let told = ding(&world, &world.ada, Method::PATCH, &path, body).await;
    assert_eq!((told.at("/any_tags"), told.at("/all_tags")), ("db".to_owned(), "one".to_owned()));
    let told = ding(&world, &world.ada, Method::PUT, &path, json!({"name": "Rs"})).await;
    assert_eq!((told.at("/name"), told.at("/any_tags")), ("Rs".to_owned(), "db".to_owned()));
}

#[tokio::test]
async fn a_list_holds_what_its_bundle_asks_for() {
    let world = World::new().await;
    let all = [
        json!({"url": "https://a.example", "title": "Rust book", "tag_names": ["rust", "book"]}),
        json!({"url": "https://b.example", "title": "Rust", "tag_names": ["rust"], "unread": true}),
        json!({"url": "https://c.example", "title": "Zebra", "tag_names": ["animal"]}),
    ];
    for (at, mut body) in all.into_iter().enumerate() {
        body["date_added"] = json!(format!("2024-05-0{}T00:00:00Z", at + 1));
        ding(&world, &world.ada, Method::POST, "/bookmarks/", body).await;
    }
    for (body, query, found) in [
        (json!({"name": "all"}), "", vec!["c", "b", "a"]),
        (json!({"name": "words", "search": "RUS"}), "", vec!["b", "a"]),
        (json!({"name": "no signs", "search": "rust or zebra"}), "", vec![]),
        (json!({"name": "any", "any_tags": "book animal"}), "", vec!["c", "a"]),
        (json!({"name": "all tags", "all_tags": "book rust"}), "", vec!["a"]),
        (json!({"name": "without", "excluded_tags": "book"}), "&q=rust", vec!["b"]),
        (json!({"name": "read", "filter_unread": "no"}), "&sort=title_asc", vec!["a", "c"]),
        (json!({"name": "unread", "filter_unread": "yes", "search": "zebra"}), "", vec![]),
    ] {
        let number = made(&world, body.clone()).await;
        let told = got(&world, &format!("/bookmarks/?bundle={number}{query}")).await;
        let rows = told.json["results"].as_array().unwrap_or_else(|| panic!("{}", told.text));
        let urls: Vec<&str> = rows.iter().map(|row| row["url"].as_str().unwrap()).collect();
        let found: Vec<String> =
            found.iter().map(|name| format!("https://{name}.example")).collect();
        assert_eq!(urls, found, "{body} {query}");
        assert_eq!(told.json["count"], json!(found.len()), "{body} {query}");
    }
    let unknown = got(&world, "/bookmarks/?bundle=999").await;
    assert_eq!(unknown.json["count"], 3, "one that is not there narrows nothing");
}

#[tokio::test]
async fn bundles_stand_in_an_order_that_apps_change_and_close_up_behind_what_goes() {
    let world = World::new().await;
    let ada = &world.ada;
    world.post(ada, COLLECTIONS, &json!({"name": "A plain folder"})).await;
    let one = made(&world, json!({"name": "one"})).await;
    made(&world, json!({"name": "two", "search": "x"})).await;
    let three = made(&world, json!({"name": "three", "order": 0})).await;
    assert_eq!(names(&world).await, ["three", "one", "two"]);
    let path = format!("/bundles/{three}/");
    ding(&world, ada, Method::PATCH, &path, json!({"order": 2})).await;
    assert_eq!(names(&world).await, ["one", "two", "three"]);
    ding(&world, ada, Method::PATCH, &path, json!({"order": 1})).await;
    assert_eq!(names(&world).await, ["one", "three", "two"]);
    let gone = ding(&world, ada, Method::DELETE, &format!("/bundles/{one}/"), Value::Null).await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(names(&world).await, ["three", "two"]);
    let again = got(&world, &format!("/bundles/{one}/")).await;
    assert_eq!(
        (again.status, again.at("/detail")),
        (StatusCode::NOT_FOUND, "No BookmarkBundle matches the given query.".to_owned())
    );
}

#[tokio::test]
async fn what_a_bundle_cannot_say_is_none_and_what_stands_in_one_is_not_removed() {
    let world = World::new().await;
    let ada = &world.ada;
    let beyond = json!({"name": "Beyond", "query": "site:a.example after:2024"});
    world.post(ada, COLLECTIONS, &beyond).await;
    let full = json!({"name": "Full", "query": "rust"});
    let full = world.post(ada, COLLECTIONS, &full).await;
    let body = json!({"url": "https://a.example", "places": [{"collection": full.at("/item/id")}]});
    world.post(ada, "/v1/libraries/{library}/bookmarks", &body).await;
    assert_eq!(names(&world).await, ["Full"]);
    let path = format!("/bundles/{}/", full.json["item"]["number"]);
    let told = ding(&world, ada, Method::DELETE, &path, Value::Null).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    assert_eq!(got(&world, "/bookmarks/").await.json["count"], 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_bundle_is_said_at_its_field() {
    let world = World::new().await;
    for (body, field, why) in [
        (json!({}), "name", "This field is required."),
        (json!({"name": " "}), "name", "This field may not be blank."),
        (json!({"name": null}), "name", "This field may not be null."),
        (
            json!({"name": "x".repeat(257)}),
            "name",
            "Ensure this field has no more than 256 characters.",
        ),
        (
            json!({"name": "n", "filter_unread": "perhaps"}),
            "filter_unread",
            "\"perhaps\" is not a valid choice.",
        ),
        (json!({"name": "n", "order": "first"}), "order", "A valid integer is required."),
    ] {
        let told = ding(&world, &world.ada, Method::POST, "/bundles/", body).await;
        assert_eq!(
            (told.status, told.at(&format!("/{field}/0")).as_str()),
            (StatusCode::BAD_REQUEST, why),
            "{}",
            told.text
        );
    }
    assert!(names(&world).await.is_empty());
}
