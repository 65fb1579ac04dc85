//! List the tags, by name, with how many bookmarks bear each.

use crate::ctx::Ctx;
use shelf_domain::change::Head;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::view::Tag;
use shelf_ports::Failure;

/// Every living tag with how many living bookmarks bear it.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn list_tags(ctx: &Ctx, scope: Scope) -> Result<Vec<(Tag, u64)>, Failure> {
    Ok(ctx.stores.views.tags(scope).await?)
}

/// One living tag, under any id it ever had, and where the log stood.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn get_tag(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<(Tag, Head), Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().items([id])).await?;
    match shelf.item(id).filter(|item| item.kind == Kind::Tag && item.is_living()) {
        Some(item) => Ok((Tag::of(item), shelf.head.clone())),
        None => Err(Refused::not_found(format!("tag {id}")).into()),
    }
}
