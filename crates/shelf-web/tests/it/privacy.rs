//! The page of what is one's own: everything out, choices, and an erasure that is taken back.

use crate::room::Room;

const PAGE: &str = "/settings/privacy";

#[tokio::test]
async fn an_erasure_is_seen_on_every_page_until_it_is_taken_back() {
    let room = Room::new().await;
    let page = room.get(PAGE).await.text;
    assert!(page.contains("Have everything erased") && !page.contains("Your password"));
    assert!(!room.get("/library").await.text.contains("is erased on"));
    let asked = room.post("/settings/privacy/erasure", &[("meant", "yes")]).await;
    assert_eq!((asked.status.as_u16(), asked.header("location")), (303, PAGE));
    for path in ["/library", "/settings", "/tags", PAGE] {
        let told = room.get(path).await.text;
        assert!(told.contains("is erased on") && told.contains("Take that back"), "{path}");
    }
    assert!(room.get(PAGE).await.text.contains("/v1/privacy/receipts/"));
    let back = room.post("/settings/privacy/erasure/take-back", &[]).await;
    assert_eq!(back.status.as_u16(), 303);
    assert!(!room.get("/library").await.text.contains("is erased on"));
    assert_eq!(room.post("/settings/privacy/erasure/take-back", &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn who_has_a_password_says_it() {
    let room = Room::new().await;
    let fields = [("login", "Ada"), ("password", "correct horse battery"), ("current", "")];
    room.post("/settings/password", &fields).await;
    assert!(room.get(PAGE).await.text.contains("Your password"));
    let wrong = room.post("/settings/privacy/erasure", &[("password", "another horse")]).await;
    assert_eq!(wrong.status.as_u16(), 403);
    assert!(wrong.text.contains("this is not your password"), "{}", wrong.text);
    let right = [("password", "correct horse battery")];
    assert_eq!(room.post("/settings/privacy/erasure", &right).await.status.as_u16(), 303);
}

#[tokio::test]
async fn everything_is_one_file_away() {
    let room = Room::new().await;
    room.saved("https://example.org/", "x").await;
    let told = room.get("/settings/privacy/archive").await;
    assert_eq!(told.header("content-type"), "application/zip");
    assert!(told.header("content-disposition").contains("mindshelf-archive.zip"));
    assert!(told.text.starts_with("PK"));
    assert!(room.visitor().get("/settings/privacy/archive").await.text.len() < told.text.len());
}

#[tokio::test]
async fn choices_are_switched_and_kept() {
    let room = Room::new().await;
    let on = |page: &str| page.matches("aria-checked=\"true\"").count();
    assert_eq!(on(&room.get(PAGE).await.text), 0, "nothing is on by itself");
    let agreed = [("purpose", "llm"), ("on", "yes")];
    room.post("/settings/privacy/consents", &agreed).await;
    room.post("/settings/privacy/restriction", &[("on", "yes")]).await;
    let page = room.get(PAGE).await.text;
    assert_eq!(on(&page), 2);
    assert!(page.contains("agreed to a language model"), "{page}");
    room.post("/settings/privacy/objections", &[("purpose", "social")]).await;
    assert!(room.get(PAGE).await.text.contains("value=\"social\" checked"));
    let unknown = room.post("/settings/privacy/consents", &[("purpose", "x")]).await;
    assert_eq!(unknown.status.as_u16(), 404);
}
