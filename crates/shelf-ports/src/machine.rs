//! How a process and the engines behind it stand, for whoever runs the server.

use async_trait::async_trait;
use std::fmt;

/// Whoever follows the log in this process, and how far behind it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Following {
    /// Its name.
    pub name: String,
    /// Changes it has not taken in yet.
    pub lag_changes: u64,
    /// How long the oldest of them waits, seconds.
    pub lag_seconds: f64,
    /// Libraries it cannot take in.
    pub parked: usize,
}

/// A process that follows groups of libraries for all, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What is kept by it: the name of the follower.
    pub follower: String,
    /// The process, by the beginning of the name it took its leases under.
    pub process: String,
    /// How many of the groups it follows.
    pub groups: usize,
}

/// How everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stand {
    /// What is not ready, by name; nothing where requests can be taken.
    pub waiting: Vec<String>,
    /// What is away without which the process goes on, less well, by name.
    pub degraded: Vec<String>,
    /// Whoever follows the log here.
    pub following: Vec<Following>,
    /// Who follows for all processes; nothing where one process follows for itself.
    pub shares: Vec<Share>,
    /// Imports that run, in all processes.
    pub imports_running: usize,
    /// Imports a process left when it went away.
    pub imports_left: usize,
}

/// What can say how it stands.
#[async_trait]
pub trait Machine: fmt::Debug + Send + Sync {
    /// How everything stands now.
    async fn stand(&self) -> Stand;
}

/// A machine with nothing to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

#[async_trait]
impl Machine for Quiet {
    async fn stand(&self) -> Stand {
        Stand::default()
    }
}
