//! GraphQL over HTTP as its specification has it: the 61 audits of `graphql-http`, each by its
//! name there. The package itself judges the real server in `xtask/judges/graphql.mjs`.

use crate::walk::encoded;
use crate::world::{Told, World};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";
const NAMED: &str = "query Type($name: String!) { __type(name: $name) { name } }";
const TYPENAME: &str = "{ __typename }";
/// A field that is not there.
const MISSING: &str = "{ 8f31403dfe404bccbb0e835f2629c6a7 }";
const COERCED: &str = "query CoerceFailure($id: ID!){ __typename }";

/// What an audit expects.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expects {
    /// This status.
    Status(u16),
    /// Some status of a client's mistake.
    Refused,
    /// 200 and this content type.
    Kind(&'static str),
    /// 200 and no errors.
    NoErrors,
    /// No entry `data`.
    NoData,
    /// Any status that is an answer.
    Any,
}
use Expects::{Any, Kind, NoData, NoErrors, Refused, Status};

/// One audit: what is sent, and what is expected.
struct Audit {
    name: String,
    method: Method,
    uri: String,
    accept: Option<&'static str>,
    kind: Option<&'static str>,
    body: String,
    expects: Expects,
}

fn post(name: &str, accept: Option<&'static str>, body: &Value, expects: Expects) -> Audit {
    Audit {
        name: name.to_owned(),
        method: Method::POST,
        uri: "/graphql".to_owned(),
        accept,
        kind: Some(JSON),
        body: body.to_string(),
        expects,
    }
}

fn get(name: &str, accept: Option<&'static str>, query: &str, expects: Expects) -> Audit {
    let uri = format!("/graphql?{query}");
    let (method, body) = (Method::GET, String::new());
    Audit { name: name.to_owned(), method, uri, accept, kind: None, body, expects }
}

/// The audits of media types, encodings and methods.
fn travelling() -> Vec<Audit> {
    let ask = json!({ "query": TYPENAME });
    let query = format!("query={}", encoded(TYPENAME));
    let mutation = format!("query={}", encoded("mutation { __typename }"));
    let utf8 = json!({ "query": "{ __type(name: \"Run🏃Swim🏊\") { name } }" });
    let plain = |name| post(name, None, &ask, Status(200));
    vec![
        post("22EB", Some(GRAPHQL), &ask, Kind(GRAPHQL)),
        post("4655", Some(JSON), &ask, Kind(JSON)),
        post("47DE", Some("*/*"), &ask, Kind(JSON)),
        post("80D8", None, &ask, Kind(JSON)),
        plain("82A3"),
        Audit {
            kind: Some("application/json; charset=utf-8"),
            ..post("BF61", None, &utf8, Status(200))
        },
        plain("78D5"),
        plain("2C94"),
        get("5A70", None, &query, Status(200)),
        get("9C48", Some(GRAPHQL), &mutation, Refused),
        Audit { kind: None, ..post("9ABE", None, &ask, Refused) },
        plain("03D4"),
        Audit { body: String::new(), ..post("A5BF", None, &ask, Status(400)) },
    ]
}

/// The audits of what is asked with.
fn parameters() -> Vec<Audit> {
    let mut all = vec![post("423L", Some(GRAPHQL), &json!({ "notquery": TYPENAME }), Status(400))];
    let wrong = [json!({ "obj": "ect" }), json!(0), json!(false), json!(["array"])];
    for (n, wrong) in wrong.iter().enumerate() {
        all.push(post(&format!("LKJ{n}"), None, &json!({ "query": wrong }), Status(400)));
        let body = json!({ "operationName": wrong, "query": TYPENAME });
        all.push(post(&format!("6C0{n}"), None, &body, Status(400)));
    }
    let ask = json!({ "query": TYPENAME });
    all.push(post("34A2", Some(GRAPHQL), &ask, Status(200)));
    all.push(post("13EE", Some(JSON), &ask, NoErrors));
    let named = json!({ "operationName": "Query", "query": "query Query { __typename }" });
    all.push(post("8161", Some(GRAPHQL), &named, Status(200)));
    all.push(post("B8B3", Some(JSON), &named, NoErrors));
    for (n, parameter) in ["variables", "operationName", "extensions"].iter().enumerate() {
        let body = json!({ "query": TYPENAME, *parameter: null });
        all.push(post(&format!("94B{n}"), Some(GRAPHQL), &body, NoErrors));
        all.push(post(&format!("022{n}"), Some(JSON), &body, NoErrors));
    }
    let wrong = [json!("string"), json!(0), json!(false), json!(["array"])];
    for (n, wrong) in wrong.iter().enumerate() {
        for (series, parameter) in [("476", "variables"), ("58B", "extensions")] {
            let body = json!({ "query": TYPENAME, parameter: wrong });
            all.push(post(&format!("{series}{n}"), None, &body, Status(400)));
        }
    }
    let variables = json!({ "name": "sometype" });
    let typed = json!({ "query": NAMED, "variables": variables });
    all.push(post("2EA1", Some(GRAPHQL), &typed, Status(200)));
    all.push(post("28B9", Some(JSON), &typed, NoErrors));
    let query = format!("query={}&variables={}", encoded(NAMED), encoded(&variables.to_string()));
    all.push(get("D6D5", Some(GRAPHQL), &query, NoErrors));
    all.push(get("6A70", Some(JSON), &query, NoErrors));
    let extended = json!({ "query": TYPENAME, "extensions": { "some": "value" } });
    all.push(post("428F", Some(GRAPHQL), &extended, Status(200)));
    all.push(post("1B7A", Some(JSON), &extended, NoErrors));
    let typo = json!({ "qeury": TYPENAME });
    all.push(post("8764", None, &typo, Refused));
    all.push(post("3E3A", None, &typo, Status(400)));
    all
}

/// The audits of what goes wrong.
fn failures() -> Vec<Audit> {
    let broken = |name, accept, expects| Audit {
        body: "{ \"not a JSON".to_owned(),
        ..post(name, Some(accept), &Value::Null, expects)
    };
    let asked = |query: &str| json!({ "query": query });
    let coerced = json!({ "query": COERCED, "variables": { "id": null } });
    vec![
        broken("B6DC", JSON, Any),
        broken("BCF8", JSON, Status(400)),
        broken("B7N8", GRAPHQL, Status(400)),
        post("572B", Some(JSON), &asked("{"), Status(200)),
        post("FDE2", Some(JSON), &asked(MISSING), Status(200)),
        post("7B9B", Some(JSON), &coerced, Status(200)),
        post("865D", Some(GRAPHQL), &asked("{"), Refused),
        post("556A", Some(GRAPHQL), &asked("{"), Status(400)),
        post("D586", Some(GRAPHQL), &asked("{"), NoData),
        post("51FE", Some(GRAPHQL), &asked(MISSING), Refused),
        post("74FF", Some(GRAPHQL), &asked(MISSING), Status(400)),
        post("5E5B", Some(GRAPHQL), &asked(MISSING), NoData),
        post("86EE", Some(GRAPHQL), &coerced, Status(400)),
    ]
}

fn met(expects: Expects, told: &Told) -> bool {
    let status = told.status.as_u16();
    match expects {
        Status(wanted) => status == wanted,
        Refused => (400..500).contains(&status),
        Kind(kind) => status == 200 && told.header("content-type").starts_with(kind),
        NoErrors => status == 200 && told.json.get("errors").is_none() && told.json.is_object(),
        NoData => told.json.is_object() && told.json.get("data").is_none(),
        Any => (200..600).contains(&status),
    }
}

#[tokio::test]
async fn all_audits_of_graphql_over_http_pass() {
    let world = World::new().await;
    let all: Vec<Audit> = travelling().into_iter().chain(parameters()).chain(failures()).collect();
    let names: BTreeSet<&str> = all.iter().map(|audit| audit.name.as_str()).collect();
    assert_eq!((all.len(), names.len()), (61, 61));
    for audit in &all {
        let mut request = Request::builder()
            .method(audit.method.clone())
            .uri(&audit.uri)
            .header("host", "localhost:4747")
            .header("authorization", format!("Bearer {}", world.ada.token));
        let headers = [("accept", audit.accept), ("content-type", audit.kind)];
        for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request = request.header(name, value);
        }
        let told = world.send(request.body(Body::from(audit.body.clone())).unwrap()).await;
        let (name, expects) = (&audit.name, audit.expects);
        assert!(met(expects, &told), "{name} expects {expects:?}: {} {}", told.status, told.text);
    }
}

#[tokio::test]
async fn what_cannot_be_answered_as_it_is_wanted_is_refused_and_nothing_changes_by_get() {
    let world = World::new().await;
    let mut request = world.ada.request(Method::POST, "/graphql", r#"{"query": "{ __typename }"}"#);
    request.headers_mut().insert("accept", "text/html".parse().unwrap());
    assert_eq!(world.send(request).await.status.as_u16(), 406);
    let mutation = encoded("mutation { pairDevice(name: \"phone\") { id } }");
    let told = world.get(&world.ada, &format!("/graphql?query={mutation}")).await;
    assert_eq!((told.status.as_u16(), told.header("allow")), (405, "POST"), "{}", told.text);
    let devices = world.get(&world.ada, "/v1/devices").await;
    assert_eq!(devices.json["items"], json!([]));
}
