//! Erasing people who asked for it: identity says what goes, here it goes from index and files too.

use async_trait::async_trait;
use shelf_bookmarks::Stores;
use shelf_bookmarks::import::forget_files;
use shelf_domain::id::Scope;
use shelf_identity::PrivacyDoors;
use shelf_identity::privacy::erase::{Beside, erase};
use shelf_ports::Fault;
use shelf_ports::replies::Replies;
use shelf_ports::search::SearchIndex;
use shelf_sync::forget_snapshots_of;
use std::sync::Arc;

/// Erasures that have a turn at once.
const AT_ONCE: usize = 4;
/// How long an answer to a repeated request is of use, milliseconds: a day.
const REPLY_MS: i64 = 86_400_000;

/// What erasing works with.
#[derive(Clone, Debug)]
pub(crate) struct Erasing {
    pub(crate) doors: PrivacyDoors,
    pub(crate) stores: Stores,
    pub(crate) replies: Arc<dyn Replies>,
    pub(crate) index: Arc<dyn SearchIndex>,
}

impl Erasing {
    /// Gives each erasure that is due a turn.
    pub(crate) async fn turn(&self) -> Result<(), Fault> {
        let now = self.stores.clock.now_ms();
        for erasure in self.doors.privacy.due_erasures(now, AT_ONCE).await? {
            let done = erase(&self.doors, &erasure, self).await?;
            tracing::info!(done, "an erasure had its turn");
        }
        Ok(())
    }
}

#[async_trait]
impl Beside for Erasing {
    async fn forget(&self, scope: Scope) -> Result<(), Fault> {
        forget_files(&self.stores, scope).await?;
        forget_snapshots_of(&*self.stores.blobs, scope).await?;
        self.index.reset(scope).await
    }

    async fn scrub(&self) -> Result<(), Fault> {
        // Those of grants that ended before: nobody asks for them any more.
        self.replies.forget_replies(self.stores.clock.now_ms() - REPLY_MS).await?;
        self.index.expunge().await
    }
}
