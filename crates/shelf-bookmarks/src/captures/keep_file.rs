//! Keep a file with a bookmark.

use super::name::{named, typed};
use crate::ctx::{Ctx, Stores};
use crate::get_bookmark::get_bookmark;
use crate::import::Received;
use shelf_domain::id::{CaptureId, Ids, ItemId, Scope};
use shelf_domain::limits::CAPTURES_MAX;
use shelf_domain::plan::{Room, Stock};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::captures::{Capture, CaptureKind, Claim, content_of};
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
    keep_new(&ctx.stores, scope, &capture, received.file).await?;
    Ok((capture, true))
}

/// Keeps a new file: first the row, which takes the room, then the content, then the row counts. What is
/// cut off in between is swept away.
async fn keep_new(
    stores: &Stores,
    scope: Scope,
    capture: &Capture,
    file: File,
) -> Result<(), Failure> {
    let most = most(stores, scope).await?;
    if let Claim::Full { held } = stores.captures.begin(scope, capture, most).await? {
        return Err(no_room(most, held).into());
    }
    if let Err(fault) = stores.blobs.put(&content_of(scope, capture.id), file).await {
        // Nothing lies there; without this its room would be taken until it is swept away.
        stores.captures.forget(scope, capture.id).await?;
        return Err(fault.into());
    }
    if settled(stores, scope, capture.id).await? {
        return Ok(());
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

/// How many bytes the files of the tenant may have; `None` is any amount.
pub(super) async fn most(stores: &Stores, scope: Scope) -> Result<Option<u64>, Fault> {
    stores.rooms.most(scope.tenant, Stock::CaptureBytes).await
}

/// The refusal of a file for which there is no room beside the `held` bytes of the tenant.
pub(super) fn no_room(most: Option<u64>, held: u64) -> Refused {
    Room::of(Stock::CaptureBytes, most.unwrap_or_default(), held).refused()
}

/// Lets a row count whose content is there. Whether the file is kept: not where that took so long that
/// it was swept away, nor where the library is gone. Another one who copies the same file may be first:
/// then it is kept, and its content stays.
pub(super) async fn settled(stores: &Stores, scope: Scope, id: CaptureId) -> Result<bool, Fault> {
    let captures = &stores.captures;
    if captures.settle(scope, id).await? || captures.capture(scope, id).await?.is_some() {
        return Ok(true);
    }
    stores.blobs.remove(&content_of(scope, id)).await?;
    Ok(false)
}
