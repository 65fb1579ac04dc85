//! Search on Qdrant and PostgreSQL sits the exam of its port, and answers like the embedded index.

mod ground;
mod alone;
mod away;
mod costs;
mod walks;
mod parity;
mod together;

use ground::Shared;
use shelf_cluster::qdrant::QdrantSearch;
use shelf_ports::search::{Filter, Plan, SearchBatch, SearchDoc, SearchIndex};
use shelf_testkit::exams::search as exam;
use shelf_testkit::exams::search::samples::{doc, plan, scope};
use shelf_testkit::ground::{Ground, engine};

#[tokio::test]
async fn search_sits_its_exam() {
    let Some(address) = engine("QDRANT") else { return };
    for ground in Ground::all().await {
        let shared = Shared::on(ground, &address).await;
        exam::exam(&shared.index("1").await).await;
        shared.end().await;
    }
}

#[tokio::test]
async fn search_ranks_like_the_naive_scorer() {
    let Some(shared) = Shared::one().await else { return };
    exam::ranks_like_the_naive_scorer(&shared.index("1").await, 3, 900).await;
    shared.end().await;
}

#[tokio::test]
async fn long_names_are_told_apart_and_named_whole() {
    let Some(shared) = Shared::one().await else { return };
    let index = shared.index("1").await;
    let path = "ö/".repeat(2_000);
    let label = |end: &str| format!("folder:{path}{end}");
    let of = |number, end| SearchDoc { labels: vec![label(end)], ..doc(number, "alpha") };
    let batch =
        SearchBatch { docs: vec![of(1, "one"), of(2, "two")], gone: vec![], seq: 1, after: None };
    index.apply(scope(1), batch).await.unwrap();
    let filter = Filter { labels: vec![label("two")], ..Filter::default() };
    let asked = Plan { filter, facets: 5, ..plan(&["alpha"]) };
    let found = index.candidates(scope(1), &asked).await.unwrap();
    assert_eq!(found.candidates.iter().map(|one| one.number).collect::<Vec<_>>(), [2]);
    assert_eq!(found.facets.folders, [(format!("{path}two"), 1)]);
    shared.end().await;
}

#[tokio::test]
async fn a_server_with_a_key_is_shown_the_one_of_the_address() {
    let Some(shared) = Shared::one().await else { return };
    let with = |key: &str| shared.address.replace("://", &format!("://{key}@"));
    let wrong = QdrantSearch::open(&with(":another"), &shared.records, "1").await.unwrap_err();
    assert!(!wrong.is_away() && format!("{wrong:?}").contains("wrong key"), "{wrong:?}");
    let index = QdrantSearch::open(&with("the%20one%20key"), &shared.records, "1").await.unwrap();
    let batch = SearchBatch { docs: vec![doc(1, "alpha")], gone: vec![], seq: 1, after: None };
    index.apply(scope(1), batch).await.unwrap();
    assert!(index.is_up().await);
    shared.end().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_a_fault() {
    let Some(shared) = Shared::one().await else { return };
    assert!(QdrantSearch::open("no address", &shared.records, "1").await.is_err());
    shared.end().await;
}
