//! Files in linkding's interface: brought, listed, downloaded, removed, and pages of `SingleFile`.

use super::{ding, request};
use crate::world::{Someone, Told, World};
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use futures::stream;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const NONE: Value = Value::Null;
const MARK: &str = "----a-form";

/// One part of a form: its name, the name of a file, a media type, and what it says.
type Part<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);

/// Sends a form as an app does.
async fn form(world: &World, who: &Someone, path: &str, parts: &[Part<'_>]) -> Told {
    let mut body = String::new();
    for (name, file, kind, said) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{MARK}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n");
        write!(body, "{head}Content-Type: {kind}\r\n\r\n{said}\r\n").unwrap();
    }
    write!(body, "--{MARK}--\r\n").unwrap();
    let mut asked = request(who, Method::POST, &format!("/linkding/api{path}"), "");
    let kind = format!("multipart/form-data; boundary={MARK}");
    asked.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
    *asked.body_mut() = Body::from(body);
    world.send(asked).await
}

async fn got(world: &World, path: &str) -> Told {
    ding(world, &world.ada, Method::GET, path, NONE).await
}

#[tokio::test]
async fn a_file_is_uploaded_listed_downloaded_and_removed() {
    let world = World::new().await;
    let ada = &world.ada;
    world.saved(ada, "https://a.example").await;
    let part = ("file", Some("../notes.txt"), "text/plain", "hello");
    let made = form(&world, ada, "/bookmarks/1/assets/upload/", &[part]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let number = made.json["id"].as_u64().unwrap();
    assert!(number > 0 && number < 1 << 31, "{number}");
    let mut row = made.json.clone();
    assert!(row["date_created"].take().as_str().unwrap().ends_with('Z'));
    assert_eq!(
        row,
        json!({"id": number, "bookmark": 1, "date_created": null, "file_size": 5,
            "asset_type": "upload", "content_type": "text/plain", "display_name": "notes.txt",
            "status": "complete"})
    );
    let listed = got(&world, "/bookmarks/1/assets/").await;
    assert_eq!((&listed.json["count"], &listed.json["results"][0]), (&json!(1), &made.json));
    let one = format!("/bookmarks/1/assets/{number}");
    assert_eq!(got(&world, &one).await.json, made.json, "with and without its last slash");
    let told = got(&world, &format!("{one}/download/")).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::OK, "hello"));
    assert!(told.header("content-disposition").contains("filename=\"notes.txt\""));
    assert!(told.header("content-security-policy").starts_with("sandbox"));
    let gone = ding(&world, ada, Method::DELETE, &format!("{one}/"), NONE).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    for path in [one.clone(), format!("{one}/download/")] {
        assert_eq!(got(&world, &path).await.status, StatusCode::NOT_FOUND);
    }
    let gone = ding(&world, ada, Method::DELETE, &format!("{one}/"), NONE).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_of_single_file_saves_its_address_and_stands_with_it() {
    let world = World::new().await;
    let ada = &world.ada;
    let page = ("file", Some("page.html"), "application/x-nothing", "<h1>A</h1>");
    let url = ("url", None, "text/plain", "https://a.example/x");
    for parts in [[url, page], [page, url]] {
        let told = form(&world, ada, "/bookmarks/singlefile/", &parts).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
        assert_eq!(told.json, json!({"message": "Snapshot uploaded successfully."}));
    }
    let listed = got(&world, "/bookmarks/").await;
    assert_eq!(listed.json["count"], 1, "the address is saved once");
    assert_eq!(listed.json["results"][0]["url"], "https://a.example/x");
    let number = &listed.json["results"][0]["id"];
    let assets = got(&world, &format!("/bookmarks/{number}/assets/")).await;
    let kinds = ["asset_type", "content_type"].map(|name| &assets.json["results"][0][name]);
    assert_eq!(kinds, [&json!("snapshot"), &json!("text/html")]);
    let name = assets.at("/results/0/display_name");
    assert!(name.starts_with("HTML snapshot from 20") && name.contains(".html"), "{name}");
    assert_eq!(assets.json["count"], 1, "the same page of the same day stands once");
}

#[tokio::test]
async fn what_is_no_file_is_said_in_the_shape_apps_read() {
    let world = World::new().await;
    let ada = &world.ada;
    world.saved(ada, "https://a.example").await;
    let upload = "/bookmarks/1/assets/upload/";
    let url = ("url", None, "text/plain", "https://b.example");
    for (path, parts) in [
        (upload, vec![]),
        (upload, vec![("other", Some("a"), "a/b", "x")]),
        (upload, vec![("file", Some("a"), "a/b", "")]),
        ("/bookmarks/singlefile/", vec![url]),
        ("/bookmarks/singlefile/", vec![("file", Some("a"), "a/b", "x")]),
    ] {
        let told = form(&world, ada, path, &parts).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{path}: {}", told.text);
        assert!(!told.at("/error").is_empty(), "{path}");
    }
    let wrong = [("url", None, "text/plain", "no address"), ("file", Some("a"), "a/b", "x")];
    let told = form(&world, ada, "/bookmarks/singlefile/", &wrong).await;
    assert_eq!((told.status, told.json["url"].is_array()), (StatusCode::BAD_REQUEST, true));
    let mut broken = request(ada, Method::POST, &format!("/linkding/api{upload}"), "--x\r\n\r\n");
    let kind = "multipart/form-data; boundary=x".parse().unwrap();
    broken.headers_mut().insert(CONTENT_TYPE, kind);
    assert_eq!(world.send(broken).await.status, StatusCode::BAD_REQUEST);
    let listed = got(&world, "/bookmarks/").await;
    assert_eq!(listed.json["count"], 1, "nothing was saved for it");
}

#[tokio::test]
async fn files_of_others_are_as_absent_as_what_never_was() {
    let world = World::new().await;
    world.saved(&world.ada, "https://a.example").await;
    let part = ("file", Some("a.txt"), "text/plain", "hers");
    let made = form(&world, &world.ada, "/bookmarks/1/assets/upload/", &[part]).await;
    world.saved(&world.eve, "https://e.example").await;
    let path = format!("/bookmarks/1/assets/{}/download/", made.json["id"]);
    let told = ding(&world, &world.eve, Method::GET, &path, NONE).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    let reads = world.limited(&world.ada, "bookmarks:read").await;
    let told = form(&world, &reads, "/bookmarks/1/assets/upload/", &[part]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
}

#[tokio::test]
async fn whoever_may_only_read_is_told_so_before_their_file_is_read() {
    let world = World::new().await;
    world.saved(&world.ada, "https://a.example").await;
    let reads = world.limited(&world.ada, "bookmarks:read").await;
    for path in ["/bookmarks/singlefile/", "/bookmarks/1/assets/upload/"] {
        let is_read = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&is_read);
        let body = stream::once(async move {
            noted.store(true, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(b"------a-form\r\n"))
        });
        let mut asked = request(&reads, Method::POST, &format!("/linkding/api{path}"), "");
        let kind = format!("multipart/form-data; boundary={MARK}");
        asked.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
        *asked.body_mut() = Body::from_stream(body);
        let told = world.send(asked).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}: {}", told.text);
        assert!(!is_read.load(Ordering::Relaxed), "{path}");
    }
    assert_eq!(got(&world, "/bookmarks/").await.json["count"], 1);
}
