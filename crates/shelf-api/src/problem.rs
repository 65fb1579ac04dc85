//! The one error table: what a refusal, a fault or a wrong request becomes on the wire.

use crate::limit::{RATE_LIMIT, RATE_LIMIT_POLICY};
use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::{Failure, Fault};
use std::error::Error;
use utoipa::ToSchema;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Headers of a bare answer that its problem keeps.
const KEPT: [HeaderName; 3] = [ALLOW, RATE_LIMIT, RATE_LIMIT_POLICY];
/// Seconds a caller should wait before asking again.
const RETRY_SECONDS: &str = "1";

/// What is wrong with a request as HTTP, before any use case sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The route has no such method.
    Method,
    /// The body is in another format.
    MediaType,
    /// It took too long.
    Timeout,
    /// It names a host that is not ours.
    Host,
    /// A page of another site sent it.
    Origin,
    /// The range that was asked for does not exist.
    Other(StatusCode),
    /// The answer held a secret and was given.
    ShownOnce,
    /// Something broke here.
    Internal,
}

/// The status of each code; the only place where the two meet.
pub const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Invalid => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::InsufficientScope | Code::Quota => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadySaved
        | Code::Cycle
        | Code::Moved
        | Code::Gap
        | Code::DeviceReused
        | Code::Busy
        | Code::NotYet => StatusCode::CONFLICT,
        Code::Stale => StatusCode::PRECONDITION_FAILED,
        Code::Purged | Code::CursorExpired => StatusCode::GONE,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::KeyReused | Code::UnknownFormat => StatusCode::UNPROCESSABLE_ENTITY,
        Code::SlowDown => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
    }
}

impl Wrong {
    /// Status, stable name, sentence and remedy.
    pub(crate) const fn text(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "the address has no such method",
                "use one of the methods in Allow",
            ),
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "the body is in a format that is not read here",
                "send the content type the documentation names",
            ),
            Self::Timeout => (
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "the request took too long",
                "send it again, in parts if it is large",
            ),
            Self::Host => (
                StatusCode::MISDIRECTED_REQUEST,
                "unknown_host",
                "this server does not go by that name",
                "use the address it prints, or add the name to its settings",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "foreign_origin",
                "pages of other sites may not use this server",
                "open the page from this server, or add the origin to its settings",
            ),
            Self::ShownOnce => (
                StatusCode::CONFLICT,
                "shown_once",
                "the answer to this request held a secret, which is shown once",
                "end what is named if the secret was lost, and ask again under a new key",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something broke here",
                "try again; if it stays, look for the trace id in the server's log",
            ),
            Self::Other(status) => {
                (status, "invalid", "the request is not valid", "correct it and send it again")
            }
        }
    }

    /// Those with a name of their own, in the order of the documentation.
    pub(crate) const NAMED: [Self; 7] = [
        Self::Method,
        Self::MediaType,
        Self::Timeout,
        Self::Host,
        Self::Origin,
        Self::ShownOnce,
        Self::Internal,
    ];
}

/// One place that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemPlace)]
pub struct Place {
    /// The place: a JSON pointer into the body (`#/tags/0`), or `?name` for a query parameter.
    pub pointer: String,
    /// The stable name of what is wrong there.
    pub code: String,
    /// What exactly, for people.
    pub detail: String,
}

/// That a replica starts again, with its queue: why, and where the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Reset)]
pub struct ResetOut {
    /// `epoch`: a backup was restored; `floor`: rows after the cursor were removed; `ahead`: it is
    /// beyond the end of the log.
    pub why: &'static str,
    /// The epoch by now.
    pub epoch: u32,
    /// The position of the last change.
    pub seq: u64,
    /// Below this a reader starts from a snapshot.
    pub floor: u64,
}

/// An answer that is not a yes, before it knows which request it answers.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Its status.
    pub status: StatusCode,
    /// Its stable name.
    pub code: &'static str,
    /// Its sentence.
    pub title: &'static str,
    /// What exactly, for people; empty where the sentence says it all.
    pub detail: String,
    /// The places that are wrong.
    pub errors: Vec<Place>,
    /// Headers it brings.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// That a replica starts again, and why.
    pub reset: Option<Box<ResetOut>>,
}

/// The body of a problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Where the kind of problem is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence about the kind of problem.
    pub title: &'a str,
    /// The status code.
    pub status: u16,
    /// What exactly is wrong this time.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub detail: &'a str,
    /// The address that was asked.
    pub instance: &'a str,
    /// The stable name of the kind.
    pub code: &'a str,
    /// Names this request in the server's log.
    pub trace_id: &'a str,
    /// The places that are wrong.
    #[serde(skip_serializing_if = "<[Place]>::is_empty")]
    pub errors: &'a [Place],
    /// Of an expired cursor: that a replica starts again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetOut>,
}

impl Problem {
    /// What is `wrong` as HTTP, saying `detail`.
    pub(crate) fn wrong(wrong: Wrong, detail: impl Into<String>) -> Self {
        let (status, code, title, _) = wrong.text();
        let (detail, errors, headers) = (detail.into(), Vec::new(), Vec::new());
        Self { status, code, title, detail, errors, headers, reset: None }
    }

    /// The query parameter `name` is not valid because of `detail`.
    pub(crate) fn query(name: &str, detail: impl Into<String>) -> Self {
        let mut problem = Self::from(Refused::invalid("", detail));
        problem.errors = vec![Place {
            pointer: format!("?{name}"),
            code: problem.code.to_owned(),
            detail: problem.detail.clone(),
        }];
        problem
    }

    /// The problem with the place `known` inside called what the caller calls it.
    #[must_use]
    pub(crate) fn named(mut self, known: &str, called: &str) -> Self {
        for place in self.errors.iter_mut().filter(|place| place.pointer == known) {
            called.clone_into(&mut place.pointer);
        }
        self
    }

    /// The problem with one more header.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The problem an empty answer with this status stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Refused::new(Code::NotFound, "", "").into(),
            StatusCode::METHOD_NOT_ALLOWED => Self::wrong(Wrong::Method, ""),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::wrong(Wrong::MediaType, ""),
            StatusCode::PAYLOAD_TOO_LARGE => Refused::new(Code::TooLarge, "", "").into(),
            StatusCode::REQUEST_TIMEOUT => Self::wrong(Wrong::Timeout, ""),
            status if status.is_server_error() => Self::wrong(Wrong::Internal, ""),
            status => Self::wrong(Wrong::Other(status), ""),
        }
    }

    /// The answer to the request for `instance`, known in the log as `trace`. Headers of `bare`
    /// that belong to any answer are kept.
    pub(crate) fn answer(&self, instance: &str, trace: &str, bare: &Response) -> Response {
        let body = ProblemBody {
            kind: format!("/problems/{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            instance,
            code: self.code,
            trace_id: trace,
            errors: &self.errors,
            reset: self.reset.as_deref().copied(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for name in KEPT {
            if let Some(value) = bare.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = status_of(refused.code);
        let (code, title) = (refused.code.name(), refused.code.sentence());
        let mut errors = Vec::new();
        if !refused.at.is_empty() {
            let pointer = format!("#/{}", refused.at.replace('~', "~0"));
            let detail = refused.detail.clone();
            errors.push(Place { pointer, code: code.to_owned(), detail });
        }
        let headers = match refused.code {
            Code::Unauthenticated => {
                vec![(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mindshelf\""))]
            }
            Code::SlowDown | Code::Unavailable | Code::Busy | Code::NotYet => {
                vec![(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS))]
            }
            _ => Vec::new(),
        };
        Self { status, code, title, detail: refused.detail, errors, headers, reset: None }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let fault = match Failure::from(fault) {
            Failure::Refused(refused) => return refused.into(),
            Failure::Fault(fault) => fault,
        };
        let mut causes = String::new();
        let mut cause: Option<&(dyn Error + 'static)> = fault.source();
        while let Some(error) = cause {
            causes.push_str(": ");
            causes.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!(doing = fault.doing, causes, "an engine failed");
        Self::wrong(Wrong::Internal, "")
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => refused.into(),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl IntoResponse for Problem {
    /// A bare answer that carries the problem; the watch writes its body.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_client_error_of_its_own_but_for_a_store_that_is_down_or_full() {
        let names: BTreeSet<&str> = Code::ALL
            .iter()
            .map(|code| code.name())
            .chain(Wrong::NAMED.iter().map(|wrong| wrong.text().1))
            .collect();
        assert_eq!(names.len(), Code::ALL.len() + Wrong::NAMED.len());
        for code in Code::ALL {
            let status = status_of(code);
            let is_ours = matches!(code, Code::Unavailable | Code::NoRoom);
            assert!(status.is_client_error() || is_ours, "{code}: {status}");
        }
    }

    #[test]
    fn a_fault_tells_the_caller_nothing_of_the_engine() {
        let problem = Problem::from(Fault::new("reading the log", "the disk of ada is full"));
        let bare = Response::new(Body::empty());
        let answer = problem.answer("/v1/me", "0af7", &bare);
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem.detail, "");
    }
}
