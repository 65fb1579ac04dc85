//! News of a library over a socket of `mindshelf.sync.v1`: a hint that there is something to pull,
//! and no more. Whoever has no socket, or loses it, pulls now and then and misses nothing.

use crate::transport::{Duplex, Request};
use crate::{ClientFailure, LibraryClient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use reqwest::Method;
use reqwest::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use shelf_domain::id::LibraryId;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// What is spoken.
const PROTOCOL: &str = "mindshelf.sync.v1";
/// Where it is.
const ADDRESS: &str = "/v1/sync";
/// Largest message that is read, bytes.
const MESSAGE_BYTES_MAX: usize = 8 << 20;
/// How long it may take until the server is ready to tell.
const OPEN_MAX: Duration = Duration::from_secs(20);

/// A socket by which a server tells that a library has news.
pub struct News {
    socket: WebSocketStream<Box<dyn Duplex>>,
    library: LibraryId,
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News").field("library", &self.library).finish_non_exhaustive()
    }
}

/// What is read of a message: of what kind it is, and of a refusal all that it says.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    retry_after: Option<u64>,
}

impl Told {
    /// That the server does not tell of the library, as it was said.
    fn refused(self) -> ClientFailure {
        let Self { status, code, detail, retry_after, .. } = self;
        let title = "the server does not tell of this library".to_owned();
        let retry_after = retry_after.map(Duration::from_secs);
        ClientFailure::Refused { status, code, title, detail, retry_after }
    }
}

impl LibraryClient {
    /// Opens a socket by which the server tells that there is something after `cursor`. A server
    /// that has none refuses.
    pub async fn news(&self, cursor: Option<&str>) -> Result<News, ClientFailure> {
        let opened = timeout(OPEN_MAX, self.open_news(cursor)).await;
        opened.unwrap_or_else(|_| Err(broken("it did not open in time")))
    }

    async fn open_news(&self, cursor: Option<&str>) -> Result<News, ClientFailure> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).map_err(|_| broken("there is no randomness"))?;
        let key = STANDARD.encode(random);
        let shown = HeaderValue::from_str(&key).map_err(|_| broken("its key is no header"))?;
        let request = Request::new(Method::GET, ADDRESS)
            .header(CONNECTION, HeaderValue::from_static("Upgrade"))
            .header(UPGRADE, HeaderValue::from_static("websocket"))
            .header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            .header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL))
            .header(SEC_WEBSOCKET_KEY, shown);
        let upgraded = self.client.upgrade(request).await?;
        if !accepts(&upgraded.headers, &key) {
            return Err(broken("the other side does not speak WebSocket"));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let socket =
            WebSocketStream::from_raw_socket(upgraded.stream, Role::Client, Some(config)).await;
        let mut news = News { socket, library: self.id };
        news.say(&json!({ "type": "hello" })).await?;
        while news.heard().await?.kind != "welcome" {}
        news.follow(cursor).await?;
        Ok(news)
    }
}

impl News {
    /// From now on tells what comes after `cursor`.
    pub async fn follow(&mut self, cursor: Option<&str>) -> Result<(), ClientFailure> {
        let mut follow = json!({ "type": "follow", "library": self.library });
        if let Some(cursor) = cursor {
            follow["cursor"] = cursor.into();
        }
        self.say(&follow).await
    }

    /// Waits until there is something to pull. It may be called off; a failure means that the socket
    /// is of no use any more, and tells how long to wait where the server says so.
    pub async fn wait(&mut self) -> Result<(), ClientFailure> {
        loop {
            let told = self.heard().await?;
            match told.kind.as_str() {
                "changes" | "poke" | "reset" | "gone" => return Ok(()),
                "refused" => return Err(told.refused()),
                _ => {}
            }
        }
    }

    async fn say(&mut self, message: &Value) -> Result<(), ClientFailure> {
        self.socket.send(Message::text(message.to_string())).await.map_err(lost)
    }

    /// The next message.
    async fn heard(&mut self) -> Result<Told, ClientFailure> {
        loop {
            match self.socket.next().await {
                None | Some(Ok(Message::Close(_))) => return Err(lost("it was closed")),
                Some(Err(error)) => return Err(lost(error)),
                Some(Ok(Message::Text(text))) => return read(&text),
                // What keeps the connection alive is answered below this.
                Some(Ok(_)) => {}
            }
        }
    }
}

/// Reads a message.
pub(crate) fn read(text: &str) -> Result<Told, ClientFailure> {
    serde_json::from_str(text).map_err(|_| broken("this is no message"))
}

/// Whether the answer shows that the key was read (RFC 6455 §4.1).
fn accepts(headers: &HeaderMap, key: &str) -> bool {
    let said = headers.get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
    said == Some(derive_accept_key(key.as_bytes()).as_bytes())
}

fn broken(why: &str) -> ClientFailure {
    ClientFailure::Unreadable(format!("the socket: {why}"))
}

fn lost(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ClientFailure {
    ClientFailure::Unreachable { address: "the socket".to_owned(), source: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, Http};
    use std::sync::Arc;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::accept_async;

    const LIBRARY: LibraryId = LibraryId::from_bytes([7; 16]);

    /// A server that lets one socket in.
    async fn server() -> (LibraryClient, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::new(Arc::new(Http::new(&address).unwrap()), "t").unwrap();
        (client.library(LIBRARY), listener)
    }

    async fn told(socket: &mut WebSocketStream<TcpStream>) -> Value {
        let message = socket.next().await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn news_come_by_the_socket_after_hello_and_follow() {
        let (library, listener) = server().await;
        let serves = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            assert_eq!(told(&mut socket).await, json!({ "type": "hello" }));
            socket.send(Message::text(r#"{"type": "welcome"}"#)).await.unwrap();
            let follow = json!({ "type": "follow", "library": LIBRARY, "cursor": "c" });
            assert_eq!(told(&mut socket).await, follow);
            for said in ["following", "changes"] {
                socket.send(Message::text(json!({ "type": said }).to_string())).await.unwrap();
            }
            socket.close(None).await.unwrap();
        };
        let listens = async {
            let mut news = library.news(Some("c")).await.unwrap();
            news.wait().await.unwrap();
            assert!(news.wait().await.is_err(), "a socket that was closed is of no use");
        };
        tokio::join!(serves, listens);
    }

    #[tokio::test]
    async fn what_is_not_told_says_why_and_when_to_ask_again() {
        let (library, listener) = server().await;
        let serves = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            told(&mut socket).await;
            socket.send(Message::text(r#"{"type": "welcome"}"#)).await.unwrap();
            assert_eq!(told(&mut socket).await["type"], "follow");
            let refused = json!({
                "type": "refused", "library": LIBRARY, "status": 429, "code": "slow_down",
                "detail": "too much", "errors": [], "retry_after": 7,
            });
            socket.send(Message::text(refused.to_string())).await.unwrap();
        };
        let listens = async {
            let mut news = library.news(Some("c")).await.unwrap();
            let refused = news.wait().await.unwrap_err();
            assert_eq!(refused.code(), Some("slow_down"));
            assert_eq!(refused.retry_after(), Some(Duration::from_secs(7)));
        };
        tokio::join!(serves, listens);
    }

    #[tokio::test]
    async fn a_server_without_a_socket_refuses() {
        let (library, listener) = server().await;
        let serves = async {
            let (stream, _) = listener.accept().await.unwrap();
            // What is said before anything was asked answers nothing.
            while stream.try_read(&mut [0; 4_096]).is_err() {
                stream.readable().await.unwrap();
            }
            let said = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            stream.writable().await.unwrap();
            assert_eq!(stream.try_write(said).unwrap(), said.len());
            stream
        };
        let (_open, refused) = tokio::join!(serves, library.news(None));
        assert!(matches!(refused, Err(ClientFailure::Refused { status: 404, .. })), "{refused:?}");
    }
}
