//! The index of words and meaning: one of this process's own, or one that all processes share.

use crate::records::Records;
use anyhow::{Context, Result};
use shelf_bookmarks::search::ANALYSIS_VERSION;
use shelf_cluster::qdrant::QdrantSearch;
use shelf_domain::id::LibraryId;
use shelf_embedded::search::{BuiltInModel, EmbeddedSearch};
use shelf_ports::Fault;
use shelf_ports::accounts::Accounts;
use shelf_ports::search::SearchIndex;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::interval;

/// The directory of the index, below the data directory.
const SEARCH: &str = "search";
/// The time between two looks for libraries that are no more.
const LOOK: Duration = Duration::from_mins(10);

/// Where words and meaning are looked up.
#[derive(Clone, Debug)]
pub(crate) enum Index {
    /// In files below the data directory; this process follows the log for it.
    Own(Arc<EmbeddedSearch>),
    /// On Qdrant and PostgreSQL; one process at a time follows the log for all.
    Shared(Arc<QdrantSearch>),
}

impl Index {
    /// Opens the index: on the server at `shared`, if there is one, else in `dir`. One that was
    /// made before the records were `restored` is made anew.
    pub(crate) async fn open(
        dir: &Path,
        records: &Records,
        shared: Option<&str>,
        restored: Option<String>,
    ) -> Result<Self> {
        let made_by = [ANALYSIS_VERSION.to_string(), BuiltInModel::NAME.to_owned()];
        let version = made_by.into_iter().chain(restored).collect::<Vec<_>>().join(" ");
        if let (Some(address), Records::Postgres(records)) = (shared, records) {
            let opened = QdrantSearch::open(address, records, &version).await;
            return Ok(Self::Shared(Arc::new(opened.context("the setting \"search\"")?)));
        }
        let at = dir.join(SEARCH);
        let open = move || EmbeddedSearch::open(&at, &version);
        let opened = tokio::task::spawn_blocking(open).await?;
        let opened = opened.with_context(|| format!("cannot open {}", dir.display()))?;
        Ok(Self::Own(Arc::new(opened)))
    }

    /// The port.
    pub(crate) fn port(&self) -> Arc<dyn SearchIndex> {
        match self {
            Self::Own(index) => index.clone(),
            Self::Shared(index) => index.clone(),
        }
    }

    /// Whether other processes have it too.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// Whether what it stands on answers.
    pub(crate) async fn is_up(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Shared(index) => index.is_up().await,
        }
    }

    /// Forgets libraries that are no more, where the index is of this process alone: whoever erased
    /// them does not reach it.
    async fn forget_gone(&self, accounts: &dyn Accounts) -> Result<(), Fault> {
        let Self::Own(index) = self else { return Ok(()) };
        // In this order: a library that is new meanwhile is not taken for one that is gone.
        let held = index.libraries().await?;
        let known = accounts.all_libraries().await?;
        let known: BTreeSet<LibraryId> = known.iter().map(|library| library.id).collect();
        let gone: Vec<LibraryId> = held.into_iter().filter(|id| !known.contains(id)).collect();
        for library in &gone {
            index.forget(*library).await?;
        }
        if gone.is_empty() { Ok(()) } else { index.expunge().await }
    }

    /// Does that every ten minutes, until it is stopped.
    pub(crate) async fn sweep(
        self,
        accounts: Arc<dyn Accounts>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut looks = interval(LOOK);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            if let Err(fault) = self.forget_gone(&*accounts).await {
                // The next look tries again.
                tracing::warn!(error = &fault as &dyn Error, "the index keeps what is gone");
            }
        }
    }
}
