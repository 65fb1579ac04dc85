//! List the trash, latest first, page by page.

use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;

pub use shelf_ports::views::Trashed;

/// Most rows of one page.
pub const LIMIT_MAX: usize = 200;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListTrash {
    /// When the last row of the page before was trashed, and its id.
    pub after: Option<(i64, ItemId)>,
    /// Rows, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// One page of the trash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrashPage {
    /// The rows.
    pub items: Vec<Trashed>,
    /// Where the next page begins, if there is one.
    pub next: Option<(i64, ItemId)>,
}

/// One page of what is in the trash.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_trash(ctx: &Ctx, scope: Scope, ask: ListTrash) -> Result<TrashPage, Failure> {
    if !(1..=LIMIT_MAX).contains(&ask.limit) {
        let detail = format!("a page has 1 to {LIMIT_MAX} rows");
        return Err(Refused::invalid("limit", detail).into());
    }
    let mut items = ctx.stores.views.trash(scope, ask.after, ask.limit + 1).await?;
    let more = items.len() > ask.limit;
    items.truncate(ask.limit);
    let last = items.last().map(|item| (item.trashed_at, item.id));
    Ok(TrashPage { next: last.filter(|_| more), items })
}
