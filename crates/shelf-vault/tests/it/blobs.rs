//! Sealed files sit the exam of files, and show nothing of themselves where they lie.

use shelf_domain::id::{ActId, LibraryId, Scope, TenantId};
use shelf_embedded::DirectoryBlobs;
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use shelf_testkit::{FakeVault, exams};
use shelf_vault::SealedBlobs;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

const CANARY: &[u8] = b"zqxcanary";

fn over(dir: &Path) -> (Arc<DirectoryBlobs>, SealedBlobs) {
    let inner = Arc::new(DirectoryBlobs::open(dir).unwrap());
    (inner.clone(), SealedBlobs::new(inner, Arc::new(FakeVault)))
}

fn key() -> BlobKey {
    let (tenant, library) = (TenantId::from_bytes([1; 16]), LibraryId::from_bytes([2; 16]));
    let (scope, id) = (Scope { tenant, library }, ActId::from_bytes([3; 16]));
    BlobKey { kind: BlobKind::Waiting, scope, id }
}

async fn put(blobs: &dyn Blobs, content: &[u8]) {
    let mut file = blobs.draft().await.unwrap();
    file.write_all(content).unwrap();
    blobs.put(&key(), file).await.unwrap();
}

fn read(file: File) -> Vec<u8> {
    let mut all = Vec::new();
    BufReader::new(file).read_to_end(&mut all).unwrap();
    all
}

#[tokio::test]
async fn sealed_files_sit_the_exam_of_files() {
    let dir = tempfile::tempdir().unwrap();
    exams::blobs::exam(&over(dir.path()).1).await;
}

#[tokio::test]
async fn where_they_lie_nothing_of_them_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let (inner, sealed) = over(dir.path());
    let plain = CANARY.repeat(100_000);
    put(&sealed, &plain).await;
    let kept = read(inner.open(&key()).await.unwrap().unwrap());
    assert!(kept.len() > plain.len() && !kept.windows(CANARY.len()).any(|some| some == CANARY));
    assert_eq!(read(sealed.open(&key()).await.unwrap().unwrap()), plain);
    for cut in [20, kept.len() / 2, kept.len() - 1] {
        put(&*inner, &kept[..cut]).await;
        assert!(sealed.open(&key()).await.is_err(), "cut off at {cut}");
    }
    // Whole chunks are missing: 19 bytes begin it, and each says how long it is.
    let first = 19 + 4 + u32::from_be_bytes(kept[19..23].try_into().unwrap()) as usize;
    put(&*inner, &kept[..first]).await;
    assert!(sealed.open(&key()).await.is_err(), "its end is missing");
}

#[tokio::test]
async fn a_file_that_is_not_sealed_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (inner, sealed) = over(dir.path());
    for content in [b"<DL>links</DL>".as_slice(), b"", b"mindshelf", b"mindshelf sealed 2\n"] {
        put(&*inner, content).await;
        assert!(sealed.open(&key()).await.unwrap().is_none(), "anybody could have put it there");
    }
}
