//! Somebody who is told by webhooks: a real server on loopback, that answers as a test says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a test waits for what has to come.
const SOON: Duration = Duration::from_secs(20);
/// In place of a status: the receiver takes the request and never answers.
pub(crate) const SILENT: u16 = 0;

/// One request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of its signatures is by `secret`, worked out from the convention's words alone.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = [format!("{id}.{at}.").as_bytes(), &self.body].concat();
        let wanted = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
        self.header("webhook-signature").split(' ').any(|one| one == wanted)
    }
}

/// HMAC-SHA256 (RFC 2104) with a key of at most 64 bytes.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// A receiver that listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    status: Arc<AtomicU16>,
    count: watch::Receiver<usize>,
    _listening: JoinSet<()>,
}

impl Receiver {
    /// A receiver that answers 204.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, status) = (Arc::<Mutex<Vec<Heard>>>::default(), Arc::new(AtomicU16::new(204)));
        let (counted, count) = watch::channel(0);
        let (kept, answers) = (heard.clone(), status.clone());
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut all = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answers, counted) = (kept.clone(), answers.clone(), counted.clone());
                all.spawn(async move {
                    let (mut stream, heard) = read(stream).await;
                    let count = {
                        let mut kept = kept.lock().unwrap();
                        kept.push(heard);
                        kept.len()
                    };
                    counted.send_replace(count);
                    let status = answers.load(Ordering::SeqCst);
                    if status == SILENT {
                        // Until whoever asked gives up.
                        drop(stream.read_u8().await);
                        return;
                    }
                    let answer = format!(
                        "HTTP/1.1 {status} So\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
                    );
                    drop(stream.write_all(answer.as_bytes()).await);
                });
            }
        });
        Self { port, heard, status, count, _listening: listening }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// What a setting says so that it is reached.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Answers with this status from now on.
    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Everything it was told, as soon as that is so much.
    pub(crate) async fn heard(&self, count: usize) -> Vec<Heard> {
        let mut counted = self.count.clone();
        let enough = tokio::time::timeout(SOON, counted.wait_for(|have| *have >= count)).await;
        assert!(enough.is_ok(), "told {} times, not {count}", *self.count.borrow());
        self.heard.lock().unwrap().clone()
    }

    /// How often it was told.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }
}

async fn read(mut stream: TcpStream) -> (TcpStream, Heard) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a request breaks off");
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> =
        fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length: usize = headers["content-length"].parse().unwrap();
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "a body breaks off");
    }
    (stream, Heard { headers, body })
}
