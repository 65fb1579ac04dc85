//! Search on Qdrant and PostgreSQL: points fetch candidates, rows decide what an answer says.
//!
//! A point is never changed: a document that changes gets a new one. The points of a batch are in
//! Qdrant before the transaction of its rows commits, and those it replaced are removed after. Who
//! reads sees one edition of a library's rows, so every point of that edition is there, and what
//! else Qdrant holds belongs to no row and is passed over. Qdrant holds numbers: no word, no name.
//! While it is away the rows are walked over instead: the answer is the same, and takes longer.

mod points;
mod rows;
mod packed;
mod words;
mod reach;
mod apply;
mod refill;
mod vocabulary;
mod lists;
mod passing;
mod walk;
mod candidates;
mod facets;

use crate::postgres::Postgres;
use async_trait::async_trait;
use points::Points;
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::search::{
    CANDIDATES_MAX, Found, Plan, Probe, SearchBatch, SearchIndex, Vocabulary,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

/// How often who waits for a position looks again: another process may have moved it.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a search begins anew because the library changed meanwhile, before it holds it still.
const TRIES_MAX: usize = 6;

/// How many searches of one process walk over rows at once while Qdrant is away: each holds a
/// connection and some memory meanwhile.
const WALKS_MAX: usize = 2;

/// The search index of every library, on a Qdrant server and the tables of a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct QdrantSearch {
    records: Postgres,
    points: Arc<Points>,
    version: Arc<str>,
    moved: Arc<Notify>,
    walks: Arc<Semaphore>,
    walk_max: usize,
}

impl QdrantSearch {
    /// Opens the index that `records` keeps, with the server at `address` (its gRPC port, such as
    /// `http://127.0.0.1:6334`). `version` names the analysis and the model: what another version
    /// made is emptied, and its followers start again.
    ///
    /// A server that is away is no fault here: what asks it tells.
    pub async fn open(address: &str, records: &Postgres, version: &str) -> Result<Self, Fault> {
        let (place, before) = rows::settle_in(records, version).await?;
        let points = Points::at(address, &points::collection(&place, version)?)?;
        let index = Self {
            records: records.clone(),
            points: Arc::new(points),
            version: version.into(),
            moved: Arc::default(),
            walks: Arc::new(Semaphore::new(WALKS_MAX)),
            walk_max: walk::WALK_MAX,
        };
        if let Err(error) = index.move_in(&place, &before).await {
            if !error.is_away() {
                return Err(error);
            }
            tracing::warn!(?error, "Qdrant is not ready yet");
        }
        Ok(index)
    }

    /// The same that looks at no more than `documents` of a library while the server is away:
    /// those that came in last. It is 100,000 where nothing is said.
    #[must_use]
    pub fn walking_at_most(self, documents: usize) -> Self {
        Self { walk_max: documents, ..self }
    }

    /// Whether the server answers.
    pub async fn is_up(&self) -> bool {
        self.points.is_up().await
    }

    /// Makes the collection, and drops the one of the version before.
    async fn move_in(&self, place: &str, before: &str) -> Result<(), Fault> {
        self.points.prepare().await?;
        if before.is_empty() || *before == *self.version {
            return Ok(());
        }
        self.points.drop_other(&points::collection(place, before)?).await
    }
}

#[async_trait]
impl SearchIndex for QdrantSearch {
    async fn position(&self, scope: Scope) -> Result<u64, Fault> {
        let head = rows::head(&self.records, scope, &self.version).await?;
        Ok(head.map_or(0, |head| head.seq.cast_unsigned()))
    }

    async fn apply(&self, scope: Scope, batch: SearchBatch) -> Result<(), Fault> {
        let batch = apply::Batch::checked(batch)?;
        let applied = self.take_in(scope, &batch).await;
        self.moved.notify_waiters();
        applied
    }

    async fn reached(&self, scope: Scope, seq: u64) -> Result<(), Fault> {
        // Listening begins before looking, so that no move falls between.
        let mut moved = self.moved.notified();
        while self.position(scope).await? < seq {
            // Moved or not: it is looked again.
            let _late = timeout(LOOK_EVERY, moved).await;
            moved = self.moved.notified();
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Fault> {
        // What was applied is durable, and nothing is kept in memory.
        Ok(())
    }

    async fn reset(&self, scope: Scope) -> Result<(), Fault> {
        self.forget(scope).await
    }

    async fn vocabulary(&self, scope: Scope, probes: &[Probe]) -> Result<Vocabulary, Fault> {
        vocabulary::near(&self.records, scope, &self.version, probes).await
    }

    async fn candidates(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        if plan.limit > CANDIDATES_MAX {
            return Err(Fault::new(ASKING, "too many candidates"));
        }
        self.find(scope, plan).await
    }
}

/// What is being done when a search fails.
const ASKING: &str = "searching";
/// What is being done when words and vectors cannot be taken in.
const TAKING_IN: &str = "keeping words and meaning";
