//! Files between their rehearsal and their import: kept where every process finds them.

use super::import_file::{Begun, ImportFile, begin_as, begin_import, new_act};
use crate::ctx::{Ctx, Stores};
use shelf_domain::id::{ActId, LibraryId, Scope, TenantId};
use shelf_domain::plan::{Room, Stock};
use shelf_domain::refusal::Refused;
use shelf_ports::blobs::{BlobKey, BlobKind};
use shelf_ports::{Failure, Fault};
use std::collections::BTreeMap;
use std::fs::File;

/// How long a file waits for its import, milliseconds: a day.
const WAITING_MS: i64 = 86_400_000;

fn key(scope: Scope, rehearsal: ActId) -> BlobKey {
    BlobKey { kind: BlobKind::Waiting, scope, id: rehearsal }
}

/// Begins a rehearsal: the import of `file` that only says what it would do. The file waits under
/// the id of the job.
pub async fn rehearse_import(
    ctx: &Ctx,
    scope: Scope,
    file_name: String,
    file: File,
) -> Result<Begun, Failure> {
    ctx.to_write()?;
    must_fit(ctx, scope, &file).await?;
    let id = new_act(ctx);
    let key = key(scope, id);
    let again = file.try_clone().map_err(|error| Fault::new("rehearsing an import", error))?;
    ctx.stores.blobs.put(&key, again).await?;
    let ask = ImportFile { file_name, dry_run: true, ..ImportFile::default() };
    let begun = begin_as(ctx, scope, id, ask, Box::new(file)).await;
    if begun.is_err() {
        ctx.stores.blobs.remove(&key).await?;
    }
    begun
}

/// Refused `quota` where the files that wait for libraries of the tenant would be more than its plan
/// lets be.
async fn must_fit(ctx: &Ctx, scope: Scope, file: &File) -> Result<(), Failure> {
    let Stores { rooms, blobs, .. } = &ctx.stores;
    let stock = Stock::WaitingBytes;
    let Some(most) = rooms.most(scope.tenant, stock).await? else { return Ok(()) };
    let known = file.metadata().map_err(|error| Fault::new("measuring a file", error))?;
    let waiting = blobs.bytes_of(BlobKind::Waiting, scope.tenant).await?;
    let room = Room::of(stock, most, waiting);
    if known.len() <= room.left { Ok(()) } else { Err(room.refused().into()) }
}

/// The file that waits under the id of its rehearsal; `None` when it waits no longer.
pub async fn waiting_file(
    ctx: &Ctx,
    scope: Scope,
    rehearsal: ActId,
) -> Result<Option<File>, Fault> {
    ctx.stores.blobs.open(&key(scope, rehearsal)).await
}

/// Begins the import of the file that waits under the id of its rehearsal. It waits on until it is
/// imported to its end. Refused `not_found` when it waits no longer.
pub async fn import_waiting(ctx: &Ctx, scope: Scope, rehearsal: ActId) -> Result<Begun, Failure> {
    let job = ctx.stores.imports.job(scope, rehearsal).await?;
    let job = job.ok_or_else(|| Refused::not_found("import"))?;
    let file = waiting_file(ctx, scope, rehearsal).await?;
    let file = file.ok_or_else(|| Refused::not_found("the file; send it again"))?;
    let ask = ImportFile { file_name: job.file_name, ..ImportFile::default() };
    let begun = begin_import(ctx, scope, ask, Box::new(file)).await?;
    Ok(begun.until_then(key(scope, rehearsal)))
}

/// Bytes of the files of one library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileBytes {
    /// Of files that wait for their import.
    pub waiting: u64,
    /// Of the copy of the library that is kept for devices to begin from.
    pub kept: u64,
    /// Of files that are kept with its bookmarks.
    pub captures: u64,
}

/// How many bytes of files there are of each library of `tenant` that has any. It looks at names and
/// sizes alone, of one tenant.
pub async fn file_bytes(
    stores: &Stores,
    tenant: TenantId,
) -> Result<BTreeMap<LibraryId, FileBytes>, Fault> {
    let mut all: BTreeMap<LibraryId, FileBytes> = BTreeMap::new();
    for (library, bytes) in stores.blobs.bytes_by_library(BlobKind::Waiting, tenant).await? {
        all.entry(library).or_default().waiting = bytes;
    }
    for (library, bytes) in stores.blobs.bytes_by_library(BlobKind::Snapshot, tenant).await? {
        all.entry(library).or_default().kept = bytes;
    }
    for (library, bytes) in stores.blobs.bytes_by_library(BlobKind::Capture, tenant).await? {
        all.entry(library).or_default().captures = bytes;
    }
    Ok(all)
}

/// Removes files that waited for a day; how many.
pub async fn forget_waiting(stores: &Stores) -> Result<u64, Fault> {
    stores.blobs.forget(BlobKind::Waiting, stores.clock.now_ms() - WAITING_MS).await
}

/// Removes the files that wait for their import into the library `scope`; how many.
pub async fn forget_files(stores: &Stores, scope: Scope) -> Result<u64, Fault> {
    stores.blobs.forget_library(BlobKind::Waiting, scope).await
}
