//! Two kinds of failure: an answer the caller can act on, and an engine that failed.

use shelf_domain::refusal::Refused;
use std::error::Error;

/// An engine failed. Never about the input; logged once, where it is handled.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed")]
pub struct Fault {
    /// What was being done, for the log.
    pub doing: &'static str,
    /// The engine's own error and its chain.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// The fault `source`, met while `doing` something.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }
}

/// Why a use case gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was refused; the caller can act on it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// An engine failed; the caller can only try again.
    #[error(transparent)]
    Fault(#[from] Fault),
}
