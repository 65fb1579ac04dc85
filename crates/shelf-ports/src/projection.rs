//! A store that follows the log and can be thrown away and rebuilt from it.

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::change::Change;
use shelf_domain::id::Scope;
use shelf_domain::stamp::Seq;
use std::fmt;

/// A store that follows the log and can be thrown away and rebuilt from it.
#[async_trait]
pub trait Projection: fmt::Debug + Send + Sync {
    /// The name in logs, metrics and `doctor`.
    fn name(&self) -> &'static str;

    /// How far this projection has followed `scope`.
    async fn position(&self, scope: Scope) -> Result<Seq, Fault>;

    /// Takes in `batch` (rising seqs), all there is after the position `after` up to its last one,
    /// and moves the position there. Where the position is another one, nothing changes: it was
    /// taken in already, or somebody else was quicker.
    async fn apply(&self, scope: Scope, after: Seq, batch: &[Change]) -> Result<(), Fault>;

    /// Called in a moment of quiet: makes durable what waits and lets go of memory that only
    /// following needs. Nothing depends on it.
    async fn rest(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Forgets everything about `scope`, position included.
    async fn reset(&self, scope: Scope) -> Result<(), Fault>;
}
