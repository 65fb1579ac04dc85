//! Read one bookmark, living or in the trash, under any id it ever had; or several at once.

use crate::ctx::Ctx;
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;

/// A bookmark and the moment it was read at; its version is `head.epoch` and its own `version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The bookmark.
    pub bookmark: Bookmark,
    /// Where the log stood.
    pub head: Head,
}

/// The bookmark `id`; refused `not_found` where there is none or it was removed for good, and `moved`
/// where it lives in another library.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_bookmark(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Got, Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().places([id])).await?;
    match shelf.item(id).filter(|item| item.kind == Kind::Bookmark && !item.is_purged()) {
        Some(item) => {
            item.here()?;
            Ok(Got { bookmark: Bookmark::of(&shelf, item), head: shelf.head.clone() })
        }
        None => Err(Refused::not_found(format!("bookmark {id}")).into()),
    }
}

/// Those of the bookmarks `ids` that are there, living or in the trash, in this order.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_bookmarks(
    ctx: &Ctx,
    scope: Scope,
    ids: &[ItemId],
) -> Result<Vec<Bookmark>, Failure> {
    Ok(ctx.stores.views.bookmarks_by_id(scope, ids).await?)
}
