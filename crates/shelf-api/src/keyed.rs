//! The one door under an idempotency key: a request sent twice is answered twice and done once.

use async_trait::async_trait;
use shelf_domain::id::Scope;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Author;
use shelf_ports::Failure;
use shelf_ports::library::{Decision, IdempotencyKey, Library, Over, Written};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A library whose writes, in the order one request makes them, each have a key of their own.
#[derive(Debug)]
pub(crate) struct Keyed {
    inner: Arc<dyn Library>,
    key: IdempotencyKey,
    turns: AtomicUsize,
}

impl Keyed {
    /// `inner` for the one request that came with `key`.
    pub(crate) fn new(inner: Arc<dyn Library>, key: IdempotencyKey) -> Self {
        Self { inner, key, turns: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Over for Keyed {
    fn inner(&self) -> &dyn Library {
        &*self.inner
    }

    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let key = key.unwrap_or_else(|| {
            let IdempotencyKey { key, fingerprint } = self.key.clone();
            IdempotencyKey { key: format!("{key} {turn}"), fingerprint }
        });
        self.inner.write(scope, author, Some(key), reads, decide).await
    }
}
