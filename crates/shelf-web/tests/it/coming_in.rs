//! Signing in: once, by a button, and never by looking.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};

use crate::room::{ORIGIN, Room, Told};

async fn knock(room: &Room, link: &str, origin: &str) -> Told {
    let request =
        Request::post("/sign-in").header("origin", origin).header("host", "127.0.0.1:4747");
    room.send(request.body(Body::from(format!("link={link}"))).unwrap()).await
}

#[tokio::test]
async fn a_link_signs_in_once_and_looking_at_it_spends_nothing() {
    let room = Room::new().await;
    for _ in 0..2 {
        let looked =
            Request::get(format!("/sign-in?link={}", room.link)).body(Body::empty()).unwrap();
        assert_eq!(room.send(looked).await.status, StatusCode::OK);
    }
    let first = knock(&room, &room.link, ORIGIN).await;
    assert_eq!(first.header("location"), "/");
    let cookie = first.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let second = knock(&room, &room.link, ORIGIN).await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED);
    assert!(second.text.contains("has been used"));
    assert_eq!(second.header("set-cookie"), "");
}

#[tokio::test]
async fn another_site_cannot_sign_someone_in() {
    let room = Room::new().await;
    let told = knock(&room, &room.link, "http://evil.example").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert_eq!(told.header("set-cookie"), "");
}

#[tokio::test]
async fn who_is_not_signed_in_sees_the_door_and_scripts_are_told_so() {
    let room = Room::new().await;
    // These are about nobody: what a browser keeps, and another door.
    let open = ["/offline", "/sign-in/sso"];
    for path in crate::walk::PAGES.iter().filter(|path| !open.contains(path)) {
        let plain = Request::get(*path).body(Body::empty()).unwrap();
        assert_eq!(room.send(plain).await.header("location"), "/sign-in", "{path}");
        let part = Request::get(*path).header("HX-Request", "true").body(Body::empty()).unwrap();
        assert_eq!(room.send(part).await.header("hx-redirect"), "/sign-in", "{path}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let room = Room::new().await;
    assert_eq!(room.get("/library").await.status, StatusCode::OK);
    assert_eq!(room.post("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(room.get("/library").await.header("location"), "/sign-in");
}
