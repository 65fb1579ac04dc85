//! Take items out of the trash, with what the same gesture put there.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Restores `ids`. A tag whose name lives again joins that tag; refused `not_found` where one is
/// not there.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn restore_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    let reads = ids.iter().fold(Reads::none().items(ids.iter().copied()), |all, id| all.under(*id));
    // A tag that comes back may meet another of its name; which name, only the tag itself says.
    let shelf = ctx.stores.library.read(scope, Reads::none().items(ids.iter().copied())).await?;
    let tags = ids.iter().filter_map(|id| shelf.item(*id)).filter(|item| item.kind == Kind::Tag);
    let reads = reads.tags(tags.map(|tag| tag.text(field::NAME)));
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            done.outcomes.extend(turn.restore(*id)?);
        }
        Ok(done)
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
