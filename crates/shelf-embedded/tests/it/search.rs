//! The embedded search index sits its exam, and keeps its word over a crash.

use shelf_embedded::search::EmbeddedSearch;
use shelf_ports::search::{SearchBatch, SearchIndex};
use shelf_testkit::exams::search as exam;
use shelf_testkit::exams::search::samples::{Dice, plan, scope};
use std::path::Path;

#[tokio::test]
async fn the_embedded_index_keeps_its_contract() {
    let dir = tempfile::tempdir().unwrap();
    exam::exam(&EmbeddedSearch::open(dir.path(), "1").unwrap()).await;
}

#[tokio::test]
async fn the_embedded_index_ranks_like_the_naive_scorer() {
    let dir = tempfile::tempdir().unwrap();
    exam::ranks_like_the_naive_scorer(&EmbeddedSearch::open(dir.path(), "1").unwrap(), 3, 900)
        .await;
}

#[tokio::test]
async fn a_crash_between_commits_replays_from_the_committed_position() {
    let (dir, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut dice = Dice::new(8);
    let docs: Vec<_> = (1..=60).map(|number| dice.doc(number)).collect();
    let batch = |range: std::ops::Range<usize>| SearchBatch {
        docs: docs[range.clone()].to_vec(),
        gone: Vec::new(),
        seq: range.end as u64,
        after: None,
    };
    let index = EmbeddedSearch::open(dir.path(), "1").unwrap();
    index.apply(scope(1), batch(0..20)).await.unwrap();
    index.settle().await.unwrap();
    index.apply(scope(1), batch(20..40)).await.unwrap();
    copy(dir.path(), image.path());
    let after_crash = EmbeddedSearch::open(image.path(), "1").unwrap();
    assert_eq!(
        after_crash.position(scope(1)).await.unwrap(),
        20,
        "what was not committed is not claimed"
    );
    for range in [20..40, 40..60] {
        after_crash.apply(scope(1), batch(range)).await.unwrap();
    }
    index.apply(scope(1), batch(40..60)).await.unwrap();
    for words in [&["w1"][..], &["w0", "w3", "w9"], &[]] {
        let asked = plan(words);
        let found = index.candidates(scope(1), &asked).await.unwrap();
        assert!(found.total > 0);
        assert_eq!(after_crash.candidates(scope(1), &asked).await.unwrap(), found);
    }
}

#[tokio::test]
async fn everything_settled_is_there_after_reopening_and_another_version_starts_empty() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(9);
    let docs: Vec<_> = (1..=3_000).map(|number| dice.doc(number)).collect();
    let mut plans: Vec<_> = (0..40).map(|_| dice.plan()).collect();
    plans.push(plan(&["w2"]));
    let mut before = Vec::new();
    {
        let index = EmbeddedSearch::open(dir.path(), "1").unwrap();
        index
            .apply(scope(1), SearchBatch { docs, gone: vec![], seq: 1, after: None })
            .await
            .unwrap();
        index
            .apply(
                scope(1),
                SearchBatch { docs: vec![], gone: (5..90).collect(), seq: 2, after: None },
            )
            .await
            .unwrap();
        index.settle().await.unwrap();
        for plan in &plans {
            before.push(index.candidates(scope(1), plan).await.unwrap());
        }
    }
    let index = EmbeddedSearch::open(dir.path(), "1").unwrap();
    for (plan, before) in plans.iter().zip(before) {
        assert_eq!(index.candidates(scope(1), plan).await.unwrap(), before);
    }
    drop(index);
    let index = EmbeddedSearch::open(dir.path(), "2").unwrap();
    assert_eq!(index.position(scope(1)).await.unwrap(), 0);
    assert_eq!(index.candidates(scope(1), &plan(&[])).await.unwrap().total, 0);
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
