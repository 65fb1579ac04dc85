//! The identity provider of a tenant over REST: what is told of it, and what it closes.

use crate::world::World;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// A provider as the examples connect it.
fn ask(required: bool) -> String {
    json!({
        "issuer": "https://id.example.org", "client_id": "mindshelf",
        "client_secret": "a secret nobody is told", "required": required,
    })
    .to_string()
}

async fn proven(world: &World, tenant: &str) {
    let path = format!("/v1/tenants/{tenant}/sso/domains");
    let named = world.post(&world.ada, &path, &json!({"domain": "example.org"})).await;
    assert_eq!(named.json["verified_at"], Value::Null);
    world.internet.says(&named.at("/place"), &named.at("/text"));
    let path = format!("{path}/example.org/verification");
    let told = world.ask(&world.ada, Method::POST, &path, "").await;
    assert!(told.json["verified_at"].is_string(), "{}", told.text);
}

#[tokio::test]
async fn what_is_connected_is_told_without_its_secret() {
    let world = World::new().await;
    let path = format!("/v1/tenants/{}/sso", world.ada.tenant);
    let told = world.get(&world.ada, &path).await;
    assert_eq!(told.json["provider"], Value::Null);
    assert!(told.at("/redirect_uri").ends_with(&format!("/sign-in/sso/{}", world.ada.tenant)));
    let told = world.ask(&world.ada, Method::PUT, &path, &ask(false)).await;
    assert_eq!(
        (told.status, told.at("/issuer")),
        (StatusCode::OK, "https://id.example.org".into())
    );
    let again = world.get(&world.ada, &path).await;
    assert_eq!(again.at("/provider/client_id"), "mindshelf");
    for told in [&told, &again] {
        assert!(!told.text.contains("nobody is told") && !told.text.contains("client_secret"));
    }
    assert!(!world.stored().windows(14).any(|bytes| bytes == b"nobody is told"));
    let owner = json!({"issuer": "https://id.example.org", "client_id": "m", "role": "owner"});
    let told = world.ask(&world.ada, Method::PUT, &path, &owner.to_string()).await;
    assert_eq!((told.status, told.code()), (StatusCode::BAD_REQUEST, "invalid"));
    let gone = world.ask(&world.ada, Method::DELETE, &path, "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let again = world.ask(&world.ada, Method::DELETE, &path, "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_tenant_that_requires_its_provider_is_closed_to_every_other_way_in() {
    let world = World::new().await;
    let (ada, flo) = (&world.ada, world.newcomer(3).await);
    let tenant = ada.tenant.to_string();
    let of = |part: &str| format!("/v1/tenants/{tenant}{part}");
    let invited = world.post(ada, &of("/invitations"), &json!({"role": "admin"})).await;
    let join = json!({"invitation": invited.at("/secret")});
    world.post(&flo, "/v1/memberships", &join).await.at("/id");
    let share = r#"{"kind": "person", "right": "read"}"#;
    let shares = format!("/v1/libraries/{}/shares", ada.library);
    let path = format!("{shares}/{}", flo.person);
    assert_eq!(world.ask(ada, Method::PUT, &path, share).await.status, StatusCode::OK);
    proven(&world, &tenant).await;
    let library = format!("/v1/libraries/{}", ada.library);
    let content = format!("{library}/bookmarks");
    let closed = [of(""), of("/members"), of("/audit"), of("/sso"), shares.clone()];
    for path in closed.iter().chain([&content]) {
        assert_eq!(world.get(&flo, path).await.status, StatusCode::OK, "{path}");
    }
    let told = world.ask(ada, Method::PUT, &of("/sso"), &ask(true)).await;
    assert_eq!(told.json["required"], true, "{}", told.text);
    for path in &closed {
        let told = world.get(&flo, path).await;
        assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "forbidden"), "{path}");
        assert!(told.text.contains("its own sign-in"), "{}", told.text);
    }
    assert_eq!(world.get(&flo, &content).await.status, StatusCode::NOT_FOUND);
    let asked = json!({"query": "{ libraries { id } }"});
    let told = world.post(&flo, "/graphql", &asked).await;
    assert!(!told.text.contains(&ada.library.to_string()), "{}", told.text);
    for path in closed.iter().chain([&content]) {
        assert_eq!(world.get(ada, path).await.status, StatusCode::OK, "an owner: {path}");
    }
}
