//! A request sent twice under one idempotency key: done once, answered twice.
//!
//! This holds for every operation that changes something, whatever it changes. Writes to content
//! hand their key to the write door as well, so that even a crash between the effect and the
//! keeping of its answer repeats nothing.

use crate::Api;
use crate::body::{self, Asked};
use crate::caller;
use crate::problem::{Problem, Wrong};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, LINK, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::library::IdempotencyKey;
use shelf_ports::replies::{Replies, Reply};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tracing::Instrument;

/// How long a reply is kept: a day, in milliseconds. It may hold what is removed for good later.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// The largest answer that is kept, bytes; only writes to content, which the door repeats, are
/// larger.
const BYTES_MAX: u64 = 1 << 20;
/// How long a request waits for another one with its key, before it is told to ask again.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// After so many replies the old ones are forgotten.
const FORGET_EVERY: u64 = 64;
/// Where a body may hold a password, in the field of that name.
const WITH_PASSWORD: [&str; 1] = ["/v1/privacy/erasures"];
/// The headers that belong to an answer and not to the moment it was given.
const HEADERS: [HeaderName; 4] = [CONTENT_TYPE, ETAG, LOCATION, LINK];
/// Says that this answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The replies that were given, and the keys whose requests are being worked on. Cloning shares
/// them.
#[derive(Clone, Debug)]
pub struct Replays {
    replies: Arc<dyn Replies>,
    running: Arc<Mutex<HashSet<String>>>,
    ended: Arc<Notify>,
    kept: Arc<AtomicU64>,
}

/// In place of an answer that holds a secret: what is said when it is asked for again.
#[derive(Clone, Debug)]
pub(crate) struct ShownOnce(pub String);

/// A key whose request is being worked on, until this is dropped.
struct Running {
    key: String,
    all: Arc<Mutex<HashSet<String>>>,
    ended: Arc<Notify>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        self.ended.notify_waiters();
    }
}

impl Replays {
    /// Replays of what `replies` keeps.
    pub fn new(replies: Arc<dyn Replies>) -> Self {
        Self { replies, running: Arc::default(), ended: Arc::default(), kept: Arc::default() }
    }

    fn begin(&self, key: &str) -> Option<Running> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let new = running.insert(key.to_owned());
        let (all, ended) = (Arc::clone(&self.running), Arc::clone(&self.ended));
        new.then(|| Running { key: key.to_owned(), all, ended })
    }

    /// The turn of `key`: at once, or when the request that has it is done.
    async fn turn(&self, key: &str) -> Option<Running> {
        let turn = async {
            loop {
                let ended = self.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if let Some(running) = self.begin(key) {
                    return running;
                }
                ended.await;
            }
        };
        tokio::time::timeout(WAIT_MAX, turn).await.ok()
    }

    /// The answer to the request with `key`: as it was given before, or by doing `work`.
    async fn once(
        &self,
        key: IdempotencyKey,
        now: i64,
        work: impl Future<Output = Response>,
    ) -> Result<Response, Problem> {
        let Some(_running) = self.turn(&key.key).await else {
            return Err(Refused::new(Code::Busy, "", "a request with this key is under way").into());
        };
        if let Some(reply) = self.replies.reply(&key.key, now - KEPT_MS).await? {
            if reply.fingerprint != key.fingerprint {
                let detail = "another request was made with this Idempotency-Key";
                return Err(Refused::new(Code::KeyReused, "", detail).into());
            }
            metrics::counter!("mindshelf_idempotent_replays_total").increment(1);
            return again(reply);
        }
        let response = work.await;
        let bytes = response.body().size_hint().upper();
        if !response.status().is_success() || bytes.is_none_or(|bytes| bytes > BYTES_MAX) {
            return Ok(response);
        }
        self.keep(key, now, response).await
    }

    async fn keep(
        &self,
        key: IdempotencyKey,
        now: i64,
        response: Response,
    ) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| internal())?;
        let fingerprint = key.fingerprint;
        let reply = if let Some(ShownOnce(said)) = parts.extensions.get::<ShownOnce>() {
            let status = StatusCode::CONFLICT.as_u16();
            Reply { fingerprint, status, headers: Vec::new(), body: said.clone() }
        } else {
            let value = |name: &HeaderName| {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some((name.as_str().to_owned(), value.to_owned()))
            };
            let headers = HEADERS.iter().filter_map(value).collect();
            let body = String::from_utf8(bytes.to_vec()).map_err(|_| internal())?;
            Reply { fingerprint, status: parts.status.as_u16(), headers, body }
        };
        self.replies.keep_reply(&key.key, &reply, now).await?;
        if self.kept.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.replies.forget_replies(now - KEPT_MS).await?;
        }
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }
}

/// The answer that was kept; refused where it was to be shown once.
fn again(reply: Reply) -> Result<Response, Problem> {
    if reply.status == StatusCode::CONFLICT.as_u16() {
        return Err(Problem::wrong(Wrong::ShownOnce, reply.body));
    }
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).map_err(|_| internal())?;
    for (name, value) in reply.headers {
        let name = HEADERS.into_iter().find(|known| known.as_str() == name);
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn internal() -> Problem {
    Problem::wrong(Wrong::Internal, "")
}

/// Does `work` under `key`, or repeats what was answered to it before. Once begun it goes on to
/// its end, even when nobody waits for the answer any more.
pub(crate) async fn keyed(
    api: &Api,
    key: Option<IdempotencyKey>,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let Some(key) = key else { return work.await };
    let (replays, now) = (api.replays.clone(), api.stores.clock.now_ms());
    let task = async move { replays.once(key, now, work).await };
    let done = api.background.tasks.spawn(task.in_current_span()).await;
    match done {
        Ok(answer) => answer.unwrap_or_else(IntoResponse::into_response),
        Err(error) => {
            tracing::error!(%error, "a request under a key broke");
            internal().into_response()
        }
    }
}

/// Stands before every route: what changes something and has a key is done once. Imports and files
/// come back here by themselves, when they are in.
pub(crate) async fn replay(State(api): State<Api>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let streams = route.ends_with("/imports") || route.ends_with("/files");
    if reads || streams || !Asked::has_key(request.headers()) {
        return next.run(request).await;
    }
    match read(&api, request).await {
        Ok((request, key)) => keyed(&api, key, async move { next.run(request).await }).await,
        Err(problem) => problem.into_response(),
    }
}

/// The request with its body read, and what it is known by.
async fn read(api: &Api, request: Request) -> Result<(Request, Option<IdempotencyKey>), Problem> {
    let (mut parts, body) = request.into_parts();
    caller::known(&mut parts, api).await?;
    let asked = Asked::of(&parts)?;
    let again = parts.clone();
    let bytes: Bytes = body::bytes(Request::from_parts(parts, body), api).await?;
    let route = again.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let key = asked.map(|asked| asked.key(&told_apart(route, &bytes)));
    Ok((Request::from_parts(again, Body::from(bytes)), key))
}

/// What of a body tells requests apart: not a password in it. What is kept of a request is a quick hash,
/// by which whoever reads the store could guess it.
fn told_apart<'b>(route: &str, body: &'b [u8]) -> Cow<'b, [u8]> {
    if !WITH_PASSWORD.contains(&route) {
        return Cow::Borrowed(body);
    }
    let read = serde_json::from_slice::<HoldsPassword<'_>>(body).ok();
    let password = read.and_then(|read| read.password);
    match (password, std::str::from_utf8(body)) {
        (Some(password), Ok(text)) => Cow::Owned(text.replace(password.get(), "").into_bytes()),
        _ => Cow::Borrowed(body),
    }
}

#[derive(Deserialize)]
struct HoldsPassword<'b> {
    #[serde(borrow)]
    password: Option<&'b RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_all_but_a_password() {
        let [erasures] = WITH_PASSWORD;
        let of = |body: &'static str| told_apart(erasures, body.as_bytes()).into_owned();
        let one = of(r#"{"password": "one", "more": 1}"#);
        assert_eq!(one, of(r#"{"password": "another", "more": 1}"#));
        for other in [
            r#"{"password": "one", "more": 2}"#,
            r#"{"password": "one", "more": 1} "#,
            r#"{"more": 1}"#,
            "{}",
            "",
        ] {
            assert_ne!(one, of(other), "{other}");
        }
        assert!(!String::from_utf8(one).unwrap().contains("one"));
        let elsewhere = told_apart("/v1/tokens", br#"{"password": "one"}"#).into_owned();
        assert_eq!(elsewhere, br#"{"password": "one"}"#);
    }
}
