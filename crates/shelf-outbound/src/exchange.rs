//! One request over one connection, and the head of its answer.

use crate::caps::Caps;
use crate::line::Stream;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use shelf_ports::outbound::{Refusal, Trouble, Unanswered};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Headers an answer may have; their bytes are bounded apart.
const HEADERS_MAX: usize = 256;

/// An answer whose body has not been read.
pub(crate) struct Reply {
    pub(crate) response: Response<Incoming>,
    /// Moves the bytes, and ends with the reply whatever hyper notices.
    _carrying: JoinSet<()>,
}

/// Sends `request` over `stream`, which carries nothing else before or after.
pub(crate) async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    caps: &Caps,
) -> Result<Reply, Unanswered> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(caps.head_bytes).max_headers(HEADERS_MAX);
    let shaken = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| met(&error))?;
    let mut carrying = JoinSet::new();
    carrying.spawn(async move { drop(connection.await) });
    let posts = request.method() == hyper::Method::POST;
    let wait = if posts { caps.posted } else { caps.first_byte };
    let answered = timeout(wait, sender.send_request(request)).await;
    let response = answered.map_err(|_| Trouble::TooSlow)?.map_err(|error| met(&error))?;
    Ok(Reply { response, _carrying: carrying })
}

/// What `error` means to the caller, in words that hold nothing of the other side's.
pub(crate) fn met(error: &hyper::Error) -> Unanswered {
    if error.is_parse_too_large() { Refusal::Head.into() } else { Trouble::Broken.into() }
}
