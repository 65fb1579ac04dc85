//! What a team uses, and the server for whoever runs it, as pages.

use axum::http::StatusCode;

use crate::people::{shared, to};

#[tokio::test]
async fn an_admin_sees_numbers_against_the_plan_and_a_drawing_with_words() {
    let (room, flo, _) = shared("read").await;
    let teams = room.get("/people").await.text;
    let own = teams.split("href=\"/people/").nth(1).unwrap().split('"').next().unwrap();
    let page = room.get(&format!("/people/{own}/usage")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for words in ["The plan is <strong>Home</strong>", "Members", " of 10,000", "any number"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.text.matches("<rect x=\"").count(), 30);
    assert!(page.text.contains("role=\"img\"") && page.text.contains("As numbers"));
    let theirs = flo.get(&format!("/people/{own}/usage")).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_runs_the_server_gives_a_plan_and_nobody_else_finds_the_page() {
    let (room, flo, _) = shared("read").await;
    room.post("/save", &[("url", "https://private.example/"), ("title", "A secret")]).await;
    assert!(room.get("/people").await.text.contains("href=\"/admin\""));
    let page = room.get("/admin").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Guild") && page.text.contains("Everything answers"));
    assert!(!page.text.contains("A secret") && !page.text.contains("private.example"));
    let place = page.text.split("action=\"/admin/tenants/").nth(1).unwrap();
    let place = format!("/admin/tenants/{}", place.split('"').next().unwrap());
    let given = room.post(&place, &[("plan", "team")]).await;
    assert_eq!(to(&given), "/admin");
    let wrong = room.post(&place, &[("plan", "gold")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!flo.get("/people").await.text.contains("href=\"/admin\""));
    assert_eq!(flo.get("/admin").await.status, StatusCode::NOT_FOUND);
    assert_eq!(flo.post(&place, &[("plan", "home")]).await.status, StatusCode::NOT_FOUND);
}
