//! What stands around a facade: the key as its apps send it, and problems in its words.

use crate::problem::Problem;
use axum::Json;
use axum::extract::Request;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What is said of a key besides whether it opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brought {
    /// None, or one of a kind that is not known here.
    Nothing,
    /// The word for one, and none.
    NoKey,
    /// One with spaces in it.
    Spaces,
    /// One.
    Key,
}

impl Brought {
    /// Takes in the key that `headers` bring, as REST reads it. Cookies of browsers are of no use
    /// here, and so no page can write in anybody's name.
    fn of(headers: &mut HeaderMap) -> Self {
        headers.remove(COOKIE);
        let sent = headers.remove(AUTHORIZATION);
        let text = sent.as_ref().and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let (kind, key, more) = (words.next(), words.next(), words.next());
        let is_known = kind.is_some_and(|kind| {
            kind.eq_ignore_ascii_case("token") || kind.eq_ignore_ascii_case("bearer")
        });
        match (is_known, key, more) {
            (false, ..) => Self::Nothing,
            (true, None, _) => Self::NoKey,
            (true, Some(_), Some(_)) => Self::Spaces,
            (true, Some(key), None) => {
                if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {key}")) {
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
                Self::Key
            }
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Nothing => "Authentication credentials were not provided.",
            Self::NoKey => "Invalid token header. No credentials provided.",
            Self::Spaces => "Invalid token header. Token string should not contain spaces.",
            Self::Key => "Invalid token.",
        }
    }
}

/// Stands before linkding's interface.
pub(super) async fn linkding(mut request: Request, next: Next) -> Response {
    let brought = Brought::of(request.headers_mut());
    let method = request.method().clone();
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let mut response = next.run(request).await;
    let Some(problem) = taken(&mut response) else { return response };
    let detail = match problem.status {
        StatusCode::UNAUTHORIZED => brought.detail().to_owned(),
        StatusCode::FORBIDDEN => {
            let told = "You do not have permission to perform this action.";
            format!("{told} {}", sentence(&problem)).trim_end().to_owned()
        }
        StatusCode::NOT_FOUND => "Not found.".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => format!("Method \"{method}\" not allowed."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            format!("Unsupported media type \"{kind}\" in request.")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = problem.headers.iter().rfind(|(name, _)| *name == RETRY_AFTER);
            let wait = wait.and_then(|(_, value)| value.to_str().ok()).unwrap_or("1");
            format!("Request was throttled. Expected available in {wait} seconds.")
        }
        _ => sentence(&problem),
    };
    let mut answer = told(problem.status, problem, &response, &json!({ "detail": detail }));
    if answer.status() == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
    }
    answer
}

/// Stands before Karakeep's interface. Its apps take 403 for a key that opens nothing, and 401 for
/// a server that is broken.
pub(super) async fn karakeep(mut request: Request, next: Next) -> Response {
    Brought::of(request.headers_mut());
    let mut response = next.run(request).await;
    let Some(problem) = taken(&mut response) else { return response };
    let message = match problem.status {
        StatusCode::NOT_FOUND => problem.title.to_owned(),
        _ => sentence(&problem),
    };
    let body = json!({ "code": problem.code.to_uppercase(), "message": message });
    let status = match problem.status {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        status => status,
    };
    told(status, problem, &response, &body)
}

/// The problem an answer of the router stands for, if it is one.
fn taken(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == JSON);
    let failed = status.is_client_error() || status.is_server_error();
    (failed && !is_json).then(|| Problem::of_status(status))
}

/// What answers with a body of their own say of it.
const JSON: &str = "application/json";

/// What is wrong, for people.
fn sentence(problem: &Problem) -> String {
    let place = problem.errors.first().map(|place| place.detail.as_str());
    let said = place.filter(|detail| !detail.is_empty()).unwrap_or(&problem.detail);
    let said = if said.is_empty() { problem.title } else { said };
    let mut letters = said.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let said = format!("{first}{}", letters.as_str());
    if said.ends_with('.') { said } else { format!("{said}.") }
}

/// The answer that says `body`, with what the bare one told in its headers.
fn told(status: StatusCode, problem: Problem, bare: &Response, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    for (name, value) in bare.headers() {
        let is_kept = *name == ALLOW || name.as_str().starts_with("ratelimit");
        if is_kept {
            headers.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in problem.headers {
        headers.insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::refusal::{Code, Refused};

    fn brought(sent: &str) -> (Brought, Option<String>) {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "mindshelf_session=x".parse().unwrap());
        headers.insert(AUTHORIZATION, sent.parse().unwrap());
        let brought = Brought::of(&mut headers);
        assert!(!headers.contains_key(COOKIE), "a browser's cookie opens no facade");
        (brought, headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn a_key_is_read_as_either_word_in_any_case_and_nothing_else_goes_on() {
        let bearer = Some("Bearer abc".to_owned());
        assert_eq!(brought("Token abc"), (Brought::Key, bearer.clone()));
        assert_eq!(brought("bEaReR abc"), (Brought::Key, bearer));
        assert_eq!(brought("Token"), (Brought::NoKey, None));
        assert_eq!(brought("Token a b"), (Brought::Spaces, None));
        assert_eq!(brought("DPoP abc"), (Brought::Nothing, None));
        assert_eq!(brought("Basic abc"), (Brought::Nothing, None));
    }

    #[test]
    fn what_is_wrong_is_a_sentence() {
        let problem = Problem::from(Refused::new(Code::Forbidden, "", "you may only read"));
        assert_eq!(sentence(&problem), "You may only read.");
    }
}
