//! Who has news: how followers learn which libraries moved.

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::id::Scope;
use std::fmt;

/// A position in the stream of stirred libraries. 0 is before everything.
pub type Mark = u64;

/// Which libraries were written to. The bus is only a hint; this is complete alone.
#[async_trait]
pub trait News: fmt::Debug + Send + Sync {
    /// Libraries written to after `mark`, in order, at most `limit`, each with its own mark. A
    /// library written to again moves to the end. A write is told once no write that began before
    /// it is under way; nothing is told with a mark before one that was told.
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault>;

    /// Waits until something may have been written; may wake for nothing, and may miss: callers
    /// look again after a bounded time.
    async fn hint(&self);
}
