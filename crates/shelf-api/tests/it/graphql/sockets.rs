//! What goes on in a library, told over a WebSocket; and why a socket is closed.

use crate::graphql::{id, library};
use crate::world::{Someone, World};
use axum::http::{HeaderValue, Method};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long something may take.
const SOON: Duration = Duration::from_secs(20);
const CHANGED: &str = "subscription S($id: ID!, $since: String) { \
    libraryChanged(library: $id, since: $since) { from to cursor changes { kind item set } } }";

/// A client's end of a socket.
pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; a close frame is its code.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let heard = tokio::time::timeout(SOON, self.0.next()).await.expect("nothing was heard");
            match heard {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(Some(frame)))) => return json!(u16::from(frame.code)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the socket ended: {other:?}"),
            }
        }
    }

    async fn follow(&mut self, number: &str, who: &Someone, since: Option<&str>) {
        let variables = json!({ "id": library(who), "since": since });
        let payload = json!({ "query": CHANGED, "variables": variables });
        self.say(&json!({ "type": "subscribe", "id": number, "payload": payload })).await;
    }
}

/// A world whose router listens.
pub(crate) struct Listening {
    pub(crate) world: World,
    pub(crate) place: String,
}

impl Listening {
    pub(crate) async fn new() -> Self {
        Self::over(World::new().await).await
    }

    /// The same for a world that is there.
    pub(crate) async fn over(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let router = world.app.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { world, place }
    }

    /// A socket that brings these headers.
    async fn with(&self, headers: &[(&'static str, String)]) -> Result<Client, String> {
        self.at("graphql", "graphql-transport-ws", headers).await
    }

    /// A socket of sync.
    pub(crate) async fn sync(&self) -> Client {
        self.sync_with(&[]).await.unwrap()
    }

    /// A socket of sync that brings these headers.
    pub(crate) async fn sync_with(
        &self,
        headers: &[(&'static str, String)],
    ) -> Result<Client, String> {
        self.at("v1/sync", "mindshelf.sync.v1", headers).await
    }

    /// A socket of sync as a page of ours opens it for `who`.
    pub(crate) async fn page(&self, who: &Someone) -> Client {
        let cookie = ("cookie", format!("mindshelf_session={}", who.session));
        let origin = ("origin", format!("http://{}", self.place));
        self.at("v1/sync", "mindshelf.sync.v1", &[cookie, origin]).await.unwrap()
    }

    async fn at(
        &self,
        path: &str,
        protocol: &'static str,
        headers: &[(&'static str, String)],
    ) -> Result<Client, String> {
        let mut request = format!("ws://{}/{path}", self.place).into_client_request().unwrap();
        let all = request.headers_mut();
        all.insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        let opened = connect_async(request).await;
        opened.map(|(socket, _)| Client(socket)).map_err(|error| error.to_string())
    }

    /// A socket on which it was said that `who` asks.
    pub(crate) async fn of(&self, who: &Someone) -> Client {
        let mut client = self.with(&[]).await.unwrap();
        client.say(&init(&who.token)).await;
        assert_eq!(client.hear().await["type"], "connection_ack");
        client
    }
}

fn init(token: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })
}

#[tokio::test]
async fn what_is_saved_is_told_and_a_cursor_leads_on_without_a_gap() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let none = world.get(ada, "/v1/libraries/{library}/changes").await.at("/next_cursor");
    let before = world.saved(ada, "https://before.example").await;
    let mut client = listening.of(ada).await;
    client.follow("1", ada, Some(&none)).await;
    let first = client.hear().await;
    let told = &first["payload"]["data"]["libraryChanged"];
    let wanted = id("bookmark", &[&ada.library.to_string(), &before]);
    let items: Vec<&Value> =
        told["changes"].as_array().unwrap().iter().map(|one| &one["item"]).collect();
    assert!(items.contains(&&json!(wanted)), "{first}");
    let item = world.saved(ada, "https://after.example").await;
    let second = client.hear().await;
    assert_eq!(second["payload"]["data"]["libraryChanged"]["from"], told["to"]);
    assert!(second.to_string().contains("https://after.example"), "{second}");
    client.say(&json!({ "type": "complete", "id": "1" })).await;
    // From the cursor of the first, on another socket.
    let mut other = listening.of(ada).await;
    other.follow("x", ada, told["cursor"].as_str()).await;
    let again = other.hear().await;
    assert_eq!(again["id"], "x");
    assert!(again.to_string().contains(&id("bookmark", &[&ada.library.to_string(), &item])));
    assert!(!again.to_string().contains("https://before.example"));
}

#[tokio::test]
async fn nobody_follows_what_is_not_theirs_and_cannot_tell_it_from_nothing() {
    let listening = Listening::new().await;
    let (world, eve) = (&listening.world, &listening.world.eve);
    let mut client = listening.of(eve).await;
    let mut told = Vec::new();
    let nobody =
        Someone { library: "0193f0a0-0000-7000-8000-0000000000ff".parse().unwrap(), ..eve.clone() };
    for (number, who) in ["1", "2"].iter().zip([&world.ada, &nobody]) {
        client.follow(number, who, None).await;
        let heard = client.hear().await;
        assert_eq!(heard["type"], "error", "{heard}");
        assert!(heard.to_string().contains("not_found"), "{heard}");
        let plain = heard["payload"].to_string();
        told.push(plain.replace(&who.library.to_string(), "-"));
    }
    assert_eq!(told[0], told[1]);
    let who = world.limited(&world.ada, "account:read").await;
    let mut client = listening.of(&who).await;
    client.follow("1", &who, None).await;
    assert!(client.hear().await.to_string().contains("insufficient_scope"));
}

#[tokio::test]
async fn a_right_that_is_taken_away_ends_what_was_told_within_seconds() {
    let listening = Listening::new().await;
    let (world, ada) = (&listening.world, &listening.world.ada);
    let made = world.post(ada, "/v1/tokens", &json!({ "name": "short" })).await;
    let who = Someone { token: made.at("/token"), ..ada.clone() };
    let mut client = listening.of(&who).await;
    client.follow("1", &who, None).await;
    client.say(&json!({ "type": "ping" })).await;
    assert_eq!(client.hear().await["type"], "pong");
    let path = format!("/v1/tokens/{}", made.at("/grant/id"));
    world.ask(ada, Method::DELETE, &path, "").await;
    let heard = client.hear().await;
    assert_eq!((&heard["type"], &heard["id"]), (&json!("error"), &json!("1")), "{heard}");
    assert!(heard.to_string().contains("unauthenticated"), "{heard}");
    client.follow("2", &who, None).await;
    assert_eq!(client.hear().await, json!(4401));
}

#[tokio::test]
async fn a_socket_is_closed_for_what_it_did() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let mut client = listening.with(&[]).await.unwrap();
    client.follow("1", ada, None).await;
    assert_eq!(client.hear().await, json!(4401), "nobody said who asks");
    for said in [json!("no message"), json!({ "type": "start" }), Value::Null] {
        let mut client = listening.of(ada).await;
        client.say(&said).await;
        assert_eq!(client.hear().await, json!(4400), "{said}");
    }
    let mut client = listening.of(ada).await;
    client.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(client.hear().await, json!(4400));
    let mut client = listening.with(&[]).await.unwrap();
    client.say(&init("forged")).await;
    assert_eq!(client.hear().await, json!(4403));
    let mut client = listening.of(ada).await;
    client.say(&init(&ada.token)).await;
    assert_eq!(client.hear().await, json!(4429));
    let mut client = listening.of(ada).await;
    client.follow("1", ada, None).await;
    client.follow("1", ada, None).await;
    assert_eq!(client.hear().await, json!(4409));
    let mut client = listening.with(&[]).await.unwrap();
    assert_eq!(client.hear().await, json!(4408), "it took too long to say who asks");
}

#[tokio::test]
async fn messages_and_operations_of_a_socket_are_bounded() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let mut client = listening.of(ada).await;
    for number in 0..20 {
        client.follow(&number.to_string(), ada, None).await;
    }
    client.follow("more", ada, None).await;
    let refused = client.hear().await;
    assert_eq!((refused["type"].as_str(), refused["id"].as_str()), (Some("error"), Some("more")));
    assert!(refused.to_string().contains("slow_down"), "{refused}");
    client.say(&json!({ "type": "complete", "id": "3" })).await;
    client.follow("3", ada, None).await;
    client.say(&json!({ "type": "ping", "payload": { "n": "x".repeat((1 << 20) - 64) } })).await;
    assert_eq!(client.hear().await["type"], "pong", "a message may have a megabyte");
    client.say(&json!({ "type": "ping", "payload": { "n": "x".repeat(1 << 20) } })).await;
    assert_eq!(client.hear().await, json!(1009));
}

#[tokio::test]
async fn a_page_of_ours_needs_no_token_and_one_of_another_site_gets_no_socket() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let cookie = ("cookie", format!("mindshelf_session={}", ada.session));
    let own = ("origin", format!("http://{}", listening.place));
    let mut client = listening.with(&[cookie.clone(), own]).await.unwrap();
    client.say(&json!({ "type": "connection_init" })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    let foreign = ("origin", "https://evil.example".to_owned());
    assert!(listening.with(&[cookie.clone(), foreign]).await.is_err());
    // Without an origin it is no page, and a cookie says nothing.
    let mut client = listening.with(&[cookie]).await.unwrap();
    client.say(&json!({ "type": "connection_init" })).await;
    assert_eq!(client.hear().await, json!(4403));
    let other = ("sec-websocket-protocol", "graphql-ws".to_owned());
    assert!(listening.with(&[other]).await.is_err(), "another protocol is not spoken");
}

#[tokio::test]
async fn queries_and_changes_travel_by_sockets_too() {
    let listening = Listening::new().await;
    let ada = &listening.world.ada;
    let mut client = listening.of(ada).await;
    let ask =
        |query: &str| json!({ "type": "subscribe", "id": "q", "payload": { "query": query } });
    client.say(&ask("{ viewer { person { name } } }")).await;
    let told = client.hear().await;
    assert_eq!(told["payload"]["data"]["viewer"]["person"]["name"], "Person 1");
    assert_eq!(client.hear().await["type"], "complete");
    client.say(&ask("{ nothing }")).await;
    let told = client.hear().await;
    assert_eq!((&told["type"], &told["id"]), (&json!("error"), &json!("q")));
    assert_eq!(told["payload"][0]["extensions"]["code"], "invalid");
}
