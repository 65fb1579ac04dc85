//! Keep a file with a bookmark.

use super::name::{named, typed};
use crate::ctx::{Ctx, Stores};
use crate::get_bookmark::get_bookmark;
use crate::import::Received;
use shelf_domain::id::{CaptureId, Ids, ItemId, Scope};
use shelf_domain::limits::CAPTURES_MAX;
use shelf_domain::plan::{Room, Stock};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::blobs::BlobKind;
use shelf_ports::captures::{Capture, CaptureKind, content_of};
use shelf_ports::{Failure, Fault};
use std::fs::File;

/// What to keep with which bookmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepFile {
    /// The bookmark, living.
    pub bookmark: ItemId,
    /// What the file is.
    pub kind: CaptureKind,
    /// Its name; folders before it, and what no name may hold, are left out.
    pub name: String,
    /// Its media type, where somebody said it.
    pub content_type: Option<String>,
}

/// Keeps the content that was `received`; whether it is new. The same content of the same name is kept
/// once; where that was lost, as after a restore, it is there again. Refused `quota` beyond
/// [`CAPTURES_MAX`] of one bookmark and beyond the plan.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn keep_file(
    ctx: &Ctx,
    scope: Scope,
    ask: KeepFile,
    received: Received,
) -> Result<(Capture, bool), Failure> {
    ctx.to_write()?;
    let (name, content_type) = (named(&ask.name), typed(ask.content_type.as_deref()));
    let bookmark = get_bookmark(ctx, scope, ask.bookmark).await?.bookmark;
    if bookmark.trashed_at.is_some() {
        return Err(Refused::not_found(format!("bookmark {}", ask.bookmark)).into());
    }
    let captures = &ctx.stores.captures;
    let known = captures.captures_of(scope, bookmark.id).await?;
    let sha256 = hex::encode(received.digest);
    let same = |one: &&Capture| one.sha256 == sha256 && one.name == name && one.kind == ask.kind;
    if let Some(same) = known.iter().find(same) {
        bring_back(&ctx.stores, scope, same.id, received.file).await?;
        return Ok((same.clone(), false));
    }
    if known.len() >= CAPTURES_MAX {
        let detail = format!("a bookmark has at most {CAPTURES_MAX} files");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    let about = received.file.metadata();
    let bytes = about.map_err(|error| Fault::new("measuring a file", error))?.len();
    must_fit(&ctx.stores, scope, bytes).await?;
    let capture = Capture {
        id: new_id(ctx, &known),
        item: bookmark.id,
        kind: ask.kind,
        name,
        content_type,
        bytes,
        sha256,
        made_at: ctx.stores.clock.now_ms(),
        made_by: ctx.device,
    };
    if put(&ctx.stores, scope, &capture, received.file).await? {
        return Ok((capture, true));
    }
    let detail = "keeping the file took too long; send it again";
    Err(Refused::new(Code::Busy, "", detail).into())
}

/// Keeps the content `file` of what is kept already, where it is missing.
async fn bring_back(stores: &Stores, scope: Scope, id: CaptureId, file: File) -> Result<(), Fault> {
    let key = content_of(scope, id);
    if stores.blobs.open(&key).await?.is_some() {
        return Ok(());
    }
    stores.blobs.put(&key, file).await?;
    if stores.captures.capture(scope, id).await?.is_none() {
        // It was removed meanwhile, and nothing else would remove this.
        stores.blobs.remove(&key).await?;
    }
    Ok(())
}

/// An id whose number none of `known` has.
fn new_id(ctx: &Ctx, known: &[Capture]) -> CaptureId {
    let author = ctx.author();
    let mut ids = Ids::new(author.now, author.seed);
    loop {
        let id: CaptureId = ids.make();
        if id.differs_from(known.iter().map(|one| one.id)) {
            return id;
        }
    }
}

/// Refused `quota` where the files of the tenant would be more than its plan lets be.
pub(super) async fn must_fit(stores: &Stores, scope: Scope, bytes: u64) -> Result<(), Failure> {
    let stock = Stock::CaptureBytes;
    let Some(most) = stores.rooms.most(scope.tenant, stock).await? else { return Ok(()) };
    let kept = stores.blobs.bytes_of(BlobKind::Capture, scope.tenant).await?;
    let room = Room::of(stock, most, kept);
    if bytes <= room.left { Ok(()) } else { Err(room.refused().into()) }
}

/// Keeps the content `file` of `capture`: first the row, then the content, then the row counts. What
/// is cut off in between is swept away. Whether it is kept: not where that took so long that it was
/// swept away, nor where the library is gone. Another one who copies the same file may be first: then
/// it is kept, and its content stays.
pub(super) async fn put(
    stores: &Stores,
    scope: Scope,
    capture: &Capture,
    file: File,
) -> Result<bool, Fault> {
    let key = content_of(scope, capture.id);
    let captures = &stores.captures;
    captures.begin(scope, capture).await?;
    stores.blobs.put(&key, file).await?;
    if captures.settle(scope, capture.id).await?
        || captures.capture(scope, capture.id).await?.is_some()
    {
        return Ok(true);
    }
    stores.blobs.remove(&key).await?;
    Ok(false)
}
