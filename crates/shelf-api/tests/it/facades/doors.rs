//! Who gets into the interfaces of others: nobody without a key, nobody to what belongs to others,
//! nobody beyond what their key is good for, and nobody more often than they may.

use super::{ding, keep, request};
use crate::world::{Someone, World};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use serde_json::{Value, json};
use shelf_api::probes::AlwaysReady;
use shelf_identity::Plan;
use std::sync::Arc;

/// Every address of a facade that is about somebody's library: how, where, what, and the permit it
/// asks for. `{b}` is a bookmark, `{t}` a tag, `{u}` a bundle, `{l}` a list.
const ROUTES: &[(Method, &str, &str, &str)] = &[
    (Method::GET, "/linkding/api/", "", ""),
    (Method::GET, "/linkding/api/user/profile/", "", ""),
    (Method::GET, "/linkding/api/bookmarks/", "", "bookmarks:read"),
    (Method::GET, "/linkding/api/bookmarks/archived/", "", "bookmarks:read"),
    (Method::GET, "/linkding/api/bookmarks/check/?url=https://a.example", "", "bookmarks:read"),
    (
        Method::POST,
        "/linkding/api/bookmarks/",
        r#"{"url": "https://n.example"}"#,
        "bookmarks:write",
    ),
    (Method::GET, "/linkding/api/bookmarks/{b}/", "", "bookmarks:read"),
    (
        Method::PUT,
        "/linkding/api/bookmarks/{b}/",
        r#"{"url": "https://a.example", "title": "x"}"#,
        "bookmarks:write",
    ),
    (Method::PATCH, "/linkding/api/bookmarks/{b}/", r#"{"title": "x"}"#, "bookmarks:write"),
    (Method::POST, "/linkding/api/bookmarks/{b}/archive/", "", "bookmarks:write"),
    (Method::POST, "/linkding/api/bookmarks/{b}/unarchive/", "", "bookmarks:write"),
    (Method::GET, "/linkding/api/bookmarks/{b}/assets/", "", "bookmarks:read"),
    (Method::POST, "/linkding/api/bookmarks/{b}/assets/upload/", "", "bookmarks:write"),
    (Method::GET, "/linkding/api/bookmarks/{b}/assets/1/", "", "bookmarks:read"),
    (Method::DELETE, "/linkding/api/bookmarks/{b}/assets/1/", "", "bookmarks:read"),
    (Method::GET, "/linkding/api/bookmarks/{b}/assets/1/download/", "", "bookmarks:read"),
    (Method::POST, "/linkding/api/bookmarks/singlefile/", "", ""),
    (Method::GET, "/linkding/api/tags/", "", "bookmarks:read"),
    (Method::POST, "/linkding/api/tags/", r#"{"name": "n"}"#, "bookmarks:write"),
    (Method::GET, "/linkding/api/tags/{t}/", "", "bookmarks:read"),
    (Method::DELETE, "/linkding/api/tags/{t}/", "", "bookmarks:write"),
    (Method::GET, "/linkding/api/bundles/", "", "bookmarks:read"),
    (Method::POST, "/linkding/api/bundles/", r#"{"name": "n"}"#, "bookmarks:write"),
    (Method::GET, "/linkding/api/bundles/{u}/", "", "bookmarks:read"),
    (Method::PUT, "/linkding/api/bundles/{u}/", r#"{"name": "x"}"#, "bookmarks:write"),
    (Method::PATCH, "/linkding/api/bundles/{u}/", r#"{"order": 0}"#, "bookmarks:write"),
    (Method::DELETE, "/linkding/api/bundles/{u}/", "", "bookmarks:write"),
    (Method::DELETE, "/linkding/api/bookmarks/{b}/", "", "bookmarks:write"),
    (Method::GET, "/karakeep/api/v1/users/me", "", ""),
    (Method::GET, "/karakeep/api/v1/tags", "", "bookmarks:read"),
    (Method::GET, "/karakeep/api/v1/lists", "", "bookmarks:read"),
    (Method::POST, "/karakeep/api/v1/lists", r#"{"name": "n"}"#, "bookmarks:write"),
    (Method::GET, "/karakeep/api/v1/lists/{l}", "", "bookmarks:read"),
    (Method::PATCH, "/karakeep/api/v1/lists/{l}", r#"{"name": "x"}"#, "bookmarks:write"),
    (Method::GET, "/karakeep/api/v1/lists/{l}/bookmarks", "", "bookmarks:read"),
    (Method::PUT, "/karakeep/api/v1/lists/{l}/bookmarks/{k}", "", "bookmarks:write"),
    (Method::DELETE, "/karakeep/api/v1/lists/{l}/bookmarks/{k}", "", "bookmarks:write"),
    (Method::GET, "/karakeep/api/v1/bookmarks", "", "bookmarks:read"),
    (
        Method::POST,
        "/karakeep/api/v1/bookmarks",
        r#"{"type": "link", "url": "https://n.example"}"#,
        "bookmarks:write",
    ),
    (Method::GET, "/karakeep/api/v1/bookmarks/search?q=a", "", "bookmarks:read"),
    (
        Method::GET,
        "/karakeep/api/v1/bookmarks/check-url?url=https://a.example",
        "",
        "bookmarks:read",
    ),
    (Method::GET, "/karakeep/api/v1/bookmarks/{k}", "", "bookmarks:read"),
    (Method::PATCH, "/karakeep/api/v1/bookmarks/{k}", r#"{"title": "x"}"#, "bookmarks:write"),
    (Method::GET, "/karakeep/api/v1/bookmarks/{k}/lists", "", "bookmarks:read"),
    (
        Method::POST,
        "/karakeep/api/v1/bookmarks/{k}/tags",
        r#"{"tags": [{"tagName": "n"}]}"#,
        "bookmarks:write",
    ),
    (
        Method::DELETE,
        "/karakeep/api/v1/bookmarks/{k}/tags",
        r#"{"tags": [{"tagName": "n"}]}"#,
        "bookmarks:write",
    ),
    (Method::DELETE, "/karakeep/api/v1/bookmarks/{k}", "", "bookmarks:write"),
    (Method::DELETE, "/karakeep/api/v1/lists/{l}", "", "bookmarks:write"),
];

/// Ada's world, with a bookmark, a tag and a list of hers.
struct Prepared {
    world: World,
    names: Vec<(&'static str, String)>,
}

impl Prepared {
    async fn new(plan: Plan) -> Self {
        let world = World::with(Arc::new(AlwaysReady), plan).await;
        let ada = &world.ada;
        let list = keep(&world, ada, Method::POST, "/lists", json!({"name": "L"})).await.at("/id");
        // Others have numbers below hers, and she has some above theirs.
        let mut key = String::new();
        for number in 0..3 {
            let url = format!("https://{number}.example");
            key = world.saved(ada, &url).await;
        }
        let body = json!({"url": "https://a.example", "tag_names": ["a", "b"]});
        let told = ding(&world, ada, Method::POST, "/bookmarks/", body).await;
        let number = told.json["id"].to_string();
        let path = format!("/lists/{list}/bookmarks/{key}");
        keep(&world, ada, Method::PUT, &path, Value::Null).await;
        assert_eq!(number, "4", "{}", told.text);
        let bundle = ding(&world, ada, Method::POST, "/bundles/", json!({"name": "B"})).await;
        let bundle = bundle.json["id"].to_string();
        let tag = "2".to_owned();
        let names =
            vec![("{b}", number), ("{t}", tag), ("{u}", bundle), ("{l}", list), ("{k}", key)];
        Self { world, names }
    }

    fn request(
        &self,
        who: &Someone,
        route: &(Method, &str, &str, &str),
    ) -> Request<axum::body::Body> {
        let (method, path, body, _) = route;
        let path = self
            .names
            .iter()
            .fold((*path).to_owned(), |path, (name, value)| path.replace(name, value));
        request(who, method.clone(), &path, body)
    }
}

#[tokio::test]
async fn every_address_works_for_whoever_may() {
    let prepared = Prepared::new(Plan::Home).await;
    for route in ROUTES {
        let told = prepared.world.send(prepared.request(&prepared.world.ada, route)).await;
        let name = format!("{} {}", route.0, route.1);
        let is_unkept = ["/assets/", "singlefile"].iter().any(|part| name.contains(part));
        assert!(told.status.is_success() || is_unkept, "{name}: {} {}", told.status, told.text);
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_key_that_opens_something() {
    let prepared = Prepared::new(Plan::Home).await;
    let nobody = Someone { token: "nothing".to_owned(), ..prepared.world.ada.clone() };
    for route in ROUTES {
        let told = prepared.world.send(prepared.request(&nobody, route)).await;
        let name = format!("{} {}", route.0, route.1);
        if route.1.starts_with("/karakeep") {
            assert_eq!(
                (told.status, told.code()),
                (StatusCode::FORBIDDEN, "UNAUTHENTICATED"),
                "{name}"
            );
        } else {
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{name}");
            assert_eq!(told.at("/detail"), "Invalid token.", "{name}");
            assert_eq!(told.header("www-authenticate"), "Token", "{name}");
        }
    }
    for (sent, why) in [
        ("", "Authentication credentials were not provided."),
        ("Basic abc", "Authentication credentials were not provided."),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
    ] {
        let mut asked = request(&nobody, Method::GET, "/linkding/api/bookmarks/", "");
        asked.headers_mut().insert("authorization", HeaderValue::from_static(sent));
        let session = format!("mindshelf_session={}", prepared.world.ada.session);
        asked.headers_mut().insert("cookie", HeaderValue::from_str(&session).unwrap());
        let told = prepared.world.send(asked).await;
        assert_eq!((told.status, told.at("/detail").as_str()), (StatusCode::UNAUTHORIZED, why));
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_as_absent_as_what_never_was() {
    let prepared = Prepared::new(Plan::Home).await;
    let world = &prepared.world;
    let changes = "/v1/libraries/{library}/changes";
    let before = world.get(&world.ada, changes).await.text;
    let never: Vec<(&str, String)> = prepared
        .names
        .iter()
        .map(|(name, _)| match *name {
            "{b}" | "{t}" | "{u}" => (*name, "77".to_owned()),
            name => (name, "0193f0a0-0000-7000-8000-0000000000aa".to_owned()),
        })
        .collect();
    for route in ROUTES.iter().filter(|route| route.1.contains('{')) {
        let name = format!("{} {}", route.0, route.1);
        let theirs = world.send(prepared.request(&world.eve, route)).await;
        let path = never.iter().fold(route.1.to_owned(), |path, (name, id)| path.replace(name, id));
        let none = world.send(request(&world.eve, route.0.clone(), &path, route.2)).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{name}: {}", theirs.text);
        assert_eq!((none.status, none.text), (theirs.status, theirs.text), "{name}");
    }
    assert_eq!(world.get(&world.ada, changes).await.text, before);
}

#[tokio::test]
async fn a_key_is_good_for_what_it_was_made_for() {
    let prepared = Prepared::new(Plan::Home).await;
    let world = &prepared.world;
    let changes = "/v1/libraries/{library}/changes";
    let before = world.get(&world.ada, changes).await.text;
    for (scopes, lacking) in
        [("bookmarks:read", "bookmarks:write"), ("bookmarks:write", "bookmarks:read")]
    {
        let who = world.limited(&world.ada, scopes).await;
        // What writes looks first, so a key that only writes is refused there too.
        for route in ROUTES.iter().filter(|route| route.3 == lacking) {
            let told = world.send(prepared.request(&who, route)).await;
            let name = format!("{scopes}: {} {}", route.0, route.1);
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name}: {}", told.text);
            assert!(
                !told
                    .at(if route.1.starts_with("/karakeep") { "/message" } else { "/detail" })
                    .is_empty()
            );
        }
    }
    assert_eq!(world.get(&world.ada, changes).await.text, before);
    let account = world.limited(&world.ada, "account:read").await;
    let told = ding(world, &account, Method::GET, "/bookmarks/", Value::Null).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.at("/detail").starts_with("You do not have permission"), "{}", told.text);
}

#[tokio::test]
async fn a_key_for_several_libraries_is_told_what_to_do() {
    let world = World::new().await;
    let ada = &world.ada;
    let path = format!("/v1/tenants/{}/libraries", ada.tenant);
    let other = world.post(ada, &path, &json!({"name": "Other"})).await.at("/id");
    let told = ding(&world, ada, Method::GET, "/bookmarks/", Value::Null).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.at("/detail").contains("limited to one library"), "{}", told.text);
    let made = world.post(ada, "/v1/tokens", &json!({"name": "phone", "libraries": [other]})).await;
    let who = Someone { token: made.at("/token"), ..ada.clone() };
    let body = json!({"url": "https://there.example"});
    let told = ding(&world, &who, Method::POST, "/bookmarks/", body).await;
    assert_eq!((told.status, &told.json["id"]), (StatusCode::CREATED, &json!(1)));
    let there = world.get(ada, &format!("/v1/libraries/{other}/bookmarks")).await;
    assert_eq!(there.at("/items/0/url"), "https://there.example");
}

#[tokio::test]
async fn what_an_app_asks_for_is_counted_as_everything_is() {
    let world = World::with(Arc::new(AlwaysReady), Plan::Personal).await;
    for _ in 0..2_000 {
        let told = ding(&world, &world.ada, Method::GET, "/bookmarks/?q=x", Value::Null).await;
        if told.status == StatusCode::OK {
            assert!(!told.header("ratelimit").is_empty(), "{:?}", told.headers);
            continue;
        }
        assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "{}", told.text);
        assert!(told.at("/detail").starts_with("Request was throttled."));
        assert!(told.header("retry-after").parse::<u64>().unwrap() > 0);
        return;
    }
    panic!("nothing bounds an app");
}

#[tokio::test]
async fn the_health_of_the_server_is_told_to_whoever_asks() {
    let world = World::new().await;
    let asked = Request::builder().uri("/linkding/health").header("host", "localhost:4747");
    let told = world.send(asked.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(told.json, json!({"version": "1.46.2", "status": "healthy"}));
    let asked = Request::builder().uri("/linkding/health").header("host", "evil.example");
    let told = world.send(asked.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(told.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn what_people_open_in_a_browser_leads_to_our_own_pages() {
    let world = World::new().await;
    for (path, to) in [
        ("/linkding/", "/library"),
        (
            "/linkding/bookmarks/new?url=https://a.example/?a=b%26c&title=A%20B&auto_close=",
            "/save?\
            url=https%3A%2F%2Fa.example%2F%3Fa%3Db%26c&title=A%20B",
        ),
    ] {
        let asked = Request::builder().uri(path).header("host", "localhost:4747");
        let told = world.send(asked.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, to));
    }
}

/// Texts that break what is careless.
const HOSTILE: [&str; 12] = [
    "((((((((((",
    "not not not",
    "\"",
    "'\\",
    "#",
    "!",
    "\u{0}\u{202e}\u{fffd}",
    "%00%ff",
    "'; DROP TABLE items; --",
    "<script>alert(1)</script>",
    "\u{1f4d4}\u{200d}\u{1f4a5}, ,,",
    "2024-99-99T99:99:99+99:99",
];

#[tokio::test]
async fn hostile_texts_break_nothing() {
    let world = World::new().await;
    let ada = &world.ada;
    for (at, text) in HOSTILE.into_iter().enumerate() {
        let said = crate::walk::encoded(text);
        let url = format!("https://{at}.example");
        let bodies = [
            json!({"url": url, "title": text, "notes": text, "tag_names": [text]}),
            json!({"url": text, "date_added": text, "unread": text}),
            json!({"url": url, "tag_names": text}),
        ];
        for body in bodies {
            let told = ding(&world, ada, Method::POST, "/bookmarks/", body).await;
            assert!(!told.status.is_server_error(), "{text:?}: {}", told.text);
        }
        for body in [
            json!({"name": text, "search": text, "any_tags": text, "excluded_tags": text}),
            json!({"name": "n", "order": text, "filter_unread": text}),
        ] {
            let told = ding(&world, ada, Method::POST, "/bundles/", body).await;
            assert!(!told.status.is_server_error(), "{text:?}: {}", told.text);
        }
        for path in [
            format!("/bookmarks/?bundle={said}"),
            format!("/bundles/{said}/"),
            format!("/bookmarks/?q={said}&limit={said}&offset={said}&sort={said}"),
            format!("/bookmarks/?added_since={said}&modified_since={said}&unread={said}"),
            format!("/bookmarks/check/?url={said}"),
            format!("/bookmarks/{said}/"),
            format!("/tags/?q={said}"),
            format!("/tags/{said}/"),
        ] {
            let told = ding(&world, ada, Method::GET, &path, Value::Null).await;
            assert!(!told.status.is_server_error(), "{path}: {}", told.text);
        }
        let ways = [
            (Method::POST, "/lists".to_owned(), json!({"name": text, "parentId": null})),
            (Method::POST, "/lists".to_owned(), json!({"name": "n", "parentId": text})),
            (Method::POST, "/bookmarks".to_owned(), json!({"type": "link", "url": text})),
            (
                Method::POST,
                "/bookmarks".to_owned(),
                json!({"type": "link", "url": url, "title": text}),
            ),
            (Method::GET, format!("/bookmarks/search?q={said}&searchMode={said}"), Value::Null),
            (Method::GET, format!("/bookmarks?cursor={said}&limit={said}"), Value::Null),
            (Method::GET, format!("/lists/{said}/bookmarks"), Value::Null),
            (Method::DELETE, format!("/bookmarks/{said}"), Value::Null),
        ];
        for (method, path, body) in ways {
            let told = keep(&world, ada, method, &path, body).await;
            assert!(!told.status.is_server_error(), "{path}: {}", told.text);
        }
    }
}

#[tokio::test]
async fn an_extension_asks_from_wherever_it_is_and_a_page_of_others_gets_nothing() {
    let world = World::new().await;
    let from = |path: &str, origin: &str| {
        let mut asked = request(&world.ada, Method::GET, path, "");
        asked.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        asked
    };
    let extension = "moz-extension://5a1c9f3e-0000-4000-8000-000000000001";
    for path in ["/linkding/api/bookmarks/", "/karakeep/api/v1/lists"] {
        let told = world.send(from(path, extension)).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        // A browser asks first whether a page of others may send a key, and is not told so.
        let mut before = from(path, "https://evil.example");
        *before.method_mut() = Method::OPTIONS;
        before.headers_mut().remove("authorization");
        let told = world.send(before).await;
        assert!(!told.status.is_success(), "{path}: {}", told.status);
        assert!(told.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    }
    let mut asked = from("/linkding/api/bookmarks/", "https://evil.example");
    let session = format!("mindshelf_session={}", world.ada.session);
    asked.headers_mut().remove("authorization");
    asked.headers_mut().insert("cookie", HeaderValue::from_str(&session).unwrap());
    assert_eq!(world.send(asked).await.status, StatusCode::UNAUTHORIZED, "a cookie opens nothing");
    let told = world.send(from("/v1/me", "https://evil.example")).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "all else stays closed to a page of others");
}
