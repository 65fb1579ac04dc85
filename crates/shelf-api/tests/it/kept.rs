//! Files that are kept with bookmarks: what comes in goes out the same, to be kept, and shows nothing.

use crate::world::{Someone, Told, World};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use shelf_bookmarks::captures::sweep_files;
use shelf_domain::id::{CaptureId, DeviceId, Scope};
use shelf_domain::limits::CAPTURE_BYTES_MAX;
use shelf_identity::downloads::FILES_MAX;
use shelf_ports::captures::{Capture, CaptureKind, Claim, content_of};
use std::path::Path;
use tower::ServiceExt;

const BASE: &str = "/v1/libraries/{library}";
const PAGE: &str = "<script>alert(document.cookie)</script>";

/// Sends a file of this media type.
async fn sent(world: &World, who: &Someone, path: &str, kind: &str, content: Vec<u8>) -> Told {
    let path = path.replace("{library}", &who.library.to_string());
    let asked = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, "localhost:4747")
        .header(AUTHORIZATION, format!("Bearer {}", who.token))
        .header(CONTENT_TYPE, kind)
        .body(Body::from(content));
    world.send(asked.unwrap()).await
}

/// Keeps a page with the bookmark `item` of Ada.
async fn kept(world: &World, item: &str, name: &str) -> Told {
    let path = format!("{BASE}/bookmarks/{item}/files?kind=snapshot&name={name}");
    sent(world, &world.ada, &path, "text/html; charset=utf-8", PAGE.into()).await
}

#[tokio::test]
async fn a_file_is_kept_listed_read_and_removed() {
    let world = World::new().await;
    let ada = &world.ada;
    let item = world.saved(ada, "https://a.example").await;
    let first = kept(&world, &item, "..%2F..%2Fa%20b.html").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let said = ["name", "kind", "content_type", "bookmark"].map(|name| first.json[name].clone());
    assert_eq!(said, [json!("a b.html"), json!("snapshot"), json!("text/html"), json!(item)]);
    assert_eq!(first.json["bytes"], json!(PAGE.len()));
    let read = world.get(ada, first.header("location")).await;
    assert_eq!(read.json, first.json);
    let again = kept(&world, &item, "a%20b.html").await;
    assert_eq!((again.status, &again.json), (StatusCode::OK, &first.json), "it is kept once");
    let second = kept(&world, &item, "other.html").await;
    assert_ne!(second.json["number"], first.json["number"]);
    let all = format!("{BASE}/bookmarks/{item}/files");
    let listed = world.get(ada, &all).await;
    assert_eq!(listed.json["items"], json!([first.json, second.json]));
    let file = format!("{BASE}/files/{}", first.at("/id"));
    let gone = world.ask(ada, Method::DELETE, &file, "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    for path in [file.clone(), format!("{file}/content")] {
        assert_eq!(world.get(ada, &path).await.status, StatusCode::NOT_FOUND);
    }
    let gone = world.ask(ada, Method::DELETE, &file, "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(ada, &all).await.json["items"], json!([second.json]));
}

#[tokio::test]
async fn what_goes_out_is_to_be_kept_and_runs_nowhere() {
    let world = World::new().await;
    let item = world.saved(&world.ada, "https://a.example").await;
    let file = kept(&world, &item, "a%22%0D%0Ab%3B%C3%BC.html").await;
    let path = format!("{BASE}/files/{}/content", file.at("/id"));
    let told = world.get(&world.ada, &path).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::OK, PAGE));
    let named = told.header("content-disposition");
    assert!(named.starts_with("attachment; filename=\"a_b__.html\"; filename*=UTF-8''"), "{named}");
    let policy = told.header("content-security-policy");
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    assert_eq!(told.header("cache-control"), "private, no-cache");
    assert_eq!(told.header("content-type"), "text/html");
    assert_eq!(told.header("content-length"), PAGE.len().to_string());
}

#[tokio::test]
async fn what_is_empty_too_long_or_of_no_type_is_dealt_with() {
    let world = World::new().await;
    let ada = &world.ada;
    let item = world.saved(ada, "https://a.example").await;
    let path = format!("{BASE}/bookmarks/{item}/files");
    let empty = sent(&world, ada, &path, "text/plain", Vec::new()).await;
    assert_eq!((empty.status, empty.code()), (StatusCode::BAD_REQUEST, "invalid"));
    let most = usize::try_from(CAPTURE_BYTES_MAX).unwrap();
    let long = sent(&world, ada, &path, "text/plain", vec![b'x'; most + 1]).await;
    assert_eq!((long.status, long.code()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    assert_eq!(world.get(ada, &path).await.json["items"], json!([]));
    assert_eq!(world.kept_files(), 0, "nothing of them is kept");
    let whole = sent(&world, ada, &path, "text/plain", vec![b'x'; most]).await;
    assert_eq!(whole.status, StatusCode::CREATED, "{}", whole.text);
    let odd = sent(&world, ada, &path, "<script>", b"x".to_vec()).await;
    assert_eq!(odd.json["content_type"], "application/octet-stream");
    assert_eq!(odd.json["name"], "file");
    let wrong = sent(&world, ada, &format!("{path}?kind=virus"), "a/b", b"x".to_vec()).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_file_goes_with_its_bookmark() {
    let world = World::new().await;
    let ada = &world.ada;
    let item = world.saved(ada, "https://a.example").await;
    let file = kept(&world, &item, "a.html").await;
    let path = format!("{BASE}/files/{}", file.at("/id"));
    let bookmark = format!("{BASE}/bookmarks/{item}");
    assert_eq!(world.ask(ada, Method::DELETE, &bookmark, "").await.status, StatusCode::OK);
    assert_eq!(world.get(ada, &path).await.status, StatusCode::NOT_FOUND, "hidden in the trash");
    let late = kept(&world, &item, "late.html").await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "{}", late.text);
    let ids = json!({"ids": [item]});
    let back = world.post(ada, &format!("{BASE}/trash/restore"), &ids).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    assert_eq!(world.get(ada, &path).await.json, file.json, "it comes back with it");
    assert_eq!(world.ask(ada, Method::DELETE, &bookmark, "").await.status, StatusCode::OK);
    let purge = format!("{BASE}/trash?ids={item}");
    let purged = world.ask(ada, Method::DELETE, &purge, "").await;
    assert_eq!(purged.status, StatusCode::OK, "{}", purged.text);
    assert_eq!(world.get(ada, &path).await.status, StatusCode::NOT_FOUND);
    assert!(!holds_files(&world.blobs()), "its content is gone");
}

fn holds_files(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.map(Result::unwrap).any(|entry| {
        let path = entry.path();
        path.is_file() || holds_files(&path)
    })
}

#[tokio::test]
async fn what_was_begun_and_never_kept_is_swept_away() {
    let world = World::new().await;
    let ada = &world.ada;
    let item = world.saved(ada, "https://a.example").await;
    let scope = Scope { tenant: ada.tenant, library: ada.library };
    let id = CaptureId::from_bytes([7; 16]);
    let capture = Capture {
        id,
        item: item.parse().unwrap(),
        kind: CaptureKind::Upload,
        name: "a".to_owned(),
        content_type: "a/b".to_owned(),
        bytes: 1,
        sha256: String::new(),
        made_at: world.stores.clock.now_ms(),
        made_by: DeviceId::from_bytes([1; 16]),
    };
    let (captures, blobs) = (&world.stores.captures, &world.stores.blobs);
    assert_eq!(captures.begin(scope, &capture, None).await.unwrap(), Claim::Begun);
    let file = blobs.draft().await.unwrap();
    blobs.put(&content_of(scope, id), file).await.unwrap();
    assert_eq!(sweep_files(&world.stores, scope).await.unwrap(), 0, "it may be under way");
    world.rest(3_601);
    assert_eq!(sweep_files(&world.stores, scope).await.unwrap(), 1);
    assert!(blobs.open(&content_of(scope, id)).await.unwrap().is_none());
    assert_eq!(captures.left_over(scope, i64::MAX, 9).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_takes_out_many_files_at_once_leaves_room_for_others() {
    let world = World::new().await;
    let (ada, eve) = (&world.ada, &world.eve);
    let item = world.saved(ada, "https://a.example").await;
    let file = kept(&world, &item, "a.html").await;
    let path = format!("{BASE}/files/{}/content", file.at("/id"));
    let mut held = Vec::new();
    for _ in 0..FILES_MAX {
        let response = world.app.clone().oneshot(ada.request(Method::GET, &path, "")).await;
        // Nobody reads it.
        held.push(response.unwrap());
    }
    assert!(held.iter().all(|response| response.status() == StatusCode::OK));
    let more = world.get(ada, &path).await;
    assert_eq!((more.status, more.code()), (StatusCode::TOO_MANY_REQUESTS, "slow_down"));
    let more = kept(&world, &item, "b.html").await;
    assert_eq!((more.status, more.code()), (StatusCode::TOO_MANY_REQUESTS, "slow_down"));
    let theirs = world.saved(eve, "https://e.example").await;
    let files = format!("{BASE}/bookmarks/{theirs}/files");
    let others = sent(&world, eve, &files, "text/plain", b"x".to_vec()).await;
    assert_eq!(others.status, StatusCode::CREATED, "{}", others.text);
    drop(held);
    assert_eq!(world.get(ada, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_page_of_ours_runs_a_script_that_somebody_brought() {
    let world = World::new().await;
    let ada = &world.ada;
    let item = world.saved(ada, "https://a.example").await;
    let files = format!("{BASE}/bookmarks/{item}/files");
    for kind in ["text/javascript", "application/x-JavaScript; charset=utf-8", "text/css"] {
        let file = sent(&world, ada, &files, kind, kind.into()).await;
        assert_eq!(file.status, StatusCode::CREATED, "{}", file.text);
        assert_ne!(file.json["content_type"], "application/octet-stream", "it is said as it came");
        let path = format!("{BASE}/files/{}/content", file.at("/id"));
        let told = world.get(ada, &path).await;
        assert_eq!(told.header("content-type"), "application/octet-stream", "{kind}");
        assert_eq!(told.text, kind);
    }
}
