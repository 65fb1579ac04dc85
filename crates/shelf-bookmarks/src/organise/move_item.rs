//! Move a folder, or a bookmark's place, to a spot in the tree.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

pub use shelf_domain::organise::Spot;

/// What goes where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveItem {
    /// The folder or the place.
    pub item: ItemId,
    /// The folder to move it into; `None` is the root.
    pub parent: Option<ItemId>,
    /// Where among what stands there.
    pub spot: Spot,
}

/// Moves a folder or place; refused `cycle` where a folder would be inside itself.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn move_item(ctx: &Ctx, scope: Scope, ask: MoveItem) -> Result<Changed, Failure> {
    let reads = Reads::none().items([ask.item]).into_collection(ask.parent);
    // Only the end can be found without seeing all the others.
    let reads = match ask.spot {
        Spot::End => reads,
        Spot::Start => reads.children(ask.parent),
        Spot::After(beside) => reads.children(ask.parent).above(Some(beside)),
    };
    let decide = move |turn: &mut Turn| {
        let parent = ask.parent.map(|parent| turn.shelf.resolve(parent));
        let outcome = turn.move_to(ask.item, parent, ask.spot)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
