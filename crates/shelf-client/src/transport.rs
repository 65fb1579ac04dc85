//! What carries a request to a server and its answer back.

use crate::ClientFailure;
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

pub use bytes::Bytes;

/// Most bytes of an answer that is read whole.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The status of an answer that says to ask less often.
const TOO_MANY: u16 = 429;
/// The status of an answer that says to ask later.
const UNAVAILABLE: u16 = 503;
/// The status that stands for a transport on which there are no sockets.
const NO_SOCKETS: u16 = 501;
/// The longest a server may have somebody wait; beyond, its answer is a refusal.
const WAIT_MAX: Duration = Duration::from_mins(2);

/// A body in pieces.
pub type Chunks = BoxStream<'static, Result<Bytes, std::io::Error>>;

/// One request.
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Path and query, from `/` on.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, if it has one.
    pub body: Option<Chunks>,
    /// The same as a whole, where it was given as one: then it can be sent again.
    whole: Option<Bytes>,
}

impl Request {
    /// A request of `target` without a body.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: HeaderMap::new(), body: None, whole: None }
    }

    /// The request with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The request with `bytes` as its body.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        self.whole = Some(bytes.clone());
        self.body = Some(futures::stream::once(async move { Ok(bytes) }).boxed());
        self
    }

    /// The same request once more; `None` where its body can be read but once.
    pub(crate) fn again(&self) -> Option<Self> {
        let mut again = Self::new(self.method.clone(), self.target.clone());
        again.headers = self.headers.clone();
        match (&self.body, &self.whole) {
            (None, _) => Some(again),
            (Some(_), Some(whole)) => Some(again.bytes(whole.clone())),
            (Some(_), None) => None,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers carry the token.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// What a server answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Chunks,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// How long the server says to wait before it is asked again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let said = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        said.trim().parse().ok().map(Duration::from_secs)
    }

    /// How long to wait before asking again, where the server says that it was asked too often, or
    /// cannot answer now what is only read.
    pub(crate) fn wait(&self, only_reads: bool) -> Option<Duration> {
        let wait = self.retry_after()?;
        let later = self.status == TOO_MANY || (only_reads && self.status == UNAVAILABLE);
        (later && wait <= WAIT_MAX).then_some(wait)
    }

    /// Whether the server did what was asked.
    pub fn is_yes(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The whole body, bounded.
    pub async fn bytes(mut self) -> Result<Vec<u8>, ClientFailure> {
        let mut all = Vec::new();
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk.map_err(|error| ClientFailure::Unreachable {
                address: "the rest of the answer".to_owned(),
                source: error.into(),
            })?;
            if all.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ClientFailure::Unreadable("it is too large".to_owned()));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

/// The answer to come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, ClientFailure>> + Send + 'a>>;

/// A two-way stream of bytes.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection that speaks another protocol from now on.
pub struct Upgraded {
    /// The headers of the answer that said so.
    pub headers: HeaderMap,
    /// The connection.
    pub stream: Box<dyn Duplex>,
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").finish_non_exhaustive()
    }
}

/// The connection to come.
pub type Upgrading<'a> = Pin<Box<dyn Future<Output = Result<Upgraded, ClientFailure>> + Send + 'a>>;

/// What carries a request to a server and its answer back.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request`; an answer of any status is an answer.
    fn send(&self, request: Request) -> Answering<'_>;

    /// Sends `request`, which asks for another protocol, and gives what the connection becomes. A
    /// server that stays with this one has refused; so has a transport without connections.
    fn upgrade(&self, _request: Request) -> Upgrading<'_> {
        Box::pin(async { Err(ClientFailure::refused(NO_SOCKETS, b"")) })
    }
}
