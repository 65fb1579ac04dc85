//! A library over another one, which says only what it does its own way.

use super::{ActLine, Decision, IdempotencyKey, Library, Touch, Touched, Written};
use crate::{Failure, Fault};
use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Author;
use std::fmt;

/// Whoever is one is a [`Library`] that hands each call on to another one. What such a library may
/// do its own way is here; a call that none has had a reason to touch is not.
#[async_trait]
pub trait Over: fmt::Debug + Send + Sync {
    /// The library beneath.
    fn inner(&self) -> &dyn Library;

    /// See [`Library::head`].
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        self.inner().head(scope).await
    }

    /// See [`Library::write`].
    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        self.inner().write(scope, author, key, reads, decide).await
    }

    /// See [`Library::changes`].
    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        self.inner().changes(scope, after, limit).await
    }
}

#[async_trait]
impl<T: Over> Library for T {
    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        Over::head(self, scope).await
    }

    async fn write(
        &self,
        scope: Scope,
        author: Author,
        key: Option<IdempotencyKey>,
        reads: Reads,
        decide: Decision,
    ) -> Result<Written, Failure> {
        Over::write(self, scope, author, key, reads, decide).await
    }

    async fn read(&self, scope: Scope, reads: Reads) -> Result<Shelf, Fault> {
        self.inner().read(scope, reads).await
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        Over::changes(self, scope, after, limit).await
    }

    async fn history(
        &self,
        scope: Scope,
        item: ItemId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Change>, Fault> {
        self.inner().history(scope, item, before, limit).await
    }

    async fn touched(
        &self,
        scope: Scope,
        touched: Touched,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Touch>, Fault> {
        self.inner().touched(scope, touched, after, limit).await
    }

    async fn acts(
        &self,
        scope: Scope,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ActLine>, Fault> {
        self.inner().acts(scope, before, limit).await
    }

    async fn overdue(&self, scope: Scope, until: i64, limit: usize) -> Result<Vec<ItemId>, Fault> {
        self.inner().overdue(scope, until, limit).await
    }

    async fn forget_answers(&self, scope: Scope, until: i64) -> Result<(), Fault> {
        self.inner().forget_answers(scope, until).await
    }

    async fn refold(&self, scope: Scope) -> Result<(), Fault> {
        self.inner().refold(scope).await
    }
}
