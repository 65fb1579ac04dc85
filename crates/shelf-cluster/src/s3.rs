//! Blobs on S3, or on what speaks like it.

use async_trait::async_trait;
use futures::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, Error, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
// Named for its features alone: object_store speaks TLS by what they choose.
use reqwest as _;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use shelf_ports::{Away, Fault};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// How an address begins.
const SCHEME: &str = "s3://";
/// The name of an empty blob that is there for no other reason.
const MARK: &str = "mindshelf";
/// How long one try to reach the server may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long the server may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long a request that fails is tried again.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long a look whether the server answers may take.
const LOOK_MAX: Duration = Duration::from_millis(500);
/// The size of a part of a larger blob, bytes: the least S3 takes.
const PART_BYTES: usize = 5 << 20;
/// Parts that are on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// Blobs that are removed at once.
const REMOVED_AT_ONCE: usize = 16;

/// Blobs of a bucket, below a prefix. Cloning shares it.
#[derive(Clone)]
pub struct S3Blobs {
    store: Arc<PrefixStore<Box<dyn ObjectStore>>>,
    /// Where files lie that come and go.
    scratch: PathBuf,
}

impl std::fmt::Debug for S3Blobs {
    /// Nothing of the store: it holds a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3Blobs(..)")
    }
}

impl S3Blobs {
    /// Uses the bucket and the prefix of `address`, such as `s3://bucket/prefix`. Region, keys
    /// and endpoint are the `variables` other programs use too, such as `AWS_ACCESS_KEY_ID`;
    /// those that are unknown are passed over. Files come and go in the directory `scratch`.
    ///
    /// A server that is away is no fault: it is asked again when there is something to ask.
    pub async fn open<'a>(
        address: &str,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        scratch: PathBuf,
    ) -> Result<Self, Fault> {
        const READING: &str = "reading the address of the bucket";
        // Another part of the program may have chosen already, the same.
        drop(tokio_rustls::rustls::crypto::ring::default_provider().install_default());
        let Some(named) = address.strip_prefix(SCHEME) else {
            return Err(Fault::new(READING, format!("it begins with {SCHEME}")));
        };
        let (bucket, prefix) = named.split_once('/').unwrap_or((named, ""));
        let prefix = Path::parse(prefix.trim_matches('/')).map_err(|e| Fault::new(READING, e))?;
        let retry = RetryConfig { retry_timeout: RETRY_MAX, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new().with_retry(retry).with_client_options(limits());
        for (name, value) in variables {
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder.with_bucket_name(bucket).build().map_err(|e| Fault::new(READING, e))?;
        let store: Box<dyn ObjectStore> = Box::new(store);
        let blobs = Self { store: Arc::new(PrefixStore::new(store, prefix)), scratch };
        match tokio::time::timeout(RETRY_MAX, blobs.mark()).await {
            Ok(Err(fault)) if !fault.is_away() => Err(fault),
            _ => Ok(blobs),
        }
    }

    /// Leaves a mark, which shows that the bucket is there and lets us write.
    async fn mark(&self) -> Result<(), Fault> {
        let marked = self.store.put(&Path::from(MARK), PutPayload::new()).await;
        marked.map(drop).map_err(|error| fault("writing to the bucket", error))
    }

    /// Whether the server answers now.
    pub async fn is_up(&self) -> bool {
        let mark = Path::from(MARK);
        let look = tokio::time::timeout(LOOK_MAX, self.store.head(&mark)).await;
        matches!(look, Ok(Ok(_) | Err(Error::NotFound { .. })))
    }
}

fn limits() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT_MAX)
        .with_read_timeout(SILENCE_MAX)
        .with_timeout_disabled()
}

/// What neither the key nor the bucket is to blame for ends by itself.
fn fault(doing: &'static str, error: Error) -> Fault {
    match error {
        Error::Generic { .. } | Error::JoinError { .. } => Fault::new(doing, Away(error.into())),
        _ => Fault::new(doing, error),
    }
}

fn path(key: &BlobKey) -> Path {
    Path::from(key.to_string())
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn draft(&self) -> Result<File, Fault> {
        const DOING: &str = "making room for a file";
        let scratch = self.scratch.clone();
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(scratch)).await;
        made.map_err(|join| Fault::new(DOING, join))?.map_err(|error| Fault::of_file(DOING, error))
    }

    async fn put(&self, key: &BlobKey, file: File) -> Result<(), Fault> {
        const DOING: &str = "keeping a file";
        let mut file = tokio::fs::File::from_std(file);
        file.seek(SeekFrom::Start(0)).await.map_err(|error| Fault::of_file(DOING, error))?;
        let writer = BufWriter::with_capacity(self.store.clone(), path(key), PART_BYTES);
        let mut writer = writer.with_max_concurrency(PARTS_AT_ONCE);
        if let Err(error) = tokio::io::copy(&mut file, &mut writer).await {
            // What cannot be taken back either is left to the bucket's rule for unfinished parts.
            drop(writer.abort().await);
            return Err(Fault::new(DOING, Away(error.into())));
        }
        writer.shutdown().await.map_err(|error| Fault::new(DOING, Away(error.into())))
    }

    async fn open(&self, key: &BlobKey) -> Result<Option<File>, Fault> {
        const DOING: &str = "opening a file that was kept";
        let mut content = match self.store.get(&path(key)).await {
            Ok(found) => found.into_stream(),
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(fault(DOING, error)),
        };
        let mut file = tokio::fs::File::from_std(self.draft().await?);
        while let Some(portion) = content.try_next().await.map_err(|e| fault(DOING, e))? {
            file.write_all(&portion).await.map_err(|error| Fault::of_file(DOING, error))?;
        }
        file.flush().await.map_err(|error| Fault::of_file(DOING, error))?;
        let mut file = file.into_std().await;
        file.rewind().map_err(|error| Fault::of_file(DOING, error))?;
        Ok(Some(file))
    }

    async fn remove(&self, key: &BlobKey) -> Result<(), Fault> {
        match self.store.delete(&path(key)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault("removing a file that was kept", error)),
        }
    }

    async fn bytes_by_library(
        &self,
        kind: BlobKind,
        tenant: TenantId,
    ) -> Result<Vec<(LibraryId, u64)>, Fault> {
        const DOING: &str = "measuring files that are kept";
        let below = Path::from(format!("{}/{tenant}", kind.name()));
        let mut blobs = self.store.list(Some(&below));
        let mut all: BTreeMap<LibraryId, u64> = BTreeMap::new();
        while let Some(blob) = blobs.try_next().await.map_err(|error| fault(DOING, error))? {
            let library = blob.location.prefix_match(&below).and_then(|mut parts| parts.next());
            let library =
                library.and_then(|part| AsRef::<str>::as_ref(&part).parse::<LibraryId>().ok());
            if let Some(library) = library.filter(|_| blob.size > 0) {
                *all.entry(library).or_default() += blob.size;
            }
        }
        Ok(all.into_iter().collect())
    }

    async fn forget(&self, kind: BlobKind, before: i64) -> Result<u64, Fault> {
        self.forget_below(&Path::from(kind.name()), before).await
    }

    async fn forget_library(&self, kind: BlobKind, scope: Scope) -> Result<u64, Fault> {
        let Scope { tenant, library } = scope;
        let below = Path::from(format!("{}/{tenant}/{library}", kind.name()));
        self.forget_below(&below, i64::MAX).await
    }
}

impl S3Blobs {
    /// Removes what lies below `at` and was put before `before`; how many.
    async fn forget_below(&self, at: &Path, before: i64) -> Result<u64, Fault> {
        let all = self.store.list(Some(at));
        let old = all
            .try_filter(|blob| std::future::ready(blob.last_modified.timestamp_millis() < before));
        let removed = old
            .map_ok(|blob| {
                let store = self.store.clone();
                async move { store.delete(&blob.location).await }
            })
            .try_buffer_unordered(REMOVED_AT_ONCE);
        let count = removed.try_fold(0, |count, ()| std::future::ready(Ok(count + 1)));
        count.await.map_err(|error| fault("removing old files", error))
    }
}
