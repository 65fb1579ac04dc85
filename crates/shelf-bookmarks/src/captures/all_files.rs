//! All files of a library that are kept with living bookmarks, in parts, for an archive.

use crate::ctx::Ctx;
use shelf_domain::id::{CaptureId, Scope};
use shelf_domain::kind::field;
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;
use shelf_ports::captures::Capture;

/// A file, with its bookmark as it is called today, and the address that has: it is known by that
/// elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) capture: Capture,
    pub(crate) url: String,
}

/// The next of them after `after`, by id, and after which one to go on; `None` at the end.
pub(crate) async fn files_after(
    ctx: &Ctx,
    scope: Scope,
    after: Option<CaptureId>,
) -> Result<(Vec<Standing>, Option<CaptureId>), Failure> {
    let captures = ctx.stores.captures.captures_after(scope, after, BATCH_MAX).await?;
    let Some(next) = captures.last().map(|last| last.id) else { return Ok((Vec::new(), None)) };
    let named = Reads::none().items(captures.iter().map(|capture| capture.item));
    let shelf = ctx.stores.library.read(scope, named).await?;
    let standing = |capture: Capture| {
        let item = shelf.item(capture.item).filter(|item| item.is_living())?;
        let url = item.text(field::URL).to_owned();
        Some(Standing { capture: Capture { item: item.id, ..capture }, url })
    };
    Ok((captures.into_iter().filter_map(standing).collect(), Some(next)))
}
