//! Connections: how many there are at a time, and how long one may take to say what it wants and to
//! take what it is told.
//!
//! Whoever sends a head drop by drop, keeps a connection and says nothing, or reads nothing of what
//! they asked for, is let go; so is whoever comes from an address that has enough of them open. How long
//! a whole request may take is for the edges.

mod crowd;

pub(crate) use crowd::Crowd;

use crowd::Place;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Sleep;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long a head may take from the first moment a connection waits for one: that of an idle
/// connection, too.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// How long nothing may be taken of what is sent.
const STALL_MAX: Duration = Duration::from_mins(1);
/// The wait after a connection could not be taken, because the machine has no room for one more.
const NO_ROOM: Duration = Duration::from_secs(1);

/// What one connection, and all of them, may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections at a time; more wait until one ends.
    connections: usize,
    head: Duration,
    stall: Duration,
}

impl Bounds {
    /// These connections at a time, each within the usual times.
    pub(crate) const fn of(connections: usize) -> Self {
        Self { connections, head: HEAD_MAX, stall: STALL_MAX }
    }
}

/// Has `router` answer whoever connects to `listener`, until `stopped`; then until all answers that
/// were begun are given.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    (bounds, crowd): (Bounds, Crowd),
    stopped: impl Future<Output = ()> + Send,
) -> Result<()> {
    let turns = Arc::new(Semaphore::new(bounds.connections));
    let (stop, stopping) = watch::channel(false);
    let tasks = TaskTracker::new();
    let mut stopped = pin!(stopped);
    loop {
        let taken = tokio::select! {
            taken = take(&listener, &turns, &crowd) => taken?,
            () = &mut stopped => break,
        };
        let (connected, held) = taken;
        let (router, stopping) = (router.clone(), stopping.clone());
        tasks.spawn(async move {
            connection(connected, router, bounds, stopping).await;
            drop(held);
        });
    }
    drop(listener);
    stop.send_replace(true);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// What a connection holds while it is open: its place among those of its address, which is free before
/// anybody gets its turn.
type Held = (Place, OwnedSemaphorePermit);

/// The next connection, once there is a turn for it.
async fn take(
    listener: &TcpListener,
    turns: &Arc<Semaphore>,
    crowd: &Crowd,
) -> Result<((TcpStream, SocketAddr), Held)> {
    let turn = turns.clone().acquire_owned().await.context("nobody is let in any more")?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = crowd.enter(peer.ip()) {
                    // What is told over a socket is small and comes one by one: none waits until the
                    // one before was acknowledged. A connection that is gone says so when it is read.
                    drop(stream.set_nodelay(true));
                    return Ok(((stream, peer), (place, turn)));
                }
                metrics::counter!("mindshelf_connections_turned_away_total").increment(1);
            }
            Err(error) if is_theirs(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
}

/// Whether whoever connected is gone again.
fn is_theirs(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers one connection until it ends, or until it was told to stop and has given its answer.
async fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    bounds: Bounds,
    mut stopping: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let (router, mut request): (Router, Request) = (router.clone(), request.map(Body::new));
        request.extensions_mut().insert(ConnectInfo(peer));
        router.oneshot(request)
    });
    let io = TokioIo::new(Patient { stream, stall: bounds.stall, waiting: None });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head);
    let mut serving = pin!(builder.serve_connection(io, answer).with_upgrades());
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = told(&mut stopping) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke off");
    }
}

/// Waits until `stopping` says so, or nobody is left who could.
async fn told(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}

/// A stream whose other end may let what is sent to it lie for so long, and no longer.
#[derive(Debug)]
struct Patient {
    stream: TcpStream,
    stall: Duration,
    /// Until when, while something lies.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn or_too_long<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let stall = self.stall;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        waiting.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, from);
        self.or_too_long(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.or_too_long(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.or_too_long(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.or_too_long(context, polled)
    }
}

#[cfg(test)]
mod tests;
