//! An internet for one test: names, addresses, and what is served there.

use crate::caps::Caps;
use crate::guard::Guard;
use crate::line::{Dial, Line, Stream};
use crate::resolve::Resolver;
use crate::rules::Rules;
use crate::tls::Tls;
use crate::turns::Turns;
use async_trait::async_trait;
use shelf_ports::outbound::{Answer, Ask, Outbound, Refusal, Trouble, Unanswered};
use std::collections::HashMap;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A certificate for `secure.example` and `shop.example`, and its key.
const CERTIFICATE: &[u8] = include_bytes!("secure.example.der");
const KEY: &[u8] = include_bytes!("secure.example.key.der");

/// The address of `good.example`, which is on the public internet.
pub(super) const GOOD: &str = "93.184.216.34";

/// An address where connections are never made.
pub(super) const SILENT: &str = "93.184.216.200";
/// An address where connections are made and nobody says a word, not even of TLS.
pub(super) const MUTE: &str = "93.184.216.201";

/// What a server says to a request.
pub(super) struct Says {
    /// How long it thinks first.
    pub(super) after: Duration,
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// What a server does when it has said that.
pub(super) enum Then {
    /// It ends the connection.
    Ends,
    /// It says nothing more and stays, until the other side leaves.
    Stays,
    /// It says one byte more each second.
    Drips,
    /// It says this again and again.
    Repeats(Vec<u8>),
}

impl From<Vec<u8>> for Says {
    fn from(bytes: Vec<u8>) -> Self {
        Self { after: Duration::ZERO, bytes, then: Then::Ends }
    }
}

impl Then {
    /// Says `bytes` before.
    pub(super) fn saying(self, bytes: &[u8]) -> Says {
        Says { after: Duration::ZERO, bytes: bytes.to_vec(), then: self }
    }
}

type Site = Box<dyn Fn(&str) -> Says + Send + Sync>;

/// Names, addresses, and what is served there.
pub(super) struct Net {
    /// The answers to each name, one after the other; the last one stays.
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    sites: Mutex<HashMap<SocketAddr, Arc<Site>>>,
    /// Where a connection really ends, whatever it was made to.
    pub(super) diverted: Mutex<Option<SocketAddr>>,
    /// The near end of every connection.
    pub(super) local: Mutex<Option<SocketAddr>>,
    looked_up: Mutex<Vec<String>>,
    dialled: Mutex<Vec<SocketAddr>>,
    asked: Mutex<Vec<String>>,
    /// A permit for each connection that the other side ended while a server stayed.
    pub(super) left: Semaphore,
}

impl Default for Net {
    fn default() -> Self {
        Self {
            names: Mutex::default(),
            sites: Mutex::default(),
            diverted: Mutex::default(),
            local: Mutex::default(),
            looked_up: Mutex::default(),
            dialled: Mutex::default(),
            asked: Mutex::default(),
            left: Semaphore::new(0),
        }
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").finish_non_exhaustive()
    }
}

impl Net {
    /// An internet in which `good.example` serves what `site` says.
    pub(super) fn with<S: Into<Says>>(
        site: impl Fn(&str) -> S + Send + Sync + 'static,
    ) -> Arc<Self> {
        let net = Arc::new(Self::default());
        net.name("good.example", &[&[GOOD]]);
        net.site(&format!("{GOOD}:80"), site);
        net
    }

    /// `name` resolves to the first of `answers`, then to the next, and to the last for ever; where
    /// there are none, whoever asks waits.
    pub(super) fn name(&self, name: &str, answers: &[&[&str]]) {
        let parsed = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(parsed).collect();
        self.names.lock().unwrap().insert(name.to_owned(), answers);
    }

    /// `at` serves what `site` says to the head and body of a request; by TLS on port 443.
    pub(super) fn site<S: Into<Says>>(
        &self,
        at: &str,
        site: impl Fn(&str) -> S + Send + Sync + 'static,
    ) {
        let site: Site = Box::new(move |request| site(request).into());
        self.sites.lock().unwrap().insert(at.parse().unwrap(), Arc::new(site));
    }

    /// The names that were looked up.
    pub(super) fn looked_up(&self) -> Vec<String> {
        self.looked_up.lock().unwrap().clone()
    }

    /// The addresses that were dialled.
    pub(super) fn dialled(&self) -> Vec<String> {
        self.dialled.lock().unwrap().iter().map(SocketAddr::to_string).collect()
    }

    /// The requests that were read, in lower case as they came.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The door to this internet.
    pub(super) fn door(self: &Arc<Self>, rules: Rules, caps: Caps) -> Guard {
        let (resolver, dial) = (Box::new(Arc::clone(self)), Box::new(Arc::clone(self)));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(CERTIFICATE)).unwrap();
        let tls = Tls::trusting(roots).unwrap();
        Guard { rules, caps, resolver, dial, tls, turns: Turns::new(&caps) }
    }

    /// Fetches `url` as a page by the rules and caps that hold where nobody says otherwise.
    pub(super) async fn fetch(self: &Arc<Self>, url: &str) -> Result<Answer, Unanswered> {
        self.door(Rules::default(), Caps::default()).send(page(url)).await
    }
}

/// The request for a page.
pub(super) fn page(url: &str) -> Ask {
    Ask::fetch(url, &["text/html", "text/plain"])
}

/// A whole answer: a status, headers a line each, and a body with its length.
pub(super) fn whole(status: u16, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().flat_map(|line| [*line, "\r\n"]).collect();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A page.
pub(super) fn html(body: &str) -> Vec<u8> {
    whole(200, &["content-type: text/html; charset=utf-8"], body.as_bytes())
}

/// An answer that leads to `location`.
pub(super) fn led(status: u16, location: &str) -> Vec<u8> {
    whole(status, &[&format!("location: {location}")], b"moved")
}

/// The answer of a refusal.
pub(super) fn refused(refusal: Refusal) -> Result<Answer, Unanswered> {
    Err(Unanswered::Refused(refusal))
}

/// The answer of a trouble.
pub(super) fn failed(trouble: Trouble) -> Result<Answer, Unanswered> {
    Err(Unanswered::Failed(trouble))
}

#[async_trait]
impl Resolver for Arc<Net> {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.looked_up.lock().unwrap().push(name.to_owned());
        let answer = {
            let mut names = self.names.lock().unwrap();
            let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
            if answers.len() > 1 { Some(answers.remove(0)) } else { answers.first().cloned() }
        };
        match answer {
            Some(answer) => Ok(answer),
            None => pending().await,
        }
    }
}

#[async_trait]
impl Dial for Arc<Net> {
    async fn dial(&self, at: SocketAddr) -> io::Result<Line> {
        self.dialled.lock().unwrap().push(at);
        if at.ip().to_string() == SILENT {
            return pending().await;
        }
        let (ours, theirs) = duplex(16 << 10);
        if at.ip().to_string() == MUTE {
            tokio::spawn(async move {
                let _held = theirs;
                pending::<()>().await;
            });
        } else {
            let site = self.sites.lock().unwrap().get(&at).cloned();
            let site = site.ok_or(io::ErrorKind::ConnectionRefused)?;
            tokio::spawn(serve(Arc::clone(self), at, site, theirs));
        }
        let local = self.local.lock().unwrap().unwrap_or("10.9.8.7:50000".parse().unwrap());
        let peer = self.diverted.lock().unwrap().unwrap_or(at);
        Ok(Line { stream: Box::new(ours), local, peer })
    }
}

async fn serve(net: Arc<Net>, at: SocketAddr, site: Arc<Site>, stream: DuplexStream) {
    let mut stream: Box<dyn Stream> = Box::new(stream);
    if at.port() == 443 {
        let Ok(encrypted) = acceptor().accept(stream).await else { return };
        stream = Box::new(encrypted);
    }
    let Some(request) = read(&mut stream).await else { return };
    let says = site(&request);
    net.asked.lock().unwrap().push(request);
    passed(says.after).await;
    let mut said = stream.write_all(&says.bytes).await;
    match says.then {
        Then::Ends => drop(stream.shutdown().await),
        Then::Stays => {
            drop(stream.read_to_end(&mut Vec::new()).await);
            net.left.add_permits(1);
        }
        Then::Drips => {
            while said.is_ok() {
                passed(Duration::from_secs(1)).await;
                said = stream.write_all(b"x").await;
            }
        }
        Then::Repeats(more) => {
            while said.is_ok() {
                said = stream.write_all(&more).await;
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Lets `time` pass on the test's clock.
pub(super) async fn passed(time: Duration) {
    if !time.is_zero() {
        drop(timeout(time, pending::<()>()).await);
    }
}

fn acceptor() -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::try_from(KEY).unwrap(),
        );
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// The head and body of a request.
async fn read(stream: &mut Box<dyn Stream>) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}
