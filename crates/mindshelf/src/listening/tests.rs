//! Slow clients over real sockets, with short bounds.

use super::*;
use crate::proxies::Proxies;
use axum::routing::get;
use futures::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval, timeout};

/// How long a connection may take here.
const SHORT: Duration = Duration::from_millis(300);
/// How long a test waits for what must happen.
const LONG: Duration = Duration::from_secs(30);
/// A whole request.
const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server with short bounds for `connections`; whoever asks for `/endless` is told without end, and
/// that it ended is told to `ended`.
struct Server {
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Result<()>>,
    ended: mpsc::UnboundedReceiver<()>,
}

/// Tells when it is dropped.
struct Told(mpsc::UnboundedSender<()>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

async fn server(connections: usize) -> Server {
    let bounds = Bounds { connections, head: SHORT, stall: SHORT };
    crowded(bounds, Crowd::of(usize::MAX, Proxies::default())).await
}

/// The same within `bounds`, with as many of one address as `crowd` lets in.
async fn crowded(bounds: Bounds, crowd: Crowd) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, ended) = mpsc::unbounded_channel();
    let endless = move || async move {
        let told = Told(tell);
        let pieces = stream::repeat_with(move || {
            let _held = &told;
            Ok::<_, io::Error>(vec![b'x'; 64 << 10])
        });
        Body::from_stream(pieces)
    };
    let router = Router::new().route("/", get(|| async { "here" })).route("/endless", get(endless));
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        serve(listener, router, (bounds, crowd), async move { drop(stopped.await) }).await
    });
    Server { at, stop, served, ended }
}

impl Server {
    async fn says(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// What comes until the other end hangs up.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // Whether it ends or is reset, it is over.
    drop(timeout(LONG, stream.read_to_end(&mut all)).await.expect("it hangs up"));
    String::from_utf8(all).unwrap()
}

/// The head and body of one answer on a connection that stays.
async fn answer(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    while !all.ends_with(b"here") {
        let read = timeout(LONG, stream.read_buf(&mut all)).await.unwrap().unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&all));
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn whoever_says_half_of_a_head_or_nothing_is_let_go() {
    let server = server(8).await;
    for said in [b"".as_slice(), b"GET / HTTP/1.1\r\nhost: local"] {
        let mut stream = server.says(said).await;
        let told = rest(&mut stream).await;
        assert!(!told.contains("200"), "{told}");
    }
}

#[tokio::test]
async fn a_head_that_drips_is_not_waited_for() {
    let server = server(8).await;
    let began = Instant::now();
    let (mut reads, mut writes) = server.says(b"GET / HTTP/1.1\r\n").await.into_split();
    let mut drops = interval(SHORT / 20);
    let dripping = async {
        loop {
            drops.tick().await;
            if writes.write_all(b"x-drop: x\r\n").await.is_err() {
                return;
            }
        }
    };
    let over = async { while reads.read(&mut [0; 512]).await.is_ok_and(|read| read > 0) {} };
    let ended = async {
        tokio::select! { () = dripping => {}, () = over => {} }
    };
    timeout(LONG, ended).await.expect("it is let go");
    assert!(began.elapsed() >= SHORT, "not before its time");
}

#[tokio::test]
async fn a_connection_is_used_again_and_let_go_when_it_is_idle() {
    let server = server(8).await;
    let mut stream = server.says(WHOLE).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    stream.write_all(WHOLE).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn whoever_takes_nothing_of_what_they_asked_for_is_let_go() {
    let mut server = server(8).await;
    let stream = server.says(b"GET /endless HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    timeout(LONG, server.ended.recv()).await.expect("it is told no further").unwrap();
    drop(stream);
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait_until_one_ends() {
    let server = server(2).await;
    let began = Instant::now();
    let silent = [server.says(b"GET").await, server.says(b"GET").await];
    let mut third = server.says(WHOLE).await;
    assert!(answer(&mut third).await.starts_with("HTTP/1.1 200"));
    assert!(began.elapsed() >= SHORT / 2, "there was no room before");
    drop(silent);
}

#[tokio::test]
async fn more_connections_of_one_address_than_it_may_have_are_let_go_at_once() {
    let server = crowded(Bounds::of(8), Crowd::of(2, Proxies::default())).await;
    let mut kept = server.says(WHOLE).await;
    assert!(answer(&mut kept).await.starts_with("HTTP/1.1 200"));
    let silent = server.says(b"GET").await;
    let mut third = server.says(WHOLE).await;
    assert_eq!(rest(&mut third).await, "", "it is not answered");
    drop(silent);
    // The place of who hung up is free soon.
    let again = async {
        loop {
            let mut stream = server.says(WHOLE).await;
            if stream.read_u8().await.is_ok_and(|first| first == b'H') {
                return;
            }
        }
    };
    timeout(LONG, again).await.expect("there is room again");
}

#[tokio::test]
async fn a_proxy_may_bring_as_many_as_there_is_room_for() {
    let proxies = Proxies::read(&["127.0.0.1".to_owned()]).unwrap();
    let server = crowded(Bounds::of(20), Crowd::of(1, proxies)).await;
    for _ in 0..4 {
        let mut stream = server.says(WHOLE).await;
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        let mut beside = server.says(WHOLE).await;
        assert!(answer(&mut beside).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn what_was_begun_is_answered_when_it_is_told_to_stop() {
    let server = server(8).await;
    let mut idle = server.says(WHOLE).await;
    answer(&mut idle).await;
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "", "who is idle is let go at once");
    timeout(LONG, server.served).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(server.at).await.is_err(), "and nobody comes in any more");
}
