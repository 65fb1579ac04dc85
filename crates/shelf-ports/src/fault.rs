//! Two kinds of failure: an answer the caller can act on, and an engine that failed.

use shelf_domain::refusal::{Code, Refused};
use std::error::Error;
use std::io::{self, ErrorKind};

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

/// There is no room left where things are stored: marks the source of a fault that ends when
/// somebody makes room. Nothing was stored by what met it, and nothing stored before is lost.
#[derive(Debug, thiserror::Error)]
#[error("there is no room left on the disk")]
pub struct NoRoom(#[source] pub Box<dyn Error + Send + Sync>);

/// An engine cannot be reached, or takes no more now: marks the source of a fault that ends by
/// itself. Whether a write that met it was done may be unknown; what was answered is safe.
#[derive(Debug, thiserror::Error)]
#[error("the engine does not answer")]
pub struct Away(#[source] pub Box<dyn Error + Send + Sync>);

impl Fault {
    /// The fault `source`, met while `doing` something.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }

    /// The fault of a file, met while `doing` something; a full disk is marked [`NoRoom`].
    pub fn of_file(doing: &'static str, error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::new(doing, NoRoom(error.into()))
            }
            _ => Self::new(doing, error),
        }
    }

    /// Whether its cause is that there is no room left.
    pub fn is_no_room(&self) -> bool {
        self.source.is::<NoRoom>()
    }

    /// Whether its cause is that an engine cannot be reached now.
    pub fn is_away(&self) -> bool {
        self.source.is::<Away>()
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
    Fault(Fault),
}

impl From<Fault> for Failure {
    /// A full disk is an answer: somebody can act on it. So is an engine that is away: whoever
    /// asked can ask again.
    fn from(fault: Fault) -> Self {
        if fault.is_no_room() {
            return Self::Refused(Refused::new(Code::NoRoom, "", "nothing of this was stored"));
        }
        if fault.is_away() {
            let detail = "nothing that was answered before is lost";
            return Self::Refused(Refused::new(Code::Unavailable, "", detail));
        }
        Self::Fault(fault)
    }
}
