//! What the binary knows and the interface tells: whether it is ready, and its metrics.

use std::fmt;

/// Answers that come from outside the interface.
#[async_trait::async_trait]
pub trait Probes: fmt::Debug + Send + Sync {
    /// What is not ready yet, by name; empty when the process can take requests.
    async fn waiting(&self) -> Vec<String>;

    /// What is away without which the process goes on, less well, by name.
    async fn degraded(&self) -> Vec<String> {
        Vec::new()
    }

    /// The metrics in the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// A process with nothing to wait for and nothing to count; for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysReady;

#[async_trait::async_trait]
impl Probes for AlwaysReady {
    async fn waiting(&self) -> Vec<String> {
        Vec::new()
    }

    fn metrics(&self) -> String {
        String::new()
    }
}
