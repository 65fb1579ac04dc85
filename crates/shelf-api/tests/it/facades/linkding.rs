//! linkding's interface: shapes, lists, edits and tags, as its apps were seen to ask.

use super::ding;
use crate::world::{Someone, Told, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const NONE: Value = Value::Null;

async fn got(world: &World, path: &str) -> Told {
    ding(world, &world.ada, Method::GET, path, NONE).await
}

/// Saves an address for Ada and gives its number.
async fn saved(world: &World, body: Value) -> u64 {
    let told = ding(world, &world.ada, Method::POST, "/bookmarks/", body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    told.json["id"].as_u64().unwrap()
}

fn urls(told: &Told) -> Vec<&str> {
    let rows = told.json["results"].as_array().unwrap_or_else(|| panic!("{}", told.text));
    rows.iter().map(|row| row["url"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_bookmark_has_every_key_an_app_reads_and_a_small_number() {
    let world = World::new().await;
    let body = json!({"url": "https://a.example/x", "title": "A", "description": "d", "notes": "n",
        "tag_names": ["b", "A c"], "unread": true, "date_added": "2024-05-01T12:30:00Z",
        "shared": true, "favicon_url": "left unread"});
    let number = saved(&world, body).await;
    let told = got(&world, &format!("/bookmarks/{number}/")).await;
    let mut row = told.json.clone();
    let modified = row["date_modified"].take();
    assert!(modified.as_str().unwrap().ends_with('Z'), "{modified}");
    assert_eq!(
        row,
        json!({"id": 1, "url": "https://a.example/x", "title": "A", "description": "d",
            "notes": "n", "favicon_url": null, "preview_image_url": null, "is_archived": false,
            "web_archive_snapshot_url":
                "https://web.archive.org/web/20240501123000/https://a.example/x",
            "unread": true, "shared": false, "tag_names": ["A-c", "b"],
            "date_added": "2024-05-01T12:30:00Z", "date_modified": null, "website_title": null,
            "website_description": null})
    );
}

#[tokio::test]
async fn every_address_answers_with_and_without_its_last_slash() {
    let world = World::new().await;
    saved(&world, json!({"url": "https://a.example"})).await;
    for path in ["/bookmarks", "/bookmarks/1", "/bookmarks/check", "/tags", "/user/profile", ""] {
        let [with, without] = [format!("{path}/"), path.to_owned()];
        let (with, without) = (got(&world, &with).await, got(&world, &without).await);
        assert_eq!(with.status, StatusCode::OK, "{path}: {}", with.text);
        assert_eq!(with.json["count"], without.json["count"], "{path}");
        assert_eq!(without.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn lists_are_cut_and_lead_on_by_whole_addresses() {
    let world = World::new().await;
    for number in 0..5 {
        saved(
            &world,
            json!({"url": format!("https://{number}.example"), "is_archived": number == 0}),
        )
        .await;
    }
    let first = got(&world, "/bookmarks/?limit=2&q=").await;
    assert_eq!(first.json["count"], 4, "what is archived is elsewhere");
    assert_eq!(urls(&first), ["https://4.example", "https://3.example"]);
    assert_eq!(first.json["previous"], NONE);
    let next = first.at("/next");
    assert_eq!(next, "http://localhost:4747/linkding/api/bookmarks/?limit=2&offset=2&q=");
    let next = next.split_once("/linkding/api").unwrap().1.to_owned();
    let second = got(&world, &next).await;
    assert_eq!(urls(&second), ["https://2.example", "https://1.example"]);
    assert_eq!(second.json["next"], NONE);
    assert_eq!(second.at("/previous"), "http://localhost:4747/linkding/api/bookmarks/?limit=2&q=");
    assert!(urls(&got(&world, "/bookmarks/?offset=50").await).is_empty());
    assert_eq!(urls(&got(&world, "/bookmarks/?limit=0&offset=x").await).len(), 4);
    assert_eq!(urls(&got(&world, "/bookmarks/archived/").await), ["https://0.example"]);
    let shared = got(&world, "/bookmarks/shared/").await;
    assert_eq!((shared.status, &shared.json["count"]), (StatusCode::OK, &json!(0)));
}

#[tokio::test]
async fn what_is_searched_filtered_and_sorted_is_found() {
    let world = World::new().await;
    let all = [
        json!({"url": "https://a.example", "title": "Rust book", "tag_names": ["rust", "book"]}),
        json!({"url": "https://b.example", "title": "another", "notes": "on RUST", "unread": true}),
        json!({"url": "https://c.example", "title": "Zebra", "tag_names": ["rust"]}),
    ];
    for (at, mut body) in all.into_iter().enumerate() {
        body["date_added"] = json!(format!("2024-05-0{}T00:00:00Z", at + 1));
        saved(&world, body).await;
    }
    for (query, found) in [
        ("q=rust", vec!["b", "a"]),
        ("q=%23rust", vec!["c", "a"]),
        ("q=%23rust+book", vec!["a"]),
        ("q=%21untagged", vec!["b"]),
        ("q=zebra+or+another", vec!["c", "b"]),
        ("q=not+rust", vec!["c"]),
        ("q=(rust", vec![]),
        ("unread=yes", vec!["b"]),
        ("unread=no&sort=added_asc", vec!["a", "c"]),
        ("unread=off&sort=title_asc", vec!["b", "a", "c"]),
        ("sort=title_desc&limit=1", vec!["c"]),
        ("sort=modified_asc", vec!["a", "b", "c"]),
        ("shared=yes", vec![]),
        ("shared=no&sort=nonsense", vec!["c", "b", "a"]),
        ("added_since=2024-05-02T00:00:00Z", vec!["c"]),
        ("added_since=soon&bundle=7", vec!["c", "b", "a"]),
        ("modified_since=2099-01-01", vec![]),
    ] {
        let told = got(&world, &format!("/bookmarks/?{query}")).await;
        let found: Vec<String> =
            found.iter().map(|name| format!("https://{name}.example")).collect();
        assert_eq!(urls(&told), found, "{query}");
    }
    let one = got(&world, "/bookmarks/?sort=title_desc&limit=1").await;
    assert_eq!(one.json["count"], 3);
    let wrong = got(&world, "/bookmarks/?bundle=x").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "not a fault");
}

#[tokio::test]
async fn what_changed_since_is_what_was_edited_since() {
    let world = World::new().await;
    let first = saved(&world, json!({"url": "https://a.example"})).await;
    saved(&world, json!({"url": "https://b.example"})).await;
    let since = got(&world, "/bookmarks/2/").await.at("/date_modified");
    let path = format!("/bookmarks/?modified_since={}", since.replace(':', "%3A"));
    assert!(urls(&got(&world, &path).await).is_empty());
    world.rest(60);
    let one = format!("/bookmarks/{first}/");
    ding(&world, &world.ada, Method::PATCH, &one, json!({"title": "A"})).await;
    assert_eq!(urls(&got(&world, &path).await), ["https://a.example"]);
}

#[tokio::test]
async fn an_edit_keeps_what_it_does_not_name() {
    let world = World::new().await;
    let ada = &world.ada;
    let body = json!({"url": "https://a.example", "title": "A", "notes": "n", "tag_names": ["t"]});
    saved(&world, body).await;
    let put = ding(&world, ada, Method::PUT, "/bookmarks/1/", json!({"title": "B"})).await;
    assert_eq!(
        (put.status, &put.json),
        (StatusCode::BAD_REQUEST, &json!({"url": ["This field is required."]}))
    );
    let body = json!({"url": "https://a.example", "title": "B"});
    let put = ding(&world, ada, Method::PUT, "/bookmarks/1/", body).await;
    assert_eq!(
        (put.status, put.at("/title"), put.at("/notes")),
        (StatusCode::OK, "B".to_owned(), "n".to_owned())
    );
    let body = json!({"tag_names": [], "notes": "", "unread": true, "is_archived": true});
    let patch = ding(&world, ada, Method::PATCH, "/bookmarks/1/", body).await;
    assert_eq!(patch.json["tag_names"], json!([]));
    assert_eq!((patch.at("/notes"), &patch.json["unread"]), (String::new(), &json!(true)));
    assert_eq!(patch.json["is_archived"], true);
    let nothing = ding(&world, ada, Method::PATCH, "/bookmarks/1/", json!({})).await;
    assert_eq!((nothing.status, nothing.at("/title")), (StatusCode::OK, "B".to_owned()));

    saved(&world, json!({"url": "https://other.example"})).await;
    let taken = json!({"url": "https://other.example"});
    let taken = ding(&world, ada, Method::PATCH, "/bookmarks/1/", taken).await;
    assert_eq!(taken.json, json!({"url": ["A bookmark with this URL already exists."]}));
}

#[tokio::test]
async fn putting_away_and_removing_say_nothing_but_that_it_is_done() {
    let world = World::new().await;
    let ada = &world.ada;
    saved(&world, json!({"url": "https://a.example"})).await;
    for (path, archived) in [("archive", true), ("archive", true), ("unarchive", false)] {
        let told = ding(&world, ada, Method::POST, &format!("/bookmarks/1/{path}/"), NONE).await;
        assert_eq!((told.status, told.text.as_str()), (StatusCode::NO_CONTENT, ""), "{path}");
        assert_eq!(got(&world, "/bookmarks/1/").await.json["is_archived"], archived);
    }
    let removed = ding(&world, ada, Method::DELETE, "/bookmarks/1/", NONE).await;
    assert_eq!((removed.status, removed.text.as_str()), (StatusCode::NO_CONTENT, ""));
    let again = ding(&world, ada, Method::DELETE, "/bookmarks/1/", NONE).await;
    assert_eq!(
        (again.status, again.at("/detail")),
        (StatusCode::NOT_FOUND, "No Bookmark matches the given query.".to_owned())
    );
    let trash = world.get(ada, "/v1/libraries/{library}/trash").await;
    assert_eq!(trash.at("/items/0/url"), "https://a.example", "it waits in the trash");
    let back = saved(&world, json!({"url": "https://a.example"})).await;
    assert_eq!(back, 1, "a number is not given to anything else");
}

#[tokio::test]
async fn tags_have_numbers_and_a_tag_with_a_space_survives_an_edit() {
    let world = World::new().await;
    let ada: &Someone = &world.ada;
    let body = json!({"url": "https://a.example", "tags": ["to read", "Rust"]});
    world.post(ada, "/v1/libraries/{library}/bookmarks", &body).await;
    let body = json!({"tag_names": ["to-read", "RUST", "new one"]});
    let told = ding(&world, ada, Method::PATCH, "/bookmarks/1/", body).await;
    assert_eq!(told.json["tag_names"], json!(["new-one", "Rust", "to-read"]));
    let ours = world.get(ada, "/v1/libraries/{library}/tags").await;
    let names: Vec<&str> = ours.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["new-one", "Rust", "to read"], "no second tag was made of one of ours");

    let made = ding(&world, ada, Method::POST, "/tags/", json!({"name": " rust "})).await;
    assert_eq!((made.status, made.at("/name")), (StatusCode::CREATED, "Rust".to_owned()));
    let tag = format!("/tags/{}/", made.json["id"]);
    assert_eq!(got(&world, &tag).await.at("/name"), "Rust");
    assert_eq!(got(&world, "/tags/?q=READ&limit=5").await.json["count"], 1);
    for (body, why) in [
        (json!({}), "This field is required."),
        (json!({"name": " "}), "This field may not be blank."),
        (json!({"name": "x".repeat(65)}), "Ensure this field has no more than 64 characters."),
    ] {
        let told = ding(&world, ada, Method::POST, "/tags/", body).await;
        assert_eq!((told.status, told.at("/name/0").as_str()), (StatusCode::BAD_REQUEST, why));
    }
    assert_eq!(ding(&world, ada, Method::DELETE, &tag, NONE).await.status, StatusCode::NO_CONTENT);
    assert_eq!(got(&world, &tag).await.at("/detail"), "No Tag matches the given query.");
    let left = got(&world, "/bookmarks/1/").await;
    assert_eq!(left.json["tag_names"], json!(["new-one", "to-read"]));
    let put = ding(&world, ada, Method::PUT, "/tags/1/", json!({"name": "x"})).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_is_not_kept_here_is_said_and_not_pretended() {
    let world = World::new().await;
    let ada = &world.ada;
    saved(&world, json!({"url": "https://a.example"})).await;
    let profile = got(&world, "/user/profile/").await;
    assert_eq!(profile.json["search_preferences"], json!({}));
    assert_eq!(profile.json["enable_sharing"], false);
    let check = got(&world, "/bookmarks/check/?url=https://b.example").await;
    assert_eq!(
        check.json,
        json!({"bookmark": null, "auto_tags": [], "metadata": {
        "url": "https://b.example", "title": null, "description": null, "preview_image": null}})
    );
    assert_eq!(got(&world, "/bookmarks/1/assets/").await.json["count"], 0);
    for (method, path, status, why) in [
        (Method::GET, "/bundles/1/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/9/assets/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/1/assets/1/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/1/assets/1/download/", StatusCode::NOT_FOUND, "/detail"),
        (Method::POST, "/bookmarks/1/assets/upload/", StatusCode::BAD_REQUEST, "/error"),
        (Method::POST, "/bookmarks/singlefile/", StatusCode::BAD_REQUEST, "/error"),
        (Method::GET, "/nothing/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/x/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/99999999999/", StatusCode::NOT_FOUND, "/detail"),
        (Method::GET, "/bookmarks/0/", StatusCode::NOT_FOUND, "/detail"),
    ] {
        let told = ding(&world, ada, method, path, NONE).await;
        assert_eq!(told.status, status, "{path}: {}", told.text);
        assert!(!told.at(why).is_empty());
    }
}
