//! Blobs on S3: their exam, and what is said when a bucket or the server is not there.

use shelf_cluster::s3::S3Blobs;
use shelf_domain::id::{Ids, Scope};
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use shelf_testkit::ground::{bucket, engine};
use shelf_testkit::{Wire, exams};
use std::io::Write;
use tempfile::TempDir;

/// Blobs of the bucket at `address`, on the server at `endpoint`.
async fn opened(address: &str, endpoint: &str, scratch: &TempDir) -> Result<S3Blobs, String> {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_OF_SOME_OTHER_PROGRAM", "passed over"),
    ];
    let opened = S3Blobs::open(address, variables, scratch.path().to_owned()).await;
    opened.map_err(|fault| format!("{fault}: {}", fault.source))
}

#[tokio::test]
async fn blobs_sit_their_exam() {
    let Some(endpoint) = engine("S3") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let bucket = bucket(&endpoint).await;
    for prefix in ["", "/a/prefix/"] {
        let blobs = opened(&format!("s3://{bucket}{prefix}"), &endpoint, &scratch).await.unwrap();
        exams::blobs::exam(&blobs).await;
        assert!(blobs.is_up().await);
    }
    let left = std::fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left where files come and go");
}

#[tokio::test]
async fn what_is_no_bucket_is_refused_and_a_server_that_is_away_is_waited_for() {
    let Some(endpoint) = engine("S3") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let none = opened("s3://no-such-bucket", &endpoint, &scratch).await.unwrap_err();
    assert!(none.contains("no-such-bucket"), "{none}");
    let other = opened("gs://bucket", &endpoint, &scratch).await.unwrap_err();
    assert!(other.contains("begins with s3://"), "{other}");

    let bucket = bucket(&endpoint).await;
    let port = endpoint.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let wire = Wire::to(port).await;
    let through = wire.instead(&endpoint);
    wire.cut();
    let blobs = opened(&format!("s3://{bucket}"), &through, &scratch).await.unwrap();
    assert!(!blobs.is_up().await);
    let mut ids = Ids::new(1_000, [7; 16]);
    let scope = Scope { tenant: ids.make(), library: ids.make() };
    let key = BlobKey { kind: BlobKind::Waiting, scope, id: ids.make() };
    let mut file = blobs.draft().await.unwrap();
    file.write_all(b"kept").unwrap();
    let refused = blobs.put(&key, file.try_clone().unwrap()).await.unwrap_err();
    assert!(refused.is_away(), "{refused}: {}", refused.source);
    let refused = blobs.open(&key).await.unwrap_err();
    assert!(refused.is_away(), "{refused}: {}", refused.source);

    wire.mend();
    assert!(blobs.open(&key).await.unwrap().is_none(), "what failed was not kept");
    blobs.put(&key, file).await.unwrap();
    assert!(blobs.is_up().await && blobs.open(&key).await.unwrap().is_some());
}
