//! While Qdrant is away the rows are walked over: what is found is the very same.

use super::ground::{Shared, apply, docs};
use crate::lists::port_of;
use async_trait::async_trait;
use shelf_cluster::qdrant::QdrantSearch;
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::search::{
    Embedding, Filter, Found, Plan, Probe, SearchBatch, SearchDoc, SearchIndex, Vocabulary,
};
use shelf_testkit::Wire;
use shelf_testkit::exams::search as exam;
use shelf_testkit::exams::search::samples::{Dice, doc, plan, scope};
use std::time::Duration;
use tokio::time::timeout;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";
/// How far two ways of computing one score may be apart.
const ROUNDING: f32 = 1e-5;

/// One index as two processes see it: the one that writes reaches Qdrant, the one that reads does
/// not.
#[derive(Debug)]
struct Halved {
    writes: QdrantSearch,
    reads: QdrantSearch,
}

impl Halved {
    async fn of(shared: &Shared) -> Self {
        Self { writes: shared.index("1").await, reads: away(shared).await }
    }
}

/// The index of a process that does not reach Qdrant.
pub(crate) async fn away(shared: &Shared) -> QdrantSearch {
    QdrantSearch::open(NOWHERE, &shared.records, "1").await.unwrap()
}

#[async_trait]
impl SearchIndex for Halved {
    async fn position(&self, scope: Scope) -> Result<u64, Fault> {
        self.reads.position(scope).await
    }

    async fn apply(&self, scope: Scope, batch: SearchBatch) -> Result<(), Fault> {
        self.writes.apply(scope, batch).await
    }

    async fn reached(&self, scope: Scope, seq: u64) -> Result<(), Fault> {
        self.reads.reached(scope, seq).await
    }

    async fn settle(&self) -> Result<(), Fault> {
        self.writes.settle().await
    }

    async fn reset(&self, scope: Scope) -> Result<(), Fault> {
        self.writes.reset(scope).await
    }

    async fn vocabulary(&self, scope: Scope, probes: &[Probe]) -> Result<Vocabulary, Fault> {
        self.reads.vocabulary(scope, probes).await
    }

    async fn candidates(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        self.reads.candidates(scope, plan).await
    }
}

#[tokio::test]
async fn without_qdrant_search_sits_its_exam() {
    let Some(shared) = Shared::one().await else { return };
    let index = Halved::of(&shared).await;
    exam::exam(&index).await;
    exam::ranks_like_the_naive_scorer(&index, 4, 900).await;
    shared.end().await;
}

#[tokio::test]
async fn without_qdrant_the_answer_is_the_very_same() {
    let Some(shared) = Shared::one().await else { return };
    let (index, mut dice) = (Halved::of(&shared).await, Dice::new(71));
    apply(&index, 71, docs(&mut dice, 1..=1_500), vec![], 1).await;
    apply(&index, 71, docs(&mut dice, 400..=500), (1..=1_500).step_by(40).collect(), 2).await;
    apply(&index, 72, docs(&mut dice, 1..=300), vec![], 1).await;
    for round in 0..300 {
        let plan = Plan { limit: 1 + round % 60, ..dice.plan() };
        let with = index.writes.candidates(scope(71), &plan).await.unwrap();
        assert_eq!(index.candidates(scope(71), &plan).await.unwrap(), with, "{round}: {plan:?}");
    }
    shared.end().await;
}

#[tokio::test]
async fn without_qdrant_a_large_library_is_searched_no_worse() {
    let Some(shared) = Shared::one().await else { return };
    let (index, mut dice) = (Halved::of(&shared).await, Dice::new(73));
    for (seq, start) in (1..).zip((1..=6_000).step_by(1_500)) {
        apply(&index, 73, docs(&mut dice, start..=start + 1_499), vec![], seq).await;
    }
    for round in 0..60 {
        let mut plan = Plan { limit: 50, ..dice.plan() };
        if round % 2 == 0 {
            plan.vector = None;
        }
        let with = index.writes.candidates(scope(73), &plan).await.unwrap();
        let without = index.candidates(scope(73), &plan).await.unwrap();
        if plan.vector.is_none() {
            assert_eq!(without, with, "{round}: {plan:?}");
        }
        // Qdrant finds by meaning what is about the nearest; a walk finds the nearest.
        assert!(without.candidates.len() >= with.candidates.len(), "{round}: {plan:?}");
        for (one, other) in without.candidates.iter().zip(&with.candidates) {
            assert!(one.score >= other.score - ROUNDING, "{round}: {one:?} {other:?} {plan:?}");
        }
    }
    shared.end().await;
}

#[tokio::test]
async fn without_qdrant_what_is_near_but_does_not_pass_hides_nothing() {
    let Some(shared) = Shared::one().await else { return };
    let index = Halved::of(&shared).await;
    let towards = |dimensions: usize| {
        let mut parts = [0.0; Embedding::DIMENSIONS];
        parts[..dimensions].fill(1.0);
        Embedding::round(&parts)
    };
    // More than may be found by meaning alone lie nearer than those that hold the word.
    let made = (1..=1_300).map(|number| match number % 26 {
        0 => SearchDoc { vector: towards(128), ..doc(number, "rare") },
        _ => SearchDoc { vector: towards(256), ..doc(number, "common") },
    });
    apply(&index, 76, made.collect(), vec![], 1).await;
    let filter = Filter { groups: plan(&["rare"]).groups, ..Filter::default() };
    let mut asked = Plan { filter, vector: towards(256), limit: 100, ..plan(&[]) };
    asked.ranking.meaning = 1.0;
    let found = index.candidates(scope(76), &asked).await.unwrap();
    assert_eq!((found.candidates.len(), found.total), (50, 50));
    assert_eq!(found, index.writes.candidates(scope(76), &asked).await.unwrap());
    shared.end().await;
}

#[tokio::test]
async fn what_was_not_looked_at_is_said() {
    let Some(shared) = Shared::one().await else { return };
    let index = Halved::of(&shared).await;
    let all: Vec<SearchDoc> = (1..=700).map(|number| doc(number, "alpha beta")).collect();
    apply(&index, 74, all, vec![], 1).await;
    apply(&index, 74, vec![], vec![690], 2).await;
    let asked = plan(&["alpha"]);
    let whole = index.reads.clone().walking_at_most(699);
    let found = whole.candidates(scope(74), &asked).await.unwrap();
    assert_eq!((found.total, found.newest_only), (699, None));
    let some = index.reads.clone().walking_at_most(250);
    let found = some.candidates(scope(74), &asked).await.unwrap();
    assert_eq!((found.total, found.newest_only), (250, Some(250)));
    assert_eq!(found.candidates[0].number, 700);
    for complete in [plan(&[]), plan(&["gamma"])] {
        let found = some.candidates(scope(74), &complete).await.unwrap();
        assert_eq!(found.newest_only, None, "no other document could be found: {complete:?}");
    }
    shared.end().await;
}

#[tokio::test]
async fn a_qdrant_that_hangs_does_not_keep_each_search() {
    let Some(shared) = Shared::one().await else { return };
    let wire = Wire::to(port_of(&shared.address)).await;
    let address = wire.instead(&shared.address);
    let index = QdrantSearch::open(&address, &shared.records, "1").await.unwrap();
    apply(&index, 75, vec![doc(1, "alpha")], vec![], 1).await;
    wire.hold();
    let asked = plan(&["alpha"]);
    // Each that waited would wait for seconds.
    let searches = async {
        for _ in 0..60 {
            assert_eq!(index.candidates(scope(75), &asked).await.unwrap().total, 1);
        }
    };
    timeout(Duration::from_secs(30), searches).await.unwrap();
    wire.mend();
    assert!(index.is_up().await);
    apply(&index, 75, vec![doc(2, "alpha")], vec![], 2).await;
    assert_eq!(index.candidates(scope(75), &asked).await.unwrap().total, 2);
    shared.end().await;
}
