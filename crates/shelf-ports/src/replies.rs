//! Answers kept under idempotency keys, for requests that are sent twice.

use crate::Fault;
use async_trait::async_trait;

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Hash of the request that was answered.
    pub fingerprint: String,
    /// Its status, as in HTTP.
    pub status: u16,
    /// The headers that belong to it, by name.
    pub headers: Vec<(String, String)>,
    /// Its body; never one that holds a secret.
    pub body: String,
}

/// Replies by key. Keys are unique by caller and route before they come here, so no reply of one
/// caller is found by another. Effects are durable when a call answers.
#[async_trait]
pub trait Replies: std::fmt::Debug + Send + Sync {
    /// What was kept last under `key`, unless that was before `since`, in milliseconds.
    async fn reply(&self, key: &str, since: i64) -> Result<Option<Reply>, Fault>;

    /// Keeps `reply` under `key` as of `now`, in milliseconds, in place of an older one.
    async fn keep_reply(&self, key: &str, reply: &Reply, now: i64) -> Result<(), Fault>;

    /// Forgets what was kept before `until`, in milliseconds.
    async fn forget_replies(&self, until: i64) -> Result<(), Fault>;
}
