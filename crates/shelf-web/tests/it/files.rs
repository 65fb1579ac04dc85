//! Files that are kept with an item, by a browser without scripts.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures::stream;

use crate::{
    people::{shared, to},
    room::{ORIGIN, Room, Told},
};

/// Sends the form of an item's page with a file.
async fn send(room: &Room, item: &str, csrf: &str, name: &str, bytes: &str) -> Told {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/html\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    let request = room
        .ask("POST", &format!("{item}/files?back={}", item.replace('/', "%2F")))
        .header("origin", ORIGIN)
        .header("content-type", "multipart/form-data; boundary=x");
    room.send(request.body(Body::from(body)).unwrap()).await
}

/// Where the page of an item has its first file.
fn file_on(page: &str) -> String {
    let (before, after) = page.split_once("/files/").unwrap();
    let begin = before.rsplit('"').next().unwrap();
    format!("{begin}/files/{}", after.split('"').next().unwrap())
}

#[tokio::test]
async fn a_file_is_kept_taken_out_and_removed_without_scripts() {
    let room = Room::new().await;
    let item = format!("/items/{}", room.saved("https://example.org/1", "One").await);
    assert!(room.get(&item).await.text.contains("No file is kept with it"));
    let told = send(&room, &item, &room.csrf, "a <b>.html", "<script>alert(1)</script>").await;
    assert_eq!((told.status, to(&told)), (StatusCode::SEE_OTHER, item.as_str()), "{}", told.text);
    let page = room.get(&item).await.text;
    assert!(page.contains("a &lt;b&gt;.html") && page.contains("25 B"), "{page}");
    let file = file_on(&page);
    let told = room.get(&file).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::OK, "<script>alert(1)</script>"));
    assert!(told.header("content-disposition").starts_with("attachment;"));
    assert!(told.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    let told = room.post(&format!("{file}/remove"), &[("back", item.as_str())]).await;
    assert_eq!(to(&told), item);
    assert_eq!(room.get(&file).await.status, StatusCode::NOT_FOUND);
    assert!(room.get(&item).await.text.contains("No file is kept with it"));
}

#[tokio::test]
async fn a_form_of_others_an_empty_one_and_one_for_nothing_keep_no_file() {
    let room = Room::new().await;
    let item = format!("/items/{}", room.saved("https://example.org/1", "One").await);
    let told = send(&room, &item, "wrong", "a.txt", "x").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    let told = send(&room, &item, &room.csrf, "a.txt", "").await;
    assert!(told.status.is_client_error(), "{}", told.status);
    let none = "/items/0193f0a0-0000-7000-8000-0000000000aa";
    let told = send(&room, none, &room.csrf, "a.txt", "x").await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    assert!(room.get(&item).await.text.contains("No file is kept with it"));
    for path in [format!("{item}/files/x"), format!("{none}/files/{}", "0".repeat(32))] {
        assert_eq!(room.get(&path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn whoever_may_only_read_takes_files_out_and_brings_none() {
    let (room, flo, library) = shared("read").await;
    let base = library.trim_end_matches("/library").to_owned();
    let fields = [("url", "https://a.example/"), ("title", "A")];
    let saved = to(&room.post(&format!("{base}/save"), &fields).await).to_owned();
    let item = format!("{base}/items/{}", saved.split_once("item=").unwrap().1);
    send(&room, &item, &room.csrf, "a.txt", "for you").await;
    let page = flo.get(&item).await.text;
    assert!(!page.contains("id=\"item-file\""), "{page}");
    assert_eq!(flo.get(&file_on(&page)).await.text, "for you");
    let told = send(&flo, &item, &flo.csrf, "b.txt", "no").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_file_is_read_neither_before_its_proof_nor_for_the_page_of_another() {
    let room = Room::new().await;
    let item = format!("/items/{}", room.saved("https://example.org/1", "One").await);
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\na\r\n\
         --x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{}\r\n--x--\r\n",
        room.csrf
    );
    let form = |origin| {
        room.ask("POST", &format!("{item}/files"))
            .header("origin", origin)
            .header("content-type", "multipart/form-data; boundary=x")
    };
    let told = room.send(form(ORIGIN).body(Body::from(body)).unwrap()).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "the proof comes too late");
    let is_read = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_read);
    let body = stream::once(async move {
        noted.store(true, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from_static(b"--x\r\n"))
    });
    let asked = form("https://evil.example").body(Body::from_stream(body)).unwrap();
    assert_eq!(room.send(asked).await.status, StatusCode::FORBIDDEN);
    assert!(!is_read.load(Ordering::Relaxed));
    assert!(room.get(&item).await.text.contains("No file is kept with it"));
}

#[tokio::test]
async fn a_file_that_is_too_long_is_refused_and_one_of_that_length_is_kept() {
    let room = Room::new().await;
    let item = format!("/items/{}", room.saved("https://example.org/1", "One").await);
    let most = 25 << 20;
    let told = send(&room, &item, &room.csrf, "a.txt", &"x".repeat(most + 1)).await;
    assert_eq!(told.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", told.text);
    assert!(room.get(&item).await.text.contains("No file is kept with it"));
    let told = send(&room, &item, &room.csrf, "a.txt", &"x".repeat(most)).await;
    assert_eq!(to(&told), item, "{}", told.text);
    assert!(room.get(&item).await.text.contains("a.txt"));
}
