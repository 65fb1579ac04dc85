//! Every field that takes an id: it works for whoever may, and tells nobody else that there is
//! something.

use crate::graphql::cases::{CASES, Case};
use crate::graphql::{ask, code, data};
use crate::walk::{EXAMPLE, Prepared};
use crate::world::{Someone, Told};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields that are swept elsewhere: what goes on, by sockets.
const ELSEWHERE: [&str; 1] = ["Subscription.libraryChanged"];

fn inner(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(ty) => inner(ty),
    }
}

/// Each field that takes an id, itself or somewhere in its input.
fn taking_ids() -> BTreeSet<String> {
    let document = parse_schema(shelf_api::graphql_schema()).unwrap();
    let mut inputs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match definition.node.kind {
            TypeKind::InputObject(input) => {
                let of = input.fields.iter().map(|field| inner(&field.node.ty.node)).collect();
                inputs.insert(name, of);
            }
            TypeKind::Object(object) => {
                for field in object.fields {
                    let of = field.node.arguments.iter();
                    let of = of.map(|argument| inner(&argument.node.ty.node)).collect();
                    fields.insert(format!("{name}.{}", field.node.name.node), of);
                }
            }
            _ => {}
        }
    }
    let holds = |types: &[String]| {
        let mut open: Vec<String> = types.to_vec();
        let mut seen = BTreeSet::new();
        while let Some(ty) = open.pop() {
            if ty == "ID" {
                return true;
            }
            if seen.insert(ty.clone()) {
                open.extend(inputs.get(&ty).into_iter().flatten().cloned());
            }
        }
        false
    };
    fields.into_iter().filter(|(_, types)| holds(types)).map(|(field, _)| field).collect()
}

#[test]
fn every_field_that_takes_an_id_is_swept() {
    let swept: BTreeSet<&str> = CASES.iter().map(|case| case.field).chain(ELSEWHERE).collect();
    let taking = taking_ids();
    assert!(taking.len() > 50, "{taking:?}");
    for field in taking {
        assert!(swept.contains(field.as_str()), "{field} takes an id and is swept by no case");
    }
}

async fn told(
    prepared: &Prepared,
    who: &Someone,
    case: &Case,
    ids: impl Fn(&str) -> String,
) -> Told {
    prepared.world.rest(60);
    ask(&prepared.world, who, &case.document(ids), Value::Null).await
}

#[tokio::test]
async fn every_field_does_what_it_says_for_whoever_may() {
    for case in CASES {
        let prepared = Prepared::new().await;
        let told = told(&prepared, &prepared.world.ada, case, |text| prepared.adas(text)).await;
        assert!(!data(&told).is_null(), "{}: {}", case.field, told.text);
    }
}

/// An answer with Ada's ids called as those of the examples are.
fn plain(prepared: &Prepared, told: &Told) -> String {
    let mut json = told.json.clone();
    // Gestures have ids of their own, and a search takes its time.
    let text = json.to_string();
    if let Some(data) = json.get_mut("data").and_then(Value::as_object_mut) {
        data.retain(|_, value| value.is_null());
    }
    assert!(!text.contains("a.example"), "{text}");
    format!("{} {}", told.status, prepared.examples(&json.to_string()))
}

#[tokio::test]
async fn nobody_learns_what_belongs_to_others() {
    let prepared = Prepared::new().await;
    let eve = &prepared.world.eve;
    let taking = taking_ids();
    let mine = format!("{EXAMPLE}00");
    for case in CASES.iter().filter(|case| taking.contains(case.field)) {
        let name = case.field;
        let real = told(&prepared, eve, case, |text| prepared.adas(text)).await;
        let random = told(&prepared, eve, case, str::to_owned).await;
        assert_eq!(plain(&prepared, &real), plain(&prepared, &random), "{name}");
        // What is not there is an error, or for nodes nothing.
        if name.starts_with("Query.node") {
            assert_eq!(code(&real), "", "{name} {}", real.text);
        } else {
            assert_eq!(code(&real), "not_found", "{name} {}", real.text);
        }
        // The same beneath a library of one's own.
        let own = |text: &str| text.replace(&mine, &eve.library.to_string());
        let real = told(&prepared, eve, case, |text| prepared.within(eve, text)).await;
        let random = told(&prepared, eve, case, own).await;
        assert_eq!(plain(&prepared, &real), plain(&prepared, &random), "{name}");
    }
}

#[tokio::test]
async fn whoever_may_only_read_changes_nothing() {
    let prepared = Prepared::new().await;
    let (world, flo) = (&prepared.world, &prepared.flo);
    let changes = "/v1/libraries/{library}/changes";
    let before = world.get(&world.ada, changes).await.text;
    // What they opened is theirs, not the library's, and so is their token.
    let own = ["Mutation.openBookmark", "Mutation.forgetActivity", "Mutation.createToken"];
    let mut tried = 0;
    for case in CASES.iter().filter(|case| case.field.starts_with("Mutation.")) {
        if own.contains(&case.field) || !case.is_in_library() {
            continue;
        }
        tried += 1;
        let told = told(&prepared, flo, case, |text| prepared.adas(text)).await;
        assert_eq!(code(&told), "forbidden", "{} {}", case.field, told.text);
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(world.get(&world.ada, changes).await.text, before);
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let prepared = Prepared::new().await;
    let stranger = Someone { token: "stranger".to_owned(), ..prepared.world.ada.clone() };
    for document in ["{ __typename }", "{ __schema { queryType { name } } }", "{ viewr }"] {
        let told = ask(&prepared.world, &stranger, document, Value::Null).await;
        assert_eq!(told.status.as_u16(), 401, "{document}");
        assert_eq!(told.header("content-type"), "application/problem+json");
        assert!(!told.text.contains("viewer"), "nothing is suggested: {}", told.text);
    }
}

#[tokio::test]
async fn a_page_asks_with_its_session_and_changes_with_its_secret() {
    let prepared = Prepared::new().await;
    let (world, ada) = (&prepared.world, &prepared.world.ada);
    let send = async |csrf: &str| {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/graphql")
            .header("host", "localhost:4747")
            .header("origin", "http://localhost:4747")
            .header("cookie", format!("mindshelf_session={}", ada.session))
            .header("content-type", "application/json")
            .header("x-csrf-token", csrf);
        let body = Body::from(r#"{"query": "{ viewer { grant { kind } } }"}"#);
        world.send(request.body(body).unwrap()).await
    };
    assert_eq!(send("forged").await.status.as_u16(), 403);
    let told = send(&ada.csrf).await;
    assert_eq!(data(&told)["viewer"]["grant"]["kind"], "session");
    let query = crate::walk::encoded("{ viewer { grant { kind } } }");
    let read = Request::get(format!("/graphql?query={query}"))
        .header("host", "localhost:4747")
        .header("cookie", format!("mindshelf_session={}", ada.session));
    let told = world.send(read.body(Body::empty()).unwrap()).await;
    assert_eq!(data(&told)["viewer"]["grant"]["kind"], "session");
}
