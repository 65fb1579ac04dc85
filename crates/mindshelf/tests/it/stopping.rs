//! A server that is told to stop says so to whoever has a socket, and ends without being killed.

use crate::program::Server;
use futures::StreamExt;
use std::time::Duration;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// How long something may take.
const SOON: Duration = Duration::from_secs(20);
/// The server goes away (RFC 6455).
const GOING_AWAY: u16 = 1001;

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_socket_is_told_that_the_server_stops() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let place = server.address.trim_start_matches("http://");
    let mut request = format!("ws://{place}/v1/sync").into_client_request().unwrap();
    let protocol = "mindshelf.sync.v1".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.unwrap();
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let told = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                return Some(u16::from(frame.code));
            }
        }
        None
    };
    let told = tokio::time::timeout(SOON, told).await.unwrap();
    assert_eq!(told, Some(GOING_AWAY), "it is not just cut off");
    drop(socket);
    assert!(stopped.await.unwrap(), "and it ends well");
}
