//! Deletions that wait: what is shown, and what the two buttons do.

use axum::http::StatusCode;

use crate::room::Room;

async fn with_two(room: &Room) -> Vec<String> {
    let one = room.saved("https://example.org/1", "One <b>").await;
    vec![one, room.saved("https://example.org/2", "Two").await]
}

#[tokio::test]
async fn what_waits_is_shown_with_what_would_go_and_put_into_the_trash_when_meant() {
    let room = Room::new().await;
    assert!(!room.get("/library").await.text.contains("href=\"/waiting\""), "nothing waits");
    let device = room.waits(&with_two(&room).await).await;
    assert!(room.get("/library").await.text.contains("Waiting deletions"), "the rail says so");
    let page = room.get("/waiting").await.text;
    assert!(page.contains("A device wanted to delete 2 things"), "{page}");
    assert!(page.contains("One &lt;b&gt;") && page.contains("Two"));
    assert!(room.get("/library").await.text.contains("Two"), "nothing was deleted");
    let path = format!("/waiting/{device}");
    let told = room.post(&path, &[("through", "1"), ("answer", "delete")]).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/waiting"));
    assert!(room.get("/trash").await.text.contains("One &lt;b&gt;"));
    assert!(room.get("/waiting").await.text.contains("delete 1 thing"), "what was not shown waits");
    assert!(room.get("/library").await.text.contains("Two"));
}

#[tokio::test]
async fn what_is_kept_stays_and_waits_no_longer() {
    let room = Room::new().await;
    let device = room.waits(&with_two(&room).await).await;
    let path = format!("/waiting/{device}");
    for bad in [[("through", "x"), ("answer", "keep")], [("through", "2"), ("answer", "")]] {
        assert_eq!(room.post(&path, &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    room.post(&path, &[("through", "2"), ("answer", "keep")]).await;
    assert!(room.get("/waiting").await.text.contains("Nothing waits"));
    assert!(room.get("/library").await.text.contains("Two"));
    assert_eq!(room.post("/waiting/none", &[]).await.status, StatusCode::NOT_FOUND);
}
