//! What happens when Qdrant is away, loses what it held, or holds what no row knows.

use super::ground::{Shared, apply, docs};
use qdrant_client::qdrant::{ScrollPointsBuilder, value::Kind};
use shelf_cluster::qdrant::QdrantSearch;
use shelf_ports::Fault;
use shelf_ports::search::{Found, Plan, Probe, SearchBatch, SearchIndex};
use shelf_testkit::exams::search::samples::{Dice, doc, plan, scope};
use std::error::Error;

/// Makes every commit that moves a library's head fail, at the commit itself.
const FAIL_COMMITS: &str = "
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no commit today'; END $$;
    DO $$ BEGIN
        FOR part IN 0..15 LOOP
            EXECUTE format('CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON search_heads_%s
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()', part);
        END LOOP;
    END $$;";
const LET_COMMITS: &str = "DROP FUNCTION fail CASCADE";

async fn answers(index: &QdrantSearch, library: u8, plans: &[Plan]) -> Vec<Found> {
    let mut all = Vec::new();
    for plan in plans {
        all.push(index.candidates(scope(library), plan).await.unwrap());
    }
    all
}

fn told(fault: &Fault) -> String {
    let chain = std::iter::successors(Some(fault as &dyn Error), |error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn a_lost_collection_is_filled_again_from_the_rows() {
    let Some(shared) = Shared::one().await else { return };
    let index = shared.index("1").await;
    let mut dice = Dice::new(31);
    let plans: Vec<Plan> = (0..20).map(|_| dice.plan()).collect();
    for library in [31, 32] {
        apply(&index, library, docs(&mut dice, 1..=300), vec![], 1).await;
        apply(&index, library, docs(&mut dice, 50..=60), vec![1, 2, 3], 2).await;
    }
    let before = [answers(&index, 31, &plans).await, answers(&index, 32, &plans).await];
    assert_eq!(shared.points().await, 2 * (297 + 1), "a point a document, a marker a library");
    shared.drop_collections().await;
    let other = shared.index("1").await;
    let at_once = tokio::join!(
        answers(&index, 31, &plans),
        answers(&other, 31, &plans),
        answers(&other, 31, &plans),
    );
    for after in [at_once.0, at_once.1, at_once.2] {
        assert_eq!(after, before[0]);
    }
    // The other library is lost still, though its collection is there again: it takes in a batch.
    apply(&index, 32, vec![], vec![], 2).await;
    assert_eq!(answers(&index, 32, &plans).await, before[1]);
    shared.empty_collections().await;
    assert_eq!(answers(&shared.index("1").await, 31, &plans).await, before[0]);
    assert_eq!(answers(&index, 32, &plans).await, before[1]);
    assert_eq!(shared.points().await, 2 * (297 + 1));
    // A fill that was not committed is made again.
    let admin = shared.admin().await;
    admin.batch_execute(FAIL_COMMITS).await.unwrap();
    shared.drop_collections().await;
    assert!(index.candidates(scope(31), &plan(&["w1"])).await.is_err());
    admin.batch_execute(LET_COMMITS).await.unwrap();
    assert_eq!(answers(&index, 31, &plans).await, before[0]);
    shared.end().await;
}

#[tokio::test]
async fn points_whose_rows_were_never_committed_change_no_answer() {
    let Some(shared) = Shared::one().await else { return };
    let index = shared.index("1").await;
    let mut dice = Dice::new(33);
    let plans: Vec<Plan> = (0..40).map(|_| dice.plan()).collect();
    apply(&index, 33, docs(&mut dice, 1..=80), vec![], 1).await;
    let before = answers(&index, 33, &plans).await;
    let batch =
        SearchBatch { docs: docs(&mut dice, 40..=120), gone: vec![7, 8], seq: 2, after: None };
    let admin = shared.admin().await;
    admin.batch_execute(FAIL_COMMITS).await.unwrap();
    let fault = index.apply(scope(33), batch.clone()).await.unwrap_err();
    assert!(told(&fault).contains("no commit today"), "{}", told(&fault));
    admin.batch_execute(LET_COMMITS).await.unwrap();
    assert_eq!(shared.points().await, 80 + 81 + 1, "both are there, and the marker");
    assert_eq!(index.position(scope(33)).await.unwrap(), 1);
    assert_eq!(answers(&index, 33, &plans).await, before);
    index.apply(scope(33), batch.clone()).await.unwrap();
    assert_eq!(shared.points().await, 118 + 1, "what was left over is swept");
    let after = answers(&index, 33, &plans).await;
    assert_ne!(after, before);
    index.apply(scope(33), batch).await.unwrap();
    assert_eq!(answers(&index, 33, &plans).await, after, "twice is once");
    shared.end().await;
}

#[tokio::test]
async fn what_a_failed_batch_left_is_swept_by_the_next_one() {
    let Some(shared) = Shared::one().await else { return };
    let (index, mut dice) = (shared.index("1").await, Dice::new(36));
    apply(&index, 36, docs(&mut dice, 1..=10), vec![], 1).await;
    let admin = shared.admin().await;
    admin.batch_execute(FAIL_COMMITS).await.unwrap();
    let batch = SearchBatch { docs: docs(&mut dice, 11..=30), gone: vec![], seq: 2, after: None };
    assert!(index.apply(scope(36), batch).await.is_err());
    admin.batch_execute(LET_COMMITS).await.unwrap();
    assert_eq!(shared.points().await, 30 + 1);
    apply(&index, 36, docs(&mut dice, 31..=31), vec![], 2).await;
    assert_eq!(shared.points().await, 11 + 1);
    shared.end().await;
}

#[tokio::test]
async fn without_qdrant_the_rows_answer_and_nothing_is_taken_in() {
    let Some(shared) = Shared::one().await else { return };
    apply(&shared.index("1").await, 34, vec![doc(1, "alpha beta"), doc(2, "beta")], vec![], 1)
        .await;
    let away = QdrantSearch::open("http://127.0.0.1:9", &shared.records, "1").await.unwrap();
    let batch = SearchBatch { docs: vec![doc(3, "beta")], gone: vec![], seq: 2, after: None };
    let fault = away.apply(scope(34), batch).await.unwrap_err();
    assert!(fault.is_away());
    assert!(told(&fault).contains("Qdrant") && told(&fault).contains("gRPC port"), "{fault:?}");
    assert_eq!(away.candidates(scope(34), &plan(&["beta"])).await.unwrap().total, 2);
    assert_eq!(away.position(scope(34)).await.unwrap(), 1);
    let newest = away.candidates(scope(34), &plan(&[])).await.unwrap();
    assert_eq!(newest.total, 2, "without words the rows answer alone");
    let probe = Probe { word: "bet".into(), stems: vec![], prefix: true, typos: 0, limit: 5 };
    let known = away.vocabulary(scope(34), &[probe]).await.unwrap().known;
    assert_eq!(known[0][0].word, "beta");
    shared.end().await;
}

#[tokio::test]
async fn qdrant_holds_no_word_and_no_name() {
    let Some(shared) = Shared::one().await else { return };
    let mut secret = doc(1, "secret diary");
    secret.labels = vec!["tag:secret".into(), "in:diary".into()];
    apply(&shared.index("1").await, 35, vec![secret], vec![], 1).await;
    for name in shared.collections().await {
        let all = ScrollPointsBuilder::new(name).with_payload(true);
        for point in shared.qdrant.scroll(all).await.unwrap().result {
            for (field, value) in point.payload {
                let is_text = matches!(value.kind, Some(Kind::StringValue(_)));
                assert!(!is_text || field == "library", "{field} is a text");
            }
        }
    }
    shared.end().await;
}
