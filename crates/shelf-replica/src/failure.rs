//! Why a replica cannot do what was asked.

use crate::file::Step;
use shelf_client::ClientFailure;
use shelf_domain::refusal::Refused;
use std::time::Duration;

/// The longest a server may have a replica wait before it is asked again.
const WAIT_MAX: Duration = Duration::from_mins(10);

/// Why a replica cannot do what was asked. Whatever it is, what was queued stays queued.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaFailure {
    /// The file.
    #[error("the replica's file fails while {doing}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// What was asked cannot be.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The server.
    #[error(transparent)]
    Server(#[from] ClientFailure),
    /// What the file or the server says makes no sense here.
    #[error("{0}")]
    Unusable(String),
    /// Somebody else changed the file since it was read; it was read anew.
    #[error("another program changed the replica meanwhile; try again")]
    Overtaken,
    /// It was told to stop here, as a crash would.
    #[error("stopped at {0:?}")]
    Stopped(Step),
}

impl ReplicaFailure {
    /// What SQLite says while `doing` something.
    pub(crate) fn file(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::File { doing, source }
    }

    /// Whether the same may work a while later: the server did not answer, or said so.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Server(ClientFailure::Unreachable { .. }) | Self::Overtaken => true,
            Self::Server(ClientFailure::Refused { status, .. }) => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// How long the server says to wait before it is asked again, bounded; nothing, where it says
    /// nothing.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Server(failure) => failure.retry_after().map(|wait| wait.min(WAIT_MAX)),
            _ => None,
        }
    }

    /// The stable name of what the server refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Server(failure) => failure.code(),
            Self::Refused(refused) => Some(refused.code.name()),
            _ => None,
        }
    }
}
