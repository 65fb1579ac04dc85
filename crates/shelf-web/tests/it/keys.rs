//! Keys for programs: made with limits on the settings page, and of no use as a session.

use crate::room::Room;
use axum::http::StatusCode;

/// The key a page shows this once.
fn key_in(text: &str) -> &str {
    let (_, rest) = text.split_once("class=\"secret\">").unwrap();
    rest.split_once('<').unwrap().0
}

#[tokio::test]
async fn a_key_is_limited_by_a_plain_form_and_says_so_afterwards() {
    let room = Room::new().await;
    let fields = [("name", "wall"), ("scope", "bookmarks:read"), ("days", "30")];
    let told = room.post("/settings/tokens", &fields).await;
    assert_eq!(told.status, StatusCode::CREATED);
    assert!(!key_in(&told.text).is_empty());
    let page = room.get("/settings").await.text;
    assert!(page.contains("Read, search and export bookmarks</p>"), "{page}");
    assert!(page.contains(", ends "));
    let all = room.post("/settings/tokens", &[("name", "all"), ("days", "")]).await;
    assert_eq!(all.status, StatusCode::CREATED);
    assert!(room.get("/settings").await.text.contains("May do all you may"));
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_beside_its_field_and_not_made() {
    let room = Room::new().await;
    for (name, value) in [("scope", "root"), ("days", "0"), ("days", "x"), ("days", "99999")] {
        let told = room.post("/settings/tokens", &[("name", "wrong"), (name, value)]).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}={value}");
        assert!(told.text.contains("id=\"h-key\"") && told.text.contains("value=\"wrong\""));
    }
    assert!(!room.get("/settings").await.text.contains("Take back"));
}

#[tokio::test]
async fn a_key_in_place_of_a_session_opens_no_page() {
    let room = Room::new().await;
    let told = room.post("/settings/tokens", &[("name", "leaked")]).await;
    let thief = room.keeping(key_in(&told.text));
    for page in ["/library", "/settings", "/people"] {
        let told = thief.get(page).await;
        assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    }
}

#[tokio::test]
async fn settings_say_where_an_app_of_others_finds_this_server() {
    let room = Room::new().await;
    let page = room.get("/settings").await.text;
    let (_, part) = page.split_once("id=\"connect\"").unwrap();
    for path in ["/linkding</code>", "/karakeep</code>", "href=\"#tokens\""] {
        assert!(part.contains(path), "{path}: {part}");
    }
}
