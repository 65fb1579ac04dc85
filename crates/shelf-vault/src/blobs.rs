//! Files that wait, sealed in chunks with the key of their library.

use async_trait::async_trait;
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::blobs::{BlobKey, BlobKind, Blobs};
use shelf_ports::vault::{Of, Owner, Vault};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::fs::File as Tokio;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// What a sealed file begins with.
const MAGIC: &[u8; 19] = b"mindshelf sealed 1\n";
/// The bytes of a chunk before it is sealed; the last one is shorter.
const CHUNK: usize = 256 << 10;
/// More than sealing adds to a chunk.
const MORE: usize = 256;
/// Set in the number of the last chunk, so that a file that was cut off does not open.
const LAST: u64 = 1 << 63;

/// Blobs of another store, sealed. While one is read it lies open in a draft, which has no name.
///
/// What lies there and is not sealed is as absent as what is not there: whoever can write to the place,
/// and has no key, could have put it.
#[derive(Clone, Debug)]
pub struct SealedBlobs {
    inner: Arc<dyn Blobs>,
    vault: Arc<dyn Vault>,
}

impl SealedBlobs {
    /// Seals what `inner` keeps.
    pub fn new(inner: Arc<dyn Blobs>, vault: Arc<dyn Vault>) -> Self {
        Self { inner, vault }
    }
}

fn fault(error: io::Error) -> Fault {
    Fault::of_file("sealing or opening a file that is kept", error)
}

fn of(key: &BlobKey, number: u64, is_last: bool) -> Of {
    let part = if is_last { number | LAST } else { number };
    Of { what: key.kind.name(), id: key.id.to_bytes(), part }
}

/// At most `bytes` of what comes next; fewer at the end alone.
async fn next(from: &mut Tokio, bytes: usize) -> Result<Vec<u8>, Fault> {
    let mut read = Vec::new();
    let limit = u64::try_from(bytes).unwrap_or(u64::MAX);
    from.take(limit).read_to_end(&mut read).await.map_err(fault)?;
    Ok(read)
}

/// The next sealed chunk; `None` at the end.
async fn chunk(from: &mut Tokio) -> Result<Option<Vec<u8>>, Fault> {
    let broken = || fault(ErrorKind::InvalidData.into());
    let head = next(from, 4).await?;
    if head.is_empty() {
        return Ok(None);
    }
    let head: [u8; 4] = head.try_into().map_err(|_| broken())?;
    let bytes = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if bytes > CHUNK + MORE {
        return Err(broken());
    }
    let chunk = next(from, bytes).await?;
    if chunk.len() < bytes { Err(broken()) } else { Ok(Some(chunk)) }
}

#[async_trait]
impl Blobs for SealedBlobs {
    async fn draft(&self) -> Result<File, Fault> {
        self.inner.draft().await
    }

    async fn put(&self, key: &BlobKey, file: File) -> Result<(), Fault> {
        let owner = Owner::Library(key.scope.library);
        let mut from = Tokio::from_std(file);
        from.rewind().await.map_err(fault)?;
        let mut to = Tokio::from_std(self.inner.draft().await?);
        to.write_all(MAGIC).await.map_err(fault)?;
        for number in 0.. {
            let plain = next(&mut from, CHUNK).await?;
            let is_last = plain.len() < CHUNK;
            let sealed = self.vault.seal(owner, of(key, number, is_last), &plain).await?;
            let bytes = u32::try_from(sealed.len()).unwrap_or(u32::MAX);
            to.write_all(&bytes.to_be_bytes()).await.map_err(fault)?;
            to.write_all(&sealed).await.map_err(fault)?;
            if is_last {
                break;
            }
        }
        to.flush().await.map_err(fault)?;
        self.inner.put(key, to.into_std().await).await
    }

    async fn open(&self, key: &BlobKey) -> Result<Option<File>, Fault> {
        let owner = Owner::Library(key.scope.library);
        let Some(file) = self.inner.open(key).await? else { return Ok(None) };
        let mut from = Tokio::from_std(file);
        if next(&mut from, MAGIC.len()).await? != MAGIC {
            return Ok(None);
        }
        let mut to = Tokio::from_std(self.inner.draft().await?);
        let (mut sealed, mut number) = (chunk(&mut from).await?, 0);
        while let Some(one) = sealed {
            sealed = chunk(&mut from).await?;
            let of = of(key, number, sealed.is_none());
            let Some(plain) = self.vault.open(owner, of, &one).await? else { return Ok(None) };
            to.write_all(&plain).await.map_err(fault)?;
            number += 1;
        }
        if number == 0 {
            return Err(fault(ErrorKind::UnexpectedEof.into()));
        }
        to.flush().await.map_err(fault)?;
        to.rewind().await.map_err(fault)?;
        Ok(Some(to.into_std().await))
    }

    async fn remove(&self, key: &BlobKey) -> Result<(), Fault> {
        self.inner.remove(key).await
    }

    async fn bytes_by_library(
        &self,
        kind: BlobKind,
        tenant: TenantId,
    ) -> Result<Vec<(LibraryId, u64)>, Fault> {
        self.inner.bytes_by_library(kind, tenant).await
    }

    async fn forget(&self, kind: BlobKind, before: i64) -> Result<u64, Fault> {
        self.inner.forget(kind, before).await
    }

    async fn forget_library(&self, kind: BlobKind, scope: Scope) -> Result<u64, Fault> {
        self.inner.forget_library(kind, scope).await
    }
}
