//! The collection on Qdrant: what goes in, and the three questions it answers.

mod made;
mod shape;
mod answers;

pub(super) use answers::is_ours;
pub(super) use made::{Mark, Narrow, Point};
pub(super) use shape::collection;

use super::reach::{Reach, Turn};
use answers::{ALREADY_EXISTS, code, fault, found, hits, late};
use made::{MEANING, NUMBER, WORDS, axis, between, floats, ids, of};
use percent_encoding::percent_decode_str;
use qdrant_client::Qdrant;
use qdrant_client::qdrant::{
    CreateFieldIndexCollectionBuilder, DeletePointsBuilder, Filter, GetPointsBuilder, PointStruct,
    PointsIdsList, Query, QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder,
    SearchParamsBuilder, UpsertPointsBuilder, VectorInput,
};
use shelf_domain::id::LibraryId;
use shelf_ports::Fault;
use shelf_ports::search::Embedding;
use std::time::Duration;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

/// How long the server may take to answer, and to be reached.
const ANSWER_MAX: Duration = Duration::from_secs(20);
const REACH_MAX: Duration = Duration::from_secs(5);
/// How long the server may take to say that it is there.
const PROBE_MAX: Duration = Duration::from_secs(1);
/// Points of one request and terms in them, points removed by one, and questions of one batch.
const UPSERT_MAX: usize = 256;
const TERMS_MAX: usize = 200_000;
const REMOVE_MAX: usize = 4_096;
const BATCH_MAX: usize = 32;
/// Most points one question answers; a list that comes back full may hide something.
pub(super) const HITS_MAX: usize = 10_000;

/// One collection of one server.
pub(super) struct Points {
    client: Qdrant,
    collection: String,
    reach: Reach,
}

impl std::fmt::Debug for Points {
    /// Nothing of the address: it may hold a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Points({})", self.collection)
    }
}

/// The documents that hold one term, those of some numbers alone where they are many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) term: u32,
    /// From a number to before another one.
    pub(super) numbers: Option<(i64, i64)>,
}

/// A point with what a question gave it.
pub(super) type Hit = (i64, f32);

/// An address without what stands before `@`, and that, which is the server's key.
fn keyed(address: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = address.split_once("://") else { return (address.to_owned(), None) };
    let Some((key, host)) = rest.rsplit_once('@') else { return (address.to_owned(), None) };
    let key = percent_decode_str(key.trim_start_matches(':')).decode_utf8_lossy();
    (format!("{scheme}://{host}"), Some(key.into_owned()))
}

impl Points {
    /// The collection at `address`, which may have a key in it; nothing is asked yet.
    pub(super) fn at(address: &str, collection: &str) -> Result<Self, Fault> {
        let (address, key) = keyed(address);
        let client = Qdrant::from_url(&address)
            .api_key(key)
            .timeout(ANSWER_MAX)
            .connect_timeout(REACH_MAX)
            .skip_compatibility_check()
            .build()
            .map_err(|error| Fault::new("reading the address of Qdrant", error))?;
        Ok(Self { client, collection: collection.to_owned(), reach: Reach::default() })
    }

    /// Whether the server answers, and at once.
    pub(super) async fn is_up(&self) -> bool {
        let answer = tokio::time::timeout(PROBE_MAX, self.client.health_check());
        let is_up = answer.await.is_ok_and(|answer| answer.is_ok());
        if is_up {
            self.reach.answered();
        } else {
            self.reach.missed(Instant::now());
        }
        is_up
    }

    /// Whether a search should ask: if the server was away, one in a second looks for it.
    pub(super) async fn are_in_reach(&self) -> bool {
        match self.reach.turn(Instant::now()) {
            Turn::Ask => true,
            Turn::Look => self.is_up().await,
            Turn::Rest => false,
        }
    }

    /// The fault of a server that a search waited for in vain.
    pub(super) fn are_late(&self, elapsed: Elapsed) -> Fault {
        self.reach.missed(Instant::now());
        late(elapsed)
    }

    /// Remembers whether the server answered.
    fn noted<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        match &answer {
            Ok(_) => self.reach.answered(),
            Err(fault) if fault.is_away() => self.reach.missed(Instant::now()),
            Err(_) => {}
        }
        answer
    }

    /// Makes the collection and its indexes where they are missing.
    pub(super) async fn prepare(&self) -> Result<(), Fault> {
        let made = self.client.create_collection(shape::shape(&self.collection)).await;
        match made {
            Err(error) if code(&error) != Some(ALREADY_EXISTS) => {
                return self.noted(Err(fault(error)));
            }
            _ => {}
        }
        for (field, kind, params) in shape::indexes() {
            let index = CreateFieldIndexCollectionBuilder::new(&self.collection, field, kind)
                .field_index_params(params)
                .wait(true);
            self.noted(self.client.create_field_index(index).await.map_err(fault))?;
        }
        Ok(())
    }

    /// Drops another collection of this database.
    pub(super) async fn drop_other(&self, collection: &str) -> Result<(), Fault> {
        self.noted(self.client.delete_collection(collection).await.map(drop).map_err(fault))
    }

    /// Puts `points` of `library`, then its marker, which says that all of them are there. Answers
    /// when they can be found.
    pub(super) async fn put(
        &self,
        library: LibraryId,
        points: &[Point],
        mark: Option<Mark>,
    ) -> Result<(), Fault> {
        let mut left = points;
        while !left.is_empty() {
            let (some, rest) = left.split_at(batch_of(left));
            left = rest;
            let made: Vec<PointStruct> = some.iter().map(|point| point.made(library)).collect();
            self.upsert(made).await?;
        }
        match mark {
            Some(mark) => self.upsert(vec![mark.made(library)]).await,
            None => Ok(()),
        }
    }

    async fn upsert(&self, points: Vec<PointStruct>) -> Result<(), Fault> {
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
        self.noted(self.client.upsert_points(request).await.map(drop).map_err(fault))
    }

    /// Removes `points`.
    pub(super) async fn remove(&self, points: &[i64]) -> Result<(), Fault> {
        for some in points.chunks(REMOVE_MAX) {
            let ids = PointsIdsList { ids: ids(some) };
            let request = DeletePointsBuilder::new(&self.collection).points(ids).wait(true);
            self.noted(found(self.client.delete_points(request).await))?;
        }
        Ok(())
    }

    /// Removes every point of `library`.
    pub(super) async fn clear(&self, library: LibraryId) -> Result<(), Fault> {
        let all = Filter::must([of(library)]);
        let request = DeletePointsBuilder::new(&self.collection).points(all).wait(true);
        self.noted(found(self.client.delete_points(request).await)).map(drop)
    }

    /// What the marker of a library says; `None` if it or the collection is lost.
    pub(super) async fn marked(&self, marker: i64) -> Result<Option<Mark>, Fault> {
        let request = GetPointsBuilder::new(&self.collection, ids(&[marker])).with_payload(true);
        let got = self.noted(found(self.client.get_points(request).await))?;
        Ok(got.and_then(|got| Mark::read(marker, got.result.first()?)))
    }

    /// For each of `asked` the points that hold the term, with what it weighs there. `None` if the
    /// collection is lost.
    pub(super) async fn holding(
        &self,
        library: LibraryId,
        asked: &[Asked],
    ) -> Result<Option<Vec<Vec<Hit>>>, Fault> {
        let mut lists = Vec::with_capacity(asked.len());
        for some in asked.chunks(BATCH_MAX) {
            let queries: Vec<QueryPoints> =
                some.iter().map(|one| self.holding_one(library, one)).collect();
            let request = QueryBatchPointsBuilder::new(&self.collection, queries);
            let Some(answer) = self.noted(found(self.client.query_batch(request).await))? else {
                return Ok(None);
            };
            lists.extend(answer.result.into_iter().map(|one| hits(one.result)));
        }
        Ok(Some(lists))
    }

    fn holding_one(&self, library: LibraryId, asked: &Asked) -> QueryPoints {
        let mut filter = Filter::must([of(library)]);
        if let Some((from, before)) = asked.numbers {
            filter.must.push(between(NUMBER, Some(from), Some(before)));
        }
        let nearest = VectorInput::new_sparse([axis(library, asked.term)], [1.0]);
        QueryPointsBuilder::new(&self.collection)
            .query(Query::new_nearest(nearest))
            .using(WORDS)
            .filter(filter)
            .limit(HITS_MAX as u64)
            .with_payload(false)
            .build()
    }

    /// The points nearest to `vector` with their cosines, exactly where `narrow` is `None`: then of
    /// the whole library. `None` if the collection is lost.
    pub(super) async fn nearest(
        &self,
        library: LibraryId,
        vector: &Embedding,
        narrow: Option<&Narrow>,
        limit: usize,
    ) -> Result<Option<Vec<Hit>>, Fault> {
        let mut filter = narrow.map(Narrow::filter).unwrap_or_default();
        filter.must.push(of(library));
        let exact = SearchParamsBuilder::default().exact(narrow.is_none());
        let request = QueryPointsBuilder::new(&self.collection)
            .query(Query::new_nearest(VectorInput::new_dense(floats(vector))))
            .using(MEANING)
            .filter(filter)
            .params(exact)
            .limit(limit as u64)
            .with_payload(false);
        let answer = self.noted(found(self.client.query(request).await))?;
        Ok(answer.map(|answer| hits(answer.result)))
    }
}

/// How many of `points` go with one request, at least the first.
fn batch_of(points: &[Point]) -> usize {
    let mut terms = 0;
    let fits = points.iter().take(UPSERT_MAX).take_while(|point| {
        terms += point.terms.len();
        terms <= TERMS_MAX
    });
    fits.count().max(1)
}
