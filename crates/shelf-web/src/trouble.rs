//! What went wrong, as a page for a person or a line for a script.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use shelf_domain::{
    id::TenantId,
    refusal::{Code, Refused},
};
use shelf_identity::Dry;
use shelf_ports::{Failure, Fault};

use crate::{
    frame::{Theme, alone},
    link,
    pages::problem::{Problem, problem},
    policy,
};

/// When to try again what may pass by itself: after a second.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why a request got no page.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// A use case refused.
    Refused(Refused),
    /// An engine failed.
    Fault(Fault),
    /// There is nobody signed in; told to a script in its own way.
    Nobody {
        /// Whether a script asks.
        is_part: bool,
    },
    /// The team asks its members to come by its own sign-in.
    Shut(TenantId),
    /// The form was not from a page of ours, or too old.
    StaleForm,
    /// Too much was asked for.
    Dry(Dry),
    /// It took longer than it may.
    TooSlow,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => Self::Refused(refused),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

impl Trouble {
    /// There is no such thing here.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::Refused(Refused::not_found(what))
    }

    fn told(&self) -> (StatusCode, Problem) {
        match self {
            Self::Refused(refused) => (status(refused.code), refusal(refused)),
            Self::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, Problem::broken()),
            Self::Nobody { .. } => (StatusCode::UNAUTHORIZED, Problem::default()),
            Self::Shut(_) | Self::StaleForm => (StatusCode::FORBIDDEN, Problem::stale_form()),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, Problem::too_slow()),
            Self::Dry(dry) => (
                StatusCode::TOO_MANY_REQUESTS,
                Problem::slow_down(dry.counted.sentence(), dry.wait_s),
            ),
        }
    }
}

fn refusal(refused: &Refused) -> Problem {
    if refused.code == Code::NotFound {
        return Problem::not_found();
    }
    let detail = match refused.detail.as_str() {
        "" => String::new(),
        detail => format!(" ({detail})"),
    };
    Problem {
        heading: refused.code.sentence().to_owned(),
        sentence: format!("{}{detail}", refused.code.remedy()),
        way: Some(("To the library".into(), "/library".into())),
        code: refused.code.name().to_owned(),
    }
}

pub(crate) fn status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::InsufficientScope => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Purged | Code::Moved => StatusCode::GONE,
        Code::Stale => StatusCode::PRECONDITION_FAILED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::SlowDown => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
        Code::AlreadySaved | Code::Cycle => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        if let Self::Fault(fault) = &self {
            let cause = fault.source.to_string();
            tracing::error!(doing = fault.doing, cause, "a page could not be made");
        }
        match self {
            Self::Nobody { is_part: true } => {
                return (StatusCode::UNAUTHORIZED, [("HX-Redirect", "/sign-in")]).into_response();
            }
            Self::Nobody { is_part: false } => return Redirect::to("/sign-in").into_response(),
            Self::Shut(team) => {
                return Redirect::to(&format!("/people/{team}/sso/connect")).into_response();
            }
            _ => {}
        }
        let (status, told) = self.told();
        let wait = match &self {
            Self::Dry(dry) => HeaderValue::from(dry.wait_s),
            _ => RETRY_AFTER,
        };
        let page = alone(&told.heading, Theme::System, "", &problem(&told));
        let mut response = (status, Html(page.into_string())).into_response();
        policy::apply(response.headers_mut());
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        say(response.headers_mut(), &told);
        response
    }
}

/// Scripts read the sentence from a header, so that they need not look into the page.
fn say(headers: &mut HeaderMap, told: &Problem) {
    let words = format!("{}. {}", told.heading.trim_end_matches('.'), told.sentence);
    let words = link::escaped(&words).replace('+', "%20");
    if let Ok(value) = HeaderValue::from_str(&words) {
        headers.insert("X-Problem", value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_page_and_a_line_and_only_the_stores_own_are_server_errors() {
        for code in Code::ALL {
            let refused = Refused::new(code, "title", "<script>alert(1)</script>\r\n");
            let response = Trouble::from(refused).into_response();
            let is_ours = matches!(code, Code::Unavailable | Code::NoRoom);
            assert!(response.status().is_client_error() || is_ours, "{code:?}");
            assert!(response.headers().contains_key("X-Problem"));
            let passes = matches!(code, Code::Unavailable | Code::SlowDown);
            assert_eq!(response.headers().contains_key("retry-after"), passes, "{code:?}");
            assert!(response.headers().contains_key("content-security-policy"));
        }
    }

    #[test]
    fn who_is_not_signed_in_is_sent_to_the_door() {
        let response = Trouble::Nobody { is_part: false }.into_response();
        assert_eq!(response.headers()["location"], "/sign-in");
    }
}
