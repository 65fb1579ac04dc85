//! Copy files into the library a shared folder became: of bookmarks that live on in both.

use super::keep_file::{must_fit, put};
use crate::ctx::{Ctx, Stores};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::captures::{Capture, content_of};
use shelf_ports::{Failure, Fault};

/// Gives the library `into` the files that `items` have in `scope`; those that are there stay. Refused
/// `quota` where they do not fit, and `busy` where one was swept away while it came.
pub async fn copy_files(
    ctx: &Ctx,
    scope: Scope,
    into: Scope,
    items: &[ItemId],
) -> Result<(), Failure> {
    let (stores, mut all) = (&ctx.stores, Vec::new());
    for item in items {
        for capture in stores.captures.captures_of(scope, *item).await? {
            if stores.captures.capture(into, capture.id).await?.is_none() {
                all.push(Capture { item: *item, ..capture });
            }
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    must_fit(stores, into, all.iter().map(|capture| capture.bytes).sum()).await?;
    for capture in all {
        if !copy(stores, scope, into, &capture).await? {
            let detail = "copying a file took too long; ask again";
            return Err(Refused::new(Code::Busy, "", detail).into());
        }
    }
    Ok(())
}

/// Copies one file under its id; whether all is there that there is to copy. One whose content is
/// missing is left: that is nothing.
pub(super) async fn copy(
    stores: &Stores,
    scope: Scope,
    into: Scope,
    capture: &Capture,
) -> Result<bool, Fault> {
    match stores.blobs.open(&content_of(scope, capture.id)).await? {
        Some(file) => put(stores, into, capture, file).await,
        None => Ok(true),
    }
}
