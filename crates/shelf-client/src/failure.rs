//! Why a request has no answer, in words for people.

use serde::Deserialize;
use std::time::Duration;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientFailure {
    /// The server could not be asked.
    #[error("cannot reach {address}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refused.
    #[error("{title}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable name of the problem.
        code: String,
        /// One sentence.
        title: String,
        /// What exactly.
        detail: String,
        /// How long the server says to wait before it is asked again.
        retry_after: Option<Duration>,
    },
    /// The answer is not what this client reads.
    #[error("the answer of the server is not what this program reads: {0}")]
    Unreadable(String),
    /// What should be sent could not be read.
    #[error("cannot read what should be sent")]
    Input(#[source] std::io::Error),
}

/// The parts of a problem document (RFC 9457) that are read here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    code: String,
    errors: Vec<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    pointer: String,
    detail: String,
}

impl ClientFailure {
    /// The failure a refused answer with this body stands for.
    pub(crate) fn refused(status: u16, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let news = problem.errors.iter().filter(|place| place.detail != problem.detail);
        let places = news.take(3).map(|place| format!("{} {}", place.pointer, place.detail));
        let said = Some(problem.detail.clone()).filter(|detail| !detail.is_empty());
        let detail = said.into_iter().chain(places).collect::<Vec<_>>().join("; ");
        let title = match problem.title.as_str() {
            "" => format!("the server answered {status}"),
            title => title.to_owned(),
        };
        Self::Refused { status, code: problem.code, title, detail, retry_after: None }
    }

    /// The same, where the server said to wait so long.
    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        if let Self::Refused { retry_after, .. } = &mut self {
            *retry_after = wait;
        }
        self
    }

    /// How long the server says to wait before it is asked again, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The stable name of the problem, if the server named one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_one_sentence() {
        let body = br##"{"title":"the input is not valid","detail":"no address",
            "code":"invalid","errors":[{"pointer":"#/url","detail":"no address"}]}"##;
        let failure = ClientFailure::refused(400, body);
        assert_eq!(failure.to_string(), "the input is not valid: no address");
        assert_eq!(failure.code(), Some("invalid"));
        assert_eq!(ClientFailure::refused(502, b"<html>").to_string(), "the server answered 502");
    }
}
