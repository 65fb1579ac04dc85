//! Read a file that is kept with a bookmark: what is known of it, and its content.

use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::id::{CaptureId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::captures::{Capture, content_of};
use std::fs::File;

/// What is known of the file `id`, with the bookmark as it is called today. Refused `not_found` where
/// there is none, and where its bookmark is in the trash, elsewhere or gone: it is hidden with that.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_file(ctx: &Ctx, scope: Scope, id: CaptureId) -> Result<Capture, Failure> {
    let missing = || Refused::not_found(format!("file {id}"));
    let capture = ctx.stores.captures.capture(scope, id).await?.ok_or_else(missing)?;
    match get_bookmark(ctx, scope, capture.item).await {
        Ok(got) if got.bookmark.trashed_at.is_none() => {
            Ok(Capture { item: got.bookmark.id, ..capture })
        }
        Ok(_) => Err(missing().into()),
        Err(Failure::Refused(refused)) if is_away(refused.code) => Err(missing().into()),
        Err(failure) => Err(failure),
    }
}

fn is_away(code: Code) -> bool {
    matches!(code, Code::Moved | Code::NotFound)
}

/// The same with its content, from its beginning.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn open_file(ctx: &Ctx, scope: Scope, id: CaptureId) -> Result<(Capture, File), Failure> {
    let capture = get_file(ctx, scope, id).await?;
    let Some(file) = ctx.stores.blobs.open(&content_of(scope, id)).await? else {
        tracing::error!(library = %scope.library, "the content of a file is missing");
        return Err(Refused::not_found(format!("the content of file {id}")).into());
    };
    Ok((capture, file))
}
