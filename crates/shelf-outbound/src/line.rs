//! A connection to one address, and its two ends.

use async_trait::async_trait;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What bytes travel on.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection and its two ends.
pub(crate) struct Line {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
}

/// Connects to addresses. Never sees a name, so it cannot resolve one.
#[async_trait]
pub(crate) trait Dial: fmt::Debug + Send + Sync {
    /// Connects to `at`.
    async fn dial(&self, at: SocketAddr) -> io::Result<Line>;
}

/// TCP.
#[derive(Debug)]
pub(crate) struct Tcp;

#[async_trait]
impl Dial for Tcp {
    async fn dial(&self, at: SocketAddr) -> io::Result<Line> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Line { stream: Box::new(stream), local, peer })
    }
}
