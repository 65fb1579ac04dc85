//! What a tenant uses, and what whoever runs the server sees and decides.

use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::json;
use shelf_api::probes::AlwaysReady;
use shelf_identity::Plan;
use std::sync::Arc;

async fn world() -> World {
    World::with(Arc::new(AlwaysReady), Plan::Personal).await
}

#[tokio::test]
async fn an_admin_sees_what_their_tenant_uses_against_its_plan() {
    let world = world().await;
    for number in 0..3 {
        world.saved(&world.ada, &format!("https://usage.example/{number}")).await;
    }
    let path = format!("/v1/tenants/{}/usage", world.ada.tenant);
    let told = world.get(&world.ada, &path).await;
    assert_eq!((told.status, told.at("/plan").as_str()), (StatusCode::OK, "personal"));
    assert_eq!(told.json["libraries"][0]["bookmarks"], 3);
    let bytes = ["waiting_bytes", "copy_bytes"].map(|of| told.json["libraries"][0][of].clone());
    assert_eq!(bytes, [json!(0), json!(0)], "no file waits, and no device asked for a copy");
    let bounds = told.json["bounds"].as_array().unwrap();
    let of = |name: &str| bounds.iter().find(|bound| bound["name"] == name).unwrap();
    assert_eq!(of("bookmarks"), &json!({"name": "bookmarks", "used": 3, "most": 100_000}));
    assert!(of("cost_a_day")["used"].as_u64().unwrap() >= 6, "three saves and more");
    assert_eq!(told.json["days"].as_array().unwrap().len(), 30);
    assert_eq!(world.get(&world.eve, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_that_wait_are_told_by_library_to_admins_alone() {
    let world = world().await;
    let path = format!("/v1/tenants/{}/usage", world.ada.tenant);
    let snapshot = world.get(&world.ada, "/v1/libraries/{library}/snapshot").await;
    assert_eq!(snapshot.status, StatusCode::OK, "{}", snapshot.text);
    let told = world.get(&world.ada, &path).await;
    let copy = told.json["libraries"][0]["copy_bytes"].as_u64().unwrap();
    assert!(copy > 0, "what devices begin from is kept: {}", told.text);
    assert_eq!(told.json["libraries"][0]["waiting_bytes"], 0);
    let theirs = world.get(&world.eve, &format!("/v1/tenants/{}/usage", world.eve.tenant)).await;
    assert_eq!(theirs.json["libraries"][0]["copy_bytes"], 0, "each library for itself");
    assert_eq!(world.get(&world.eve, &path).await.status, StatusCode::NOT_FOUND, "an outsider");
}

#[tokio::test]
async fn whoever_runs_the_server_sees_numbers_and_nothing_that_was_saved() {
    let world = world().await;
    world.saved(&world.eve, "https://private.example/secret").await;
    let told = world.get(&world.ada, "/v1/admin/tenants").await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(told.json["items"].as_array().unwrap().len(), 2, "{}", told.text);
    assert!(!told.text.contains("private.example"), "{}", told.text);
    let first = world.get(&world.ada, "/v1/admin/tenants?limit=1").await;
    let rest = format!("/v1/admin/tenants?limit=1&cursor={}", first.at("/next_cursor"));
    let rest = world.get(&world.ada, &rest).await;
    assert_ne!(first.at("/items/0/id"), rest.at("/items/0/id"));
    assert!(rest.json["next_cursor"].is_null(), "{}", rest.text);
    for path in ["/v1/admin/tenants", "/v1/admin/server"] {
        assert_eq!(world.get(&world.eve, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_plan_that_is_given_bounds_a_tenant_at_once_and_is_in_its_log() {
    let world = world().await;
    let path = format!("/v1/admin/tenants/{}", world.eve.tenant);
    let give = |plan: &'static str| world.ask(&world.ada, Method::PATCH, &path, plan);
    let policy = async || {
        let me = world.get(&world.eve, "/v1/me").await;
        me.header("ratelimit-policy").to_owned()
    };
    assert!(policy().await.contains("\"day\";q=200000"));
    let given = give(r#"{"plan": "team"}"#).await;
    assert_eq!((given.status, given.at("/plan").as_str()), (StatusCode::OK, "team"));
    assert!(policy().await.contains("\"day\";q=2000000"));
    assert_eq!(give(r#"{"plan": "home"}"#).await.status, StatusCode::OK);
    assert_eq!(policy().await, "", "any amount");
    assert_eq!(give(r#"{"plan": null}"#).await.at("/plan"), "personal");
    assert_eq!(give(r#"{"plan": "gold"}"#).await.status, StatusCode::BAD_REQUEST);
    let log = world.get(&world.eve, &format!("/v1/tenants/{}/audit", world.eve.tenant)).await;
    let last = [log.at("/items/0/deed"), log.at("/items/1/detail")];
    assert_eq!(last, ["plan_given", "home"]);
    let server = world.get(&world.ada, "/v1/admin/server").await;
    assert_eq!(server.status, StatusCode::OK, "{}", server.text);
    let deeds = server.json["deeds"].as_array().unwrap();
    let plans: Vec<_> = deeds.iter().map(|one| (&one["deed"], &one["plan"])).collect();
    let given = json!("plan_given");
    let (none, home, team) = (json!(null), json!("home"), json!("team"));
    assert_eq!(
        plans,
        [(&given, &none), (&given, &home), (&given, &team)],
        "their own, latest first"
    );
    assert!(deeds.iter().all(|one| one["subject"] == world.eve.tenant.to_string()));
    assert_eq!(
        (&server.json["sends_mail"], &server.json["imports_left"]),
        (&json!(false), &json!(0))
    );
    let own = world.ask(&world.eve, Method::PATCH, &path, r#"{"plan": "home"}"#).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND, "nobody gives themselves a plan");
}

#[tokio::test]
async fn whoever_walks_through_everything_is_told_how_much_more_each_request_counts() {
    let world = world().await;
    for number in 0..3 {
        world.saved(&world.ada, &format!("https://walk.example/{number}")).await;
    }
    let page = world.get(&world.ada, "/v1/libraries/{library}/bookmarks?limit=1").await;
    let onward =
        format!("/v1/libraries/{{library}}/bookmarks?limit=1&cursor={}", page.at("/next_cursor"));
    let (mut told, mut pages) = (world.get(&world.ada, &onward).await, 1);
    while told.status == StatusCode::OK {
        told = world.get(&world.ada, &onward).await;
        pages += 1;
        assert!(pages < 1_000, "never slowed");
    }
    assert_eq!((told.status, told.code()), (StatusCode::TOO_MANY_REQUESTS, "slow_down"));
    assert!(told.at("/detail").contains("each request counts"), "{}", told.text);
}
