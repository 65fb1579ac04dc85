//! What every route has in common: host, origin, tokens, problems, limits.

use crate::world::World;
use async_trait::async_trait;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use shelf_api::Probes;
use shelf_identity::Plan;
use std::sync::Arc;

fn bare(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(HOST, "localhost:4747")
}

#[tokio::test]
async fn a_name_pointed_at_this_machine_is_turned_away_even_with_a_token() {
    let world = World::new().await;
    let token = format!("Bearer {}", world.ada.token);
    for host in ["evil.example", "evil.example:4747", "127.0.0.1.nip.io", "localhost.evil.example"]
    {
        let request = Request::get("/v1/me").header(HOST, host).header(AUTHORIZATION, &token);
        let told = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert_eq!(told.code(), "unknown_host");
    }
    let open = world.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(open.status, StatusCode::MISDIRECTED_REQUEST, "no host at all");
}

#[tokio::test]
async fn a_page_of_another_site_is_turned_away() {
    let world = World::new().await;
    for origin in ["https://evil.example", "http://localhost:9999", "null"] {
        let token = format!("Bearer {}", world.ada.token);
        let request = bare(Method::GET, "/v1/me").header(ORIGIN, origin);
        let request = request.header(AUTHORIZATION, token).body(Body::empty()).unwrap();
        let told = world.send(request).await;
        assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "foreign_origin"));
    }
}

#[tokio::test]
async fn an_extension_has_what_it_shows_and_no_session() {
    let world = World::new().await;
    for origin in ["chrome-extension://mpjegajfegahaakpkeecmdmhiebkindb", "moz-extension://a-b"] {
        let token = format!("Bearer {}", world.ada.token);
        let request = bare(Method::GET, "/v1/me").header(ORIGIN, origin);
        let request = request.header(AUTHORIZATION, token).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::OK, "{origin}");
        let cookie = format!("mindshelf_session={}", world.ada.session);
        let request = bare(Method::GET, "/v1/me").header(ORIGIN, origin);
        let request = request.header(COOKIE, cookie).body(Body::empty()).unwrap();
        let told = world.send(request).await;
        assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "foreign_origin"));
    }
}

#[tokio::test]
async fn a_session_reads_alone_but_writes_only_with_the_secret_of_its_page() {
    let world = World::new().await;
    let cookie = format!("mindshelf_theme=dark; mindshelf_session={}", world.ada.session);
    let own = "http://localhost:4747";
    let read = bare(Method::GET, "/v1/me").header(COOKIE, &cookie).body(Body::empty()).unwrap();
    assert_eq!(world.send(read).await.status, StatusCode::OK);
    let write = |csrf: Option<&str>| {
        let mut request = bare(Method::POST, "/v1/tokens")
            .header(COOKIE, &cookie)
            .header(ORIGIN, own)
            .header(CONTENT_TYPE, "application/json");
        if let Some(csrf) = csrf {
            request = request.header("x-csrf-token", csrf);
        }
        request.body(Body::from(r#"{"name":"x"}"#)).unwrap()
    };
    assert_eq!(world.send(write(None)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.send(write(Some(&world.eve.csrf))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.send(write(Some(&world.ada.csrf))).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_name_a_place_and_a_trace() {
    let world = World::new().await;
    let path = "/v1/libraries/{library}/bookmarks";
    let told =
        world.post(&world.ada, path, &json!({"url": "https://a.example", "tags": [5]})).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert_eq!(told.header("content-type"), "application/problem+json");
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    assert_eq!(told.at("/type"), "/problems/invalid");
    assert_eq!(told.at("/errors/0/pointer"), "#/tags/0");
    assert_eq!(told.at("/trace_id"), told.header("x-request-id"));
    assert!(told.at("/instance").ends_with("/bookmarks"));
    let explained = world.get(&world.ada, &told.at("/type")).await;
    assert_eq!(explained.json["status"], 400);
    let told = world.post(&world.ada, path, &json!({"url": "no address"})).await;
    assert_eq!(told.at("/errors/0/pointer"), "#/url");
}

#[tokio::test]
async fn a_trace_that_came_with_the_request_is_kept() {
    let world = World::new().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = bare(Method::GET, "/v1/me").header("traceparent", format!("00-{trace}-1-01"));
    let told = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(told.at("/trace_id"), trace);
    assert_eq!(told.header("www-authenticate"), "Bearer realm=\"mindshelf\"");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_done_there_are_problems() {
    let world = World::new().await;
    for path in ["/nothing", "/v1", "/v1/nothing", "/v1/libraries/x/y/z"] {
        let told = world.get(&world.ada, path).await;
        assert_eq!((told.status, told.code()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
    }
    let told = world.ask(&world.ada, Method::DELETE, "/v1/me", "").await;
    assert_eq!(told.code(), "method_not_allowed");
    assert!(told.header("allow").contains("GET"), "{:?}", told.headers);
}

#[tokio::test]
async fn bodies_of_other_formats_and_sizes_are_refused() {
    let world = World::new().await;
    let path = format!("/v1/libraries/{}/bookmarks", world.ada.library);
    let token = format!("Bearer {}", world.ada.token);
    let send = |kind: &'static str, body: Body| {
        let request = bare(Method::POST, &path).header(AUTHORIZATION, &token);
        world.send(request.header(CONTENT_TYPE, kind).body(body).unwrap())
    };
    let told = send("text/plain", Body::from("{}")).await;
    assert_eq!(told.code(), "unsupported_media_type");
    let told = send("application/json", Body::from(vec![b' '; 17 << 20])).await;
    assert_eq!((told.status, told.code()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let id = world.saved(&world.ada, "https://a.example").await;
    let request = bare(Method::PATCH, &format!("{path}/{id}")).header(AUTHORIZATION, &token);
    let request = request.header(CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    let told = world.send(request).await;
    assert_eq!(told.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(told.header("accept-patch"), "application/merge-patch+json");
}

#[tokio::test]
async fn unknown_parameters_are_refused_by_name() {
    let world = World::new().await;
    let told = world.get(&world.ada, "/v1/libraries/{library}/bookmarks?colour=red").await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert!(told.text.contains("colour"), "{}", told.text);
    for limit in ["0", "201", "-1", "x", "99999999999999"] {
        let path = format!("/v1/libraries/{{library}}/bookmarks?limit={limit}");
        assert_eq!(world.get(&world.ada, &path).await.status, StatusCode::BAD_REQUEST, "{limit}");
    }
}

/// Probes of a process that is not ready, and whose metrics are broken.
#[derive(Debug)]
struct Broken;

#[async_trait]
impl Probes for Broken {
    async fn waiting(&self) -> Vec<String> {
        vec!["store".to_owned()]
    }

    fn metrics(&self) -> String {
        panic!("the secret of the house")
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let world = World::with(Arc::new(Broken), Plan::Home).await;
    let told = world.get(&world.ada, "/metrics").await;
    assert_eq!((told.status, told.code()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!told.text.contains("secret"), "{}", told.text);
    assert_eq!(world.get(&world.ada, "/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_process_that_waits_says_what_for() {
    let world = World::with(Arc::new(Broken), Plan::Home).await;
    let told = world.get(&world.ada, "/readyz").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.json, json!({"status": "waiting", "waiting": ["store"], "degraded": []}));
    let world = World::new().await;
    assert_eq!(world.get(&world.ada, "/readyz").await.json["status"], "ok");
}

#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let world = World::new().await;
    let path = "/v1/libraries/{library}/bookmarks";
    for ask in [json!([["https://a.example"]]), json!({"url": "https://a.example", "places": [[]]})]
    {
        let told = world.post(&world.ada, path, &ask).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{ask}");
    }
}
