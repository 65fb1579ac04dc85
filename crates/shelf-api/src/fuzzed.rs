//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::body::{key_of, parsed};
use crate::caller::token;
use crate::cursor::{open, seal};
use crate::etag::listed;
use crate::facades::linkding::thrown as linkding;
use crate::gate::{Gate, is_extension};
use crate::graphql::http::Form;
use crate::graphql::ids::NodeId;
use crate::graphql::persisted::hash_of;
use crate::graphql::session::{Deed, Session};
use crate::graphql::{SHAPES, bounds};
use crate::live::thrown as live;
use crate::moment::Moment;
use crate::routes::oauth::form::Sent;
use async_graphql::{ScalarType, Value as Said, Variables};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH, ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue, Uri};
use serde_json::{Map, Value};
use shelf_domain::change::Pushed;
use std::net::{Ipv4Addr, SocketAddr};

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("json body", json_body, &[br#"{"n":1,"set":{"a/b~c":[true,null,1.5e3]}}"#, b"[1]"]),
    ("list cursor", list_cursor, &[b"WyJ0YWdzIixbNSwieCJdXQ", b"!!"]),
    (
        "headers",
        headers,
        &[
            b"\"1-7\", W/\"1-9\", *",
            b"application/graphql-response+json;q=0.9, application/json;q=1, */*",
            b"DPoP abc",
            br#""a \"quoted\" key";a=b"#,
        ],
    ),
    ("moment", moment, &[b"2024-05-01T14:30:00.123+02:00", b"9999-12-31T23:59:60Z"]),
    (
        "oauth form",
        oauth_form,
        &[b"grant_type=authorization_code&code=a%20b&client_id=x\nBasic YTpiJTIw", b"a=1&a=2"],
    ),
    ("host and origin", host_and_origin, &[b"localhost:4747\nhttp://localhost:4747", b"[::1]:1\nnull"]),
    ("node id", node_id, &[b"dGFnOjAxOTNmMGEwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMDowMTkzZjBhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA"]),
    (
        "graphql document",
        graphql_document,
        &[
            b"query Q($a: Int = 1) { me { ...F } } fragment F on Person { id name @include(if: true) }",
            b"{ a: node(id: \"x\") { ... on Library { bookmarks(first: 200) { edges { node { id } } } } } }",
            b"{ __schema { types { fields { type { ofType { name } } } } } }",
            b"mutation { x(a: {b: [1, {c: \"\"\"d\"\"\"}]}) { id } } # e",
        ],
    ),
    (
        "graphql socket",
        graphql_socket,
        &[b"{\"type\":\"connection_init\",\"payload\":{\"token\":\"t\"}}\n{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{\"query\":\"{ a }\",\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"00\"}}}}\n{\"type\":\"ping\",\"payload\":{}}\n{\"type\":\"complete\",\"id\":\"1\"}"],
    ),
    ("sync socket", live::said, &[FOLLOW, HERE, PUSH, br#"{"type":"hello","token":"t"}"#]),
    ("linkding body", linkding::body, &[LINKDING, b"url=https://a.example&tag_names=a&tag_names=b"]),
    (
        "linkding terms",
        linkding::terms,
        &[br#"not (rust or "a \"b\"") and #to-read !unread !untagged"#],
    ),
    (
        "linkding bundle",
        linkding::bundle,
        &[b"rust \"a phrase\" tag:\"one|two\" tag:db -tag:\"no\" -is:unread", b"before:9999"],
    ),
    ("linkding time", linkding::time, &[b"2024-05-01T14:30+0200", b"2024-05-01 12:30:00.5"]),
];

const FOLLOW: &[u8] =
    br#"{"type":"follow","library":"0193f0a0-0000-7000-8000-000000000000","cursor":"c"}"#;
const HERE: &[u8] = br#"{"type":"here","library":"0193f0a0-0000-7000-8000-000000000000","item":"0193f0a0-0000-7000-8000-000000000001","state":"writing"}"#;
const PUSH: &[u8] = br#"{"type":"push","id":"a","library":"0193f0a0-0000-7000-8000-000000000000","device":"0193f0a0-0000-7000-8000-000000000001","changes":[]}"#;
/// A bookmark as an app of linkding sends it.
const LINKDING: &[u8] = br#"{"url":"https://a.example/","title":"t","tag_names":["a b","c,d"],"is_archived":false,"unread":"yes","date_added":"2024-05-01T12:30:00Z","notes":5}"#;

fn value(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(bytes).ok()
}

/// Headers of which each has `bytes`.
fn all(names: &[HeaderName], bytes: &[u8]) -> Option<HeaderMap> {
    let value = value(bytes)?;
    Some(names.iter().map(|name| (name.clone(), value.clone())).collect())
}

fn json_body(bytes: &[u8]) {
    let refused = parsed::<Pushed>(bytes).err();
    let places = refused.into_iter().flat_map(|problem| problem.errors);
    places.for_each(|place| assert!(place.pointer.starts_with('#') || place.pointer.is_empty()));
    let is_json = serde_json::from_slice::<Value>(bytes).is_ok();
    assert!(is_json || parsed::<Map<String, Value>>(bytes).is_err());
}

fn list_cursor(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(position) = open::<(i64, String)>("tags", &text) {
        let again = open::<(i64, String)>("tags", &seal("tags", &position));
        assert!(again.is_ok_and(|again| again == position));
        assert!(open::<(i64, String)>("trash", &text).is_err(), "of another list");
    }
}

fn headers(bytes: &[u8]) {
    let Some(headers) =
        all(&[IF_MATCH, IF_NONE_MATCH, ACCEPT, HeaderName::from_static("idempotency-key")], bytes)
    else {
        return;
    };
    drop((listed(&headers, &IF_MATCH), listed(&headers, &IF_NONE_MATCH), Form::of(&headers)));
    if let Ok(Some(key)) = key_of(&headers) {
        assert!(!key.is_empty() && key.len() <= bytes.len());
    }
    let text = String::from_utf8_lossy(bytes);
    assert!(token(&text).is_none_or(|(token, _)| token.len() < text.len()));
}

fn moment(bytes: &[u8]) {
    let text = Value::String(String::from_utf8_lossy(bytes).into_owned());
    let Ok(moment) = serde_json::from_value::<Moment>(text) else { return };
    // What an offset moves out of the years that can be written is held at their edge, once.
    let Ok(text) = serde_json::to_value(moment) else { return };
    let again = serde_json::from_value::<Moment>(text.clone()).and_then(serde_json::to_value);
    assert!(again.is_ok_and(|again| again == text), "{text}");
}

/// A form and, in the next line, what stands in `Authorization`.
fn oauth_form(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let form = lines.next().unwrap_or_default();
    let headers = all(&[AUTHORIZATION], lines.next().unwrap_or_default()).unwrap_or_default();
    let fields = form.split(|byte| *byte == b'&').map(|field| {
        let field = String::from_utf8_lossy(field);
        let (name, value) = field.split_once('=').unwrap_or((&field, ""));
        (name.to_owned(), value.to_owned())
    });
    let Ok(sent) = Sent::of(headers, fields.collect()) else { return };
    drop((sent.need("code").map(str::len), sent.says_it_is()));
}

/// Who is asked and, in the next line, which page asks.
fn host_and_origin(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (host, origin) = (lines.next().unwrap_or_default(), lines.next());
    let gate = Gate::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 4747)), &[], &[]);
    let mut headers = HeaderMap::new();
    headers.extend(value(host).map(|host| (HOST, host)));
    headers.extend(origin.and_then(value).map(|origin| (ORIGIN, origin)));
    if gate.check(&Uri::from_static("/v1/me"), &headers).is_ok() {
        let host = String::from_utf8_lossy(host).to_ascii_lowercase();
        assert!(["localhost", "127.0.0.1", "[::1]", "::1"].iter().any(|ours| host.contains(ours)));
        let origin = headers.get(ORIGIN).map(|origin| origin.as_bytes().to_ascii_lowercase());
        let ours = |origin: Vec<u8>| {
            origin.ends_with(host.as_bytes()) || str::from_utf8(&origin).is_ok_and(is_extension)
        };
        assert!(origin.is_none_or(ours), "{host:?}");
    }
}

fn node_id(bytes: &[u8]) {
    let read = NodeId::read(&String::from_utf8_lossy(bytes));
    if let Said::String(text) = read.to_value() {
        assert!(read.named().is_none() || NodeId::read(&text) == read, "{text:?}");
    }
}

fn graphql_document(bytes: &[u8]) {
    let Ok(document) = bounds::read(&String::from_utf8_lossy(bytes)) else { return };
    drop(bounds::check(&SHAPES, &document, &Variables::default()));
}

/// Messages as lines; whoever asks is always let in.
fn graphql_socket(bytes: &[u8]) {
    let mut session = Session::<()>::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let was_known = session.is_known();
        match session.hear(line) {
            Ok(Deed::Admit(_)) => {
                assert!(!was_known, "it is said once who asks");
                drop(session.admitted());
            }
            Ok(Deed::Begin(id, asked)) => {
                assert!(was_known, "nothing is asked before");
                drop(hash_of(&asked.extensions));
                session.begun(id, ());
            }
            Ok(Deed::End(id)) => assert!(session.ended(&id)),
            Ok(_) => {}
            Err(close) => assert!(close.frame().1.len() <= 123, "a frame holds no more"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
