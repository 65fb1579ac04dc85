//! How much one request may cost at most, and all of them together.

use std::time::Duration;

/// How much one request may cost at most, and all of them together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// To find the addresses of a name.
    pub(crate) dns: Duration,
    /// To connect, and again to agree on encryption.
    pub(crate) connect: Duration,
    /// To send the request and to get the head of the answer.
    pub(crate) first_byte: Duration,
    /// The same where something was posted: whoever takes it in may have work with it.
    pub(crate) posted: Duration,
    /// For all hops together, waiting for turns aside.
    pub(crate) total: Duration,
    /// To wait for a turn, at each hop.
    pub(crate) wait: Duration,
    /// Status line and headers.
    pub(crate) head_bytes: usize,
    /// The body as it travels.
    pub(crate) wire_bytes: usize,
    /// The body unpacked.
    pub(crate) body_bytes: usize,
    /// How many times larger a packed body may become.
    pub(crate) ratio: usize,
    /// Redirects that are followed.
    pub(crate) hops: u8,
    /// Requests to one host at a time.
    pub(crate) per_host: usize,
    /// Requests at a time. What they may hold in memory is this many bodies.
    pub(crate) at_once: usize,
    /// Requests that are running or wait for their turn.
    pub(crate) inside: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(3),
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            posted: Duration::from_secs(15),
            total: Duration::from_secs(30),
            wait: Duration::from_secs(10),
            head_bytes: 64 << 10,
            wire_bytes: 10 << 20,
            body_bytes: 50 << 20,
            ratio: 100,
            hops: 5,
            per_host: 2,
            at_once: 16,
            inside: 256,
        }
    }
}
