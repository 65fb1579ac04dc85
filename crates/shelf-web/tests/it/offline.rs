//! The pages as an app on a phone: what it is given, and what it shares.

use crate::room::{ORIGIN, Room};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

#[tokio::test]
async fn a_phone_is_given_a_manifest_a_worker_and_a_page_without_anybody_signed_in() {
    let room = Room::new().await;
    let ask = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let told = room.send(ask("/app.webmanifest")).await;
    assert_eq!(told.header("content-type"), "application/manifest+json");
    let manifest: Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!(manifest["share_target"]["action"], "save");
    let sent_as = &manifest["share_target"]["enctype"];
    assert_eq!(sent_as, "application/x-www-form-urlencoded", "browsers complain otherwise");
    let icon = format!("/{}", manifest["icons"][0]["src"].as_str().unwrap());
    assert_eq!(room.send(ask(&icon)).await.status, StatusCode::OK);

    let worker = room.send(ask("/worker.js")).await;
    assert!(worker.header("content-type").starts_with("text/javascript"));
    assert_eq!(worker.header("cache-control"), "no-cache");
    assert!(worker.header("content-security-policy").contains("connect-src 'self'"));

    let page = room.send(ask("/offline")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("data-waiting-unable"), "what keeps nothing is to say so");
    assert!(page.text.contains("data-waiting") && page.text.contains("rel=\"manifest\""));
    assert!(page.text.contains("data-csrf=\"\""), "a page that is kept proves nothing");
}

#[tokio::test]
async fn an_address_within_a_shared_text_is_the_address() {
    let room = Room::new().await;
    let text = "Look%20at%20this%20https%3A%2F%2Fshared.example%2Fa%3Fb%3D1%20now";
    let page = room.get(&format!("/save?title=A&text={text}")).await.text;
    assert!(page.contains("value=\"https://shared.example/a?b=1\""), "{page}");
    assert!(page.contains("Look at this  now"), "the rest is a note");
    let both = room.get("/save?url=https://one.example&text=https://two.example").await.text;
    assert!(both.contains("value=\"https://one.example\"") && both.contains("https://two.example"));
}

/// Where somebody comes to who is signed in after they asked for `path`, and what their browser kept
/// meanwhile.
async fn shared_before_signing_in(room: &Room, path: &str) -> (String, String) {
    let told = room.send(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(told.header("location"), "/sign-in");
    let kept = told.header("set-cookie").to_owned();
    let next = kept.split(';').next().unwrap();
    let came = Request::post("/sign-in").header("host", "127.0.0.1:4747").header("origin", ORIGIN);
    let link = Body::from(format!("link={}", room.link));
    let came = came.header("cookie", next).body(link).unwrap();
    (room.send(came).await.header("location").to_owned(), kept)
}

#[tokio::test]
async fn what_is_shared_before_signing_in_is_there_afterwards() {
    let room = Room::new().await;
    let path = "/save?title=A%20day&text=Look%20https%3A%2F%2Fshared.example%2Fa%3Fb%3D1";
    let (there, _) = shared_before_signing_in(&room, path).await;
    let page = room.get(&there).await.text;
    assert!(page.contains("value=\"https://shared.example/a?b=1\""), "{there}: {page}");
    assert!(page.contains("value=\"A day\"") && page.contains("Look"), "{page}");
}

#[tokio::test]
async fn of_a_long_text_that_is_shared_before_signing_in_the_address_is_kept() {
    let room = Room::new().await;
    let path = format!("/save?text={}%20https://shared.example/a", "%C3%A9".repeat(3_000));
    let (there, kept) = shared_before_signing_in(&room, &path).await;
    assert!(kept.len() < 4_000, "browsers drop a longer cookie: {}", kept.len());
    let page = room.get(&there).await.text;
    assert!(page.contains("value=\"https://shared.example/a\""), "{page}");
    assert!(page.contains("ééé"), "and the beginning of the text");
}
