//! Files beside the records: in the data directory, or in a bucket that all processes share.

use anyhow::{Context, Result};
use shelf_cluster::s3::S3Blobs;
use shelf_embedded::DirectoryBlobs;
use shelf_ports::blobs::Blobs as Port;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory of files, below the data directory. Those that come and go lie there, too.
const DIRECTORY: &str = "blobs";

/// A bucket, as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its address, such as `s3://bucket/prefix`.
    pub address: String,
    /// The variables that say region, keys and endpoint, as other programs read them.
    pub variables: BTreeMap<String, String>,
}

/// Where files are kept.
#[derive(Clone, Debug)]
pub(crate) enum Blobs {
    /// In the data directory.
    Own(DirectoryBlobs),
    /// In a bucket.
    Shared(S3Blobs),
}

impl Blobs {
    /// Opens the bucket, if one is named, else the directory below `dir`.
    pub(crate) async fn open(dir: &Path, bucket: Option<&Bucket>) -> Result<Self> {
        let dir = dir.join(DIRECTORY);
        let own = DirectoryBlobs::open(&dir);
        let own = own.with_context(|| format!("cannot open {}", dir.display()))?;
        Self::over(own, dir, bucket).await
    }

    /// The same for a command that may run beside the process whose directory it is.
    pub(crate) async fn beside(dir: &Path, bucket: Option<&Bucket>) -> Result<Self> {
        let dir = dir.join(DIRECTORY);
        let own = DirectoryBlobs::beside(&dir);
        let own = own.with_context(|| format!("cannot open {}", dir.display()))?;
        Self::over(own, dir, bucket).await
    }

    async fn over(own: DirectoryBlobs, dir: PathBuf, bucket: Option<&Bucket>) -> Result<Self> {
        let Some(Bucket { address, variables }) = bucket else { return Ok(Self::Own(own)) };
        let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let shared = S3Blobs::open(address, variables, dir).await;
        Ok(Self::Shared(shared.context("the setting \"blobs\"")?))
    }

    /// The port.
    pub(crate) fn port(&self) -> Arc<dyn Port> {
        match self {
            Self::Own(blobs) => Arc::new(blobs.clone()),
            Self::Shared(blobs) => Arc::new(blobs.clone()),
        }
    }

    /// Whether what keeps them answers.
    pub(crate) async fn is_up(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Shared(blobs) => blobs.is_up().await,
        }
    }
}
