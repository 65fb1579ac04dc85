//! Bookmarks: saving, joining, editing, versions, keys, pages.

use crate::world::World;
use axum::body::Body;
use axum::http::header::IF_MATCH;
use axum::http::{HeaderValue, Method, StatusCode};
use serde_json::json;

const LIST: &str = "/v1/libraries/{library}/bookmarks";

#[tokio::test]
async fn a_saved_bookmark_is_read_back_and_saved_again_it_joins() {
    let world = World::new().await;
    let ask = json!({"url": "https://Example.org/a/", "title": "A", "tags": ["x"],
        "created_at": "2020-02-03T04:05:06Z", "unread": true});
    let saved = world.post(&world.ada, LIST, &ask).await;
    assert_eq!((saved.status, saved.at("/status").as_str()), (StatusCode::CREATED, "applied"));
    let read = world.get(&world.ada, saved.header("location")).await;
    assert_eq!(read.json, saved.json["item"]);
    assert_eq!(read.json["created_at"], "2020-02-03T04:05:06Z");
    assert_eq!(read.header("etag"), saved.header("etag"));
    let ask = json!({"url": "https://example.org/a", "tags": ["y"], "notes": "again"});
    let again = world.post(&world.ada, LIST, &ask).await;
    assert_eq!((again.status, again.at("/status").as_str()), (StatusCode::OK, "joined"));
    assert_eq!(again.at("/item/id"), saved.at("/item/id"));
    assert_eq!(again.at("/item/tags/1/name"), "y");
    assert_eq!(again.at("/item/url"), "https://Example.org/a/");
}

#[tokio::test]
async fn a_key_repeats_the_answer_and_not_the_effect() {
    let world = World::new().await;
    let send = |path: &str, key: &str, body: &str| {
        let mut request = world.ada.request(Method::POST, path, body);
        let key = HeaderValue::from_str(key).unwrap();
        request.headers_mut().insert("idempotency-key", key);
        world.send(request)
    };
    let folders = "/v1/libraries/{library}/collections";
    let first = send(folders, "\"k1\"", r#"{"name":"F"}"#).await;
    let second = send(folders, "k1", r#"{"name":"F"}"#).await;
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.at("/item/id"), second.at("/item/id"));
    assert_eq!(world.get(&world.ada, folders).await.json["items"].as_array().unwrap().len(), 1);
    let other = send(folders, "k1", r#"{"name":"G"}"#).await;
    assert_eq!((other.status, other.code()), (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"));
    let elsewhere = send(LIST, "k1", r#"{"url":"https://a.example"}"#).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "a key belongs to its route");
    assert_eq!(send(LIST, "\"", "{}").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names_and_null_empties() {
    let world = World::new().await;
    let ask = json!({"url": "https://a.example", "title": "A", "notes": "n", "tags": ["x", "y"]});
    let at = world.post(&world.ada, LIST, &ask).await.header("location").to_owned();
    let ask = json!({"notes": null, "favourite": true, "tags": ["y", "z"]});
    let told = world.patch(&world.ada, &at, &ask).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let item = &told.json["item"];
    assert_eq!((&item["title"], &item["notes"]), (&json!("A"), &json!("")));
    assert_eq!(item["favourite"], true);
    let tags: Vec<_> = item["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    assert_eq!(tags, ["y", "z"]);
    for wrong in [json!({"id": "x"}), json!({"tenant_id": "x"}), json!({"url": null}), json!([])] {
        let told = world.patch(&world.ada, &at, &wrong).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{wrong} {}", told.text);
    }
    assert_eq!(world.get(&world.ada, &at).await.at("/url"), "https://a.example");
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused_and_one_of_the_present_is_not() {
    let world = World::new().await;
    let saved = world.post(&world.ada, LIST, &json!({"url": "https://a.example"})).await;
    let (at, tag) = (saved.header("location").to_owned(), saved.header("etag").to_owned());
    let edit = |tag: &str, title: &str| {
        let body = json!({ "title": title }).to_string();
        let mut request = world.ada.request(Method::PATCH, &at, &body);
        request.headers_mut().insert(IF_MATCH, HeaderValue::from_str(tag).unwrap());
        world.send(request)
    };
    let weak = edit(&format!("W/{tag}"), "one").await;
    assert_eq!(weak.status, StatusCode::PRECONDITION_FAILED, "If-Match compares strongly");
    assert_eq!(edit("1-2", "one").await.status, StatusCode::BAD_REQUEST, "a tag has quotes");
    let edited = edit(&tag, "one").await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    let stale = edit(&tag, "two").await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "stale"));
    assert_eq!(edit("\"what\"", "two").await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(edit("*", "three").await.at("/item/title"), "three");
    let now = world.get(&world.ada, &at).await.header("etag").to_owned();
    let mut request = world.ada.request(Method::GET, &at, "");
    request.headers_mut().insert("if-none-match", HeaderValue::from_str(&now).unwrap());
    let told = world.send(request).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused_and_names_its_owner() {
    let world = World::new().await;
    let older = world.saved(&world.ada, "https://a.example").await;
    let younger = world.saved(&world.ada, "https://b.example").await;
    let ask = json!({"url": "https://a.example"});
    let told = world.patch(&world.ada, &format!("{LIST}/{younger}"), &ask).await;
    assert_eq!((told.status, told.code()), (StatusCode::CONFLICT, "already_saved"));
    assert!(told.text.contains(&older), "{}", told.text);
}

#[tokio::test]
async fn pages_lead_on_until_all_is_seen_once() {
    let world = World::new().await;
    for number in 0..7 {
        world.saved(&world.ada, &format!("https://a.example/{number}")).await;
    }
    let (mut path, mut seen) = (format!("{LIST}?limit=3"), Vec::new());
    loop {
        let told = world.get(&world.ada, &path).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        let rows = told.json["items"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["url"].as_str().unwrap().to_owned()));
        let link = told.header("link");
        assert_eq!(link.is_empty(), told.json.get("next_cursor").is_none());
        let Some((next, _)) = link.split_once(">; rel=\"next\"") else { break };
        next.trim_start_matches('<').clone_into(&mut path);
    }
    let latest_first: Vec<String> =
        (0..7).rev().map(|number| format!("https://a.example/{number}")).collect();
    assert_eq!(seen, latest_first);
}

#[tokio::test]
async fn lists_are_filtered_by_tag_name_or_id_and_by_flags() {
    let world = World::new().await;
    let ask = json!({"url": "https://a.example", "tags": ["deep sea"], "favourite": true});
    let tag = world.post(&world.ada, LIST, &ask).await.at("/item/tags/0/id");
    world.saved(&world.ada, "https://b.example").await;
    let count = async |query: &str| {
        let told = world.get(&world.ada, &format!("{LIST}?{query}")).await;
        told.json["items"].as_array().map(Vec::len)
    };
    assert_eq!(count("tag=Deep%20Sea").await, Some(1));
    assert_eq!(count(&format!("tag={tag}")).await, Some(1));
    assert_eq!(count("tag=nothing").await, Some(0));
    assert_eq!(count("favourite=false").await, Some(1));
    assert_eq!(count("unsorted=true&sort=oldest").await, Some(2));
    assert_eq!(count("sort=place").await, None);
}

#[tokio::test]
async fn many_are_edited_as_one_act_and_taken_back_as_one() {
    let world = World::new().await;
    let a = world.saved(&world.ada, "https://a.example").await;
    let b = world.saved(&world.ada, "https://b.example").await;
    let nowhere = "0193f0a0-0000-7000-8000-0000000000ff";
    let ask = json!({"ids": [a, b, nowhere], "add_tags": ["seen"], "archive": true});
    let told = world.post(&world.ada, &format!("{LIST}/bulk"), &ask).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(told.json["left"], json!([nowhere]));
    let read = world.get(&world.ada, &format!("{LIST}/{a}")).await;
    assert!(read.json["archived_at"].is_string());
    let undo = format!("/v1/libraries/{{library}}/acts/{}/undo", told.at("/act"));
    assert_eq!(world.ask(&world.ada, Method::POST, &undo, "").await.status, StatusCode::OK);
    let read = world.get(&world.ada, &format!("{LIST}/{a}")).await;
    assert_eq!((&read.json["archived_at"], &read.json["tags"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn a_request_may_be_cut_off_in_its_body() {
    let world = World::new().await;
    let parts = futures::stream::iter([
        Ok::<_, std::io::Error>("{\"url\": \"https"),
        Err(std::io::Error::other("gone")),
    ]);
    let mut request = world.ada.request(Method::POST, LIST, "{}");
    *request.body_mut() = Body::from_stream(parts);
    assert!(world.send(request).await.status.is_client_error());
}

#[tokio::test]
async fn several_are_read_at_once_in_the_order_they_are_asked_for() {
    let world = World::new().await;
    let base = LIST;
    let one = world.saved(&world.ada, "https://one.example").await;
    let two = world.saved(&world.ada, "https://two.example").await;
    let eves = world.saved(&world.eve, "https://eve.example").await;
    world.ask(&world.ada, Method::DELETE, &format!("{base}/{two}"), "").await;
    let told = world.get(&world.ada, &format!("{base}?ids={two},{eves},{one}")).await;
    let items = told.json["items"].as_array().unwrap();
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [two.as_str(), one.as_str()], "{}", told.text);
    let many = |count: usize| vec![one.as_str(); count].join(",");
    assert_eq!(world.get(&world.ada, &format!("{base}?ids={}", many(200))).await.status, 200);
    for bad in [String::new(), "x".to_owned(), format!("{one},"), many(201)] {
        let told = world.get(&world.ada, &format!("{base}?ids={bad}")).await;
        assert_eq!(told.at("/errors/0/pointer"), "?ids", "{bad}");
    }
}
