//! Documents that are known by their hash.

use crate::graphql::{code, data};
use crate::world::{Someone, Told, World};
use axum::http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const QUERY: &str = "{ viewer { person { name } } }";

async fn send(world: &World, who: &Someone, query: Option<&str>, hash: &str) -> Told {
    let mut body = json!({
        "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } },
    });
    if let Some(query) = query {
        body["query"] = Value::from(query);
    }
    world.ask(who, Method::POST, "/graphql", &body.to_string()).await
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_known_by_its_hash_to_its_tenant() {
    let world = World::new().await;
    let hash = hex::encode(Sha256::digest(QUERY));
    let unknown = send(&world, &world.ada, None, &hash).await;
    assert_eq!(unknown.json["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
    data(&send(&world, &world.ada, Some(QUERY), &hash).await);
    let told = send(&world, &world.ada, None, &hash).await;
    assert_eq!(data(&told)["viewer"]["person"]["name"], "Person 1");
    let eve = send(&world, &world.eve, None, &hash).await;
    assert_eq!(code(&eve), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn a_hash_of_another_document_is_refused_and_a_query_by_get_is_found() {
    let world = World::new().await;
    let hash = hex::encode(Sha256::digest(QUERY));
    let other = send(&world, &world.ada, Some("{ __typename }"), &hash).await;
    assert_eq!(code(&other), "invalid", "{}", other.text);
    data(&send(&world, &world.ada, Some(QUERY), &hash).await);
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }).to_string();
    let path = format!("/graphql?extensions={}", crate::walk::encoded(&extensions));
    let told = world.get(&world.ada, &path).await;
    assert_eq!(data(&told)["viewer"]["person"]["name"], "Person 1");
    assert_eq!(
        send(&world, &world.ada, None, "short").await.json["errors"][0]["extensions"]["status"],
        400
    );
}

#[tokio::test]
async fn what_is_refused_is_not_kept() {
    let world = World::new().await;
    let deep = format!("{{ {} }}", "__typename ".repeat(3_000));
    let hash = hex::encode(Sha256::digest(&deep));
    assert_eq!(code(&send(&world, &world.ada, Some(&deep), &hash).await), "too_large");
    let again = send(&world, &world.ada, None, &hash).await;
    assert_eq!(code(&again), "PERSISTED_QUERY_NOT_FOUND");
}
