//! Finding over HTTP.

use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::json;

const BASE: &str = "/v1/libraries/{library}";

async fn library() -> World {
    let world = World::new().await;
    for (url, title, tag) in [
        ("https://a.example/borrow", "The borrow checker <explained>", "rust"),
        ("https://b.example/lists", "Linked lists in Rust", "rust"),
        ("https://c.example/bread", "Baking bread at home", "kitchen"),
    ] {
        let ask = json!({"url": url, "title": title, "tags": [tag], "unread": true});
        world.post(&world.ada, &format!("{BASE}/bookmarks"), &ask).await;
    }
    world.follow(&world.ada).await;
    world
}

#[tokio::test]
async fn a_search_answers_hits_with_marks_facets_and_a_reason() {
    let world = library().await;
    let told = world.get(&world.ada, &format!("{BASE}/search?q=borrow&mode=words")).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(told.json["total"], 1);
    assert_eq!(told.at("/hits/0/url"), "https://a.example/borrow");
    let marked = told.at("/hits/0/title_html");
    assert_eq!(marked, "The <mark>borrow</mark> checker &lt;explained&gt;");
    assert!(told.at("/hits/0/why").contains("borrow"));
    assert!(told.json["took_us"].is_u64());
    assert_eq!(told.at("/facets/tags/0/value"), "rust");
}

#[tokio::test]
async fn words_of_a_comment_are_found_until_it_is_gone_for_good() {
    let world = library().await;
    let bread = world.get(&world.ada, &format!("{BASE}/search?q=bread&mode=words")).await;
    let comments = format!("{BASE}/bookmarks/{}/comments", bread.at("/hits/0/id"));
    let said = world.post(&world.ada, &comments, &json!({"body": "Sourdough, really."})).await;
    let found = async || {
        world.follow(&world.ada).await;
        let told = world.get(&world.ada, &format!("{BASE}/search?q=sourdough&mode=words")).await;
        told.json["total"].clone()
    };
    assert_eq!(found().await, 1, "{}", said.text);
    // Both before anybody follows: the note is blank by then.
    let comment = format!("{BASE}/comments/{}", said.at("/item/id"));
    for gone in [comment, format!("{BASE}/trash")] {
        let told = world.ask(&world.ada, Method::DELETE, &gone, "").await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    }
    assert_eq!(found().await, 0);
}

#[tokio::test]
async fn one_of_several_tags_is_found_and_none_of_them() {
    let world = library().await;
    for (query, total) in [
        ("tag:rust%7Ckitchen", 3),
        ("tag:kitchen%7Cnone", 1),
        ("tag:none%7Cneither", 0),
        ("-tag:rust%7Cnone", 1),
        ("tag:rust%7Ckitchen+lists", 1),
    ] {
        let path = format!("{BASE}/search?q={query}&mode=words");
        let told = world.get(&world.ada, &path).await;
        assert_eq!(told.json["total"], total, "{query}: {}", told.text);
    }
}

#[tokio::test]
async fn who_restricts_what_is_theirs_finds_by_words_alone() {
    let world = library().await;
    let found = async |query: &str, mode: &str| {
        let whole = format!("{BASE}/search?q={query}&mode={mode}");
        let all = format!("/v1/search?q={query}&mode={mode}");
        let (one, all) = (world.get(&world.ada, &whole).await, world.get(&world.ada, &all).await);
        assert_eq!(one.json["total"], all.json["total"], "{} {}", one.text, all.text);
        one.json["total"].as_u64().unwrap()
    };
    assert!(found("sourdough+loaf+oven", "meaning").await > 0, "no word of it is written anywhere");
    let ask = json!({ "restricted": true }).to_string();
    let path = "/v1/privacy/restriction";
    assert_eq!(world.ask(&world.ada, Method::PUT, path, &ask).await.status, StatusCode::OK);
    for mode in ["meaning", "hybrid"] {
        assert_eq!(found("sourdough+loaf+oven", mode).await, 0, "{mode}");
        assert_eq!(found("bread", mode).await, 1, "{mode}");
    }
}

#[tokio::test]
async fn pages_of_hits_lead_on_and_bad_questions_are_refused() {
    let world = library().await;
    let first = world.get(&world.ada, &format!("{BASE}/search?q=tag:rust&limit=1")).await;
    assert_eq!(first.json["total"], 2, "{}", first.text);
    let next = first.at("/next_cursor");
    let path = format!("{BASE}/search?q=tag:rust&limit=1&cursor={next}");
    let second = world.get(&world.ada, &path).await;
    assert_ne!(first.at("/hits/0/id"), second.at("/hits/0/id"));
    assert!(second.json.get("next_cursor").is_none(), "{}", second.text);
    for bad in ["limit=0", "limit=201", "mode=magic", "cursor=x", "query=rust"] {
        let told = world.get(&world.ada, &format!("{BASE}/search?q=a&{bad}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_search_over_all_libraries_shows_ones_own_alone() {
    let world = library().await;
    let mine = world.get(&world.ada, "/v1/search?q=bread").await;
    assert_eq!(mine.at("/hits/0/library"), world.ada.library.to_string());
    let theirs = world.get(&world.eve, "/v1/search?q=bread").await;
    assert_eq!(theirs.json["hits"], json!([]), "{}", theirs.text);
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_named_by_its_parameter() {
    let world = World::new().await;
    for (path, place) in [
        ("/v1/search?q=a&at_least=1", "?at_least"),
        ("/v1/libraries/{library}/search?at_least=18446744073709551615", "?at_least"),
        ("/v1/libraries/{library}/search?cursor=none", "?cursor"),
        ("/v1/libraries/{library}/changes?cursor=none", "?cursor"),
        ("/v1/libraries/{library}/changes?limit=0", "?limit"),
        ("/v1/libraries/{library}/bookmarks?collection=none", "?collection"),
    ] {
        let told = world.get(&world.ada, path).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(told.at("/errors/0/pointer"), place, "{path}");
    }
}
