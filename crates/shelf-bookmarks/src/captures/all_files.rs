//! All files of a library that are kept with living bookmarks, for an archive.

use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_domain::item::Item;
use shelf_domain::limits::BATCH_MAX;
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;
use shelf_ports::captures::Capture;
use std::collections::BTreeMap;

/// What is known of at most `most` of them, by id, each with its bookmark as it is called today.
pub(crate) async fn all_files(
    ctx: &Ctx,
    scope: Scope,
    most: usize,
) -> Result<Vec<Capture>, Failure> {
    let (mut after, mut all) = (None, BTreeMap::new());
    while all.len() < most {
        let items = ctx.stores.captures.captured_items(scope, after, BATCH_MAX).await?;
        let Some(last) = items.last() else { break };
        after = Some(*last);
        let named = Reads::none().items(items.iter().copied());
        let shelf = ctx.stores.library.read(scope, named).await?;
        for id in items {
            if !shelf.item(id).is_some_and(Item::is_living) {
                continue;
            }
            let item = shelf.resolve(id);
            for capture in ctx.stores.captures.captures_of(scope, id).await? {
                all.insert(capture.id, Capture { item, ..capture });
            }
        }
    }
    Ok(all.into_values().take(most).collect())
}
