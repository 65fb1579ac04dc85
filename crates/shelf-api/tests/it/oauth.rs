//! OAuth 2.1: what a program gets, and each way in which it gets nothing.

use crate::world::{Someone, Told, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shelf_domain::permit::{Allowance, Permits};
use shelf_identity::oauth::authorize::{Asks, NotAsked, check_request, let_in};
use shelf_identity::oauth::device::answer_device;
use shelf_identity::oauth::push::{PUSHED_MS, opened_request};
use shelf_identity::oauth::{ABSOLUTE_MS, IDLE_MS, OAuthCode, OAuthFailure};

pub(crate) const ISSUER: &str = "http://localhost:4747";
const BACK: &str = "https://app.example/back";
// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const TOKEN: &str = "/oauth/token";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A program, and its secret where it has one.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

pub(crate) async fn registered(world: &World, has_secret: bool) -> Program {
    let ask = json!({"name": "Reading list", "redirects": [BACK, "http://127.0.0.1/back"],
        "scopes": ["bookmarks:read", "bookmarks:write"], "has_secret": has_secret});
    let told = world.post(&world.ada, "/v1/clients", &ask).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let secret = told.json["client_secret"].as_str().map(str::to_owned);
    Program { id: told.at("/client/id"), secret }
}

fn asks(program: &Program) -> Asks {
    Asks {
        response_type: "code".to_owned(),
        client_id: program.id.clone(),
        redirect_uri: BACK.to_owned(),
        scope: "bookmarks:read".to_owned(),
        state: "xyz".to_owned(),
        code_challenge: CHALLENGE.to_owned(),
        code_challenge_method: "S256".to_owned(),
        resource: String::new(),
    }
}

/// A code Ada's yes gave.
pub(crate) async fn code(world: &World, program: &Program) -> String {
    let doors = world.oauth();
    let request = check_request(&doors, ISSUER, &asks(program)).await.unwrap();
    let allows = Allowance { permits: request.permits, libraries: None };
    let ada = world.signed(&world.ada).await;
    let_in(&doors, &ada, &request, allows).await.unwrap().expose().to_owned()
}

/// A form a program sends, with its secret in it where it has one.
async fn sent(world: &World, program: &Program, path: &str, fields: &[(&str, &str)]) -> Told {
    let mut all = fields.to_vec();
    all.push(("client_id", &program.id));
    all.extend(program.secret.as_deref().map(|secret| ("client_secret", secret)));
    raw(world, path, &all, None).await
}

async fn raw(
    world: &World,
    path: &str,
    fields: &[(&str, &str)],
    authorization: Option<String>,
) -> Told {
    let mut request = form(path, fields);
    if let Some(authorization) = authorization {
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
    }
    world.send(request).await
}

/// A request with a form.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", crate::walk::encoded(value));
    let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "localhost:4747")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

async fn exchanged(world: &World, program: &Program, code: &str) -> Told {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    sent(world, program, TOKEN, &fields).await
}

async fn refreshed(world: &World, program: &Program, refresh: &str) -> Told {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    sent(world, program, TOKEN, &fields).await
}

/// What a program was given that was let in just now.
async fn given(world: &World, program: &Program) -> (String, String) {
    let told = exchanged(world, program, &code(world, program).await).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    (told.at("/access_token"), told.at("/refresh_token"))
}

async fn acts(world: &World, access: &str) -> StatusCode {
    let who = Someone { token: access.to_owned(), ..world.ada.clone() };
    world.get(&who, "/v1/libraries/{library}/bookmarks").await.status
}

pub(crate) fn denied(told: &Told, error: &str, name: &str) {
    assert_eq!(told.json["error"], error, "{name}: {} {}", told.status, told.text);
    let unproven = error == "invalid_client";
    let wanted = if unproven { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    assert_eq!(told.status, wanted, "{name}");
    assert_eq!(!told.header("www-authenticate").is_empty(), unproven, "{name}");
    assert_eq!(told.header("cache-control"), "no-store", "{name}");
    assert_eq!(told.header("content-type"), "application/json", "{name}");
}

#[tokio::test]
async fn a_program_that_was_let_in_acts_within_its_scope_and_is_listed() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let told = exchanged(&world, &program, &code(&world, &program).await).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(told.json["token_type"], "Bearer");
    assert_eq!(told.json["scope"], "bookmarks:read");
    assert_eq!(told.json["expires_in"], 900);
    assert_eq!(told.header("cache-control"), "no-store");
    let access = told.at("/access_token");
    assert_eq!(acts(&world, &access).await, StatusCode::OK);
    let app = Someone { token: access.clone(), ..world.ada.clone() };
    let save = json!({"url": "https://no.example"});
    let no = world.post(&app, "/v1/libraries/{library}/bookmarks", &save).await;
    assert_eq!(no.code(), "insufficient_scope");
    assert_eq!(acts(&world, &told.at("/refresh_token")).await, StatusCode::UNAUTHORIZED);

    let listed = world.get(&world.ada, "/v1/apps").await;
    assert_eq!(listed.at("/items/0/client"), program.id);
    assert_eq!(listed.at("/items/0/grant/name"), "Reading list");
    assert_eq!(listed.json["items"][0]["grant"]["scopes"], json!(["bookmarks:read"]));
    assert_eq!(world.get(&world.eve, "/v1/apps").await.json["items"], json!([]));
    let at = format!("/v1/apps/{}", listed.at("/items/0/grant/id"));
    let out = world.ask(&world.ada, Method::DELETE, &at, "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED, "at once");
}

#[tokio::test]
async fn there_are_no_other_ways_in() {
    let world = World::new().await;
    let program = registered(&world, true).await;
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    for way in ["password", "implicit", exchange, "nonsense"] {
        let fields = [("grant_type", way), ("username", "ada"), ("password", "x")];
        denied(&sent(&world, &program, TOKEN, &fields).await, "unsupported_grant_type", way);
    }
    denied(&sent(&world, &program, TOKEN, &[]).await, "invalid_request", "none");
    let doors = world.oauth();
    for way in ["token", "id_token", "code token", ""] {
        let asks = Asks { response_type: way.to_owned(), ..asks(&program) };
        match check_request(&doors, ISSUER, &asks).await {
            Err(NotAsked::Back(why)) => {
                assert_eq!(why.code, OAuthCode::UnsupportedResponseType, "{way}");
            }
            other => panic!("{way}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_request_without_a_good_challenge_scope_or_resource_is_not_put_to_anybody() {
    let world = World::new().await;
    let (doors, program) = (world.oauth(), registered(&world, false).await);
    let with = |change: fn(&mut Asks)| {
        let mut asks = asks(&program);
        change(&mut asks);
        asks
    };
    let cases: [(Asks, OAuthCode, &str); 10] = [
        (with(|a| a.code_challenge.clear()), OAuthCode::InvalidRequest, "no challenge"),
        (with(|a| a.code_challenge_method.clear()), OAuthCode::InvalidRequest, "no method"),
        (with(|a| a.code_challenge_method = "plain".into()), OAuthCode::InvalidRequest, "plain"),
        (with(|a| a.code_challenge = "short".into()), OAuthCode::InvalidRequest, "no hash"),
        (with(|a| a.state = "x".repeat(3_000)), OAuthCode::InvalidRequest, "a long state"),
        (with(|a| a.scope.clear()), OAuthCode::InvalidScope, "no scope"),
        (with(|a| a.scope = "root".into()), OAuthCode::InvalidScope, "an unknown scope"),
        (with(|a| a.scope = "audit:read".into()), OAuthCode::InvalidScope, "beyond the client"),
        (with(|a| a.scope = "account:write".into()), OAuthCode::InvalidScope, "beyond any"),
        (with(|a| a.resource = "https://else.example".into()), OAuthCode::InvalidTarget, "else"),
    ];
    for (asks, code, name) in cases {
        match check_request(&doors, ISSUER, &asks).await {
            Err(NotAsked::Back(why)) => assert_eq!(why.code, code, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for resource in ["", ISSUER, "http://localhost:4747/v1"] {
        let asks = Asks { resource: resource.to_owned(), ..asks(&program) };
        assert!(check_request(&doors, ISSUER, &asks).await.is_ok(), "{resource}");
    }
    let near = Asks { resource: format!("{ISSUER}.evil.example"), ..asks(&program) };
    assert!(check_request(&doors, ISSUER, &near).await.is_err());
}

#[tokio::test]
async fn a_browser_is_sent_only_where_the_program_said_it_would_be() {
    let world = World::new().await;
    let (doors, program) = (world.oauth(), registered(&world, false).await);
    let to = async |redirect: &str| {
        let asks = Asks { redirect_uri: redirect.to_owned(), ..asks(&program) };
        check_request(&doors, ISSUER, &asks).await
    };
    for redirect in [BACK, "http://127.0.0.1:7777/back", "http://127.0.0.1/back"] {
        assert!(to(redirect).await.is_ok(), "{redirect}");
    }
    for redirect in [
        "",
        "https://app.example/back/more",
        "https://app.example/back?x=1",
        "https://app.example/Back",
        "https://user@app.example/back",
        "https://app.example/back#x",
        "https://app.example/%62ack",
        "https://evil.example/back",
        "http://localhost:7777/back",
        "http://[::1]:7777/back",
        "http://127.0.0.1:7777/other",
    ] {
        let told = to(redirect).await;
        assert!(matches!(told, Err(NotAsked::Here(_))), "{redirect}: {told:?}");
    }
    let other = Program { id: "0193f0a0-0000-7000-8000-0000000000ff".to_owned(), secret: None };
    let unknown = check_request(&doors, ISSUER, &asks(&other)).await;
    assert!(matches!(unknown, Err(NotAsked::Here(_))), "{unknown:?}");
}

#[tokio::test]
async fn a_code_is_for_who_asked_in_time_and_once() {
    let world = World::new().await;
    let (program, other) = (registered(&world, false).await, registered(&world, false).await);
    let bring = async |who: &Program, fields: &[(&str, &str)]| {
        let mut all = vec![("grant_type", "authorization_code")];
        all.extend_from_slice(fields);
        sent(&world, who, TOKEN, &all).await
    };
    let good = code(&world, &program).await;
    denied(&bring(&program, &[("code", &good)]).await, "invalid_grant", "no verifier");
    for verifier in [CHALLENGE, "x", &VERIFIER.to_uppercase()] {
        let told = bring(&program, &[("code", &good), ("code_verifier", verifier)]).await;
        denied(&told, "invalid_grant", verifier);
    }
    let proof = ("code_verifier", VERIFIER);
    let elsewhere = ("redirect_uri", "http://127.0.0.1/back");
    let told = bring(&program, &[("code", &good), proof, elsewhere]).await;
    denied(&told, "invalid_grant", "another redirect_uri");
    denied(&bring(&other, &[("code", &good), proof]).await, "invalid_grant", "another program");
    denied(&bring(&program, &[("code", "made-up"), proof]).await, "invalid_grant", "made up");
    denied(&bring(&program, &[proof]).await, "invalid_request", "no code");
    let target = ("resource", "https://else.example");
    denied(&bring(&program, &[("code", &good), proof, target]).await, "invalid_target", "else");

    let told = bring(&program, &[("code", &good), proof, ("redirect_uri", BACK)]).await;
    assert_eq!(told.status, StatusCode::OK, "none of this used it up: {}", told.text);
    let (access, refresh) = (told.at("/access_token"), told.at("/refresh_token"));
    assert_eq!(acts(&world, &access).await, StatusCode::OK);
    denied(&bring(&program, &[("code", &good), proof]).await, "invalid_grant", "again");
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED, "what it made is ended");
    denied(&refreshed(&world, &program, &refresh).await, "invalid_grant", "all of it");
    assert_eq!(deeds(&world).await.iter().filter(|deed| *deed == "app_shut_out").count(), 1);

    let late = code(&world, &program).await;
    world.rest(61);
    denied(&exchanged(&world, &program, &late).await, "invalid_grant", "late");
}

/// What the audit log of Ada's tenant tells, latest first.
async fn deeds(world: &World) -> Vec<String> {
    let told = world.get(&world.ada, &format!("/v1/tenants/{}/audit", world.ada.tenant)).await;
    let records = told.json["items"].as_array().unwrap();
    records.iter().map(|record| record["deed"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_copy_of_it_ends_the_family() {
    let world = World::new().await;
    let (program, other) = (registered(&world, false).await, registered(&world, false).await);
    let (access, refresh) = given(&world, &program).await;
    denied(&refreshed(&world, &other, &refresh).await, "invalid_grant", "another program");
    denied(&refreshed(&world, &program, &access).await, "invalid_grant", "an access token");
    denied(&refreshed(&world, &program, "made-up").await, "invalid_grant", "made up");
    let wide = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("scope", "bookmarks:read bookmarks:write"),
    ];
    denied(&sent(&world, &program, TOKEN, &wide).await, "invalid_scope", "more than was granted");

    let first = refreshed(&world, &program, &refresh).await;
    assert_eq!(first.status, StatusCode::OK, "none of this used it up: {}", first.text);
    let next = first.at("/refresh_token");
    assert_ne!(next, refresh);
    assert_eq!(acts(&world, &first.at("/access_token")).await, StatusCode::OK);
    let retry = refreshed(&world, &program, &refresh).await;
    assert_eq!(retry.at("/refresh_token"), next, "an honest retry gets the same answer");
    assert_eq!(retry.at("/access_token"), first.at("/access_token"));

    world.rest(11);
    denied(&refreshed(&world, &program, &refresh).await, "invalid_grant", "a copy");
    denied(&refreshed(&world, &program, &next).await, "invalid_grant", "the whole family");
    assert_eq!(acts(&world, &first.at("/access_token")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get(&world.ada, "/v1/apps").await.json["items"], json!([]));
    assert_eq!(deeds(&world).await[0], "app_shut_out");
}

#[tokio::test]
async fn a_retry_after_the_new_token_was_used_is_a_copy() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let (_, refresh) = given(&world, &program).await;
    let next = refreshed(&world, &program, &refresh).await.at("/refresh_token");
    assert_eq!(refreshed(&world, &program, &next).await.status, StatusCode::OK);
    denied(&refreshed(&world, &program, &refresh).await, "invalid_grant", "within ten seconds");
    assert_eq!(deeds(&world).await[0], "app_shut_out");
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_all_get_one_answer_and_nobody_is_locked_out() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let (_, refresh) = given(&world, &program).await;
    let all = (0..20).map(|_| refreshed(&world, &program, &refresh));
    let told = futures::future::join_all(all).await;
    let next = told[0].at("/refresh_token");
    assert!(told.iter().all(|told| told.json["refresh_token"] == next.as_str()));
    assert_eq!(refreshed(&world, &program, &next).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_a_program_has_lives_for_ever() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let seconds = |ms: i64| u64::try_from(ms / 1_000).unwrap();
    let (access, refresh) = given(&world, &program).await;
    world.rest(15 * 60);
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED, "a quarter of an hour");
    world.rest(seconds(IDLE_MS));
    denied(&refreshed(&world, &program, &refresh).await, "invalid_grant", "idle for 30 days");

    let (_, mut refresh) = given(&world, &program).await;
    let step = seconds(IDLE_MS) - 3_600;
    let mut lived = 0;
    loop {
        world.rest(step);
        lived += step;
        let told = refreshed(&world, &program, &refresh).await;
        if lived >= seconds(ABSOLUTE_MS) {
            denied(&told, "invalid_grant", "180 days in all");
            break;
        }
        assert_eq!(told.status, StatusCode::OK, "after {lived} s: {}", told.text);
        refresh = told.at("/refresh_token");
    }
}

#[tokio::test]
async fn a_program_proves_itself_as_it_was_registered() {
    let world = World::new().await;
    let (open, proving) = (registered(&world, false).await, registered(&world, true).await);
    let secret = proving.secret.clone().unwrap();
    let basic = |id: &str, secret: &str| {
        Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
    };
    let good = code(&world, &proving).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", good.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        fields.iter().copied().chain(more.iter().copied()).collect()
    };
    let no_secret = Program { secret: None, ..proving.clone() };
    let wrong = Program { secret: Some("wrong".to_owned()), ..proving.clone() };
    let pretends = Program { secret: Some("any".to_owned()), ..open.clone() };
    for (program, name) in [(no_secret, "none"), (wrong, "wrong"), (pretends, "not its own")] {
        denied(&sent(&world, &program, TOKEN, &fields).await, "invalid_client", name);
    }
    let told = raw(&world, TOKEN, &fields, None).await;
    denied(&told, "invalid_client", "nobody");
    let told = raw(&world, TOKEN, &fields, basic(&proving.id, "wrong")).await;
    denied(&told, "invalid_client", "wrong by Basic");
    let told = raw(&world, TOKEN, &fields, Some("Basic ***".to_owned())).await;
    denied(&told, "invalid_client", "unreadable Basic");
    let both = with(&[("client_secret", "again")]);
    let told = raw(&world, TOKEN, &both, basic(&proving.id, &secret)).await;
    denied(&told, "invalid_request", "two ways at once");
    let other = with(&[("client_id", "0193f0a0-0000-7000-8000-0000000000ff")]);
    let told = raw(&world, TOKEN, &other, basic(&proving.id, &secret)).await;
    denied(&told, "invalid_request", "two ids");
    let encoded = basic(&proving.id.replace('-', "%2D"), &secret.replace('_', "%5F"));
    let told = raw(&world, TOKEN, &fields, encoded).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let told = raw(&world, TOKEN, &fields, basic(&proving.id, &secret)).await;
    denied(&told, "invalid_grant", "proven as it is, too, but the code was used");
}

#[tokio::test]
async fn what_is_no_form_or_says_something_twice_is_refused() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    denied(&sent(&world, &program, TOKEN, &twice).await, "invalid_request", "twice");
    let long = "x".repeat(20_000);
    let long = [("grant_type", "refresh_token"), ("refresh_token", long.as_str())];
    denied(&sent(&world, &program, TOKEN, &long).await, "invalid_request", "too long");
    let request = world.ada.request(Method::POST, TOKEN, "{\"grant_type\": \"refresh_token\"}");
    denied(&world.send(request).await, "invalid_request", "JSON");
}

#[tokio::test]
async fn secrets_are_handed_back_by_the_program_they_were_given_to() {
    let world = World::new().await;
    let (program, other) = (registered(&world, false).await, registered(&world, true).await);
    let revoke = async |who: &Program, token: &str| {
        sent(&world, who, "/oauth/revoke", &[("token", token)]).await
    };
    let (access, refresh) = given(&world, &program).await;
    for (who, token) in [(&other, access.as_str()), (&other, &refresh), (&program, "made-up")] {
        let told = revoke(who, token).await;
        assert_eq!((told.status, told.text.as_str()), (StatusCode::OK, ""));
    }
    assert_eq!(acts(&world, &access).await, StatusCode::OK, "of another program nothing is ended");
    assert_eq!(revoke(&program, &access).await.status, StatusCode::OK);
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED);
    let next = refreshed(&world, &program, &refresh).await;
    assert_eq!(next.status, StatusCode::OK, "the rest stays: {}", next.text);
    assert_eq!(revoke(&program, &next.at("/refresh_token")).await.status, StatusCode::OK);
    assert_eq!(acts(&world, &next.at("/access_token")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get(&world.ada, "/v1/apps").await.json["items"], json!([]));
    denied(&revoke(&Program { secret: None, ..other }, "x").await, "invalid_client", "unproven");
}

#[tokio::test]
async fn only_a_program_that_proves_itself_looks_into_what_it_was_given_itself() {
    let world = World::new().await;
    let (program, other) = (registered(&world, true).await, registered(&world, true).await);
    let open = registered(&world, false).await;
    let look = async |who: &Program, token: &str| {
        sent(&world, who, "/oauth/introspect", &[("token", token)]).await
    };
    let (access, refresh) = given(&world, &program).await;
    let told = look(&program, &access).await.json;
    assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!("bookmarks:read")));
    assert_eq!((&told["client_id"], &told["iss"]), (&json!(program.id), &json!(ISSUER)));
    assert_eq!(told["sub"], world.ada.person.to_string());
    assert_eq!(look(&program, &refresh).await.json["active"], true);
    let inactive = json!({"active": false});
    for (who, token) in [
        (&other, access.as_str()),
        (&other, &refresh),
        (&program, "x"),
        (&program, &world.ada.token),
    ] {
        assert_eq!(look(who, token).await.json, inactive);
    }
    denied(&look(&open, &access).await, "invalid_client", "anybody could say so");
    refreshed(&world, &program, &refresh).await;
    assert_eq!(look(&program, &refresh).await.json, inactive, "used up");
    world.rest(900);
    assert_eq!(look(&program, &access).await.json, inactive, "ended");
}

/// A device that asks, with the code it shows and the one it asks with.
async fn device(world: &World, program: &Program) -> (String, String) {
    let fields = [("scope", "bookmarks:read"), ("device_name", "Ada's laptop")];
    let told = sent(world, program, "/oauth/device_authorization", &fields).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!((&told.json["expires_in"], &told.json["interval"]), (&json!(600), &json!(5)));
    assert_eq!(told.at("/verification_uri"), format!("{ISSUER}/device"));
    let shown = told.at("/user_code");
    assert_eq!(told.at("/verification_uri_complete"), format!("{ISSUER}/device?code={shown}"));
    (shown, told.at("/device_code"))
}

#[tokio::test]
async fn a_device_waits_until_a_person_answers_and_gets_in_once() {
    let world = World::new().await;
    let (program, other) = (registered(&world, false).await, registered(&world, false).await);
    let poll = async |who: &Program, code: &str| {
        sent(&world, who, TOKEN, &[("grant_type", DEVICE_CODE), ("device_code", code)]).await
    };
    let (doors, ada) = (world.oauth(), world.signed(&world.ada).await);
    let (shown, code) = device(&world, &program).await;
    assert!(shown.bytes().all(|byte| !b"AEIOUY".contains(&byte)), "{shown}");
    denied(&poll(&program, &code).await, "authorization_pending", "nobody answered");
    denied(&poll(&program, &code).await, "slow_down", "at once again");
    world.rest(5);
    denied(&poll(&program, &code).await, "slow_down", "it was to wait ten seconds");
    world.rest(15);
    denied(&poll(&program, &code).await, "authorization_pending", "now it waited");
    denied(&poll(&other, &code).await, "expired_token", "another program");

    let wide = Allowance { permits: Permits::read("bookmarks:write").unwrap(), libraries: None };
    assert!(answer_device(&doors, &ada, &shown, Some(wide)).await.is_err(), "more than it asked");
    let allows = Allowance { permits: Permits::read("bookmarks:read").unwrap(), libraries: None };
    let typed = shown.replace('-', " ").to_lowercase();
    answer_device(&doors, &ada, &typed, Some(allows.clone())).await.unwrap();
    assert!(answer_device(&doors, &ada, &shown, Some(allows)).await.is_err(), "once");
    let told = poll(&program, &code).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(acts(&world, &told.at("/access_token")).await, StatusCode::OK);
    denied(&poll(&program, &code).await, "expired_token", "it gets in once");

    let (shown, code) = device(&world, &program).await;
    answer_device(&doors, &ada, &shown, None).await.unwrap();
    denied(&poll(&program, &code).await, "access_denied", "no");
    let (shown, code) = device(&world, &program).await;
    world.rest(600);
    denied(&poll(&program, &code).await, "expired_token", "ten minutes");
    assert!(answer_device(&doors, &ada, &shown, None).await.is_err());
    let none = sent(&world, &program, "/oauth/device_authorization", &[]).await;
    denied(&none, "invalid_scope", "no scope");
}

#[tokio::test]
async fn what_the_server_says_of_itself_is_what_it_does() {
    let world = World::new().await;
    let program = registered(&world, true).await;
    let said = world.get(&world.ada, "/.well-known/oauth-authorization-server").await.json;
    assert_eq!(said["issuer"], ISSUER);
    for (name, endpoint) in said.as_object().unwrap() {
        let Some(path) = name.ends_with("_endpoint").then(|| endpoint.as_str().unwrap()) else {
            continue;
        };
        let path = path.strip_prefix(ISSUER).unwrap();
        if name == "authorization_endpoint" {
            continue; // A page: its tests hold it.
        }
        let told = sent(&world, &program, path, &[]).await;
        assert!(told.json["error"].is_string(), "{name} answers: {} {}", told.status, told.text);
    }
    for way in said["grant_types_supported"].as_array().unwrap() {
        let told = sent(&world, &program, TOKEN, &[("grant_type", way.as_str().unwrap())]).await;
        let alone = way == "client_credentials";
        let why = if alone { "unauthorized_client" } else { "invalid_request" };
        denied(&told, why, "it is known");
    }
    assert_eq!(said["dpop_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(said["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(said["response_types_supported"], json!(["code"]));
    let scopes = said["scopes_supported"].as_array().unwrap();
    assert!(!scopes.contains(&json!("account:write")) && scopes.len() == 10, "{scopes:?}");
    let resource = world.get(&world.ada, "/.well-known/oauth-protected-resource").await.json;
    assert_eq!(resource["authorization_servers"], json!([ISSUER]));
    assert_eq!(resource["resource"], ISSUER);
}

#[tokio::test]
async fn no_answer_with_a_secret_is_kept_anywhere() {
    let world = World::new().await;
    let program = registered(&world, true).await;
    let (access, refresh) = given(&world, &program).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri(TOKEN)
        .header("host", "localhost:4747")
        .header("idempotency-key", "again")
        .header("authorization", format!("Bearer {}", world.ada.token))
        .header("content-type", "application/x-www-form-urlencoded");
    let body = format!(
        "grant_type=refresh_token&refresh_token={refresh}&client_id={}&client_secret={}",
        program.id,
        program.secret.clone().unwrap()
    );
    let told = world.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let stored = world.stored();
    let held = |secret: &str| stored.windows(secret.len()).any(|part| part == secret.as_bytes());
    for secret in [
        access,
        refresh,
        told.at("/access_token"),
        told.at("/refresh_token"),
        program.secret.unwrap(),
    ] {
        assert!(!held(&secret), "a secret stands in the store");
    }
    assert!(held("Reading list"), "the store is looked at");
}

#[tokio::test]
async fn a_removed_program_is_out_everywhere_and_others_cannot_remove_it() {
    let world = World::new().await;
    let program = registered(&world, false).await;
    let (access, _) = given(&world, &program).await;
    let at = format!("/v1/clients/{}", program.id);
    let eves = world.ask(&world.eve, Method::DELETE, &at, "").await;
    assert_eq!(eves.status, StatusCode::NOT_FOUND);
    assert_eq!(acts(&world, &access).await, StatusCode::OK);
    let out = world.ask(&world.ada, Method::DELETE, &at, "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED);
    let told: Value = world.get(&world.ada, "/v1/clients").await.json;
    assert_eq!(told["items"], json!([]));
    let deeds = deeds(&world).await;
    for deed in ["client_registered", "app_let_in", "client_removed"] {
        assert!(deeds.iter().any(|told| told == deed), "{deed}: {deeds:?}");
    }
}

#[tokio::test]
async fn a_program_that_could_lead_astray_is_not_registered() {
    let world = World::new().await;
    for (body, at) in [
        (json!({"name": " ", "redirects": [BACK]}), "#/name"),
        (json!({"name": "x", "redirects": ["http://app.example/back"]}), "#/redirects"),
        (json!({"name": "x", "redirects": ["https://app.example/#x"]}), "#/redirects"),
        (json!({"name": "x", "redirects": ["javascript:alert(1)"]}), "#/redirects"),
        (json!({"name": "x", "scopes": ["account:write"]}), "#/scopes"),
        (json!({"name": "x", "scopes": []}), "#/scopes"),
        (json!({"name": "x", "acts_alone": true}), "#/acts_alone"),
    ] {
        let told = world.post(&world.ada, "/v1/clients", &body).await;
        assert_eq!((told.status, told.code()), (StatusCode::BAD_REQUEST, "invalid"), "{body}");
        assert_eq!(told.at("/errors/0/pointer"), at, "{body}");
    }
}

#[tokio::test]
async fn a_program_acts_alone_for_who_registered_it_where_they_said_so() {
    let world = World::new().await;
    let alone = [("grant_type", "client_credentials")];
    let program = registered(&world, true).await;
    denied(&sent(&world, &program, TOKEN, &alone).await, "unauthorized_client", "not said");
    let ask = json!({"name": "Nightly", "scopes": ["bookmarks:read", "bookmarks:write"],
        "has_secret": true, "acts_alone": true});
    let told = world.post(&world.ada, "/v1/clients", &ask).await;
    let secret = told.at("/client_secret");
    let nightly = Program { id: told.at("/client/id"), secret: Some(secret) };
    let unproven = Program { secret: None, ..nightly.clone() };
    denied(&sent(&world, &unproven, TOKEN, &alone).await, "invalid_client", "unproven");
    let narrow = async |scope: &'static str| {
        sent(&world, &nightly, TOKEN, &[alone[0], ("scope", scope)]).await
    };
    denied(&narrow("account:write").await, "invalid_scope", "beyond any");
    denied(&narrow("audit:read").await, "invalid_scope", "beyond the client");

    let told = sent(&world, &nightly, TOKEN, &alone).await;
    assert_eq!(told.json["scope"], "bookmarks:read bookmarks:write", "{}", told.text);
    assert!(told.json.get("refresh_token").is_none(), "it can always ask again");
    let access = told.at("/access_token");
    let again = sent(&world, &nightly, TOKEN, &alone).await.at("/access_token");
    let reads = narrow("bookmarks:read").await.at("/access_token");
    for access in [&access, &again, &reads] {
        assert_eq!(acts(&world, access).await, StatusCode::OK);
    }
    let app = Someone { token: reads, ..world.ada.clone() };
    let save = json!({"url": "https://no.example"});
    let no = world.post(&app, "/v1/libraries/{library}/bookmarks", &save).await;
    assert_eq!(no.code(), "insufficient_scope");
    let listed = world.get(&world.ada, "/v1/apps").await;
    let listed = listed.json["items"].as_array().unwrap();
    assert_eq!(listed.len(), 2, "one for each set of scopes, however often it asks");
    world.rest(15 * 60);
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED);
    let access = sent(&world, &nightly, TOKEN, &alone).await.at("/access_token");
    let at = format!("/v1/clients/{}", nightly.id);
    world.ask(&world.ada, Method::DELETE, &at, "").await;
    assert_eq!(acts(&world, &access).await, StatusCode::UNAUTHORIZED, "removed");
}

/// What a program asks, as the fields of a form.
fn asked() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "bookmarks:read"),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

#[tokio::test]
async fn what_is_pushed_is_asked_as_it_was_pushed_for_a_minute_by_its_program() {
    let world = World::new().await;
    let doors = world.oauth();
    for has_secret in [false, true] {
        let program = registered(&world, has_secret).await;
        let told = sent(&world, &program, "/oauth/par", &asked()).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
        assert_eq!(told.json["expires_in"], 60);
        assert_eq!(told.header("cache-control"), "no-store");
        let uri = told.at("/request_uri");
        let opened = opened_request(&doors, &program.id, &uri, PUSHED_MS).await.unwrap();
        assert_eq!(opened.asks, asks(&program));
        let again = sent(&world, &program, "/oauth/par", &asked()).await.at("/request_uri");
        assert_ne!(uri, again, "each is one of its own");
        let refused = |opened: Result<_, OAuthFailure>| match opened {
            Err(OAuthFailure::Refused(refusal)) => refusal.code,
            other => panic!("{other:?}"),
        };
        let other = registered(&world, false).await;
        let opened = opened_request(&doors, &other.id, &uri, PUSHED_MS).await;
        assert_eq!(refused(opened), OAuthCode::InvalidRequest, "another program");
        for at in 0..uri.len() {
            let mut changed = uri.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = opened_request(&doors, &program.id, &changed, PUSHED_MS).await;
            assert_eq!(refused(opened), OAuthCode::InvalidRequest, "{at}");
        }
        world.rest(61);
        let opened = opened_request(&doors, &program.id, &uri, PUSHED_MS).await;
        assert_eq!(refused(opened), OAuthCode::InvalidRequest, "late");
    }
}

#[tokio::test]
async fn what_may_not_be_asked_may_not_be_pushed() {
    let world = World::new().await;
    let program = registered(&world, true).await;
    let with = |name: &'static str, value: &'static str| {
        let mut fields = asked();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        fields
    };
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("redirect_uri", "https://evil.example/back", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "account:write", "invalid_scope"),
        ("resource", "https://evil.example", "invalid_target"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
    ] {
        let told = sent(&world, &program, "/oauth/par", &with(name, value)).await;
        denied(&told, error, name);
    }
    let other = registered(&world, true).await;
    let stolen = Program { secret: other.secret.clone(), ..program.clone() };
    let unproven = Program { secret: None, ..program };
    for who in [stolen, unproven] {
        denied(&sent(&world, &who, "/oauth/par", &asked()).await, "invalid_client", "unproven");
    }
}
