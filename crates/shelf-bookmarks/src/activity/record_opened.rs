//! Remember that a saved address was opened, unless the person switched that off or restricted what
//! is done with what is theirs.

use super::activity_switch::is_activity_on;
use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::privacy::Purpose;
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;
use shelf_ports::activity::{Deed, Event};
use shelf_ports::privacy::may_process;

/// Remembers that the bookmark `id` is being opened; the answer is the bookmark, to go to.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn record_opened(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Bookmark, Failure> {
    let bookmark = get_bookmark(ctx, scope, id).await?.bookmark;
    let may = may_process(&*ctx.stores.accounts, ctx.person, Purpose::Activity).await?;
    if may && is_activity_on(ctx).await? {
        let event = Event { at: ctx.stores.clock.now_ms(), deed: Deed::Opened, item: bookmark.id };
        ctx.stores.activity.record(scope, ctx.person, &event).await?;
    }
    Ok(bookmark)
}
