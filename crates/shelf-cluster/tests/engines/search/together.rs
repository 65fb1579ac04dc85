//! What several processes do on one database: wait for each other, read while another one writes,
//! and move on to a new version of the analysis.

use super::ground::{Shared, apply, docs};
use shelf_ports::search::{Plan, SearchBatch, SearchIndex};
use shelf_testkit::exams::search::naive::Naive;
use shelf_testkit::exams::search::samples::{Dice, doc, plan, scope};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn a_position_is_reached_by_another_process() {
    let Some(shared) = Shared::one().await else { return };
    let (here, there) = (shared.index("1").await, shared.index("1").await);
    let waiting = timeout(Duration::from_millis(50), there.reached(scope(41), 3)).await;
    assert!(waiting.is_err(), "nobody is there yet");
    let reached = timeout(Duration::from_secs(20), there.reached(scope(41), 3));
    let moved = apply(&here, 41, vec![doc(1, "alpha")], vec![], 3);
    reached_and(reached, moved).await;
    let found = there.candidates(scope(41), &plan(&["alpha"])).await.unwrap();
    assert_eq!((found.total, found.seq), (1, 3));
    shared.end().await;
}

async fn reached_and(
    reached: impl Future<Output = Result<Result<(), shelf_ports::Fault>, tokio::time::error::Elapsed>>,
    moved: impl Future<Output = ()>,
) {
    let (reached, ()) = tokio::join!(reached, moved);
    reached.unwrap().unwrap();
}

/// What an answer is compared by: numbers and totals of each plan.
type Seen = Vec<(Vec<u32>, u64)>;

#[tokio::test]
async fn an_answer_is_that_of_one_moment_whatever_is_written_meanwhile() {
    let Some(shared) = Shared::one().await else { return };
    let (writer, reader) = (shared.index("1").await, shared.index("1").await);
    let (mut dice, mut naive) = (Dice::new(42), Naive::default());
    let plans: Vec<Plan> = (0..6).map(|_| dice.plan()).collect();
    let mut batches = Vec::new();
    let mut expected: HashMap<u64, Seen> = HashMap::from([(0, vec![(vec![], 0); plans.len()])]);
    for seq in 1..=30 {
        let docs = docs(&mut dice, 1..=60);
        let gone: Vec<u32> = (0..9).map(|_| 61 + dice.below(60)).collect();
        naive.apply(&docs, &[]);
        let seen = plans.iter().map(|plan| {
            let found = naive.run(plan);
            (found.candidates.iter().map(|one| one.number).collect(), found.total)
        });
        expected.insert(seq, seen.collect());
        batches.push(SearchBatch { docs, gone, seq, after: None });
    }
    let writing = async {
        for batch in batches {
            writer.apply(scope(42), batch).await.unwrap();
        }
    };
    let reading = async {
        let mut seqs = std::collections::BTreeSet::new();
        while seqs.last() != Some(&30) {
            for (at, plan) in plans.iter().enumerate() {
                let found = reader.candidates(scope(42), plan).await.unwrap();
                let mut numbers: Vec<u32> = found.candidates.iter().map(|one| one.number).collect();
                let (mut right, total) = expected[&found.seq][at].clone();
                // Equal scores may differ in their last bits.
                numbers.sort_unstable();
                right.sort_unstable();
                assert_eq!(found.total, total, "plan {at} at {}", found.seq);
                if total <= right.len() as u64 {
                    assert_eq!(numbers, right, "plan {at} at {}", found.seq);
                }
                seqs.insert(found.seq);
            }
        }
        seqs.len()
    };
    let ((), moments) = tokio::join!(writing, reading);
    assert!(moments > 3, "it was read while it was written: {moments} moments");
    shared.end().await;
}

#[tokio::test]
async fn two_processes_may_write_one_library_at_once() {
    let Some(shared) = Shared::one().await else { return };
    let (one, other) = (shared.index("1").await, shared.index("1").await);
    let mut dice = Dice::new(43);
    let all: Vec<_> = (1..=12).map(|seq| (docs(&mut dice, 1..=40), seq)).collect();
    let write = |index| {
        let all = &all;
        async move {
            for (docs, seq) in all {
                apply(index, 43, docs.clone(), vec![], *seq).await;
            }
        }
    };
    tokio::join!(write(&one), write(&other));
    let mut naive = Naive::default();
    naive.apply(&all[11].0, &[]);
    for asked in (0..30).map(|_| dice.plan()) {
        let found = one.candidates(scope(43), &asked).await.unwrap();
        assert_eq!(found.total, naive.run(&asked).total);
    }
    assert_eq!(one.vocabulary(scope(43), &[]).await.unwrap().documents, 40);
    assert_eq!(shared.points().await, 40 + 1);
    shared.end().await;
}

#[tokio::test]
async fn another_version_starts_empty_and_the_one_before_is_told_to_end() {
    let Some(shared) = Shared::one().await else { return };
    let before = shared.index("analysis 1").await;
    apply(&before, 44, vec![doc(1, "alpha")], vec![], 5).await;
    let after = shared.index("analysis 2").await;
    assert_eq!(after.position(scope(44)).await.unwrap(), 0);
    assert_eq!(after.candidates(scope(44), &plan(&["alpha"])).await.unwrap().total, 0);
    let fault = before.position(scope(44)).await.unwrap_err();
    assert!(fault.source.to_string().contains("another version"), "{fault:?}");
    assert!(before.candidates(scope(44), &plan(&["alpha"])).await.is_err());
    assert_eq!(shared.collections().await.len(), 1, "the collection of before is dropped");
    apply(&after, 44, vec![doc(2, "alpha")], vec![], 2).await;
    let found = after.candidates(scope(44), &plan(&["alpha"])).await.unwrap();
    assert_eq!(found.candidates.iter().map(|one| one.number).collect::<Vec<_>>(), [2]);
    assert_eq!(after.vocabulary(scope(44), &[]).await.unwrap().documents, 1);
    let again = shared.index("analysis 2").await;
    assert_eq!(again.position(scope(44)).await.unwrap(), 2, "the same version goes on");
    shared.end().await;
}
