//! What tokens are good for: each operation asks for its scope, and no token goes beyond its own.

use crate::walk::{Prepared, request, routes};
use crate::world::{Someone, Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shelf_domain::permit::Permit;

/// Operations any token is good for; what they tell keeps within the libraries it reaches.
///
/// Those of privacy and of passkeys look for themselves: they are for no token that is limited at all.
const FOR_ANY: [&str; 10] = [
    "/v1/libraries/{library}",
    "/v1/me",
    "/v1/me/passkeys/{passkey}",
    "/v1/me/passkeys/{passkey}",
    "/v1/privacy/erasures",
    "/v1/privacy/erasures",
    "/v1/privacy/export",
    "/v1/privacy/key",
    "/v1/privacy/notice",
    "/v1/privacy/record",
];

fn refused_for_scope(told: &Told, scope: &str, name: &str) {
    let why = format!("{name}: {} {}", told.status, told.text);
    assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "insufficient_scope"), "{why}");
    let wanted =
        format!("Bearer realm=\"mindshelf\", error=\"insufficient_scope\", scope=\"{scope}\"");
    assert_eq!(told.header("www-authenticate"), wanted, "{name}");
}

#[tokio::test]
async fn every_operation_refuses_a_token_that_is_good_for_all_else() {
    let prepared = Prepared::new().await;
    let (world, ada) = (&prepared.world, &prepared.world.ada);
    let before = world.get(ada, "/v1/libraries/{library}/changes").await.text;
    let document = shelf_api::document();
    let mut for_any = Vec::new();
    for route in routes(&document).iter().filter(|route| !route.public) {
        let Some(scope) = &route.scope else {
            for_any.push(route.template.clone());
            continue;
        };
        let others = Permit::ALL.map(Permit::name).into_iter().filter(|name| name != scope);
        let who = world.limited(ada, &others.collect::<Vec<_>>().join(" ")).await;
        let told = world.send(request(route, Some(&who), |text| prepared.adas(text))).await;
        refused_for_scope(&told, scope, &format!("{} {}", route.method, route.template));
    }
    assert_eq!(for_any, FOR_ANY);
    assert_eq!(world.get(ada, "/v1/libraries/{library}/changes").await.text, before);
}

#[tokio::test]
async fn what_is_not_there_is_not_there_for_a_token_that_is_good_for_little() {
    let world = World::new().await;
    let who = world.limited(&world.ada, "audit:read").await;
    assert_eq!(world.get(&who, "/v1/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&who, "/openapi.json").await.status, StatusCode::OK);
    let read = world.limited(&world.ada, "bookmarks:read").await;
    assert_eq!(world.get(&read, "/v1/me").await.json["grant"]["scopes"], json!(["bookmarks:read"]));
    assert_eq!(world.get(&world.ada, "/v1/me").await.json["grant"]["scopes"], Value::Null);
}

/// A token of `who` that this body asks for.
async fn made(world: &World, who: &Someone, body: Value) -> Told {
    world.post(who, "/v1/tokens", &body).await
}

fn with(who: &Someone, told: &Told) -> Someone {
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    Someone { token: told.at("/token"), ..who.clone() }
}

#[tokio::test]
async fn a_token_makes_none_that_does_more_or_lives_longer() {
    let world = World::new().await;
    let ends = json!("2026-10-01T00:00:00Z");
    let scopes = json!(["account:write", "bookmarks:read"]);
    let ask = json!({"name": "a", "scopes": scopes, "expires_at": ends});
    let who = with(&world.ada, &made(&world, &world.ada, ask).await);

    let same = made(&world, &who, json!({"name": "b"})).await;
    assert_eq!(same.json["grant"]["expires_at"], ends, "it ends with what made it");
    assert_eq!(same.json["grant"]["scopes"], json!(["bookmarks:read", "account:write"]));
    let less = made(&world, &who, json!({"name": "c", "scopes": ["bookmarks:read"]})).await;
    assert_eq!(less.json["grant"]["scopes"], json!(["bookmarks:read"]));

    let more = json!({"name": "d", "scopes": ["bookmarks:read", "bookmarks:write"]});
    let more = made(&world, &who, more).await;
    assert_eq!((more.status, more.code()), (StatusCode::FORBIDDEN, "insufficient_scope"));
    let longer = json!({"name": "e", "expires_at": "2026-10-01T00:00:01Z"});
    let longer = made(&world, &who, longer).await;
    assert_eq!(longer.at("/errors/0/pointer"), "#/expires_at");
    assert_eq!(
        world.get(&world.ada, "/v1/tokens").await.json["items"].as_array().unwrap().len(),
        4
    );
}

#[tokio::test]
async fn a_token_for_one_library_sees_no_other() {
    let world = World::new().await;
    let ada = &world.ada;
    let path = format!("/v1/tenants/{}/libraries", ada.tenant);
    let other = world.post(ada, &path, &json!({"name": "Other"})).await.at("/id");
    let here = world.saved(ada, "https://here.example").await;
    let there = format!("/v1/libraries/{other}/bookmarks");
    world.post(ada, &there, &json!({"url": "https://there.example"})).await;

    let ask = json!({"name": "one", "libraries": [ada.library.to_string()]});
    let told = made(&world, ada, ask).await;
    assert_eq!(told.json["grant"]["scopes"], json!(["bookmarks:read", "bookmarks:write"]));
    let who = with(ada, &told);
    let me = world.get(&who, "/v1/me").await;
    assert_eq!(me.json["libraries"].as_array().unwrap().len(), 1, "{}", me.text);
    assert_eq!(me.at("/libraries/0/id"), ada.library.to_string());
    assert_eq!(world.get(&who, "/v1/libraries/{library}/bookmarks").await.status, StatusCode::OK);
    let mine = world.get(&who, &format!("/v1/libraries/{{library}}/bookmarks/{here}")).await;
    assert_eq!(mine.status, StatusCode::OK);

    let unknown = "0193f0a0-0000-7000-8000-0000000000ff";
    for part in ["", "/bookmarks", "/changes", "/search?q=x", "/exports/jsonl"] {
        let theirs = world.get(&who, &format!("/v1/libraries/{other}{part}")).await;
        let random = world.get(&who, &format!("/v1/libraries/{unknown}{part}")).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{part}: {}", theirs.text);
        let plain = |told: &Told| {
            let mut json = told.json.clone();
            json.as_object_mut()
                .unwrap()
                .retain(|name, _| name != "trace_id" && name != "instance");
            json.to_string().replace(&other, unknown)
        };
        assert_eq!(plain(&theirs), plain(&random), "{part}");
    }
    let saved = world.post(&who, &there, &json!({"url": "https://no.example"})).await;
    assert_eq!(saved.status, StatusCode::NOT_FOUND);
    world.follow(ada).await;
    let found = world.get(&who, "/v1/search?q=example").await;
    assert!(!found.text.contains("there.example"), "{}", found.text);
}

#[tokio::test]
async fn limits_that_would_not_hold_or_mean_nothing_are_refused() {
    let world = World::new().await;
    let ada = &world.ada;
    let library = ada.library.to_string();
    for (body, at) in [
        (json!({"name": "x", "scopes": []}), "#/scopes"),
        (json!({"name": "x", "libraries": []}), "#/libraries"),
        (json!({"name": "x", "libraries": [library], "scopes": ["account:write"]}), "#/scopes"),
        (json!({"name": "x", "libraries": [library], "scopes": ["audit:read"]}), "#/scopes"),
    ] {
        let told = made(&world, ada, body.clone()).await;
        assert_eq!((told.status, told.code()), (StatusCode::BAD_REQUEST, "invalid"), "{body}");
        assert_eq!(told.at("/errors/0/pointer"), at, "{body}");
    }
    let unknown = made(&world, ada, json!({"name": "x", "scopes": ["root"]})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST, "{}", unknown.text);
    let eves = json!({"name": "x", "libraries": [world.eve.library.to_string()]});
    assert_eq!(made(&world, ada, eves).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_for_programs_in_place_of_a_session_opens_nothing() {
    let world = World::new().await;
    let with_cookie = |secret: &str| {
        let request = Request::builder().method(Method::GET).uri("/v1/me");
        let request = request.header("host", "localhost:4747");
        request.header("cookie", format!("mindshelf_session={secret}")).body(Body::empty()).unwrap()
    };
    assert_eq!(world.send(with_cookie(&world.ada.session)).await.status, StatusCode::OK);
    let told = world.send(with_cookie(&world.ada.token)).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_that_has_ended_opens_nothing() {
    let world = World::new().await;
    let soon = world.get(&world.ada, "/v1/me").await;
    assert_eq!(soon.status, StatusCode::OK);
    // The clock of the world stands in September 2026.
    let ask = json!({"name": "short", "expires_at": "2026-09-21T14:20:00Z"});
    let who = with(&world.ada, &made(&world, &world.ada, ask).await);
    assert_eq!(world.get(&who, "/v1/me").await.status, StatusCode::OK);
    world.rest(600);
    assert_eq!(world.get(&who, "/v1/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get(&world.ada, "/v1/me").await.status, StatusCode::OK);
}
