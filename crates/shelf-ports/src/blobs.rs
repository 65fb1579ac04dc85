//! Files beside the records: whole, by key, where every process finds them.

use crate::Fault;
use async_trait::async_trait;
use shelf_domain::id::{ActId, LibraryId, Scope, TenantId};
use std::fmt;
use std::fs::File;

/// What a blob is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlobKind {
    /// A file that was rehearsed and waits for its import.
    Waiting,
    /// The folded library as one file, for replicas to begin from.
    Snapshot,
    /// A file that is kept with a bookmark.
    Capture,
}

impl BlobKind {
    /// The word for it in stores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Snapshot => "snapshot",
            Self::Capture => "capture",
        }
    }
}

/// The key of a blob. It belongs to a library, as all content does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey {
    /// What it is for.
    pub kind: BlobKind,
    /// Whose it is.
    pub scope: Scope,
    /// The act it came with.
    pub id: ActId,
}

impl fmt::Display for BlobKey {
    /// Where it lies in a store: kind, tenant, library and act, with slashes between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, scope, id } = self;
        write!(f, "{}/{}/{}/{id}", kind.name(), scope.tenant, scope.library)
    }
}

/// Blobs.
///
/// They are files of this machine when they come and go, since whoever reads one reads it twice:
/// once to tell its format or to count, once for good. The store may be elsewhere.
#[async_trait]
pub trait Blobs: fmt::Debug + Send + Sync {
    /// An empty file to write to. It has no name and is gone when it is closed, also by a crash.
    async fn draft(&self) -> Result<File, Fault>;

    /// Keeps the content of `file` under `key`, instead of what was there: whole when this
    /// returns, and not at all where it fails. Moves the position of `file`.
    async fn put(&self, key: &BlobKey, file: File) -> Result<(), Fault>;

    /// The content of `key`, from its beginning; `None` where there is none. It stays readable
    /// when the blob is removed meanwhile.
    async fn open(&self, key: &BlobKey) -> Result<Option<File>, Fault>;

    /// Removes `key`; where there is none, nothing happens.
    async fn remove(&self, key: &BlobKey) -> Result<(), Fault>;

    /// How many bytes of `kind` are kept for each library of `tenant`, as they lie there, rising by
    /// library; those of which nothing is kept are left out.
    async fn bytes_by_library(
        &self,
        kind: BlobKind,
        tenant: TenantId,
    ) -> Result<Vec<(LibraryId, u64)>, Fault>;

    /// The same for all of them together.
    async fn bytes_of(&self, kind: BlobKind, tenant: TenantId) -> Result<u64, Fault> {
        let each = self.bytes_by_library(kind, tenant).await?;
        Ok(each.iter().map(|(_, bytes)| bytes).sum())
    }

    /// Removes everything of `kind` that was put before `before`, milliseconds since 1970 by the
    /// store's own clock; how many there were.
    async fn forget(&self, kind: BlobKind, before: i64) -> Result<u64, Fault>;

    /// Removes everything of `kind` that belongs to the library `scope`; how many there were.
    async fn forget_library(&self, kind: BlobKind, scope: Scope) -> Result<u64, Fault>;
}
