//! Take a bookmark out of a folder; the bookmark itself stays.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Removes the place `id`; with it go others of the same bookmark in the same folder, which are
/// shown as one.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn remove_place(ctx: &Ctx, scope: Scope, id: ItemId) -> Result<Changed, Failure> {
    let shelf = ctx.stores.library.read(scope, Reads::none().items([id])).await?;
    let bookmark = shelf.item(id).and_then(|place| place.reference(field::BOOKMARK));
    let decide = move |turn: &mut Turn| {
        let known = turn.known(id, &Kind::Place)?;
        let parent = known.reference(field::PARENT).map(|parent| turn.shelf.resolve(parent));
        let mut same = vec![known.id];
        if let Some(bookmark) = known.reference(field::BOOKMARK) {
            same.extend(turn.shelf.places_of(bookmark).into_iter().filter_map(|place| {
                let at = place.reference(field::PARENT).map(|at| turn.shelf.resolve(at));
                (place.is_living() && at == parent && place.id != id).then_some(place.id)
            }));
        }
        let mut done = turn.done(Vec::new());
        for place in same {
            done.outcomes.extend(turn.trash(place)?);
        }
        Ok(done)
    };
    // The bookmark a place is of never changes, so reading it before the turn is safe.
    let reads = Reads::none().items([id]).places(bookmark);
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
