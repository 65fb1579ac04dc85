//! Problems as errors of GraphQL: the same codes, statuses and places.

use crate::problem::Problem;
use async_graphql::{Error, ErrorExtensionValues, ServerError};
use axum::http::header::RETRY_AFTER;

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", problem.code);
        extensions.set("status", problem.status.as_u16());
        if let Some(place) = problem.errors.first() {
            extensions.set("at", place.pointer.trim_start_matches(['#', '/', '?']));
        }
        let wait = problem.headers.iter().rfind(|(name, _)| *name == RETRY_AFTER);
        if let Some(wait) = wait.and_then(|(_, value)| value.to_str().ok()) {
            extensions.set("retryAfter", wait.parse::<u64>().unwrap_or(1));
        }
        let said = if problem.detail.is_empty() { problem.title } else { &problem.detail };
        // What exactly is wrong may stand at its place alone.
        let place = problem.errors.first().map(|place| place.detail.as_str());
        let place = place.filter(|detail| !detail.is_empty() && *detail != said);
        let message = place.map_or_else(|| said.to_owned(), |detail| format!("{said}: {detail}"));
        let mut error = Self::new(message);
        error.extensions = Some(extensions);
        error
    }
}

/// The error of a whole request that was refused before anything was done.
pub(crate) fn of_request(problem: Problem) -> ServerError {
    let error = Error::from(problem);
    let mut told = ServerError::new(error.message, None);
    told.extensions = error.extensions;
    told
}

/// Gives errors of the language itself the code every error has.
pub(crate) fn coded(errors: &mut [ServerError]) {
    for error in errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "invalid");
            extensions.set("status", 400);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Value;
    use shelf_domain::refusal::{Code, Refused};

    #[test]
    fn a_refusal_keeps_its_code_its_status_and_its_place() {
        let refused = Refused::new(Code::Cycle, "parent", "it lies beneath itself");
        let error = Error::from(Problem::from(refused));
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("cycle")));
        assert_eq!(extensions.get("status"), Some(&Value::from(409)));
        assert_eq!(extensions.get("at"), Some(&Value::from("parent")));
        assert_eq!(error.message, "it lies beneath itself");
        let mut errors = [ServerError::new("there is no such field", None)];
        coded(&mut errors);
        let extensions = errors[0].extensions.clone().unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("invalid")));
    }
}
