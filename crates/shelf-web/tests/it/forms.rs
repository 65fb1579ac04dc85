//! Forms: only ours are taken, and they do what they say without a script.

use axum::{body::Body, http::StatusCode};

use crate::room::Room;

#[tokio::test]
async fn a_form_without_our_token_or_from_another_origin_changes_nothing() {
    let room = Room::new().await;
    let bare = room.ask("POST", "/save").body(Body::from("url=https://example.org/x")).unwrap();
    assert_eq!(room.send(bare).await.status, StatusCode::FORBIDDEN);
    let form = format!("url=https://example.org/x&_csrf={}", room.csrf);
    let foreign = room.ask("POST", "/save").header("origin", "http://evil.example");
    let told = room.send(foreign.body(Body::from(form)).unwrap()).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(!room.get("/library").await.text.contains("example.org/x"));
}

#[tokio::test]
async fn a_link_is_saved_edited_trashed_and_restored_by_plain_forms() {
    let room = Room::new().await;
    let id = room.saved("https://example.org/a", "First").await;
    let told =
        room.post(&format!("/items/{id}"), &[("title", "Second"), ("back", "/library")]).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/library"));
    assert!(room.get("/library").await.text.contains("Second"));
    room.post(&format!("/items/{id}/trash"), &[]).await;
    assert!(!room.get("/library").await.text.contains(&format!("item-{id}")));
    assert!(room.get("/trash").await.text.contains("Second"));
    room.post(&format!("/items/{id}/restore"), &[("back", "/trash")]).await;
    assert!(room.get("/library").await.text.contains("Second"));
}

#[tokio::test]
async fn many_links_are_archived_at_once_and_brought_back_by_undo() {
    let room = Room::new().await;
    let one = room.saved("https://example.org/1", "One").await;
    let two = room.saved("https://example.org/2", "Two").await;
    let fields =
        [("item", one.as_str()), ("item", two.as_str()), ("act", "archive"), ("back", "/library")];
    let told = room.post("/bulk", &fields).await;
    let flash = told.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(room.get("/archive").await.text.contains("Two"));
    let act = flash.split_once('=').unwrap().1.split('.').next().unwrap();
    room.post(&format!("/acts/{act}/undo"), &[]).await;
    assert!(!room.get("/archive").await.text.contains("Two"));
    assert!(room.get("/library").await.text.contains("Two"));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_by_a_form() {
    let room = Room::new().await;
    for hostile in
        ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
    {
        let told = room.post("/settings/appearance", &[("theme", "dark"), ("back", hostile)]).await;
        assert!(told.header("location").starts_with("/settings"), "{hostile}");
        let told = room.post("/bulk", &[("back", hostile)]).await;
        assert_eq!(told.header("location"), "/library", "{hostile}");
    }
}

#[tokio::test]
async fn a_refused_address_is_shown_again_with_its_reason() {
    let room = Room::new().await;
    let told = room.post("/save", &[("url", "no address"), ("title", "<b>kept</b>")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("aria-invalid=\"true\""));
    assert!(told.text.contains("&lt;b&gt;kept&lt;/b&gt;"));
}

#[tokio::test]
async fn the_history_says_what_each_act_did() {
    let room = Room::new().await;
    let id = room.saved("https://example.org/a", "First").await;
    room.post("/folders", &[("name", "Garden")]).await;
    let list = room.get("/folders").await.text;
    let folder = list.split("data-folder=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let item = format!("/items/{id}");
    room.post(&item, &[("notes", "Remember")]).await;
    room.post(&format!("{item}/tags"), &[("add", "green")]).await;
    room.post(&format!("{item}/places"), &[("folder", &folder)]).await;
    room.post(&format!("{item}/flags?favourite=yes"), &[]).await;
    let told = room.get("/history").await.text;
    for words in [
        "Saved “First”",
        "Made the folder “Garden”",
        "Changed the notes of “First”",
        "Tagged “First” with #green",
        "Put “First” into “Garden”",
        "Made “First” a favourite",
    ] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    assert!(told.contains(" UTC</time>"), "times say in which zone they are");
}

#[tokio::test]
async fn a_compressed_export_is_whole() {
    let room = Room::new().await;
    room.saved("https://example.org/a", "First").await;
    let ask = room.ask("GET", "/export/jsonl").header("accept-encoding", "gzip");
    let told = room.send(ask.body(Body::empty()).unwrap()).await;
    assert_eq!((told.status, told.header("content-encoding")), (StatusCode::OK, "gzip"));
}
