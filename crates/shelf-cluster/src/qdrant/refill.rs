//! A library whose points are lost is filled again from its rows, without a model.

use super::points::{Mark, Point};
use super::rows::{self, Doc, Head};
use super::{QdrantSearch, TAKING_IN};
use crate::postgres::{Within, limit_of};
use shelf_domain::id::Scope;
use shelf_ports::Fault;

/// Rows read at once.
const PAGE: i64 = 1_000;

impl QdrantSearch {
    /// Whether Qdrant holds every point of the edition `head` was read at, and did so since the
    /// library was filled last: a fill that ended meanwhile was seen half.
    pub(super) async fn is_whole(&self, head: &Head) -> Result<bool, Fault> {
        let mark = self.points.marked(head.marker).await?;
        let covers = |mark: Mark| mark.edition >= head.edition && mark.fills == head.fills;
        Ok(head.edition == 0 || mark.is_some_and(covers))
    }

    /// Fills the library of `scope` again if it is not whole, and sweeps what may hide points.
    pub(super) async fn refill(&self, scope: Scope) -> Result<(), Fault> {
        self.sweep(scope).await?;
        let mut connection = self.records.connection().await?;
        let mut within = rows::writing(&mut connection, scope).await?;
        within.take_time().await?;
        let mut head = rows::lock(&within, &self.version).await?;
        // Whoever held the lock until now may have filled it.
        self.make_whole(&within, scope, &mut head).await?;
        rows::put_head(&within, &head, &self.version).await?;
        within.commit().await
    }

    /// The same within a transaction that holds the head.
    pub(super) async fn make_whole(
        &self,
        within: &Within<'_>,
        scope: Scope,
        head: &mut Head,
    ) -> Result<(), Fault> {
        if head.edition > 0 && self.is_whole(head).await? {
            return Ok(());
        }
        self.points.prepare().await?;
        if head.edition == 0 {
            return Ok(());
        }
        tracing::warn!(library = %scope.library, "points are lost: they are made from the rows");
        self.fill(within, scope, head).await
    }

    async fn fill(&self, within: &Within<'_>, scope: Scope, head: &mut Head) -> Result<(), Fault> {
        // The marker goes first and comes last: between, nobody takes the library for whole.
        self.points.clear(scope.library).await?;
        let (mut after, mut filled) = (-1, 0_i64);
        while filled < head.documents {
            let docs = rows::above(within, after, PAGE).await?;
            let Some(last) = docs.last() else {
                return Err(Fault::new(TAKING_IN, "fewer documents are there than were counted"));
            };
            after = last.number;
            filled += limit_of(docs.len());
            let points: Vec<Point> = docs.iter().map(Doc::point).collect();
            self.points.put(scope.library, &points, None).await?;
        }
        head.fills += 1;
        self.points.put(scope.library, &[], Some(head.mark())).await
    }
}

impl Head {
    /// What the marker says while this head holds.
    pub(super) fn mark(&self) -> Mark {
        Mark { point: self.marker, edition: self.edition, fills: self.fills }
    }
}
