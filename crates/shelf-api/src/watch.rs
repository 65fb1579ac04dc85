//! What happens around every request: host check, deadline, caught panics, trace id, metrics,
//! and the body of every problem.

use crate::facades;
use crate::live;
use crate::problem::{Problem, Wrong};
use crate::{Api, Gate};
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use shelf_ports::chance::Chance;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Names the request in the answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long a file may take to come in.
const UPLOAD_MAX: Duration = Duration::from_mins(30);

/// Wraps every route of the interface, unknown ones too.
pub(crate) async fn watch(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let began = api.stores.clock.ticks_us();
    let trace = trace_of(request.headers(), api.stores.chance.as_ref());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let route = route.to_owned();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", %method, route, trace_id = trace);
    if route == live::ADDRESS {
        api.gate.forget_cookies(request.headers_mut());
    }
    // What opens a facade is never sent by a browser of itself, so whose page asks says nothing; and
    // extensions of browsers are pages of their own.
    let checked = if facades::has(&route) {
        api.gate.host(request.uri(), request.headers()).map(drop)
    } else {
        api.gate.check(request.uri(), request.headers())
    };
    let inner = match checked {
        Err(problem) => problem.into_response(),
        Ok(()) => run(next, request, deadline(&route)).instrument(span.clone()).await,
    };
    let response = span.in_scope(|| dressed(inner, &path, &trace));
    let micros = api.stores.clock.ticks_us().saturating_sub(began);
    let status = response.status().as_str().to_owned();
    // Which route, never which address: an address says what somebody keeps or looks for.
    tracing::debug!(parent: &span, status, micros, "answered");
    let labels = [("method", method.to_string()), ("route", route), ("status", status)];
    metrics::counter!("mindshelf_http_requests_total", &labels).increment(1);
    metrics::histogram!("mindshelf_http_request_seconds", &labels[..2]).record(micros as f64 / 1e6);
    response
}

async fn run(next: Next, request: Request, limit: Duration) -> Response {
    let caught = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(limit, caught).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            tracing::error!("a request panicked");
            Problem::wrong(Wrong::Internal, "").into_response()
        }
        Err(_elapsed) => Problem::wrong(Wrong::Timeout, "").into_response(),
    }
}

fn deadline(route: &str) -> Duration {
    let uploads = ["/imports", "/files", "/assets/upload", "/bookmarks/singlefile"];
    let route = route.trim_end_matches('/');
    if uploads.iter().any(|end| route.ends_with(end)) { UPLOAD_MAX } else { ANSWER_MAX }
}

/// Writes the body of a problem and the headers every answer has.
fn dressed(mut inner: Response, path: &str, trace: &str) -> Response {
    let problem = inner.extensions_mut().remove::<Problem>().or_else(|| bare_error(&inner));
    let mut response = match problem {
        Some(problem) => problem.answer(path, trace, &inner),
        None => inner,
    };
    let headers = response.headers_mut();
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert(REQUEST_ID, trace);
    }
    response
}

/// The problem of an error the framework answered with little more than a status.
fn bare_error(response: &Response) -> Option<Problem> {
    let plain = response
        .headers()
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    let short = response.body().size_hint().upper().is_some_and(|bytes| bytes < 1_024);
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    (failed && plain && short).then(|| Problem::of_status(status))
}

/// The trace id of a valid `traceparent` (W3C Trace Context), or a fresh one.
fn trace_of(headers: &HeaderMap, chance: &dyn Chance) -> String {
    headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split('-').nth(1))
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .filter(|id| id.bytes().any(|byte| byte != b'0'))
        .map_or_else(|| hex::encode(chance.seed()), str::to_ascii_lowercase)
}

/// The check of host and origin alone.
pub(crate) async fn checked(
    State(gate): State<Arc<Gate>>,
    request: Request,
    next: Next,
) -> Response {
    match gate.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let path = request.uri().path().to_owned();
            dressed(problem.into_response(), &path, "")
        }
    }
}
