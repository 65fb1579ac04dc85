//! Copy files into the library a shared folder became: of bookmarks that live on in both.

use super::keep_file::{most, no_room, settled};
use crate::ctx::{Ctx, Stores};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::blobs::BlobKind;
use shelf_ports::captures::{Capture, Claim, content_of};
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
    let most = most(stores, into).await?;
    must_fit(stores, into, &all, most).await?;
    for capture in all {
        match copy(stores, scope, into, &capture, most).await? {
            Copied::Whole => {}
            Copied::Full { held } => return Err(no_room(most, held).into()),
            Copied::Swept => {
                let detail = "copying a file took too long; ask again";
                return Err(Refused::new(Code::Busy, "", detail).into());
            }
        }
    }
    Ok(())
}

/// Refused `quota` where `all` do not fit, so that some are not copied for nothing. Others may take the
/// room meanwhile: each is looked at again when it is copied.
async fn must_fit(
    stores: &Stores,
    into: Scope,
    all: &[Capture],
    most: Option<u64>,
) -> Result<(), Failure> {
    let Some(most) = most else { return Ok(()) };
    let bytes: u64 = all.iter().map(|capture| capture.bytes).sum();
    let kept = stores.blobs.bytes_of(BlobKind::Capture, into.tenant).await?;
    if bytes <= most.saturating_sub(kept) { Ok(()) } else { Err(no_room(Some(most), kept).into()) }
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// All is there that there is to copy.
    Whole,
    /// It was swept away while it came, or the library is gone.
    Swept,
    /// There is no room for it beside so many bytes.
    Full { held: u64 },
}

/// Copies one file under its id, where the tenant has no more than `most` bytes then. One whose content
/// is missing is left: that is nothing.
pub(super) async fn copy(
    stores: &Stores,
    scope: Scope,
    into: Scope,
    capture: &Capture,
    most: Option<u64>,
) -> Result<Copied, Fault> {
    let opened = stores.blobs.open(&content_of(scope, capture.id)).await?;
    let Some(file) = opened else { return Ok(Copied::Whole) };
    if let Claim::Full { held } = stores.captures.begin(into, capture, most).await? {
        return Ok(Copied::Full { held });
    }
    stores.blobs.put(&content_of(into, capture.id), file).await?;
    let is_kept = settled(stores, into, capture.id).await?;
    Ok(if is_kept { Copied::Whole } else { Copied::Swept })
}
