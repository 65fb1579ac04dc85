//! The one door under an idempotency key: a request sent twice is answered twice and done once.

use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Author;
use shelf_ports::library::{ActLine, Decision, IdempotencyKey, Library, Touch, Touched, Written};
use shelf_ports::{Failure, Fault};
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
impl Library for Keyed {
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        self.inner.head(scope).await
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

    async fn read(&self, scope: Scope, reads: Reads) -> Result<Shelf, Fault> {
        self.inner.read(scope, reads).await
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        self.inner.changes(scope, after, limit).await
    }

    async fn history(
        &self,
        scope: Scope,
        item: ItemId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Change>, Fault> {
        self.inner.history(scope, item, before, limit).await
    }

    async fn touched(
        &self,
        scope: Scope,
        touched: Touched,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Touch>, Fault> {
        self.inner.touched(scope, touched, after, limit).await
    }

    async fn acts(
        &self,
        scope: Scope,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ActLine>, Fault> {
        self.inner.acts(scope, before, limit).await
    }

    async fn overdue(&self, scope: Scope, until: i64, limit: usize) -> Result<Vec<ItemId>, Fault> {
        self.inner.overdue(scope, until, limit).await
    }

    async fn forget_answers(&self, scope: Scope, until: i64) -> Result<(), Fault> {
        self.inner.forget_answers(scope, until).await
    }

    async fn refold(&self, scope: Scope) -> Result<(), Fault> {
        self.inner.refold(scope).await
    }
}
