//! Streams the bookmark file: the tree is held as ids and places, the texts a page at a time.

use std::collections::HashMap;

use shelf_domain::id::{ItemId, Scope};
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;
use tokio::sync::mpsc;

use super::export_library::{Order, PAGE, Pages, give, rendering};
use super::netscape::Pen;
use super::tree::{Step, walk};
use super::{ExportFolder, ExportPlace};
use crate::ctx::Ctx;

/// Where every bookmark stands, without its texts.
#[derive(Default)]
struct Skeleton {
    ids: Vec<ItemId>,
    places: Vec<Vec<ExportPlace>>,
}

/// Writes the library as the file browsers import, in the order of its tree.
pub(super) async fn stream(
    ctx: &Ctx,
    scope: Scope,
    (order, folders): (&Order, &[ExportFolder]),
    chunks: &mpsc::Sender<Vec<u8>>,
) -> Result<(), Failure> {
    let mut skeleton = Skeleton::default();
    let mut pages = Pages::new(ctx, scope);
    while let Some(page) = pages.next().await? {
        skeleton.ids.extend(page.iter().map(|bookmark| bookmark.id));
        skeleton.places.extend(page.iter().map(|bookmark| order.places(bookmark)));
    }
    let steps = walk(folders, skeleton.places.iter().map(Vec::as_slice));
    let mut bytes = Vec::new();
    let mut pen = Pen::begin(&mut bytes).map_err(rendering)?;
    for some in steps.chunks(PAGE) {
        let ids: Vec<ItemId> = some.iter().filter_map(|step| skeleton.id(*step)).collect();
        let read = ctx.stores.views.bookmarks_by_id(scope, &ids).await?;
        // What was trashed since the tree was read is not exported.
        let read = read.into_iter().filter(|bookmark| bookmark.trashed_at.is_none());
        let read: HashMap<ItemId, Bookmark> =
            read.map(|bookmark| (bookmark.id, bookmark)).collect();
        for step in some {
            match *step {
                Step::Enter(at) => {
                    let Some(folder) = folders.get(at) else { continue };
                    pen.enter(folder, &mut bytes)
                }
                Step::Leave => pen.leave(&mut bytes),
                Step::Bookmark(at, place) => {
                    let known = skeleton.id(*step).and_then(|id| read.get(&id));
                    let Some(bookmark) = known.map(|known| order.bookmark(known)) else { continue };
                    let place = place.and_then(|place| skeleton.places.get(at)?.get(place));
                    pen.bookmark(&bookmark, place, &mut bytes)
                }
            }
            .map_err(rendering)?;
        }
        if !give(chunks, std::mem::take(&mut bytes)).await? {
            return Ok(());
        }
    }
    pen.end(&mut bytes).map_err(rendering)?;
    // Whoever no longer receives no longer wants it.
    give(chunks, bytes).await?;
    Ok(())
}

impl Skeleton {
    fn id(&self, step: Step) -> Option<ItemId> {
        match step {
            Step::Bookmark(at, _) => self.ids.get(at).copied(),
            Step::Enter(_) | Step::Leave => None,
        }
    }
}
