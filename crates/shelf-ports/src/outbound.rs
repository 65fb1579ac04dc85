//! The one door out: a request to a machine somewhere, sent only where that does no harm.

use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// What a request does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks for what is there.
    Get,
    /// Asks for its headers alone.
    Head,
    /// Brings a body.
    Post,
}

impl Method {
    /// The word for it in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// What becomes of an answer that points elsewhere (301, 302, 303, 307, 308).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// It is followed, every hop through all rules, a bounded number of times.
    Follow,
    /// It is the answer: whoever posts to an address means this one and no other.
    Answer,
}

/// What of an answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Status and headers alone; the body is not read.
    Status,
    /// The body too, if it is one of these media types, such as `text/html`. Both what the other
    /// side says of it and how it looks are held to the list.
    Body(Vec<String>),
}

/// Bounds of one request. The door has its own, too; of two, the tighter one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the first look at the address to the last byte of the body; waiting for a turn is not
    /// counted.
    pub total: Duration,
    /// Bytes of the body as they travel.
    pub wire_bytes: usize,
    /// Bytes of the body once it is unpacked.
    pub body_bytes: usize,
}

impl Bounds {
    /// None but those of the door.
    pub const LOOSE: Self =
        Self { total: Duration::MAX, wire_bytes: usize::MAX, body_bytes: usize::MAX };
}

/// One request to a machine somewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// What it does there.
    pub method: Method,
    /// Where it goes: an absolute address, as somebody typed it.
    pub url: String,
    /// Headers of the caller, names and values. Those that steer a connection are refused.
    pub headers: Vec<(String, String)>,
    /// What a `POST` brings.
    pub body: Vec<u8>,
    /// What becomes of a redirect.
    pub redirects: Redirects,
    /// What of the answer is wanted.
    pub wanted: Wanted,
    /// How much it may cost.
    pub bounds: Bounds,
}

impl Ask {
    /// Fetches `url`, wherever it leads, if it is one of `types`.
    pub fn fetch(url: impl Into<String>, types: &[&str]) -> Self {
        Self {
            method: Method::Get,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            redirects: Redirects::Follow,
            wanted: Wanted::Body(types.iter().map(|name| (*name).to_owned()).collect()),
            bounds: Bounds::LOOSE,
        }
    }

    /// Posts `body` to `url` and nowhere else, to learn the status alone.
    pub fn post(url: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            url: url.into(),
            headers: Vec::new(),
            body,
            redirects: Redirects::Answer,
            wanted: Wanted::Status,
            bounds: Bounds::LOOSE,
        }
    }

    /// The request with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The request, given up after `total`.
    #[must_use]
    pub fn within(mut self, total: Duration) -> Self {
        self.bounds.total = total;
        self
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses are content; headers and bodies carry secrets.
        f.debug_struct("Ask")
            .field("method", &self.method)
            .field("redirects", &self.redirects)
            .field("wanted", &self.wanted)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

/// What the other side answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status; any is an answer.
    pub status: u16,
    /// Its headers, names in lower case. Bytes that are no UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The body, unpacked: of a status from 200 to 299, where one was wanted, and else empty.
    pub body: Vec<u8>,
    /// The address it ended at.
    pub url: String,
    /// How many redirects led there.
    pub hops: u8,
}

impl Answer {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the other side did what was asked.
    pub fn is_yes(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("hops", &self.hops)
            .finish_non_exhaustive()
    }
}

/// The rule that a request broke, or an answer. Asking again changes nothing, but for
/// [`Refusal::Busy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Nothing leaves this machine.
    #[error("requests to other machines are switched off")]
    Off,
    /// The address cannot be read.
    #[error("this is no absolute address")]
    Unreadable,
    /// The scheme is another one.
    #[error("only http and https are fetched")]
    Scheme,
    /// The address holds a name or a password.
    #[error("an address must not hold a user name or a password")]
    Userinfo,
    /// The port is not one of those that are asked.
    #[error("this port is not asked")]
    Port,
    /// The name is one of a private network or of a cloud's own services.
    #[error("this name is not on the public internet")]
    Name,
    /// Where the name leads, or one of the places it leads to, is not on the public internet.
    #[error("this does not lead to the public internet")]
    Place,
    /// A header of the caller is malformed, or steers the connection.
    #[error("this header cannot be sent")]
    Header,
    /// What should be sent is larger than what is sent.
    #[error("more than may be sent")]
    Sent,
    /// A redirect leads from an encrypted connection to a plain one.
    #[error("a redirect leads from https to http")]
    Downgrade,
    /// There are more redirects than are followed.
    #[error("too many redirects")]
    Hops,
    /// The headers of the answer are larger than what is read.
    #[error("the headers are too large")]
    Head,
    /// The body is larger than what is read, packed or unpacked.
    #[error("the body is too large")]
    Body,
    /// The body unpacks to far more than it is.
    #[error("the body unpacks to too much")]
    Bomb,
    /// The body is packed in a way that is not read, or more than once.
    #[error("the body is packed in a way that is not read")]
    Coding,
    /// The media type is none of those wanted.
    #[error("the body is of another type than wanted")]
    Type,
    /// The body does not look like what it is said to be.
    #[error("the body is not what it is said to be")]
    Disguised,
    /// Too many others wait for their turn.
    #[error("too many requests wait for their turn")]
    Busy,
}

/// What went wrong on the way; another time it may go well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    /// The name leads nowhere.
    #[error("there is no such name")]
    NoSuchName,
    /// Nobody answers there.
    #[error("nobody answers there")]
    Unreachable,
    /// Who answers cannot prove to be who was asked.
    #[error("no connection there can be trusted")]
    Untrusted,
    /// It took longer than is waited.
    #[error("it took too long")]
    TooSlow,
    /// The answer breaks off, or is none.
    #[error("the answer cannot be read")]
    Broken,
}

/// Why a request has no answer. Neither kind holds a word of what the other side said, nor which
/// address it has, so that nobody learns from it what stands inside a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unanswered {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It failed on the way.
    #[error(transparent)]
    Failed(#[from] Trouble),
}

/// The one door out of the machine.
///
/// A request goes to the public internet and nowhere else: not to this machine, not to a private
/// network, not to a cloud's own services, however an address is written, whatever its name
/// resolves to, and wherever a redirect leads. What is private and may be reached all the same is
/// named by whoever runs the server.
///
/// - A name is resolved once a hop; the connection goes to an address that was judged.
/// - If one of the addresses of a name is refused, the name is.
/// - Credentials stay with the origin they were meant for: on the way to another one, the
///   caller's headers are dropped, but for those that only say what is wanted.
/// - Nothing is sent that the caller did not give, save the name of this program and what HTTP
///   needs: no cookies, no credentials of the machine.
/// - Redirects change the method as browsers do: 301 and 302 make a `POST` a `GET`, 303 makes
///   everything but `HEAD` a `GET`, 307 and 308 keep it and its body.
/// - Time, sizes, hops and requests at a time are bounded, of a host and in all.
/// - A request that is dropped ends its connection.
///
/// What it promises is about networks, which only its adapter can stand in for: its exam is the
/// tests of `shelf-outbound`.
#[async_trait]
pub trait Outbound: fmt::Debug + Send + Sync {
    /// Sends `ask`; an answer of any status is an answer.
    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered>;
}
