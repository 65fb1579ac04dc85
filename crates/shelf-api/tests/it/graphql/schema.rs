//! The schema: kept beside the code, and the one that is served.

use crate::graphql::{ask, data, library};
use crate::world::World;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[test]
#[expect(clippy::disallowed_methods, reason = "blessing is asked for by the environment")]
fn the_kept_schema_is_the_one_the_code_makes() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.graphql");
    let made = shelf_api::graphql_schema();
    if std::env::var("MINDSHELF_BLESS").as_deref() == Ok("1") {
        std::fs::write(&kept, &made).unwrap();
    }
    let old = std::fs::read_to_string(&kept).unwrap_or_default();
    assert!(old == made, "docs/schema.graphql is stale: cargo xtask bless, and look at the change");
}

#[tokio::test]
async fn every_type_and_field_says_what_it_is() {
    let world = World::new().await;
    let query = "{ __schema { types { name description fields { name description } } } }";
    let told = ask(&world, &world.ada, query, Value::Null).await;
    for ty in data(&told)["__schema"]["types"].as_array().unwrap() {
        let name = ty["name"].as_str().unwrap();
        // What the specification brings says what it is there.
        if ["ID", "Int", "Float", "String", "Boolean"].contains(&name)
            || name.starts_with("__")
            || name.ends_with("Connection")
            || name.ends_with("Edge")
        {
            continue;
        }
        assert!(ty["description"].is_string(), "{name} does not say what it is");
        for field in ty["fields"].as_array().into_iter().flatten() {
            assert!(field["description"].is_string(), "{name}.{} says nothing", field["name"]);
        }
    }
}

/// The question that tools of others begin with, as deep as they ask it.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType \
    { name } subscriptionType { name } types { ...FullType } directives { name description \
    locations args { ...InputValue } } } } fragment FullType on __Type { kind name description \
    fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } \
    isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } \
    possibleTypes { ...TypeRef } } fragment InputValue on __InputValue { name description type \
    { ...TypeRef } defaultValue } fragment TypeRef on __Type { kind name ofType { kind name ofType \
    { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType \
    { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn tools_of_others_can_ask_for_the_schema() {
    let world = World::new().await;
    let told = ask(&world, &world.ada, INTROSPECTION, Value::Null).await;
    assert_eq!(data(&told)["__schema"]["queryType"]["name"], "Query");
    assert_eq!(data(&told)["__schema"]["subscriptionType"]["name"], "Subscription");
}

#[tokio::test]
async fn the_documents_of_the_page_are_answered() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/API.md");
    let page = std::fs::read_to_string(page).unwrap();
    let world = World::new().await;
    let mut answered = 0;
    for block in page.split("```graphql\n").skip(1) {
        let (document, _) = block.split_once("```").unwrap();
        let told =
            ask(&world, &world.ada, document, json!({ "library": library(&world.ada) })).await;
        if document.starts_with("subscription") {
            // It is read, weighed and known, and told to go by a socket.
            assert!(told.text.contains("WebSocket"), "{}", told.text);
            continue;
        }
        data(&told);
        answered += 1;
    }
    assert_eq!(answered, 2);
}

/// The fields of each type of the schema, called as REST calls them.
fn fields() -> BTreeMap<String, BTreeSet<String>> {
    let document = parse_schema(shelf_api::graphql_schema()).unwrap();
    let objects = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => match definition.node.kind {
            TypeKind::Object(object) => Some((definition.node.name.node.to_string(), object)),
            _ => None,
        },
        _ => None,
    });
    let snake = |name: &str| {
        let letter = |letter: char| match letter {
            'A'..='Z' => format!("_{}", letter.to_ascii_lowercase()),
            letter => letter.to_string(),
        };
        name.chars().map(letter).collect::<String>()
    };
    objects
        .map(|(name, object)| {
            let all = object.fields.iter().map(|field| snake(&field.node.name.node)).collect();
            (name, all)
        })
        .collect()
}

#[test]
fn a_type_tells_what_rest_tells_of_the_same() {
    let (document, fields) = (shelf_api::document(), fields());
    let mut compared = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // Some are said where a page of them is, and nowhere else.
        let (name, schema) = match name.strip_prefix("Paged_") {
            Some(name) => (name, &schema["properties"]["items"]["items"]),
            None => (name.as_str(), schema),
        };
        let (Some(known), Some(told)) = (fields.get(name), schema["properties"].as_object()) else {
            continue;
        };
        compared += 1;
        for property in told.keys() {
            // Of a library the tenant itself is told, not its id.
            let called =
                if name == "Library" && property == "tenant" { "owner" } else { property.as_str() };
            assert!(known.contains(called), "{name} has no field {called}");
        }
    }
    assert!(compared > 30, "{compared}");
}
