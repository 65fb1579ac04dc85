//! Every route of the document, one by one: its example works, nobody gets in without a token,
//! and nobody sees what belongs to others.

use crate::comments::apart;
use crate::shape::misfit;
use crate::world::{Someone, Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shelf_domain::permit::{Allowance, Permits};
use shelf_identity::oauth::apps::list_apps;
use shelf_identity::oauth::clients::find_client;
use shelf_identity::oauth::device::{answer_device, begin_device, exchange_device};

/// What the ids of the examples begin with.
pub(crate) const EXAMPLE: &str = "0193f0a0-0000-7000-8000-0000000000";
/// What is asked for at a browser alone, or with what is good for everything.
pub(crate) const IN_PERSON: [&str; 3] =
    ["/v1/me/passkeys/{passkey}", "/v1/privacy/erasures", "/v1/privacy/export"];
const BASE: &str = "/v1/libraries/{library}";

/// One route with its example.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As the document has it, with names in braces.
    pub(crate) template: String,
    /// The same with examples for the names.
    pub(crate) path: String,
    /// The names of the path, with their examples.
    pub(crate) places: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// The names of its own headers.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    pub(crate) kind: String,
    pub(crate) public: bool,
    /// What a token must be good for, if for anything in particular.
    pub(crate) scope: Option<String>,
    pub(crate) responses: Value,
}

/// Every route of the document.
pub(crate) fn routes(document: &Value) -> Vec<Route> {
    let operations = shelf_api::operations(document);
    operations
        .into_iter()
        .map(|(method, path, operation)| {
            let mut filled = path.clone();
            let (mut places, mut query, mut headers) = (Vec::new(), Vec::new(), Vec::new());
            for parameter in
                operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
            {
                let name = parameter["name"].as_str().unwrap();
                let example = parameter["example"].as_str();
                match parameter["in"].as_str().unwrap() {
                    "path" => {
                        let example = example.unwrap_or_else(|| panic!("{filled}: {name}"));
                        filled = filled.replace(&format!("{{{name}}}"), example);
                        places.push((name.to_owned(), example.to_owned()));
                    }
                    "query" => {
                        query.push((name.to_owned(), encoded(example.unwrap_or_default())));
                    }
                    _ => headers.push(name.to_owned()),
                }
            }
            let content = operation.get("requestBody").and_then(|body| body["content"].as_object());
            let (kind, body) = content
                .and_then(|content| content.iter().next())
                .map(|(kind, media)| (kind.clone(), example_of(document, media)))
                .unwrap_or_default();
            Route {
                method: method.parse().unwrap(),
                template: path,
                path: filled,
                places,
                query,
                headers,
                body,
                kind,
                public: operation.get("security") == Some(&json!([])),
                scope: operation
                    .get("security")
                    .and_then(|security| security[0]["token"][0].as_str().map(str::to_owned)),
                responses: operation["responses"].clone(),
            }
        })
        .collect()
}

fn example_of(document: &Value, media: &Value) -> String {
    let schema = &media["schema"];
    let name = schema["$ref"].as_str().unwrap_or("").trim_start_matches('#');
    let of_schema = document.pointer(name).map_or(&Value::Null, |schema| &schema["example"]);
    let example = if media["example"].is_null() { of_schema } else { &media["example"] };
    match example {
        Value::String(text) => text.clone(),
        Value::Null => panic!("a body has no example: {media}"),
        other => other.to_string(),
    }
}

/// Everything but letters and digits in percent notation.
pub(crate) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A world in which the ids of the examples have a meaning.
pub(crate) struct Prepared {
    pub(crate) world: World,
    /// Somebody who may read Ada's library.
    pub(crate) flo: Someone,
    ids: Vec<(String, String)>,
}

/// Registers a program, and lets it in for Ada; it and its grant.
async fn let_in(world: &World) -> (String, String) {
    let redirects = json!(["https://reading.example/back"]);
    let ask = json!({"name": "Reading list", "redirects": redirects});
    let id = world.post(&world.ada, "/v1/clients", &ask).await.at("/client/id");
    let (doors, ada) = (world.oauth(), world.signed(&world.ada).await);
    let (client, _) = find_client(&doors, id.parse().unwrap()).await.unwrap().unwrap();
    let start = begin_device(&doors, &client, "bookmarks:read", ("", String::new())).await.unwrap();
    let allows = Allowance { permits: Permits::read("bookmarks:read").unwrap(), libraries: None };
    answer_device(&doors, &ada, &start.typed, Some(allows)).await.unwrap();
    exchange_device(&doors, &client, &start.secret, None).await.unwrap();
    (id, list_apps(&doors, world.ada.person).await.unwrap()[0].0.id.to_string())
}

/// Connects the provider of the examples to `tenant`, and names a domain that says it is theirs.
async fn single_sign_on(world: &World, tenant: &str) {
    let path = format!("/v1/tenants/{tenant}/sso");
    let ask = json!({"issuer": "https://id.example.org", "client_id": "mindshelf",
        "client_secret": "s"});
    let told = world.ask(&world.ada, Method::PUT, &path, &ask.to_string()).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let ask = json!({"domain": "example.org"});
    let named = world.post(&world.ada, &format!("{path}/domains"), &ask).await;
    world.internet.says(&named.at("/place"), &named.at("/text"));
}

/// The ids as the examples name them, and the secret of an invitation.
fn named(ids: Vec<(u8, String)>, secret: String) -> Vec<(String, String)> {
    let ids = ids.into_iter().map(|(n, id)| (format!("{EXAMPLE}{n:02x}"), id));
    ids.chain([("the-secret-of-an-invitation".to_owned(), secret)]).collect()
}

/// A webhook of Ada's, and a try of it.
async fn told(world: &World) -> (String, String) {
    let (at, ask) = (format!("{BASE}/webhooks"), json!({"url": "https://hooks.example/a"}));
    let hook = world.post(&world.ada, &at, &ask).await.at("/webhook/id");
    let tried = world.post(&world.ada, &format!("{at}/{hook}/test"), &json!({})).await.at("/id");
    (hook, tried)
}

/// A comment of Ada's on `bookmark`, a bookmark of hers whose notes were written twice, and a file.
async fn beside(world: &World, bookmark: &str) -> [(u8, String); 3] {
    let (at, ask) = (format!("{BASE}/bookmarks/{bookmark}/comments"), json!({"body": "Read it."}));
    let comment = world.post(&world.ada, &at, &ask).await.at("/item/id");
    let at = format!("{BASE}/bookmarks/{bookmark}/files?name=a.html");
    let file = world.ask(&world.ada, Method::POST, &at, "<p>A page.</p>").await.at("/id");
    let twice = apart(world, &world.ada, "https://apart.example", 1).await;
    [(0x16, comment), (0x17, twice), (0x1a, file)]
}

/// A bookmark of Ada's in the trash.
async fn thrown_away(world: &World) -> String {
    let trashed = world.saved(&world.ada, "https://trashed.example").await;
    let at = format!("{BASE}/bookmarks/{trashed}");
    assert_eq!(world.ask(&world.ada, Method::DELETE, &at, "").await.status, StatusCode::OK);
    trashed
}

/// What invites into a tenant that `someone` makes.
async fn invited_by(world: &World, someone: &Someone) -> String {
    let theirs = world.post(someone, "/v1/tenants", &json!({"name": "Club"})).await.at("/id");
    let theirs = format!("/v1/tenants/{theirs}/invitations");
    world.post(someone, &theirs, &json!({"role": "viewer"})).await.at("/secret")
}

impl Prepared {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let ada = &world.ada;
        let post = |path: &str, body: Value| world.post(ada, path, &body);
        let folder = post(&format!("{BASE}/collections"), json!({"name": "f"})).await;
        let places = json!([{"collection": folder.at("/item/id")}]);
        let ask = json!({"url": "https://a.example", "title": "A", "tags": ["t"],
            "places": places});
        let saved = post(&format!("{BASE}/bookmarks"), ask).await;
        let trashed = thrown_away(&world).await;
        let device = post("/v1/devices", json!({"name": "d"})).await;
        world.waits(ada, &device.at("/id"), &saved.at("/item/id")).await;
        let beside = beside(&world, &saved.at("/item/id")).await;
        let token = post("/v1/tokens", json!({"name": "t"})).await;
        let session = world.get(ada, "/v1/sessions").await;
        let file = "{\"url\": \"https://a.example/imported\"}\n";
        let import = world.imported(ada, "file_name=a.jsonl", file).await;
        world.follow(ada).await;
        let tenant = post("/v1/tenants", json!({"name": "Guild"})).await.at("/id");
        let of = |part: &str| format!("/v1/tenants/{tenant}/{part}");
        let group = post(&of("groups"), json!({"name": "Readers"})).await.at("/id");
        let flo = world.newcomer(3).await;
        // Flo belongs to the guild, and to the tenant of the library, so that it can be shared.
        let own = format!("/v1/tenants/{}/invitations", ada.tenant);
        for invitations in [of("invitations"), own] {
            let invited = post(&invitations, json!({"role": "member"})).await;
            let ask = json!({"invitation": invited.at("/secret")});
            world.post(&flo, "/v1/memberships", &ask).await.at("/id");
        }
        let put = |path: String, body: &str| world.ask(ada, Method::PUT, &path, body);
        let person = flo.person.to_string();
        let shared =
            put(format!("{BASE}/shares/{person}"), r#"{"kind": "person", "right": "read"}"#);
        assert_eq!(shared.await.status, StatusCode::OK);
        let grouped = put(of(&format!("groups/{group}/members/{person}")), "").await;
        assert_eq!(grouped.status, StatusCode::NO_CONTENT, "{}", grouped.text);
        let open = post(&of("invitations"), json!({"role": "member", "note": "for Flo"})).await;
        let secret = invited_by(&world, &flo).await;
        let (hook, tried) = told(&world).await;
        single_sign_on(&world, &tenant).await;
        let (client, app) = let_in(&world).await;
        let receipt = world.erasing(ada).await;
        let passkey = world.with_passkey(ada, &session.at("/items/0/id")).await;
        let ids = vec![
            (0x10, hook),
            (0x11, tried),
            (0x12, client),
            (0x13, app),
            (0x14, receipt),
            (0x15, passkey),
            (0x0a, tenant),
            (0x0d, person),
            (0x0e, group),
            (0x0f, open.at("/invitation/id")),
            (0x0c, import.at("/id")),
            (0x00, ada.library.to_string()),
            (0x01, saved.at("/item/id")),
            (0x02, folder.at("/item/id")),
            (0x03, saved.at("/item/tags/0/id")),
            (0x04, trashed),
            (0x05, saved.at("/item/places/0/id")),
            (0x06, device.at("/id")),
            (0x07, token.at("/grant/id")),
            (0x08, session.at("/items/0/id")),
            (0x09, saved.at("/act")),
        ];
        Self { world, flo, ids: named(ids.into_iter().chain(beside).collect(), secret) }
    }

    /// `text` with the ids of the examples replaced by Ada's.
    pub(crate) fn adas(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (example, id)| text.replace(example, id))
    }

    /// `text` with Ada's ids replaced by those of the examples.
    pub(crate) fn examples(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (example, id)| text.replace(id, example))
    }

    /// `text` with the library `of` and Ada's other ids.
    pub(crate) fn within(&self, of: &Someone, text: &str) -> String {
        self.adas(&text.replace(&format!("{EXAMPLE}00"), &of.library.to_string()))
    }
}

/// The request of `route` as `who`, its texts changed by `change`.
pub(crate) fn request(
    route: &Route,
    who: Option<&Someone>,
    change: impl Fn(&str) -> String,
) -> Request<Body> {
    let pairs = route.query.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", change(value))).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut request = Request::builder()
        .method(route.method.clone())
        .uri(format!("{}{query}", change(&route.path)))
        .header("host", "localhost:4747");
    if let Some(who) = who {
        request = if IN_PERSON.contains(&route.template.as_str()) {
            let session = format!("mindshelf_session={}", who.session);
            request.header("cookie", session).header("x-csrf-token", &who.csrf)
        } else {
            request.header("authorization", format!("Bearer {}", who.token))
        };
    }
    if !route.kind.is_empty() {
        request = request.header("content-type", &route.kind);
    }
    request.body(Body::from(change(&route.body))).unwrap()
}

#[tokio::test]
async fn every_example_is_answered_as_the_document_says() {
    let document = shelf_api::document();
    for route in routes(&document) {
        let prepared = Prepared::new().await;
        // A token that is good for this alone is good enough.
        let scope = route.scope.as_deref().unwrap_or("audit:read");
        let ada = &prepared.world.limited(&prepared.world.ada, &own(&route, scope)).await;
        let told =
            prepared.world.send(request(&route, Some(ada), |text| prepared.adas(text))).await;
        let name = format!("{} {}: {} {}", route.method, route.path, told.status, told.text);
        assert!(told.status.is_success(), "{name}");
        let response = &route.responses[told.status.as_str()];
        assert!(!response.is_null(), "undocumented status of {name}");
        let schema = &response["content"]["application/json"]["schema"];
        if !schema.is_null() {
            misfit(&document, schema, &told.json)
                .unwrap_or_else(|problem| panic!("{problem}: {name}"));
        }
    }
}

/// The scopes a token needs for `route`: its own, and those its body gives on.
fn own(route: &Route, scope: &str) -> String {
    let given = serde_json::from_str::<Value>(&route.body).unwrap_or_default();
    let given = given["scopes"].as_array().cloned().unwrap_or_default();
    let given = given.iter().map(|scope| scope.as_str().unwrap());
    given.chain([scope]).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let prepared = Prepared::new().await;
    let stranger = "stranger".to_owned();
    let stranger =
        Someone { token: stranger.clone(), session: stranger, ..prepared.world.ada.clone() };
    let document = shelf_api::document();
    let all = routes(&document);
    let open: Vec<&str> =
        all.iter().filter(|route| route.public).map(|route| route.template.as_str()).collect();
    let known =
        ["/healthz", "/metrics", "/problems/{code}", "/readyz", "/v1/privacy/receipts/{receipt}"];
    assert_eq!(open, known);
    for route in all.iter().filter(|route| !route.public) {
        for who in [None, Some(&stranger)] {
            let told = prepared.world.send(request(route, who, |text| prepared.adas(text))).await;
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{} {}", route.method, route.path);
            assert_eq!(told.header("content-type"), "application/problem+json");
            assert!(!told.header("www-authenticate").is_empty());
        }
    }
}

#[tokio::test]
async fn nobody_sees_what_belongs_to_others() {
    let prepared = Prepared::new().await;
    let (world, eve) = (&prepared.world, &prepared.world.eve);
    let document = shelf_api::document();
    for route in routes(&document).iter().filter(|route| !route.public) {
        // Who asks for so much that is not theirs is told to slow down.
        world.rest(60);
        let name = format!("{} {}", route.method, route.path);
        let ids_in_path = route.path.matches(EXAMPLE).count();
        if ids_in_path > 0 {
            let theirs = world.send(request(route, Some(eve), |text| prepared.adas(text))).await;
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{name} {}", theirs.text);
        }
        let mine = format!("{EXAMPLE}00");
        if route.body.contains(&mine) {
            let theirs = world.send(request(route, Some(eve), |text| prepared.adas(text))).await;
            let none = world.send(request(route, Some(eve), str::to_owned)).await;
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{name} {}", theirs.text);
            assert_eq!(plain(&prepared, &theirs), plain(&prepared, &none), "{name}");
        }
        let in_library = route.path.contains(&mine);
        let others = route.body.replace(&mine, "");
        if ids_in_path == usize::from(in_library) && !others.contains(EXAMPLE) {
            continue;
        }
        let unknown = |text: &str| text.replace(&mine, &eve.library.to_string());
        let real = world.send(request(route, Some(eve), |text| prepared.within(eve, text))).await;
        let random = world.send(request(route, Some(eve), unknown)).await;
        assert_eq!(plain(&prepared, &real), plain(&prepared, &random), "{name}");
        if ids_in_path > usize::from(in_library) {
            assert_eq!(real.status, StatusCode::NOT_FOUND, "{name}");
        }
    }
    let mine = world.get(eve, "/v1/libraries/{library}/changes").await;
    assert!(!mine.text.contains("a.example"), "{}", mine.text);
}

#[tokio::test]
async fn whoever_may_only_read_changes_nothing() {
    let prepared = Prepared::new().await;
    let (world, flo) = (&prepared.world, &prepared.flo);
    let before = world.get(&world.ada, &format!("{BASE}/changes")).await.text;
    let document = shelf_api::document();
    let mut tried = 0;
    for route in routes(&document) {
        if !route.template.contains("/libraries/{library}") {
            continue;
        }
        let told = world.send(request(&route, Some(flo), |text| prepared.adas(text))).await;
        let name = format!("{} {}: {} {}", route.method, route.template, told.status, told.text);
        // What they opened is theirs, not the library's.
        let own = route.template.contains("/activity") || route.template.ends_with("/open");
        if route.method == Method::GET || own {
            let part = |part: &str| route.template.contains(part);
            let closed = part("/shares") || part("/webhooks");
            assert_eq!(told.status == StatusCode::FORBIDDEN, closed, "{name}");
            continue;
        }
        tried += 1;
        assert_eq!((told.status, told.code()), (StatusCode::FORBIDDEN, "forbidden"), "{name}");
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(world.get(&world.ada, &format!("{BASE}/changes")).await.text, before);
    assert_eq!(
        world.get(&world.ada, &format!("{BASE}/imports")).await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// An answer without what names the request.
fn plain(prepared: &Prepared, told: &Told) -> String {
    let mut json = told.json.clone();
    if let Some(fields) = json.as_object_mut() {
        fields.remove("trace_id");
        fields.remove("instance");
        fields.remove("act");
    }
    let mut text = format!("{} {json}", told.status);
    for (example, id) in &prepared.ids {
        text = text.replace(id, example);
    }
    text
}

#[tokio::test]
async fn a_cursor_of_one_person_shows_nothing_of_theirs_to_another() {
    let prepared = Prepared::new().await;
    let world = &prepared.world;
    for number in 0..3 {
        world.saved(&world.ada, &format!("https://secret.example/{number}")).await;
    }
    for list in ["bookmarks", "history", "changes", "search"] {
        let page = world.get(&world.ada, &format!("{BASE}/{list}?limit=1")).await;
        let cursor = page.at("/next_cursor");
        let told = world.get(&world.eve, &format!("{BASE}/{list}?cursor={cursor}")).await;
        assert!(!told.text.contains("secret.example"), "{list}");
        assert!(!told.status.is_server_error(), "{list}");
    }
}
