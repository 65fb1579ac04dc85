//! Letting programs in on pages: what is asked, by whom, and where the answer goes.

use crate::room::{ORIGIN, Room, Told};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shelf_domain::id::ClientId;
use shelf_identity::oauth::authorize::Asks;
use shelf_identity::oauth::clients::{RegisterClient, find_client, register_client};
use shelf_identity::oauth::device::{begin_device, exchange_device};
use shelf_identity::oauth::exchange_code::{BringsCode, exchange_code};
use shelf_identity::oauth::push::push_request;
use shelf_identity::{Secret, session};
use shelf_testkit::FakeClock;
use std::sync::Arc;

const BACK: &str = "https://app.example/back?from=shelf";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn registered(room: &Room) -> ClientId {
    let doors = &room.oauth;
    let signed = session(&doors.doors, &Secret::sent(&room.session)).await.unwrap().unwrap();
    let ask = RegisterClient {
        name: "Reading <b>list".to_owned(),
        redirects: vec![BACK.to_owned(), "org.example.app:/back".to_owned()],
        permits: None,
        has_secret: false,
        acts_alone: false,
    };
    register_client(doors, (&signed).into(), ask).await.unwrap().client.id
}

/// What a program asks, as the fields of a form.
fn asks(client: ClientId) -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", client.to_string()),
        ("redirect_uri", BACK.to_owned()),
        ("scope", "bookmarks:read activity:read".to_owned()),
        ("state", "a&b=c".to_owned()),
        ("code_challenge", CHALLENGE.to_owned()),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

fn query(fields: &[(&'static str, String)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    format!("/oauth/authorize?{}", form.finish())
}

async fn answered(room: &Room, fields: &[(&'static str, String)], more: &[(&str, &str)]) -> Told {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(more.iter().copied())
        .collect();
    room.post("/oauth/authorize", &fields).await
}

/// The value of `name` in the address an answer leads to.
fn field(told: &Told, name: &str) -> Option<String> {
    let address = url::Url::parse(told.header("location")).unwrap();
    address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_program_is_let_in_for_what_was_left_chosen() {
    let room = Room::new().await;
    let client = registered(&room).await;
    let fields = asks(client);
    let page = room.get(&query(&fields)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Let Reading &lt;b&gt;list in?"), "{}", page.text);
    assert!(page.text.contains("app.example"), "where the answer goes is said");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"));

    let yes = [("answer", "yes"), ("allow", "bookmarks:read")];
    let told = answered(&room, &fields, &yes).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    assert!(told.header("location").starts_with(&format!("{BACK}&code=")));
    assert_eq!(field(&told, "state").as_deref(), Some("a&b=c"));
    assert_eq!(field(&told, "iss").as_deref(), Some(ORIGIN), "who says so is said");
    let (client, _) = find_client(&room.oauth, client).await.unwrap().unwrap();
    let code = Secret::sent(&field(&told, "code").unwrap());
    let brings = BringsCode { code, verifier: VERIFIER.to_owned(), redirect: None };
    let tokens = exchange_code(&room.oauth, &client, &brings, None).await.unwrap();
    assert_eq!(tokens.permits.to_string(), "bookmarks:read", "the other was taken off");

    let settings = room.get("/settings").await.text;
    let (_, part) = settings.split_once("id=\"apps\"").unwrap();
    assert!(part.contains("Reading &lt;b&gt;list"), "{part}");
    let (_, id) = part.split_once("/settings/apps/").unwrap();
    let path = format!("/settings/apps/{}/end", id.split('/').next().unwrap());
    assert_eq!(room.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!room.get("/settings").await.text.contains("/settings/apps/"));
    let policy = room.get("/settings").await;
    assert!(policy.header("content-security-policy").contains("form-action 'self';"));
}

#[tokio::test]
async fn a_no_and_a_wrong_request_are_told_the_program_and_nobody_is_let_in() {
    let room = Room::new().await;
    let fields = asks(registered(&room).await);
    let told = answered(&room, &fields, &[("answer", "no")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    assert_eq!(field(&told, "error").as_deref(), Some("access_denied"));
    assert_eq!((field(&told, "code"), field(&told, "iss").as_deref()), (None, Some(ORIGIN)));
    let with = |name: &str, value: &str| {
        let mut fields = fields.clone();
        fields
            .iter_mut()
            .filter(|(known, _)| *known == name)
            .for_each(|(_, old)| value.clone_into(old));
        fields
    };
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "account:write", "invalid_scope"),
    ] {
        let fields = with(name, value);
        let asked = room.get(&query(&fields)).await;
        let posted =
            answered(&room, &fields, &[("answer", "yes"), ("allow", "bookmarks:read")]).await;
        for told in [asked, posted] {
            assert_eq!(told.status, StatusCode::SEE_OTHER, "{name}: {}", told.text);
            assert_eq!(field(&told, "error").as_deref(), Some(error));
            assert_eq!(field(&told, "state").as_deref(), Some("a&b=c"));
        }
    }
    let wide = answered(&room, &fields, &[("answer", "yes"), ("allow", "sharing:write")]).await;
    assert_eq!(wide.status, StatusCode::UNPROCESSABLE_ENTITY, "more than was asked");
    let nothing = answered(&room, &fields, &[("answer", "yes")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing was left chosen");
    assert!(!room.get("/settings").await.text.contains("/settings/apps/"));
}

#[tokio::test]
async fn the_browser_is_sent_nowhere_for_a_program_that_is_not_what_it_says() {
    let room = Room::new().await;
    let client = registered(&room).await;
    let mut elsewhere = asks(client);
    elsewhere[2].1 = "https://evil.example/back".to_owned();
    let unknown = asks(ClientId::from_bytes([9; 16]));
    let mut twice = asks(client);
    twice.push(("redirect_uri", "https://evil.example/back".to_owned()));
    for fields in [elsewhere, unknown, twice] {
        for told in
            [room.get(&query(&fields)).await, answered(&room, &fields, &[("answer", "no")]).await]
        {
            assert_eq!(told.status, StatusCode::BAD_REQUEST, "{}", told.text);
            assert_eq!(told.header("location"), "");
            assert!(
                told.text.contains("Nothing was let in") && !told.text.contains("evil.example")
            );
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_lets_nobody_in() {
    let room = Room::new().await;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(asks(registered(&room).await));
    form.extend_pairs([("answer", "yes"), ("allow", "bookmarks:read")]);
    let form = form.finish();
    for (origin, csrf) in [(ORIGIN, "wrong"), ("https://evil.example", room.csrf.as_str())] {
        let request = room.ask("POST", "/oauth/authorize").header(header::ORIGIN, origin);
        let body = Body::from(format!("{form}&_csrf={csrf}"));
        let told = room.send(request.body(body).unwrap()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn whoever_has_to_sign_in_first_comes_back_to_what_was_asked() {
    let room = Room::new().await;
    let path = query(&asks(registered(&room).await));
    let visitor = room.visitor();
    let told = visitor.get(&path).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    let next = told.header("set-cookie").split(';').next().unwrap().to_owned();
    let came = Request::builder()
        .method("POST")
        .uri("/sign-in")
        .header(header::HOST, "127.0.0.1:4747")
        .header(header::ORIGIN, ORIGIN)
        .header(header::COOKIE, &next)
        .body(Body::from(format!("link={}", room.link)))
        .unwrap();
    let came = room.send(came).await;
    assert_eq!((came.status, came.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let link =
            shelf_identity::create_link(&room.oauth.doors, room.owner().await).await.unwrap();
        let came = Request::builder()
            .method("POST")
            .uri("/sign-in")
            .header(header::HOST, "127.0.0.1:4747")
            .header(header::COOKIE, format!("mindshelf_next={}", hex::encode(elsewhere)))
            .body(Body::from(format!("link={}", link.secret.expose())))
            .unwrap();
        assert_eq!(room.send(came).await.header("location"), "/", "{elsewhere}");
    }
}

#[tokio::test]
async fn a_device_is_let_in_by_the_code_it_shows() {
    let room = Room::new().await;
    let doors = &room.oauth;
    let (client, _) = find_client(doors, ClientId::COMMAND_LINE).await.unwrap().unwrap();
    let of = ("Ada's <laptop>", "192.0.2.7".to_owned());
    let start = begin_device(doors, &client, "bookmarks:read", of).await.unwrap();
    let typing = room.get(&format!("/device?code={}", start.typed)).await;
    assert!(typing.text.contains(&start.typed), "it need not be typed again");
    let wrong = room.post("/device", &[("code", "BBBB-BBBB")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let typed = start.typed.to_lowercase();
    let page = room.post("/device", &[("code", &typed)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for shown in
        ["MindShelf on the command line", "Ada&#39;s &lt;laptop&gt;", "192.0.2.7", &start.typed]
    {
        let plain = shown.replace("&#39;", "'");
        assert!(page.text.contains(shown) || page.text.contains(&plain), "{shown}: {}", page.text);
    }
    let yes = [("code", typed.as_str()), ("answer", "yes"), ("allow", "bookmarks:read")];
    assert!(room.post("/device/answer", &yes).await.text.contains("It is in"));
    assert_eq!(room.post("/device/answer", &yes).await.status, StatusCode::NOT_FOUND, "once");
    assert!(exchange_device(doors, &client, &start.secret, None).await.is_ok());
}

#[tokio::test]
async fn codes_of_devices_cannot_be_tried_out() {
    let room = Room::new().await;
    let mut refused = 0;
    for number in 0..30 {
        let code = format!("BBBB-{number:04}");
        let told = room.post_from("192.0.2.9", "/device", &[("code", &code)]).await;
        refused += usize::from(told.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 15, "{refused}");
}

/// What stands for a request of `client` that was pushed `ago_ms` ago.
async fn pushed(room: &Room, client: ClientId, ago_ms: i64) -> Vec<(&'static str, String)> {
    let text = |name: &str| {
        let fields = asks(client);
        fields.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value).unwrap()
    };
    let asks = Asks {
        response_type: text("response_type"),
        client_id: text("client_id"),
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        state: text("state"),
        code_challenge: text("code_challenge"),
        code_challenge_method: text("code_challenge_method"),
        resource: String::new(),
    };
    let mut doors = room.oauth.clone();
    let then = doors.doors.clock.now_ms() - ago_ms;
    doors.doors.clock = Arc::new(FakeClock::at(then));
    let (program, _) = find_client(&doors, client).await.unwrap().unwrap();
    let uri = push_request(&doors, ORIGIN, &program, asks).await.unwrap();
    vec![("client_id", client.to_string()), ("request_uri", uri)]
}

#[tokio::test]
async fn what_is_pushed_is_asked_once_and_as_it_was_pushed() {
    let room = Room::new().await;
    let client = registered(&room).await;
    let mut fields = pushed(&room, client, 0).await;
    // What is said besides does not count.
    fields.push(("scope", "account:write".to_owned()));
    fields.push(("redirect_uri", "https://evil.example/back".to_owned()));
    let page = room.get(&query(&fields)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("name=\"request_uri\"") && !page.text.contains("evil.example"));
    let nothing = answered(&room, &fields, &[("answer", "yes")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "it may be answered again");
    let yes = [("answer", "yes"), ("allow", "bookmarks:read")];
    let told = answered(&room, &fields, &yes).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    assert!(told.header("location").starts_with(&format!("{BACK}&code=")));
    assert_eq!(field(&told, "state").as_deref(), Some("a&b=c"));
    for more in [&yes[..], &[("answer", "no")]] {
        let again = answered(&room, &fields, more).await;
        assert_eq!((again.status, again.header("location")), (StatusCode::BAD_REQUEST, ""));
    }
}

#[tokio::test]
async fn what_was_pushed_long_ago_by_another_program_or_twice_is_put_to_nobody() {
    let room = Room::new().await;
    let (client, other) = (registered(&room).await, registered(&room).await);
    let fresh = pushed(&room, client, 0).await;
    let mut of_another = fresh.clone();
    of_another[0].1 = other.to_string();
    let mut twice = fresh.clone();
    twice.push(("request_uri", fresh[1].1.clone()));
    let mut changed = fresh.clone();
    changed[1].1.push('A');
    for fields in [pushed(&room, client, 61_000).await, of_another, twice, changed] {
        let told = room.get(&query(&fields)).await;
        assert_eq!((told.status, told.header("location")), (StatusCode::BAD_REQUEST, ""));
        assert!(told.text.contains("Nothing was let in"), "{}", told.text);
    }
    let late = pushed(&room, client, 11 * 60 * 1_000).await;
    let told = answered(&room, &late, &[("answer", "no")]).await;
    assert_eq!((told.status, told.header("location")), (StatusCode::BAD_REQUEST, ""));
}

#[tokio::test]
async fn the_extension_of_browsers_is_known_and_sent_back_to_itself_alone() {
    let room = Room::new().await;
    let (client, secret) = find_client(&room.oauth, ClientId::EXTENSION).await.unwrap().unwrap();
    assert!(secret.is_none() && client.redirects.len() == 2);
    let ask = |redirect: &str| {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri={redirect}&state=a\
             &scope=bookmarks:read+bookmarks:write&code_challenge={challenge}\
             &code_challenge_method=S256",
            ClientId::EXTENSION
        )
    };
    for redirect in &client.redirects {
        let page = room.get(&ask(redirect)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("MindShelf in a browser"), "{}", page.text);
    }
    for other in ["https://abcdefghijklmnop.chromiumapp.org/", "https://x.example/"] {
        let page = room.get(&ask(other)).await;
        assert!(page.text.contains("Nothing was let in"), "{other}: {}", page.text);
    }
}
