//! What tests of search stand on: a database with libraries, and its collections on Qdrant.

use crate::open;
use qdrant_client::Qdrant;
use qdrant_client::qdrant::{CountPointsBuilder, DeletePointsBuilder, Filter};
use shelf_cluster::postgres::Postgres;
use shelf_cluster::qdrant::QdrantSearch;
use shelf_ports::search::{SearchBatch, SearchDoc, SearchIndex};
use shelf_testkit::exams::search::samples::{Dice, scope};
use shelf_testkit::ground::{Ground, connect, engine};
use tokio_postgres::Client;

/// The libraries that samples name.
const LIBRARIES: &str = "INSERT INTO libraries (id, tenant, owner, name, created_at)
    SELECT repeat(lpad(to_hex(nth), 2, '0'), 16)::uuid, repeat('01', 16)::uuid,
        repeat('01', 16)::uuid, 'sample', 0 FROM generate_series(1, 100) AS nth";

/// What several processes share: a database, and a Qdrant server.
pub(crate) struct Shared {
    pub(crate) ground: Ground,
    pub(crate) records: Postgres,
    pub(crate) address: String,
    pub(crate) qdrant: Qdrant,
}

impl Shared {
    /// A fresh one; `None`, said loudly, where an engine is missing.
    pub(crate) async fn one() -> Option<Self> {
        let address = engine("QDRANT")?;
        Some(Self::on(Ground::one().await?, &address).await)
    }

    /// The same on `ground`.
    pub(crate) async fn on(ground: Ground, address: &str) -> Self {
        let records = open(&ground).await;
        let shared = Self {
            qdrant: Qdrant::from_url(address).skip_compatibility_check().build().unwrap(),
            address: address.to_owned(),
            ground,
            records,
        };
        shared.admin().await.batch_execute(LIBRARIES).await.unwrap();
        shared
    }

    /// The index as one more process has it, by a version of the analysis.
    pub(crate) async fn index(&self, version: &str) -> QdrantSearch {
        QdrantSearch::open(&self.address, &self.records, version).await.unwrap()
    }

    /// Lets go of the database, and opens it again when `meanwhile` is over.
    pub(crate) async fn reopened(self, meanwhile: impl Future<Output = ()>) -> Self {
        drop(self.records);
        meanwhile.await;
        let records = open(&self.ground).await;
        Self { records, ground: self.ground, address: self.address, qdrant: self.qdrant }
    }

    pub(crate) async fn admin(&self) -> Client {
        connect(&self.ground.admin_url).await
    }

    /// The names of the collections of this database.
    pub(crate) async fn collections(&self) -> Vec<String> {
        let place = "SELECT replace(place::text, '-', '') FROM search_home";
        let place: String = self.admin().await.query_one(place, &[]).await.unwrap().get(0);
        let all = self.qdrant.list_collections().await.unwrap().collections;
        all.into_iter().map(|one| one.name).filter(|name| name.contains(&place)).collect()
    }

    /// Drops every collection of this database.
    pub(crate) async fn drop_collections(&self) {
        for name in self.collections().await {
            self.qdrant.delete_collection(name).await.unwrap();
        }
    }

    /// Removes every point, but leaves the collection.
    pub(crate) async fn empty_collections(&self) {
        for name in self.collections().await {
            let all = DeletePointsBuilder::new(name).points(Filter::default()).wait(true);
            self.qdrant.delete_points(all).await.unwrap();
        }
    }

    /// How many points there are in all.
    pub(crate) async fn points(&self) -> u64 {
        let mut points = 0;
        for name in self.collections().await {
            let count = self.qdrant.count(CountPointsBuilder::new(name).exact(true)).await.unwrap();
            points += count.result.unwrap().count;
        }
        points
    }

    pub(crate) async fn end(self) {
        self.drop_collections().await;
        self.ground.end().await;
    }
}

/// Documents of seeded chance.
pub(crate) fn docs(dice: &mut Dice, numbers: std::ops::RangeInclusive<u32>) -> Vec<SearchDoc> {
    numbers.map(|number| dice.doc(number)).collect()
}

/// Takes in `docs` and forgets `gone`.
pub(crate) async fn apply(
    index: &dyn SearchIndex,
    library: u8,
    docs: Vec<SearchDoc>,
    gone: Vec<u32>,
    seq: u64,
) {
    index.apply(scope(library), SearchBatch { docs, gone, seq, after: None }).await.unwrap();
}
