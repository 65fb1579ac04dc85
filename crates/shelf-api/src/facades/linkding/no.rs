//! What linkding's interface answers where it does not do what was asked.

use crate::problem::Problem;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A refusal.
#[derive(Debug)]
pub(super) enum No {
    /// One of REST, said in linkding's words by what stands around.
    Problem(Problem),
    /// One of linkding's own.
    Told(StatusCode, Value),
}

impl No {
    /// What is wrong, field by field.
    pub(super) fn fields(wrong: Map<String, Value>) -> Self {
        Self::Told(StatusCode::BAD_REQUEST, Value::Object(wrong))
    }

    /// What is wrong with one field.
    pub(super) fn field(name: &str, why: &str) -> Self {
        Self::Told(StatusCode::BAD_REQUEST, json!({ name: [why] }))
    }

    /// What is wrong with the request as a whole.
    pub(super) fn detail(status: StatusCode, why: &str) -> Self {
        Self::Told(status, json!({ "detail": why }))
    }

    /// What is wrong where files are meant, which linkding says in another shape.
    pub(super) fn error(status: StatusCode, why: &str) -> Self {
        Self::Told(status, json!({ "error": why }))
    }

    /// There is no `what` (`Bookmark`, `Tag`) like that.
    pub(super) fn missing(what: &str) -> Self {
        let why = format!("No {what} matches the given query.");
        Self::detail(StatusCode::NOT_FOUND, &why)
    }

    #[cfg(test)]
    pub(super) fn body(&self) -> &Value {
        match self {
            Self::Told(_, body) => body,
            Self::Problem(_) => &Value::Null,
        }
    }
}

impl From<Problem> for No {
    /// A field that is wrong is named as linkding names it.
    fn from(problem: Problem) -> Self {
        let place = problem.errors.first().filter(|_| problem.status == StatusCode::BAD_REQUEST);
        let Some(place) = place else { return Self::Problem(problem) };
        let name =
            place.pointer.trim_start_matches(['#', '/', '?']).split('/').next().unwrap_or_default();
        let name = match name {
            "tags" => "tag_names",
            "created_at" => "date_added",
            "" => return Self::Problem(problem),
            name => name,
        };
        Self::field(name, &place.detail)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Told(status, body) => (status, Json(body)).into_response(),
        }
    }
}
