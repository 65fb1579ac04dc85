//! One hop's request: where it goes and what it carries.

use crate::rules::Rules;
use crate::target::Target;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT,
    HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use shelf_ports::outbound::{Ask, Method, Refusal, Wanted};
use url::Position;

/// Headers a caller may bring.
const HEADERS_MAX: usize = 64;
/// Bytes of all of them.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// Bytes a request may bring.
const SENT_BYTES_MAX: usize = 10 << 20;

/// Headers that steer the connection, or that the door writes itself.
const OURS: [HeaderName; 10] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    ACCEPT_ENCODING,
    USER_AGENT,
];

/// Headers that go along to another origin, since they only say what is wanted and what comes.
const HARMLESS: [HeaderName; 3] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE];

/// One hop's request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) target: Target,
    pub(crate) method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// The first hop of `ask`.
    pub(crate) fn first(ask: &mut Ask, rules: &Rules) -> Result<Self, Refusal> {
        let target = Target::typed(&ask.url, rules)?;
        if ask.body.len() > SENT_BYTES_MAX {
            return Err(Refusal::Sent);
        }
        let mut headers = headers_of(ask)?;
        let agent = HeaderValue::from_str(&rules.agent).map_err(|_| Refusal::Header)?;
        headers.insert(USER_AGENT, agent);
        let packed = if matches!(ask.wanted, Wanted::Status) { "identity" } else { "gzip" };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(packed));
        let body = Bytes::from(std::mem::take(&mut ask.body));
        Ok(Self { target, method: ask.method, headers, body })
    }

    /// The request that follows a redirect of `status` to `target`, as browsers make it.
    pub(crate) fn led(mut self, status: u16, target: Target) -> Self {
        let becomes_get = match status {
            301 | 302 => self.method == Method::Post,
            303 => self.method != Method::Head,
            _ => false,
        };
        if becomes_get {
            self.method = Method::Get;
            self.body = Bytes::new();
            self.headers.remove(CONTENT_TYPE);
        }
        if self.target.url.origin() != target.url.origin() {
            let kept = |name: &HeaderName| HARMLESS.contains(name) || OURS.contains(name);
            let headers = std::mem::take(&mut self.headers);
            let names: Vec<HeaderName> =
                headers.keys().filter(|name| kept(name)).cloned().collect();
            for name in names {
                for value in headers.get_all(&name) {
                    self.headers.append(name.clone(), value.clone());
                }
            }
        }
        self.target = target;
        self
    }

    /// The request as it goes over the wire.
    pub(crate) fn on_the_wire(&self) -> Result<hyper::Request<Full<Bytes>>, Refusal> {
        let url = &self.target.url;
        // The name as it was written, and the port where it is not the scheme's own.
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let mut request = hyper::Request::builder()
            .method(self.method.name())
            .uri(path)
            .body(Full::new(self.body.clone()))
            .map_err(|_| Refusal::Unreadable)?;
        *request.headers_mut() = self.headers.clone();
        let host = HeaderValue::from_str(host).map_err(|_| Refusal::Unreadable)?;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        Ok(request)
    }
}

/// The headers of the caller, and what is wanted where it does not say so itself.
fn headers_of(ask: &Ask) -> Result<HeaderMap, Refusal> {
    let bytes: usize = ask.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if ask.headers.len() > HEADERS_MAX || bytes > HEADER_BYTES_MAX {
        return Err(Refusal::Header);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &ask.headers {
        let name: HeaderName = name.parse().map_err(|_| Refusal::Header)?;
        let steers = OURS.contains(&name) || name.as_str().starts_with("proxy-");
        let value = HeaderValue::from_str(value).map_err(|_| Refusal::Header)?;
        if steers || name == "keep-alive" {
            return Err(Refusal::Header);
        }
        headers.append(name, value);
    }
    if let Wanted::Body(types) = &ask.wanted
        && !headers.contains_key(ACCEPT)
    {
        let accept = HeaderValue::from_str(&types.join(", ")).map_err(|_| Refusal::Header)?;
        headers.insert(ACCEPT, accept);
    }
    Ok(headers)
}
