//! List what the person did lately, with the bookmarks it was done to.

use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;
use std::collections::{BTreeSet, HashMap};

pub use shelf_ports::activity::{Deed, Event};

/// Most events of one answer.
pub const LIMIT_MAX: usize = 200;

/// One thing the person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// What and when.
    pub event: Event,
    /// With which bookmark; `None` when it was purged.
    pub bookmark: Option<Bookmark>,
}

/// The latest events, latest first, at most `limit` (1 to [`LIMIT_MAX`]).
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn recent_activity(
    ctx: &Ctx,
    scope: Scope,
    limit: usize,
) -> Result<Vec<Recent>, Failure> {
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("an answer has 1 to {LIMIT_MAX} events");
        return Err(Refused::invalid("limit", detail).into());
    }
    let events = ctx.stores.activity.recent(scope, ctx.person, limit).await?;
    let ids: BTreeSet<ItemId> = events.iter().map(|event| event.item).collect();
    let ids: Vec<ItemId> = ids.into_iter().collect();
    let bookmarks = ctx.stores.views.bookmarks_by_id(scope, &ids).await?;
    let bookmarks: HashMap<ItemId, Bookmark> =
        bookmarks.into_iter().map(|bookmark| (bookmark.id, bookmark)).collect();
    let told = |event: Event| Recent { bookmark: bookmarks.get(&event.item).cloned(), event };
    Ok(events.into_iter().map(told).collect())
}
