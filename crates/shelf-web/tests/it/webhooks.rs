//! Webhooks, as pages: who may see them, a secret that is shown once, and what can be asked of them.

use axum::http::StatusCode;

use crate::people::{shared, to};
use crate::room::{Room, Told};

const URL: &str = "https://hooks.example/wall";

/// Adds an endpoint; its secret and the address of its page.
async fn added(room: &Room) -> (String, String) {
    let told = room.post("/webhooks", &[("url", URL), ("description", "The wall")]).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let list = room.get("/webhooks").await.text;
    let page = list.split("href=\"/webhooks/").nth(1).unwrap().split('"').next().unwrap();
    (secret(&told), format!("/webhooks/{page}"))
}

fn secret(told: &Told) -> String {
    let secret = told.text.split("whsec_").nth(1).unwrap().split('<').next().unwrap();
    format!("whsec_{secret}")
}

#[tokio::test]
async fn a_secret_is_shown_once_and_another_one_is_another() {
    let room = Room::new().await;
    let (first, page) = added(&room).await;
    let read = room.get(&page).await.text;
    assert!(read.contains("The wall") && read.contains(URL) && !read.contains(&first));
    let second = secret(&room.post(&format!("{page}/secret"), &[]).await);
    assert_ne!(first, second);
    let read = room.get(&page).await.text;
    assert!(!read.contains(&second) && read.contains("That is so until"), "{read}");
}

#[tokio::test]
async fn an_endpoint_is_changed_paused_tested_and_removed() {
    let room = Room::new().await;
    let (_, page) = added(&room).await;
    assert_eq!(to(&room.post(&format!("{page}/test"), &[]).await), page);
    let read = room.get(&page).await.text;
    assert!(read.contains("Not tried yet") && read.contains("1 message waits"), "{read}");
    room.post(&format!("{page}/state"), &[("paused", "yes")]).await;
    assert!(room.get(&page).await.text.contains(">Resume<"));
    let test = room.post(&format!("{page}/test"), &[]).await;
    assert!(
        test.status.is_client_error() && test.text.contains("resume it first"),
        "{}",
        test.text
    );
    let fields = [("url", "https://other.example/"), ("type", "mindshelf.tag.created")];
    assert_eq!(to(&room.post(&page, &fields).await), page);
    let read = room.get(&page).await.text;
    assert!(read.contains("https://other.example/") && read.contains("<details open"));
    let wrong = room.post(&page, &[("url", "gopher://a.example/")]).await;
    assert!(wrong.status.is_client_error() && wrong.text.contains("https or http"));
    assert_eq!(to(&room.post(&format!("{page}/remove"), &[]).await), "/webhooks");
    assert_eq!(room.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_only_writes_sees_none_of_it() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    let told = room.post(&format!("{base}/webhooks"), &[("url", URL)]).await;
    assert_eq!(told.status, StatusCode::CREATED);
    assert!(room.get(&library).await.text.contains("/webhooks\""));
    assert!(!flo.get(&library).await.text.contains("/webhooks\""), "no way leads there");
    let page = flo.get(&format!("{base}/webhooks")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.text.contains(URL));
    let added = flo.post(&format!("{base}/webhooks"), &[("url", URL)]).await;
    assert_eq!(added.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_manages_a_library_sees_on_every_page_that_a_webhook_was_given_up() {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library");
    room.post(&format!("{base}/webhooks"), &[("url", URL)]).await;
    assert!(!room.get(&library).await.text.contains("given up"));
    room.give_up().await;
    assert!(room.get(&library).await.text.contains("1 given up"));
    assert!(!flo.get(&library).await.text.contains("given up"), "it is not theirs to know");
}
