//! What a document may ask for: each bound at its edge and beyond.

use crate::graphql::{ask, code, data, library};
use crate::world::{Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

async fn told(world: &World, query: &str) -> Told {
    ask(world, &world.ada, query, Value::Null).await
}

fn fits(told: &Told) {
    data(told);
}

fn too_much(told: &Told, what: &str) {
    assert_eq!((told.status, code(told)), (StatusCode::OK, "too_large"), "{}", told.text);
    assert!(told.json.get("data").is_none(), "{}", told.text);
    assert!(told.text.contains(what), "{}", told.text);
}

#[tokio::test]
async fn a_document_has_two_thousand_tokens() {
    let world = World::new().await;
    let of = |tokens: usize| format!("{{ {} }}", "__typename ".repeat(tokens - 2));
    fits(&told(&world, &of(2_000)).await);
    too_much(&told(&world, &of(2_001)).await, "tokens");
    too_much(&told(&world, &format!("{{ {}", "a ".repeat(400_000))).await, "2000 tokens");
    too_much(&told(&world, &"{ a ".repeat(200_000)).await, "brackets");
}

#[tokio::test]
async fn a_document_has_thirty_aliases() {
    let world = World::new().await;
    let of = |aliases: usize| {
        let fields: Vec<String> = (0..aliases).map(|n| format!("a{n}: __typename")).collect();
        format!("{{ {} }}", fields.join(" "))
    };
    fits(&told(&world, &of(30)).await);
    too_much(&told(&world, &of(31)).await, "aliases");
    let spread = "{ ...F ...F ...F ...F } fragment F on Query { a: __typename b: __typename \
        c: __typename d: __typename e: __typename f: __typename g: __typename h: __typename }";
    too_much(&told(&world, spread).await, "aliases");
}

#[tokio::test]
async fn a_document_is_twelve_levels_deep() {
    let world = World::new().await;
    let library = library(&world.ada);
    let of = |parents: usize| {
        let (open, close) = ("parent { ".repeat(parents), " }".repeat(parents));
        format!("{{ library(id: \"{library}\") {{ collections {{ {open} name {close} }} }} }}")
    };
    // The library, its collections and the name are three.
    fits(&told(&world, &of(9)).await);
    too_much(&told(&world, &of(10)).await, "levels");
    let schema = |turns: usize| {
        let (open, close) = ("fields { type { ".repeat(turns), " } }".repeat(turns));
        format!("{{ __type(name: \"Query\") {{ {open} name {close} }} }}")
    };
    fits(&told(&world, &schema(3)).await);
    too_much(&told(&world, &schema(4)).await, "levels");
}

#[tokio::test]
async fn fragments_that_spread_each_other_without_end_cost_nothing() {
    let world = World::new().await;
    let twice = (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1));
    let last = "fragment F40 on Query { __typename }".to_owned();
    let doubling: String =
        ["{ ...F0 } ".to_owned()].into_iter().chain(twice).chain([last]).collect();
    too_much(&told(&world, &doubling).await, "fields");
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    assert_eq!(code(&told(&world, circle).await), "invalid");
}

#[tokio::test]
async fn a_request_may_cost_two_hundred_units() {
    let world = World::new().await;
    let library = library(&world.ada);
    // One for the library, one for the list, and one for each of its rows; the values count little.
    let of = |rows: usize, more: &str| {
        format!(
            "{{ library(id: \"{library}\") {{ bookmarks(first: {rows}) {{ nodes {{ \
             history(first: 1) {{ nodes {{ seq }} }} {more} }} }} }} }}"
        )
    };
    fits(&told(&world, &of(150, "")).await);
    too_much(&told(&world, &of(200, "")).await, "units");
    let twice = "again: history(first: 1) { nodes { seq } }";
    fits(&told(&world, &of(90, twice)).await);
    too_much(&told(&world, &of(110, twice)).await, "units");
    // Rows that a variable says, or nobody.
    let query = "query Q($rows: Int = 200, $id: ID!) { library(id: $id) { bookmarks(first: $rows) \
        { nodes { history { nodes { seq } } } } } }";
    let with = async |variables: Value| ask(&world, &world.ada, query, variables).await;
    too_much(&with(json!({ "id": library })).await, "units");
    fits(&with(json!({ "id": library, "rows": 20 })).await);
}

#[tokio::test]
async fn rows_that_lead_to_rows_end_where_the_answer_is_too_large() {
    let world = World::new().await;
    let base = "/v1/libraries/{library}/collections";
    let top = world.post(&world.ada, base, &json!({ "name": "top" })).await.at("/item/id");
    for number in 0..40 {
        let ask = json!({ "name": format!("folder {number}"), "parent": top });
        assert_eq!(world.post(&world.ada, base, &ask).await.status, StatusCode::CREATED);
    }
    let of = |turns: usize| {
        let (open, close) = ("parent { children { ".repeat(turns), " } }".repeat(turns));
        let id = library(&world.ada);
        format!("{{ library(id: \"{id}\") {{ collections {{ {open} name {close} }} }} }}")
    };
    let few = told(&world, &of(1)).await;
    let all = data(&few)["library"]["collections"].as_array().unwrap();
    let beside =
        |one: &&Value| one["parent"]["children"].as_array().is_some_and(|all| all.len() == 40);
    assert_eq!(all.iter().filter(beside).count(), 40, "{}", few.text);
    // Every folder leads to forty by its parent: without an end these are forty to the fifth.
    let many = told(&world, &of(4)).await;
    assert_eq!(code(&many), "too_large");
}

#[tokio::test]
async fn what_is_asked_is_paid_for_and_dry_buckets_are_said() {
    use shelf_api::probes::AlwaysReady;
    use shelf_identity::Plan;
    let world = World::with(std::sync::Arc::new(AlwaysReady), Plan::Personal).await;
    let query = format!(
        "{{ library(id: \"{}\") {{ search(query: \"x\") {{ totalCount }} }} }}",
        library(&world.ada)
    );
    let first = told(&world, &query).await;
    assert_eq!(
        first.json["extensions"]["cost"], 5,
        "itself, a library and a search: {}",
        first.text
    );
    let mut dry = first;
    for _ in 0..400 {
        dry = told(&world, &query).await;
        if !dry.json["errors"].is_null() || dry.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    let said = dry.status == StatusCode::TOO_MANY_REQUESTS || code(&dry) == "slow_down";
    assert!(said, "{}", dry.text);
}

#[tokio::test]
async fn bodies_are_objects_of_json_and_no_batches() {
    let world = World::new().await;
    let send = async |kind: &str, body: &str| {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/graphql")
            .header("host", "localhost:4747")
            .header("authorization", format!("Bearer {}", world.ada.token))
            .header("content-type", kind);
        world.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let one = r#"{"query": "{ __typename }"}"#;
    assert_eq!(send("application/json", one).await.status, StatusCode::OK);
    let batch = send("application/json", &format!("[{one}, {one}]")).await;
    assert_eq!((batch.status, batch.code()), (StatusCode::BAD_REQUEST, "invalid"));
    for kind in ["text/plain", "application/graphql", "multipart/form-data; boundary=x"] {
        assert_eq!(send(kind, one).await.code(), "unsupported_media_type", "{kind}");
    }
    let unknown = send("application/json", r#"{"query": "{ __typename }", "id": 5}"#).await;
    assert_eq!(unknown.at("/errors/0/pointer"), "#/id");
    let large = format!(r#"{{"query": "{{ __typename }} {}"}}"#, "#".repeat(17 << 20));
    assert_eq!(send("application/json", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let told = world.ask(&world.ada, method, "/graphql", one).await;
        assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn errors_have_the_codes_statuses_and_places_of_rest() {
    let world = World::new().await;
    let library = library(&world.ada);
    let save = |url: &str| {
        format!(
            "mutation {{ saveBookmark(input: {{library: \"{library}\", url: \"{url}\"}}) {{ act }} }}"
        )
    };
    let told = told(&world, &save("no address")).await;
    let error = &told.json["errors"][0];
    assert_eq!((told.status, code(&told)), (StatusCode::OK, "invalid"), "{}", told.text);
    assert_eq!(error["extensions"]["status"], 400);
    assert_eq!(error["extensions"]["at"], "url");
    assert_eq!(error["path"], json!(["saveBookmark"]));
    let unknown = self::told(&world, "{ viewr { person { id } } }").await;
    assert_eq!(code(&unknown), "invalid");
    let page =
        format!("{{ library(id: \"{library}\") {{ trash(first: 201) {{ nodes {{ id }} }} }} }}");
    let told = self::told(&world, &page).await;
    assert_eq!(told.json["errors"][0]["extensions"]["at"], "first", "{}", told.text);
    let page =
        format!("{{ library(id: \"{library}\") {{ trash(after: \"x\") {{ nodes {{ id }} }} }} }}");
    let told = self::told(&world, &page).await;
    assert_eq!(told.json["errors"][0]["extensions"]["at"], "after", "{}", told.text);
    assert_eq!(
        code(&self::told(&world, "subscription { libraryChanged(library: \"x\") { to } }").await),
        "invalid"
    );
}
