//! Sync over a WebSocket: what is told, what is pushed, and why a socket is closed.

use crate::graphql::sockets::{Client, Listening};
use crate::world::{Someone, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shelf_api::probes::AlwaysReady;
use shelf_identity::Plan;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

const LIBRARY: &str = "/v1/libraries/{library}";

fn hello(token: &str) -> Value {
    json!({ "type": "hello", "token": token })
}

fn change(n: u64, url: &str) -> Value {
    json!({"n": n, "hlc": format!("{:016x}", (1_780_000_000_000_u64 + n) << 16), "base": 0,
        "act": format!("0193f0a0-0000-7000-8000-{n:012}"), "kind": "bookmark",
        "item": format!("0193f0a0-0000-7000-8000-{:012x}", 0xbbb_0000 + n), "set": {"url": url}})
}

#[tokio::test]
async fn what_happens_is_told_in_order_and_a_push_is_answered() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let library = ada.library.to_string();
    let device = world.post(ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let begin = world.get(ada, &format!("{LIBRARY}/changes")).await.at("/next_cursor");
    world.saved(ada, "https://before.example").await;
    let mut client = listening.sync().await;
    client.say(&hello(&ada.token)).await;
    assert_eq!(client.hear().await["protocol"], "mindshelf.sync.v1");
    client.say(&json!({"type": "follow", "library": library, "cursor": begin})).await;
    let following = client.hear().await;
    assert_eq!((&following["type"], &following["cursor"]), (&json!("following"), &json!(begin)));
    let first = client.hear().await;
    assert_eq!((&first["type"], &first["from"]), (&json!("changes"), &json!(0)));
    assert!(first.to_string().contains("https://before.example"), "{first}");
    let push = json!({"type": "push", "id": "q", "library": library, "device": device,
        "changes": [change(1, "https://pushed.example")]});
    client.say(&push).await;
    let answers = client.hear().await;
    assert_eq!((&answers["type"], &answers["id"]), (&json!("answers"), &json!("q")), "{answers}");
    assert_eq!(answers["answers"][0]["status"], "applied");
    let second = client.hear().await;
    assert_eq!(second["from"], first["to"], "without a gap");
    assert!(second.to_string().contains("https://pushed.example"), "{second}");
    client.say(&json!({"type": "ping"})).await;
    assert_eq!(client.hear().await["type"], "pong");
}

#[tokio::test]
async fn who_is_far_behind_is_told_to_pull_and_who_is_of_another_epoch_to_start_again() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let library = ada.library.to_string();
    let device = world.post(ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let begin = world.get(ada, &format!("{LIBRARY}/changes")).await.at("/next_cursor");
    for part in [0, 400, 800] {
        let changes: Vec<Value> = (part + 1..=part + 400)
            .map(|n| change(n, &format!("https://far.example/{n}")))
            .collect();
        let body = json!({"device": device, "changes": changes});
        world.post(ada, &format!("{LIBRARY}/changes"), &body).await;
    }
    let mut client = listening.sync().await;
    client.say(&hello(&ada.token)).await;
    client.hear().await;
    client.say(&json!({"type": "follow", "library": library, "cursor": begin})).await;
    client.hear().await;
    let poke = client.hear().await;
    assert_eq!((&poke["type"], &poke["seq"]), (&json!("poke"), &json!(1200)), "{poke}");
    let ahead = shelf_sync::Cursor { epoch: 99, seq: 1 }.text(ada.library);
    client.say(&json!({"type": "follow", "library": library, "cursor": ahead})).await;
    let reset = client.hear().await;
    assert_eq!((&reset["type"], &reset["reset"]["why"]), (&json!("reset"), &json!("epoch")));
}

#[tokio::test]
async fn nobody_follows_or_pushes_to_what_is_not_theirs() {
    let listening = Listening::new().await;
    let (world, ada, eve) = (&listening.world, &listening.world.ada, &listening.world.eve);
    let mut client = listening.sync().await;
    client.say(&hello(&eve.token)).await;
    client.hear().await;
    let library = ada.library.to_string();
    client.say(&json!({"type": "follow", "library": library})).await;
    let told = client.hear().await;
    assert_eq!((&told["type"], &told["code"]), (&json!("refused"), &json!("not_found")));
    let push = json!({"type": "push", "id": "q", "library": library, "device": library,
        "changes": [change(1, "https://evil.example")]});
    client.say(&push).await;
    let told = client.hear().await;
    assert_eq!((&told["id"], &told["code"]), (&json!("q"), &json!("not_found")));
    // And a token that may only read pushes nothing of its own either.
    let reads = world.limited(ada, "bookmarks:read").await;
    let mut client = listening.sync().await;
    client.say(&hello(&reads.token)).await;
    client.hear().await;
    client.say(&push).await;
    assert_eq!(client.hear().await["code"], "insufficient_scope");
}

#[tokio::test]
async fn a_socket_is_closed_when_its_token_ends() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let made = world.post(ada, "/v1/tokens", &json!({"name": "t"})).await;
    let mut client = listening.sync().await;
    client.say(&hello(&made.at("/token"))).await;
    client.hear().await;
    client.say(&json!({"type": "follow", "library": ada.library.to_string()})).await;
    client.hear().await;
    let path = format!("/v1/tokens/{}", made.at("/grant/id"));
    world.ask(ada, Method::DELETE, &path, "").await;
    assert_eq!(client.hear().await, 4401);
}

#[tokio::test]
async fn a_socket_that_follows_nothing_is_closed_as_well_when_its_token_ends() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let made = world.post(ada, "/v1/tokens", &json!({"name": "t"})).await;
    let mut client = listening.sync().await;
    client.say(&hello(&made.at("/token"))).await;
    client.hear().await;
    let path = format!("/v1/tokens/{}", made.at("/grant/id"));
    world.ask(ada, Method::DELETE, &path, "").await;
    assert_eq!(client.hear().await, 4401);
}

#[tokio::test]
async fn who_has_a_socket_is_told_that_the_process_stops_and_none_is_left() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let mut follows = listening.sync().await;
    follows.say(&hello(&ada.token)).await;
    follows.hear().await;
    follows.say(&json!({"type": "follow", "library": ada.library.to_string()})).await;
    assert_eq!(follows.hear().await["type"], "following");
    let (mut silent, mut graph) = (listening.sync().await, listening.of(ada).await);
    world.sockets.close();
    for client in [&mut follows, &mut silent, &mut graph] {
        assert_eq!(client.hear().await, 1001);
    }
    let mut late = listening.sync().await;
    assert_eq!(late.hear().await, 1001, "nobody stays who comes now");
    drop((follows, silent, graph, late));
    let closed = tokio::time::timeout(Duration::from_secs(20), world.sockets.closed());
    closed.await.expect("no socket is left");
}

#[tokio::test]
async fn an_extension_has_what_it_says_on_a_socket_and_nothing_its_browser_sends_along() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let cookie = ("cookie", format!("mindshelf_session={}", ada.session));
    let extension = ("origin", "chrome-extension://mpjegajfegahaakpkeecmdmhiebkindb".to_owned());
    let mut client = listening.sync_with(&[cookie.clone(), extension.clone()]).await.unwrap();
    client.say(&json!({"type": "hello"})).await;
    assert_eq!(client.hear().await, 4403, "the cookie counts for nothing");
    let mut client = listening.sync_with(&[cookie.clone(), extension]).await.unwrap();
    client.say(&hello(&ada.token)).await;
    assert_eq!(client.hear().await["type"], "welcome");
    let foreign = ("origin", "https://evil.example".to_owned());
    assert!(listening.sync_with(&[cookie, foreign]).await.is_err());
}

#[tokio::test]
async fn who_opens_sockets_and_says_nothing_has_no_more_of_them() {
    let listening = Listening::new().await;
    let bearer = [("authorization", format!("Bearer {}", listening.world.ada.token))];
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(listening.sync_with(&bearer).await.unwrap());
    }
    assert!(listening.sync_with(&bearer).await.is_err(), "one more is not opened");
    for client in &mut held {
        client.say(&json!({"type": "hello"})).await;
        assert_eq!(client.hear().await["type"], "welcome", "each of them counts once");
    }
    let mut eve = listening.sync().await;
    eve.say(&hello(&listening.world.eve.token)).await;
    assert_eq!(eve.hear().await["type"], "welcome", "it takes nothing from others");
}

#[tokio::test]
async fn a_push_that_is_none_is_refused_with_its_place_and_the_socket_stays() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let device = world.post(ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let mut wrong = change(2, "https://b.example");
    wrong["hlc"] = json!("never");
    let body = json!({"device": device, "changes": [change(1, "https://a.example"), wrong]});
    let posted = world.post(ada, &format!("{LIBRARY}/changes"), &body).await;
    assert_eq!(posted.at("/errors/0/pointer"), "#/changes/1", "{}", posted.text);
    let mut client = listening.sync().await;
    client.say(&hello(&ada.token)).await;
    client.hear().await;
    let mut push = body;
    push["type"] = json!("push");
    push["id"] = json!("q");
    push["library"] = json!(ada.library.to_string());
    client.say(&push).await;
    let told = client.hear().await;
    assert_eq!((&told["type"], &told["id"]), (&json!("refused"), &json!("q")), "{told}");
    assert_eq!(told["status"], 400);
    assert_eq!(told["errors"][0]["pointer"], "#/changes/1");
    client.say(&json!({"type": "ping"})).await;
    assert_eq!(client.hear().await["type"], "pong");
}

#[tokio::test]
async fn what_is_out_of_turn_closes_the_socket() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let follow = json!({"type": "follow", "library": ada.library.to_string()});
    for (said, code) in [
        (vec![follow], 4401),
        (vec![json!({"type": "subscribe"})], 4400),
        (vec![hello("none")], 4403),
        (vec![json!({"type": "hello"})], 4403),
        (vec![hello(&ada.token), hello(&ada.token)], 4429),
    ] {
        let mut client = listening.sync().await;
        for message in &said {
            client.say(message).await;
        }
        let mut heard = client.hear().await;
        if heard["type"] == "welcome" {
            heard = client.hear().await;
        }
        assert_eq!(heard, code, "{said:?}");
    }
}

/// A world whose tenants are bounded, and listens.
async fn bounded() -> Listening {
    Listening::over(World::with(Arc::new(AlwaysReady), Plan::Personal).await).await
}

/// A guild of Ada's, and a library of it that Eve may write to.
async fn shared(world: &World) -> (String, String) {
    let (ada, eve) = (&world.ada, &world.eve);
    let guild = world.post(ada, "/v1/tenants", &json!({"name": "Guild"})).await.at("/id");
    let path = format!("/v1/tenants/{guild}/invitations");
    let invited = world.post(ada, &path, &json!({"role": "member"})).await.at("/secret");
    let joined = world.post(eve, "/v1/memberships", &json!({"invitation": invited})).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{}", joined.text);
    let path = format!("/v1/tenants/{guild}/libraries");
    let library = world.post(ada, &path, &json!({"name": "Ours"})).await.at("/id");
    let path = format!("/v1/libraries/{library}/shares/{}", eve.person);
    let share = r#"{"kind": "person", "right": "write"}"#;
    let shared = world.ask(ada, Method::PUT, &path, share).await;
    assert!(shared.status.is_success(), "{}", shared.text);
    (guild, library)
}

#[tokio::test]
async fn a_library_that_is_taken_back_is_gone_and_of_the_others_is_told_on() {
    let listening = bounded().await;
    let (world, ada, eve) = (&listening.world, &listening.world.ada, &listening.world.eve);
    let (_, library) = shared(world).await;
    let mut client = listening.sync().await;
    client.say(&hello(&eve.token)).await;
    client.hear().await;
    for library in [&library, &eve.library.to_string()] {
        client.say(&json!({"type": "follow", "library": library})).await;
        assert_eq!(client.hear().await["type"], "following");
    }
    let path = format!("/v1/libraries/{library}/shares/{}", eve.person);
    let taken = world.ask(ada, Method::DELETE, &path, "").await;
    assert!(taken.status.is_success(), "{}", taken.text);
    let gone = client.hear().await;
    assert_eq!((&gone["type"], &gone["code"]), (&json!("gone"), &json!("not_found")), "{gone}");
    assert_eq!(gone["library"], json!(library));
    world.saved(eve, "https://still.example").await;
    let told = client.hear().await.to_string();
    assert!(told.contains("https://still.example"), "{told}");
}

#[tokio::test]
async fn the_tenant_pays_whose_library_it_is_about() {
    let listening = bounded().await;
    let (world, ada, eve) = (&listening.world, &listening.world.ada, &listening.world.eve);
    let (guild, library) = shared(world).await;
    let device = world.post(eve, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let spent = async || {
        let told = world.get(ada, &format!("/v1/tenants/{guild}/usage")).await;
        let bounds = told.json["bounds"].as_array().unwrap();
        let day = bounds.iter().find(|bound| bound["name"] == "cost_a_day").unwrap();
        day["used"].as_u64().unwrap()
    };
    let before = spent().await;
    let mut client = listening.sync().await;
    client.say(&hello(&eve.token)).await;
    client.hear().await;
    client.say(&json!({"type": "follow", "library": library})).await;
    assert_eq!(client.hear().await["type"], "following");
    let push = json!({"type": "push", "id": "q", "library": library, "device": device,
        "changes": [change(1, "https://ours.example")]});
    client.say(&push).await;
    assert_eq!(client.hear().await["type"], "answers");
    assert!(spent().await >= before + 3, "following and pushing, each");
}

#[tokio::test]
async fn guessing_at_libraries_costs_more_and_more() {
    let listening = bounded().await;
    let mut client = listening.sync().await;
    client.say(&hello(&listening.world.eve.token)).await;
    client.hear().await;
    for guess in 0..2_000 {
        let library = format!("0193f0a0-0000-7000-8000-{guess:012}");
        client.say(&json!({"type": "follow", "library": library})).await;
        let told = client.hear().await;
        assert_eq!(told["type"], "refused", "{told}");
        if told["status"] == 429 {
            assert!(told["detail"].as_str().unwrap().contains("each request counts"), "{told}");
            return;
        }
        assert_eq!(told["code"], "not_found", "{told}");
    }
    panic!("whoever guesses is never slowed down");
}

/// What a socket is told until the log was told up to `seq`, and that nothing of it was left out.
async fn heard_up_to(client: &mut Client, from: u64, seq: u64) -> Vec<Value> {
    let (mut heard, mut at) = (Vec::new(), from);
    while at < seq {
        let told = client.hear().await;
        assert_eq!(told["type"], "changes", "{told}");
        let rows = told["changes"].as_array().unwrap();
        assert!(rows.len() <= 200 && told.to_string().len() < 16 << 10, "{} rows", rows.len());
        for row in rows {
            at += 1;
            assert_eq!(row["seq"], json!(at), "each row in its turn: {told}");
        }
        let first = at - u64::try_from(rows.len()).unwrap();
        assert_eq!((&told["from"], &told["to"]), (&json!(first), &json!(at)));
        heard.push(told);
    }
    heard
}

#[tokio::test]
async fn all_who_follow_a_library_are_told_the_same_and_nothing_is_left_out() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let follow = json!({"type": "follow", "library": ada.library.to_string()});
    let device = world.post(ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
    let begin = world.get(ada, &format!("{LIBRARY}/changes")).await.at("/next_cursor");
    let mut clients = Vec::new();
    for _ in 0..12 {
        let mut client = listening.sync().await;
        client.say(&hello(&ada.token)).await;
        client.hear().await;
        client.say(&follow).await;
        assert_eq!(client.hear().await["cursor"], json!(begin));
        clients.push(client);
    }
    let changes: Vec<Value> =
        (1..=400).map(|n| change(n, &format!("https://all.example/{n}"))).collect();
    let body = json!({"device": device, "changes": changes});
    assert_eq!(world.post(ada, &format!("{LIBRARY}/changes"), &body).await.status, 200);
    let first = heard_up_to(&mut clients[0], 0, 400).await;
    assert!(first.len() > 2, "in messages of some kilobytes: {}", first.len());
    for client in &mut clients[1..] {
        assert_eq!(heard_up_to(client, 0, 400).await, first);
    }
    // Whoever comes later with an older cursor is told what they have not, and goes on like all.
    let mut late = listening.sync().await;
    late.say(&hello(&ada.token)).await;
    late.hear().await;
    late.say(&json!({"type": "follow", "library": ada.library.to_string(), "cursor": begin})).await;
    assert_eq!(late.hear().await["type"], "following");
    heard_up_to(&mut late, 0, 400).await;
    let more = json!({"device": device, "changes": [change(401, "https://all.example/401")]});
    assert_eq!(world.post(ada, &format!("{LIBRARY}/changes"), &more).await.status, 200);
    for client in clients.iter_mut().chain([&mut late]) {
        heard_up_to(client, 400, 401).await;
    }
}

#[tokio::test]
async fn who_left_a_library_or_moved_their_cursor_is_told_what_they_asked_for() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let library = ada.library.to_string();
    let begin = world.get(ada, &format!("{LIBRARY}/changes")).await.at("/next_cursor");
    let mut client = listening.sync().await;
    client.say(&hello(&ada.token)).await;
    client.hear().await;
    client.say(&json!({"type": "follow", "library": library})).await;
    client.hear().await;
    world.saved(ada, "https://one.example").await;
    assert_eq!(client.hear().await["from"], json!(0));
    client.say(&json!({"type": "leave", "library": library})).await;
    client.say(&json!({"type": "ping"})).await;
    assert_eq!(client.hear().await["type"], "pong");
    world.saved(ada, "https://two.example").await;
    client.say(&json!({"type": "ping"})).await;
    assert_eq!(client.hear().await["type"], "pong", "of what was left nothing is told");
    client.say(&json!({"type": "follow", "library": library, "cursor": begin})).await;
    assert_eq!(client.hear().await["type"], "following");
    let told = client.hear().await.to_string();
    assert!(told.contains("https://one.example") && told.contains("https://two.example"), "{told}");
}

#[tokio::test]
async fn a_process_of_sync_answers_devices_and_nobody_else() {
    let world = World::new().await;
    let (ada, eve) = (&world.ada, &world.eve);
    let asks = async |who: &Someone, path: &str| {
        // Whose library it is does not follow from who asks.
        let path = path.replace("{library}", &ada.library.to_string());
        let request = who.request(Method::GET, &path, "");
        world.sync.clone().oneshot(request).await.unwrap().status()
    };
    let of_sync = ["/sync", "/changes", "/checksum", "/snapshot", "/sync/part", "/held"];
    for path in of_sync.map(|rest| format!("{LIBRARY}{rest}")) {
        assert_eq!(asks(ada, &path).await, 200, "{path}");
        assert_eq!(asks(eve, &path).await, 404, "{path} of somebody else");
        let nobody = Someone { token: "forged".to_owned(), ..ada.clone() };
        assert_eq!(asks(&nobody, &path).await, 401, "{path} by nobody");
    }
    for path in ["/healthz", "/readyz", "/v1/me", "/v1/devices"] {
        assert_eq!(asks(ada, path).await, 200, "{path}");
    }
    for path in ["/v1/libraries/{library}/bookmarks", "/v1/tokens", "/graphql", "/openapi.json"] {
        assert_eq!(asks(ada, path).await, 404, "{path}");
    }
}
