//! What a team uses, and the server for whoever runs it, as pages.

use axum::http::StatusCode;

use crate::people::{guild, shared, to};
use crate::room::Room;

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
    assert!(page.text.contains("scope=\"row\"") && page.text.contains("Last written"));
    // A member who is no admin, an outsider, and nobody.
    let member = flo.get(&format!("/people/{}/usage", guild(&room).await)).await;
    assert_eq!(member.status, StatusCode::FORBIDDEN, "a member");
    let theirs = flo.get(&format!("/people/{own}/usage")).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let nobody = room.visitor().get(&format!("/people/{own}/usage")).await;
    assert!(nobody.status.is_redirection(), "{}", nobody.status);
}

#[tokio::test]
async fn libraries_stand_by_size_the_fullest_first() {
    let room = Room::new().await;
    let teams = room.get("/people").await.text;
    let own = teams.split("href=\"/people/").nth(1).unwrap().split('"').next().unwrap();
    let made = room.post(&format!("/people/{own}/libraries"), &[("name", "Second")]).await;
    let path = to(&made).trim_end_matches("/library");
    for number in 0..2 {
        let url = format!("https://second.example/{number}");
        room.post(&format!("{path}/save"), &[("url", &url), ("title", "A link")]).await;
    }
    let page = room.get(&format!("/people/{own}/usage")).await.text;
    let rows: Vec<&str> = page.split("<th scope=\"row\">").skip(1).collect();
    assert!(
        rows[0].starts_with("Second<") && rows[0].contains("<td class=\"num\">2</td>"),
        "{page}"
    );
    assert!(rows[1].contains("<td class=\"num\">0</td>") && rows[1].contains(">none<"), "{page}");
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
    let page = room.get("/admin").await.text;
    for words in ["What you did", "the plan Team", "Imports", "sends no mail", "by itself"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let wrong = room.post(&place, &[("plan", "gold")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!flo.get("/people").await.text.contains("href=\"/admin\""));
    assert_eq!(flo.get("/admin").await.status, StatusCode::NOT_FOUND);
    assert_eq!(flo.post(&place, &[("plan", "home")]).await.status, StatusCode::NOT_FOUND);
}
