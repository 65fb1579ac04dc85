//! The exam of blobs.

use shelf_domain::id::{Ids, Scope};
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};

/// More than goes in one portion, whatever the store.
const LARGE: usize = 11 << 20;
/// A moment before every blob.
const EARLY: i64 = 0;
/// A moment after every blob: in the year 2286.
const LATE: i64 = 10_000_000_000_000;

/// Sits the whole exam of [`Blobs`], over a store that nobody else writes to.
pub async fn exam(blobs: &dyn Blobs) {
    let mut ids = Ids::new(1_000, [71; 16]);
    what_is_put_is_opened_whole(&mut ids, blobs).await;
    the_last_one_put_counts(&mut ids, blobs).await;
    what_is_open_stays_readable(&mut ids, blobs).await;
    another_library_has_nothing_of_it(&mut ids, blobs).await;
    a_library_is_forgotten_alone(&mut ids, blobs).await;
    what_a_tenant_keeps_is_measured(&mut ids, blobs).await;
    what_is_old_is_forgotten(&mut ids, blobs).await;
}

/// A key of a library of its own.
fn key(ids: &mut Ids) -> BlobKey {
    let scope = Scope { tenant: ids.make(), library: ids.make() };
    BlobKey { kind: BlobKind::Waiting, scope, id: ids.make() }
}

async fn put(blobs: &dyn Blobs, key: &BlobKey, content: &[u8]) {
    let mut file = blobs.draft().await.unwrap();
    file.write_all(content).unwrap();
    blobs.put(key, file).await.unwrap();
}

fn content(file: File) -> Vec<u8> {
    BufReader::new(file).bytes().collect::<Result<_, _>>().unwrap()
}

async fn kept(blobs: &dyn Blobs, key: &BlobKey) -> Option<Vec<u8>> {
    blobs.open(key).await.unwrap().map(content)
}

async fn what_is_put_is_opened_whole(ids: &mut Ids, blobs: &dyn Blobs) {
    let large: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
    for content in [b"".as_slice(), b"a few bytes", &large] {
        let key = key(ids);
        assert_eq!(kept(blobs, &key).await, None);
        put(blobs, &key, content).await;
        assert!(kept(blobs, &key).await.unwrap() == content, "{} bytes", content.len());
    }
    let mut file = blobs.draft().await.unwrap();
    file.write_all(b"read twice").unwrap();
    file.seek(SeekFrom::Start(5)).unwrap();
    let key = key(ids);
    blobs.put(&key, file).await.unwrap();
    assert_eq!(kept(blobs, &key).await.unwrap(), b"read twice", "from the beginning");
}

async fn the_last_one_put_counts(ids: &mut Ids, blobs: &dyn Blobs) {
    let key = key(ids);
    put(blobs, &key, b"first, and longer").await;
    put(blobs, &key, b"second").await;
    assert_eq!(kept(blobs, &key).await.unwrap(), b"second");
}

async fn what_is_open_stays_readable(ids: &mut Ids, blobs: &dyn Blobs) {
    let key = key(ids);
    put(blobs, &key, b"still here").await;
    let open = blobs.open(&key).await.unwrap().unwrap();
    blobs.remove(&key).await.unwrap();
    assert_eq!(kept(blobs, &key).await, None);
    assert_eq!(content(open), b"still here");
    blobs.remove(&key).await.unwrap();
}

async fn another_library_has_nothing_of_it(ids: &mut Ids, blobs: &dyn Blobs) {
    let (key, theirs) = (key(ids), key(ids).scope);
    put(blobs, &key, b"of one library").await;
    let mixed = Scope { tenant: theirs.tenant, ..key.scope };
    for scope in [theirs, mixed] {
        let theirs = BlobKey { scope, ..key };
        assert_eq!(kept(blobs, &theirs).await, None);
        blobs.remove(&theirs).await.unwrap();
    }
    assert_eq!(kept(blobs, &key).await.unwrap(), b"of one library");
}

async fn a_library_is_forgotten_alone(ids: &mut Ids, blobs: &dyn Blobs) {
    let (one, other) = (key(ids), key(ids));
    let beside = BlobKey { id: ids.make(), ..one };
    for key in [&one, &beside, &other] {
        put(blobs, key, b"waits").await;
    }
    assert_eq!(blobs.forget_library(BlobKind::Waiting, one.scope).await.unwrap(), 2);
    assert_eq!(blobs.forget_library(BlobKind::Waiting, one.scope).await.unwrap(), 0);
    for gone in [&one, &beside] {
        assert_eq!(kept(blobs, gone).await, None);
    }
    assert_eq!(kept(blobs, &other).await.unwrap(), b"waits", "of another library");
    blobs.remove(&other).await.unwrap();
}

async fn what_a_tenant_keeps_is_measured(ids: &mut Ids, blobs: &dyn Blobs) {
    let (one, other) = (key(ids), key(ids));
    let scope = Scope { library: ids.make(), ..one.scope };
    let beside = BlobKey { scope, id: ids.make(), ..one };
    let bytes =
        async |key: &BlobKey| blobs.bytes_of(BlobKind::Waiting, key.scope.tenant).await.unwrap();
    assert_eq!(bytes(&one).await, 0);
    put(blobs, &one, b"four").await;
    let first = bytes(&one).await;
    assert!(first >= 4, "with what seals it, where something does: {first}");
    for (key, content) in [(&beside, "sixteen"), (&other, "other's")] {
        put(blobs, key, content.as_bytes()).await;
    }
    let both = (bytes(&one).await, bytes(&other).await);
    assert_eq!(both, (first + first + 3, first + 3), "of all of its libraries");
    let tenant = one.scope.tenant;
    let each = blobs.bytes_by_library(BlobKind::Waiting, tenant).await.unwrap();
    let mut told = [(one.scope.library, first), (beside.scope.library, first + 3)];
    told.sort_unstable();
    assert_eq!(each, told, "each for itself, rising");
    let snapshots = blobs.bytes_by_library(BlobKind::Snapshot, tenant).await.unwrap();
    assert!(snapshots.is_empty(), "of that kind alone");
    for key in [one, beside, other] {
        blobs.remove(&key).await.unwrap();
    }
    assert_eq!(bytes(&one).await, 0);
}

async fn what_is_old_is_forgotten(ids: &mut Ids, blobs: &dyn Blobs) {
    blobs.forget(BlobKind::Waiting, LATE).await.unwrap();
    let (one, other) = (key(ids), key(ids));
    put(blobs, &one, b"one").await;
    put(blobs, &other, b"other").await;
    assert_eq!(blobs.forget(BlobKind::Waiting, EARLY).await.unwrap(), 0);
    assert_eq!(kept(blobs, &one).await.unwrap(), b"one");
    assert_eq!(blobs.forget(BlobKind::Waiting, LATE).await.unwrap(), 2);
    assert_eq!(kept(blobs, &one).await, None);
    assert_eq!(kept(blobs, &other).await, None);
    assert_eq!(blobs.forget(BlobKind::Waiting, LATE).await.unwrap(), 0);
}
