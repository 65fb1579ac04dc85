//! Folders go into the trash, come back and go for good with what is beneath them, in turns.
//!
//! What stands in them goes first, then the folders from the bottom up, the named ones last: if the
//! server stops half-way, they are still where they were, and the same gesture again does the rest.

use super::beneath::{Beneath, Standing, beneath};
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::limits;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Outcome, Turn};
use shelf_ports::{Failure, Fault};

/// Places one turn takes: each may take its bookmark along.
const PLACES_MAX: usize = limits::BATCH_MAX / 2;
/// How often a gesture looks again for what came to stand in its folders meanwhile.
const LOOKS_MAX: usize = 3;

/// What is done with a part of a folder that goes or comes in turns.
pub(super) type Part = fn(&mut Turn, ItemId) -> Result<Vec<Outcome>, Refused>;

/// The folders among `ids`.
pub(super) async fn folders_of(
    ctx: &Ctx,
    scope: Scope,
    ids: &[ItemId],
    wanted: impl Fn(&Item) -> bool,
) -> Result<Vec<Item>, Fault> {
    let shelf = ctx.stores.library.read(scope, Reads::none().items(ids.iter().copied())).await?;
    let items = ids.iter().filter_map(|id| shelf.item(*id));
    Ok(items.filter(|item| item.kind == Kind::Collection && wanted(item)).cloned().collect())
}

/// Whether `plan` together with `named` ids is small enough for one turn.
pub(super) fn fits_one_turn(plan: &Beneath, named: usize) -> bool {
    plan.weight() + named <= limits::BATCH_MAX
}

/// Trashes what lives beneath `roots` until nothing does, in turns of `gesture`.
pub(super) async fn trash_beneath(
    gesture: &mut Gesture<'_>,
    (ctx, scope): (&Ctx, Scope),
    roots: &[ItemId],
) -> Result<(), Failure> {
    for _ in 0..LOOKS_MAX {
        let plan = beneath(ctx, scope, roots, Item::is_living, |item| !item.is_purged()).await?;
        if plan.weight() == 0 {
            break;
        }
        parts(gesture, &plan, Turn::trash_part).await?;
    }
    Ok(())
}

/// Does `part` with everything in `plan`, places first.
pub(super) async fn parts(
    gesture: &mut Gesture<'_>,
    plan: &Beneath,
    part: Part,
) -> Result<(), Failure> {
    for some in plan.places.chunks(PLACES_MAX) {
        let bookmarks = || some.iter().filter_map(|standing| standing.bookmark);
        let reads = Reads::none().places(bookmarks()).notes(bookmarks());
        let places: Vec<ItemId> = some.iter().map(|standing: &Standing| standing.place).collect();
        take(gesture, reads, places, part).await?;
    }
    for some in plan.folders.chunks(limits::BATCH_MAX) {
        take(gesture, Reads::none(), some.to_vec(), part).await?;
    }
    Ok(())
}

/// One turn that does `part` with each of `ids`.
async fn take(
    gesture: &mut Gesture<'_>,
    reads: Reads,
    ids: Vec<ItemId>,
    part: Part,
) -> Result<(), Failure> {
    let reads = reads.items(ids.iter().copied());
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            done.outcomes.extend(part(turn, *id)?);
        }
        Ok(done)
    };
    gesture.turn(reads, decide).await.map(drop)
}

/// What went into the trash together with `folder`, and the places in what went.
pub(super) async fn went_with(ctx: &Ctx, scope: Scope, folder: &Item) -> Result<Beneath, Fault> {
    let moment = folder.int(field::TRASHED_AT);
    let went = |item: &Item| item.int(field::TRASHED_AT) == moment && !item.is_purged();
    beneath(ctx, scope, &[folder.id], went, |item| !item.is_purged()).await
}

/// What goes for good with `folder`: what went into the trash with it, and every place that was
/// taken out of those folders before.
pub(super) async fn goes_with(ctx: &Ctx, scope: Scope, folder: &Item) -> Result<Beneath, Fault> {
    let moment = folder.int(field::TRASHED_AT);
    let went = |item: &Item| item.int(field::TRASHED_AT) == moment && !item.is_purged();
    let wanted = |item: &Item| {
        went(item) || (item.kind == Kind::Place && item.is_trashed() && !item.is_purged())
    };
    beneath(ctx, scope, &[folder.id], wanted, went).await
}
