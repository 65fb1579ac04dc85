//! Files that come in and go out.

use crate::world::{FILE_BYTES_MAX, World};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tower::ServiceExt;

const BASE: &str = "/v1/libraries/{library}";
const FILE: &str = concat!(
    "{\"url\": \"https://a.example\", \"title\": \"A\", \"tags\": [\"x\"], ",
    "\"collections\": [\"one/two\"]}\n",
    "{\"url\": \"https://a.example/\", \"title\": \"Again\"}\n",
    "{\"url\": \"nowhere\"}\n",
);

#[tokio::test]
async fn every_row_of_a_file_is_stored_merged_or_refused_with_a_reason() {
    let world = World::new().await;
    let job = world.imported(&world.ada, "file_name=mine.jsonl", FILE).await;
    let counts = ["parsed", "stored", "merged", "refused"].map(|name| job.json[name].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(1), Some(1)], "{}", job.text);
    assert_eq!((job.at("/state"), job.at("/file_name")), ("done".into(), "mine.jsonl".into()));
    let rows = format!("{BASE}/imports/{}/rows", job.at("/id"));
    let first = world.get(&world.ada, &format!("{rows}?limit=1")).await;
    assert_eq!(first.at("/items/0/outcome"), "merged");
    let next = format!("{rows}?limit=1&cursor={}", first.at("/next_cursor"));
    let second = world.get(&world.ada, &next).await;
    assert_eq!(second.at("/items/0/outcome"), "refused");
    assert!(second.json.get("next_cursor").is_none());
    let refused = world.get(&world.ada, &format!("{rows}?outcome=refused")).await;
    assert_eq!(refused.json["items"], second.json["items"]);
    assert_eq!(world.kept_files(), 0);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_an_undone_import_is_gone() {
    let world = World::new().await;
    let dry = world.imported(&world.ada, "dry_run=true", FILE).await;
    assert_eq!((dry.json["dry_run"].as_bool(), dry.json["stored"].as_u64()), (Some(true), Some(1)));
    let count = async || {
        let told = world.get(&world.ada, &format!("{BASE}/bookmarks")).await;
        told.json["items"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 0);
    let job = world.imported(&world.ada, "private=true", FILE).await;
    assert_eq!(count().await, 1);
    let undo = format!("{BASE}/imports/{}/undo", job.at("/id"));
    let undone = world.ask(&world.ada, Method::POST, &undo, "").await;
    assert_eq!(undone.at("/state"), "undone", "{}", undone.text);
    assert_eq!(count().await, 0);
    let listed = world.get(&world.ada, &format!("{BASE}/imports")).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_no_bookmark_file_is_refused_and_not_kept() {
    let world = World::new().await;
    let imports = format!("{BASE}/imports");
    let send = |body: &str| world.ask(&world.ada, Method::POST, &imports, body);
    let told = send("\u{7f}ELF nonsense").await;
    let expected = (StatusCode::UNPROCESSABLE_ENTITY, "unknown_format");
    assert_eq!((told.status, told.code()), expected, "{}", told.text);
    assert_eq!(send("").await.status, StatusCode::BAD_REQUEST);
    let told = send(&"x".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1)).await;
    assert_eq!((told.status, told.code()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    assert_eq!(world.kept_files(), 0);
}

#[tokio::test]
async fn an_export_imported_elsewhere_is_the_same_library() {
    let world = World::new().await;
    world.imported(&world.ada, "", FILE).await;
    let export = world.get(&world.ada, &format!("{BASE}/exports/jsonl")).await;
    assert_eq!(export.status, StatusCode::OK);
    assert!(export.header("content-disposition").contains("bookmarks.jsonl"));
    world.imported(&world.eve, "", &export.text).await;
    // JSON Lines names collections by id, and those are other ones in another library.
    for (format, kind) in [("html", "text/html"), ("csv", "text/csv")] {
        let mine = world.get(&world.ada, &format!("{BASE}/exports/{format}")).await;
        let theirs = world.get(&world.eve, &format!("{BASE}/exports/{format}")).await;
        assert!(mine.header("content-type").starts_with(kind));
        assert!(mine.text.contains("https://a.example"), "{}", mine.text);
        assert_eq!(mine.text, theirs.text);
    }
    let told = world.get(&world.ada, &format!("{BASE}/exports/exe")).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_empty_library_is_exported_as_an_empty_one() {
    let world = World::new().await;
    for format in ["jsonl", "html", "csv"] {
        let told = world.get(&world.ada, &format!("{BASE}/exports/{format}")).await;
        assert_eq!(told.status, StatusCode::OK, "{format} {}", told.text);
    }
    assert_eq!(world.get(&world.ada, &format!("{BASE}/imports")).await.json["items"], json!([]));
}

#[tokio::test]
async fn one_person_has_two_exports_under_way_and_others_find_room() {
    let world = World::new().await;
    let row = |number: u32| format!("{{\"url\": \"https://a.example/{number}\"}}\n");
    let rows = (0..4_000).map(row).collect::<Vec<String>>().concat();
    let job = world.imported(&world.ada, "file_name=many.jsonl", &rows).await;
    assert_eq!(job.json["stored"], json!(4_000), "{}", job.text);
    let path = format!("{BASE}/exports/jsonl");
    let held = async || {
        let ask = world.ada.request(Method::GET, &path, "");
        let response = world.app.clone().oneshot(ask).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        // Nobody reads it.
        response
    };
    let (first, second) = (held().await, held().await);
    for more in [path.as_str(), "/v1/privacy/export"] {
        let third = world.get(&world.ada, more).await;
        assert_eq!((third.status, third.code()), (StatusCode::TOO_MANY_REQUESTS, "slow_down"));
    }
    assert_eq!(world.get(&world.eve, &path).await.status, StatusCode::OK);
    drop(first);
    let again = async {
        while world.get(&world.ada, &path).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), again).await.expect("there is room again");
    drop(second);
}
