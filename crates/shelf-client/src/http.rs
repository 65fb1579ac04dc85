//! HTTP and HTTPS to a server anywhere, by reqwest over rustls with ring.

use crate::transport::{Answer, Answering, Request, Transport, Upgraded, Upgrading};
use crate::{Chunks, ClientFailure};
use futures::TryStreamExt;
use reqwest::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a server may be silent between two pieces of an answer.
const SILENCE_MAX: Duration = Duration::from_mins(2);

/// A server reached by HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    base: Url,
    client: reqwest::Client,
}

impl Http {
    /// The server at `base`, such as `http://127.0.0.1:4747` or `https://example.org/shelf`.
    pub fn new(base: &str) -> Result<Self, ClientFailure> {
        let unreadable = |why: String| ClientFailure::Unreadable(why);
        let base = Url::parse(base).map_err(|error| unreadable(format!("{base:?}: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(unreadable(format!("{base} is no address of a server")));
        }
        // Somebody else may have chosen a provider already; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .read_timeout(SILENCE_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { base, client })
    }

    /// `target`, a path of the interface, below the address of the server.
    pub(crate) fn below(&self, target: &str) -> Result<Url, ClientFailure> {
        let base = self.base.as_str().trim_end_matches('/');
        let text = format!("{base}{target}");
        Url::parse(&text).map_err(|error| ClientFailure::Unreadable(error.to_string()))
    }

    fn unreachable(&self, error: reqwest::Error) -> ClientFailure {
        ClientFailure::Unreachable {
            address: self.base.origin().ascii_serialization(),
            source: error.without_url().into(),
        }
    }

    async fn ask(&self, request: Request) -> Result<Answer, ClientFailure> {
        let unreachable = |error| self.unreachable(error);
        let url = self.below(&request.target)?;
        let mut asked = self.client.request(request.method, url).headers(request.headers);
        if let Some(body) = request.body {
            asked = asked.body(reqwest::Body::wrap_stream(body));
        }
        asked.send().await.map(read).map_err(unreachable)
    }

    async fn open(&self, request: Request) -> Result<Upgraded, ClientFailure> {
        let unreachable = |error| self.unreachable(error);
        let url = self.below(&request.target)?;
        let asked = self.client.request(request.method, url).headers(request.headers);
        let answer = asked.send().await.map_err(unreachable)?;
        let status = answer.status();
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ClientFailure::refused(status.as_u16(), &read(answer).bytes().await?));
        }
        let headers = answer.headers().clone();
        let stream = Box::new(answer.upgrade().await.map_err(unreachable)?);
        Ok(Upgraded { headers, stream })
    }
}

fn read(answer: reqwest::Response) -> Answer {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body: Chunks = Box::pin(answer.bytes_stream().map_err(std::io::Error::other));
    Answer { status, headers, body }
}

impl Transport for Http {
    fn send(&self, request: Request) -> Answering<'_> {
        Box::pin(self.ask(request))
    }

    fn upgrade(&self, request: Request) -> Upgrading<'_> {
        Box::pin(self.open(request))
    }
}

impl From<Http> for Arc<dyn Transport> {
    fn from(http: Http) -> Self {
        Arc::new(http)
    }
}
