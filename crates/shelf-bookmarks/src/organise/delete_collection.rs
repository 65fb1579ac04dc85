//! Put a folder into the trash, with all that stands nowhere else.

use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::trash::trash_items;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;

/// Trashes the folder `id`, its subtree, and the bookmarks that stand nowhere else, as one act.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn delete_collection(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Changed, Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().items([id])).await?;
    let known = shelf.item(id).filter(|item| item.kind == Kind::Collection && !item.is_purged());
    let Some(folder) = known.map(|item| item.id) else {
        return Err(Refused::not_found(format!("{} {id}", Kind::Collection)).into());
    };
    trash_items(ctx, scope, vec![folder]).await
}
