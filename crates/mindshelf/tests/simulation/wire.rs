//! The wire: what a client sends lies there until somebody carries it, and what is answered, or that
//! nobody answers, until the client looks.

use futures::{FutureExt, StreamExt};
use shelf_client::header::HeaderMap;
use shelf_client::{Answer, Answering, Bytes, ClientFailure, Method, Request, Transport};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer on its way.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What comes back of a request.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// An answer.
    Reply(Reply),
    /// Nobody answered.
    Nothing,
}

#[derive(Debug, Default)]
struct Slot {
    asked: Option<Letter>,
    told: Option<Told>,
}

/// One end of it; cloning shares it. One request is under way at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<Slot>>);

impl Wire {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap()
    }

    /// Takes what was sent.
    pub(crate) fn asked(&self) -> Option<Letter> {
        self.slot().asked.take()
    }

    /// Lays down what came back.
    pub(crate) fn tell(&self, told: Told) {
        self.slot().told = Some(told);
    }

    /// Takes away all that lies there: nobody looks any more.
    pub(crate) fn clear(&self) {
        *self.slot() = Slot::default();
    }

    async fn exchanged(&self, request: Request) -> Result<Answer, ClientFailure> {
        let mut body = Vec::new();
        if let Some(mut chunks) = request.body {
            while let Some(chunk) = chunks.next().await {
                body.extend_from_slice(&chunk.unwrap());
            }
        }
        let Request { method, target, headers, .. } = request;
        self.slot().asked = Some(Letter { method, target, headers, body });
        let told = poll_fn(|_| match self.slot().told.take() {
            Some(told) => Poll::Ready(told),
            // Whoever lays something down polls again.
            None => Poll::Pending,
        });
        match told.await {
            Told::Reply(Reply { status, headers, body }) => {
                let body = futures::stream::once(async move { Ok(Bytes::from(body)) }).boxed();
                Ok(Answer { status, headers, body })
            }
            Told::Nothing => {
                let (address, source) = ("the server".to_owned(), "the wire was cut".into());
                Err(ClientFailure::Unreachable { address, source })
            }
        }
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Answering<'_> {
        self.exchanged(request).boxed()
    }
}
