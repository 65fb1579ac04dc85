//! Every port's exam, each on a directory of its own.

use shelf_embedded::Embedded;
use shelf_testkit::exams;
use tempfile::TempDir;

fn store() -> (Embedded, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Embedded::open(dir.path()).unwrap(), dir)
}

#[tokio::test]
async fn the_log_sits_its_exam() {
    let (store, _dir) = store();
    exams::library::exam(&store, &store).await;
}

#[tokio::test]
async fn the_lists_sit_their_exam() {
    let (store, _dir) = store();
    exams::views::exam(&store, &store, &store).await;
}

#[tokio::test]
async fn accounts_sit_their_exam() {
    let (store, _dir) = store();
    exams::accounts::exam(&store).await;
}

#[tokio::test]
async fn activity_sits_its_exam() {
    let (store, _dir) = store();
    exams::activity::exam(&store, &store).await;
}

#[tokio::test]
async fn imports_sit_their_exam() {
    let (store, _dir) = store();
    exams::imports::exam(&store, &store).await;
}

#[tokio::test]
async fn kept_replies_sit_their_exam() {
    let (store, _dir) = store();
    exams::replies::exam(&store).await;
}

#[tokio::test]
async fn news_sits_its_exam() {
    let (store, _dir) = store();
    exams::news::exam(&store, &store, &store).await;
}
