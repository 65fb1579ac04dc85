//! Every port's exam, each on a directory of its own.

use shelf_embedded::{DirectoryBlobs, Embedded, LocalLimits, LocalPresence};
use shelf_ports::leases::Leases;
use shelf_ports::library::{Library, Over};
use shelf_testkit::exams;
use std::time::Duration;
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

/// A library over another one that does nothing its own way.
#[derive(Debug)]
struct Same(Embedded);

impl Over for Same {
    fn inner(&self) -> &dyn Library {
        &self.0
    }
}

#[tokio::test]
async fn a_library_over_another_one_sits_the_exam_of_the_log() {
    let (store, _dir) = store();
    let same = Same(store);
    exams::library::exam(&same.0, &same).await;
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
async fn tenants_sit_their_exam() {
    let (store, _dir) = store();
    exams::tenants::exam(&store, &store).await;
}

#[tokio::test]
async fn the_audit_logs_sit_their_exam() {
    let (store, _dir) = store();
    exams::audit::exam(&store).await;
}

#[tokio::test]
async fn credentials_sit_their_exam() {
    let (store, _dir) = store();
    exams::credentials::exam(&store, &store).await;
}

#[tokio::test]
async fn passkeys_sit_their_exam() {
    let (store, _dir) = store();
    exams::passkeys::exam(&store, &store).await;
}

#[tokio::test]
async fn programs_that_are_let_in_sit_their_exam() {
    let (store, _dir) = store();
    exams::oauth::exam(&store).await;
}

#[tokio::test]
async fn identity_providers_sit_their_exam() {
    let (store, _dir) = store();
    exams::sso::exam(&store).await;
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
async fn captures_sit_their_exam() {
    let (store, _dir) = store();
    exams::captures::exam(&store, &store, &store, &store).await;
}

#[tokio::test]
async fn replicas_sit_their_exam() {
    let (store, _dir) = store();
    exams::replicas::exam(&store, &store, &store).await;
}

#[tokio::test]
async fn webhooks_sit_their_exam() {
    let (store, _dir) = store();
    exams::webhooks::exam(&store, &store, &store).await;
}

#[tokio::test]
async fn privacy_sits_its_exam() {
    let (store, _dir) = store();
    exams::privacy::exam(&store).await;
}

#[tokio::test]
async fn keys_sit_their_exam() {
    let (store, _dir) = store();
    exams::keys::exam(&store).await;
}

#[tokio::test]
async fn usage_sits_its_exam() {
    let (store, _dir) = store();
    exams::usage::exam(&store).await;
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

#[tokio::test]
async fn leases_sit_their_exam() {
    let (store, _dir) = store();
    exams::leases::exam(&store).await;
}

#[tokio::test]
async fn what_a_process_left_undone_is_told_to_the_next() {
    let (store, dir) = store();
    let long = Duration::from_mins(10);
    let first = store.take("job/1", "ada", long).await.unwrap();
    store.take("job/2", "ada", long).await.unwrap();
    store.give_back("job/2", "ada").await.unwrap();
    drop(store);
    let next = Embedded::open(dir.path()).unwrap();
    assert_eq!(next.left("job/", 10).await.unwrap(), ["job/1"]);
    assert!(next.take("job/1", "ben", long).await.unwrap() > first, "under a higher fence");
    assert_eq!(next.left("job/", 10).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_archive_sits_its_exam() {
    let ((from, _from_dir), (to, _to_dir)) = (store(), store());
    exams::archive::exam(&from, &to).await;
}

#[tokio::test]
async fn blobs_sit_their_exam() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("blobs");
    exams::blobs::exam(&DirectoryBlobs::open(&root).unwrap()).await;
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1, "nothing is left but a kind");
}

#[tokio::test]
async fn limits_sit_their_exam() {
    exams::limits::exam(&LocalLimits::default()).await;
}

#[tokio::test]
async fn presence_sits_its_exam() {
    exams::presence::exam(&LocalPresence::default(), [0; 8]).await;
}

#[tokio::test]
async fn half_a_blob_is_gone_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (half, whole) = (dir.path().join("unfinished-1"), dir.path().join("waiting"));
    std::fs::write(&half, "half").unwrap();
    std::fs::create_dir(&whole).unwrap();
    DirectoryBlobs::open(dir.path()).unwrap();
    assert!(!half.exists() && whole.exists());
}
