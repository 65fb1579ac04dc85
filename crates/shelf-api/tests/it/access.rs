//! Tokens, sessions, devices and who one is.

use crate::world::{Someone, World};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_token_works_until_it_is_ended_and_is_shown_once() {
    let world = World::new().await;
    let made = world.post(&world.ada, "/v1/tokens", &json!({"name": "laptop"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let laptop = Someone { token: made.at("/token"), ..world.ada.clone() };
    let me = world.get(&laptop, "/v1/me").await;
    assert_eq!(me.at("/grant/name"), "laptop");
    assert_eq!(me.at("/libraries/0/id"), world.ada.library.to_string());
    let listed = world.get(&world.ada, "/v1/tokens").await;
    assert!(!listed.text.contains(&laptop.token));
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2);
    let at = made.header("location").to_owned();
    assert_eq!(world.ask(&world.eve, Method::DELETE, &at, "").await.status, StatusCode::NOT_FOUND);
    let ended = world.ask(&world.ada, Method::DELETE, &at, "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let told = world.get(&laptop, "/v1/me").await;
    assert_eq!((told.status, told.code()), (StatusCode::UNAUTHORIZED, "unauthenticated"));
}

#[tokio::test]
async fn a_session_is_no_token_and_a_device_is_neither() {
    let world = World::new().await;
    let device = world.post(&world.ada, "/v1/devices", &json!({"name": "phone"})).await;
    let session = world.get(&world.ada, "/v1/sessions").await;
    assert_eq!(device.status, StatusCode::CREATED);
    for id in [device.at("/id"), session.at("/items/0/id")] {
        let told = world.ask(&world.ada, Method::DELETE, &format!("/v1/tokens/{id}"), "").await;
        assert_eq!(told.status, StatusCode::NOT_FOUND);
    }
    let at = format!("/v1/sessions/{}", session.at("/items/0/id"));
    assert_eq!(world.ask(&world.ada, Method::DELETE, &at, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&world.ada, "/v1/sessions").await.json["items"], json!([]));
}

#[tokio::test]
async fn tokens_with_bad_names_or_past_ends_are_refused() {
    let world = World::new().await;
    let long = "n".repeat(201);
    for ask in [
        json!({"name": ""}),
        json!({ "name": long }),
        json!({"name": "a", "expires_at": "2001-01-01T00:00:00Z"}),
        json!({"name": "a", "kind": "local"}),
    ] {
        let told = world.post(&world.ada, "/v1/tokens", &ask).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{ask}");
    }
}
