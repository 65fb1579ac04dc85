//! Requests that are sent twice: whatever they change is changed once.

use crate::walk::{Prepared, Route, request, routes};
use crate::world::{Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

/// The request of `route` under `key`.
fn keyed(prepared: &Prepared, route: &Route, key: &str) -> Request<Body> {
    let ada = &prepared.world.ada;
    let mut asked = request(route, Some(ada), |text| prepared.adas(text));
    asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
    asked
}

/// All that a repeated request could have changed, as Ada sees it.
async fn seen(prepared: &Prepared) -> Vec<String> {
    let mut seen = Vec::new();
    let tenant = prepared.adas("tenants/0193f0a0-0000-7000-8000-00000000000a");
    let beneath = ["members", "groups", "invitations", "libraries"];
    let lists = beneath.map(|part| format!("{tenant}/{part}"));
    let own =
        ["tokens", "devices", "sessions", "tenants", "clients", "apps", "privacy", "me/passkeys"]
            .map(str::to_owned);
    for list in own.into_iter().chain(lists) {
        seen.push(prepared.world.get(&prepared.world.ada, &format!("/v1/{list}")).await.text);
    }
    for list in [
        "shares",
        "webhooks",
        "changes",
        "imports",
        "activity",
        "bookmarks",
        "trash",
        "tags",
        "collections",
    ] {
        let path = format!("/v1/libraries/{{library}}/{list}");
        seen.push(prepared.world.get(&prepared.world.ada, &path).await.text);
    }
    let files = "/v1/libraries/{library}/bookmarks/0193f0a0-0000-7000-8000-000000000001/files";
    // Of what was removed nothing is listed, and what says so names the request.
    let files = prepared.world.get(&prepared.world.ada, &prepared.adas(files)).await;
    seen.push(files.json["items"].to_string());
    let sent = "/v1/libraries/{library}/webhooks/0193f0a0-0000-7000-8000-000000000010/deliveries";
    let sent = prepared.world.get(&prepared.world.ada, &prepared.adas(sent)).await;
    seen.push(sent.json["items"].to_string());
    seen
}

/// Waits until nothing is imported any more.
async fn settled(prepared: &Prepared) {
    let path = "/v1/libraries/{library}/imports";
    while prepared.world.get(&prepared.world.ada, path).await.text.contains("\"running\"") {
        tokio::task::yield_now().await;
    }
}

/// What answers with a secret.
const SHOWN_ONCE: [&str; 4] = [
    "/v1/tokens",
    "/v1/tenants/{tenant}/invitations",
    "/v1/libraries/{library}/webhooks",
    "/v1/libraries/{library}/webhooks/{endpoint}/secret",
];

fn writes(route: &Route) -> bool {
    route.method != Method::GET
}

#[tokio::test]
async fn every_write_that_is_sent_twice_is_done_once_and_answered_twice() {
    let document = shelf_api::document();
    let routes: Vec<Route> = routes(&document).into_iter().filter(writes).collect();
    assert!(routes.len() > 25, "{}", routes.len());
    for route in routes {
        let prepared = Prepared::new().await;
        let world = &prepared.world;
        let name = format!("{} {}", route.method, route.template);
        assert!(route.headers.iter().any(|header| header == "Idempotency-Key"), "{name}");
        let first = world.send(keyed(&prepared, &route, "\"twice\"")).await;
        assert!(first.status.is_success(), "{name} {}", first.text);
        settled(&prepared).await;
        let before = seen(&prepared).await;
        let second = world.send(keyed(&prepared, &route, "\"twice\"")).await;
        settled(&prepared).await;
        assert_eq!(before, seen(&prepared).await, "{name} had an effect twice");
        if SHOWN_ONCE.contains(&route.template.as_str()) {
            assert_eq!((second.status, second.code()), (StatusCode::CONFLICT, "shown_once"));
            assert!(second.at("/detail").contains(first.header("location")), "{}", second.text);
        } else {
            assert_eq!((second.status, &second.text), (first.status, &first.text), "{name}");
            assert_eq!(second.header("idempotency-replayed"), "true", "{name}");
            for header in ["content-type", "etag", "location"] {
                assert_eq!(second.header(header), first.header(header), "{name}");
            }
        }
        for other in [
            Route { path: format!("{}?other=1", route.path), query: Vec::new(), ..route.clone() },
            Route { body: format!("{} ", route.body), ..route.clone() },
        ] {
            let told = world.send(keyed(&prepared, &other, "\"twice\"")).await;
            // An import, and a file, says first what is wrong with the request itself.
            let streams = ["/imports", "/files"].iter().any(|end| route.template.ends_with(end));
            let is_wrong = streams && told.status == 400;
            assert!(is_wrong || told.code() == "key_reused", "{name} {}", told.text);
        }
        assert_eq!(before, seen(&prepared).await, "{name} took another request for the same");
    }
}

#[tokio::test]
async fn a_password_is_no_part_of_what_is_kept_of_a_request() {
    let prepared = Prepared::new().await;
    let erasures =
        |route: &Route| route.method == Method::POST && route.template == "/v1/privacy/erasures";
    let route = routes(&shelf_api::document()).into_iter().find(erasures).unwrap();
    let with = async |password: &str| {
        let body = json!({"password": password}).to_string();
        prepared.world.send(keyed(&prepared, &Route { body, ..route.clone() }, "\"k\"")).await
    };
    let first = with("correct horse").await;
    assert!(first.status.is_success(), "{}", first.text);
    // Who has no password may say any: what is kept does not tell one from another.
    let second = with("battery staple").await;
    assert_eq!(second.header("idempotency-replayed"), "true", "{}", second.text);
}

#[tokio::test]
async fn a_key_is_of_one_caller_and_one_route() {
    let world = World::new().await;
    let send = async |who, path: &str| {
        let mut asked = who_request(&world, who, path);
        asked.headers_mut().insert("idempotency-key", "shared".parse().unwrap());
        world.send(asked).await
    };
    for who in [false, true] {
        for path in ["/v1/devices", "/v1/tokens"] {
            assert_eq!(send(who, path).await.status, StatusCode::CREATED, "{who} {path}");
        }
    }
}

fn who_request(world: &World, eve: bool, path: &str) -> Request<Body> {
    let who = if eve { &world.eve } else { &world.ada };
    who.request(Method::POST, path, r#"{"name": "n"}"#)
}

async fn pair(world: &World, key: &str, name: &str) -> Told {
    let body = json!({ "name": name }).to_string();
    let mut asked = world.ada.request(Method::POST, "/v1/devices", &body);
    asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
    world.send(asked).await
}

#[tokio::test]
async fn of_many_at_the_same_time_one_is_done_and_the_others_wait_for_its_answer() {
    let world = World::new().await;
    let both = futures::future::join_all((0..8).map(|_| pair(&world, "race", "phone"))).await;
    assert!(both.iter().all(|told| told.status == StatusCode::CREATED), "{both:?}");
    let ids: std::collections::BTreeSet<String> = both.iter().map(|told| told.at("/id")).collect();
    assert_eq!(ids.len(), 1, "{both:?}");
    let devices = world.get(&world.ada, "/v1/devices").await;
    assert_eq!(devices.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_refused_may_be_mended_under_the_same_key() {
    let world = World::new().await;
    assert_eq!(pair(&world, "k", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(pair(&world, "k", "phone").await.status, StatusCode::CREATED);
    assert_eq!(pair(&world, "k", "tablet").await.code(), "key_reused");
    for key in ["\"", "two words", "a,b", &"k".repeat(256)] {
        assert_eq!(pair(&world, key, "phone").await.status, StatusCode::BAD_REQUEST, "{key}");
    }
}

#[tokio::test]
async fn a_secret_is_in_no_reply_that_is_kept() {
    let world = World::new().await;
    let mut asked = world.ada.request(Method::POST, "/v1/tokens", r#"{"name": "n"}"#);
    asked.headers_mut().insert("idempotency-key", "once".parse().unwrap());
    let token = world.send(asked).await.at("/token");
    let stored = world.stored();
    let holds = |text: &str| stored.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("the token was made"), "the reply itself is there");
    assert!(!holds(&token), "the token is stored in the clear");
}
