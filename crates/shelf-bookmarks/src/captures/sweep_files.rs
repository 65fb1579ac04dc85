//! Remove files whose bookmark is gone, and what an end in the middle of keeping or removing one left.

use super::copy_files::{Copied, copy};
use super::remove_file::drop_content;
use crate::ctx::Stores;
use shelf_domain::id::{ItemId, LibraryId, Scope};
use shelf_domain::item::Item;
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::shelf::Reads;
use shelf_ports::Fault;
use shelf_ports::blobs::BlobKind;
use shelf_ports::captures::Capture;

/// How long a file may take to be kept, milliseconds: an hour.
const KEEPING_MS: i64 = 3_600_000;

/// Removes what is to go from the library `scope`; how many files. Each is whole in itself, so that it
/// may end anywhere.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn sweep_files(stores: &Stores, scope: Scope) -> Result<u64, Fault> {
    let mut after = None;
    loop {
        let items = stores.captures.captured_items(scope, after, BATCH_MAX).await?;
        let Some(last) = items.last() else { break };
        after = Some(*last);
        let_go_with(stores, scope, &items).await?;
    }
    let (before, mut swept) = (stores.clock.now_ms() - KEEPING_MS, 0);
    loop {
        let left = stores.captures.left_over(scope, before, BATCH_MAX).await?;
        if left.is_empty() {
            return Ok(swept);
        }
        for id in left {
            drop_content(stores, scope, id).await?;
            swept += 1;
        }
    }
}

/// Lets the files of those of `items` go that are gone. Those of bookmarks that live in another library
/// of the tenant now, whose folder was shared, go there first.
async fn let_go_with(stores: &Stores, scope: Scope, items: &[ItemId]) -> Result<(), Fault> {
    let named = Reads::none().items(items.iter().copied());
    let shelf = stores.library.read(scope, named).await?;
    for item in items {
        let found = shelf.item(*item);
        let moved_to = found.and_then(Item::moved_to);
        if found.is_some_and(|found| !found.is_purged()) && moved_to.is_none() {
            continue;
        }
        let id = shelf.resolve(*item);
        for capture in stores.captures.captures_of(scope, *item).await? {
            if let Some(library) = moved_to {
                let file = Capture { item: id, ..capture.clone() };
                if !follow(stores, scope, library, file).await? {
                    continue;
                }
            }
            stores.captures.let_go(scope, capture.id).await?;
        }
    }
    Ok(())
}

/// Copies a file into `library`, where that is there and does not have it. Whether nothing is left to be
/// copied: where it was swept away meanwhile, it stays here until the next sweep.
async fn follow(
    stores: &Stores,
    scope: Scope,
    library: LibraryId,
    capture: Capture,
) -> Result<bool, Fault> {
    let into = Scope { library, ..scope };
    let libraries = stores.tenants.libraries_of(into.tenant).await?;
    let is_there = libraries.iter().any(|known| known.id == library);
    if is_there && stores.captures.capture(into, capture.id).await?.is_none() {
        // What one tenant has already has room there.
        return Ok(copy(stores, scope, into, &capture, None).await? == Copied::Whole);
    }
    Ok(true)
}

/// Removes the content of all files of the library `scope`, whose rows go with it; how many.
pub async fn forget_captures(stores: &Stores, scope: Scope) -> Result<u64, Fault> {
    stores.blobs.forget_library(BlobKind::Capture, scope).await
}
