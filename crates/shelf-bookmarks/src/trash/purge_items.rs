//! Remove for good what is in the trash: its texts are blanked everywhere.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::Kind;
use shelf_domain::limits;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Done, Turn};
use shelf_ports::Failure;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Purges exactly `ids`, which must be in the trash, and the places of those that are bookmarks.
/// What was purged before stays as it is; refused `not_found` where one never was.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn purge_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    let reads = Reads::none().places(ids.iter().copied());
    let decide = move |turn: &mut Turn| {
        if let Some(id) = ids.iter().find(|id| turn.shelf.item(**id).is_none()) {
            return Err(Refused::not_found(format!("item {id}")));
        }
        purge(turn, &ids)
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}

/// Purges all that is in the trash, as one act over as many turns as it takes.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn empty_trash(ctx: &Ctx, scope: Scope) -> Result<Option<Changed>, Failure> {
    purge_until(ctx, scope, ctx.stores.clock.now_ms()).await
}

/// Purges what has been in the trash for [`limits::TRASH_DAYS`]; for the keeper.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn purge_overdue(ctx: &Ctx, scope: Scope) -> Result<Option<Changed>, Failure> {
    let until = ctx.stores.clock.now_ms() - limits::TRASH_DAYS * DAY_MS;
    purge_until(ctx, scope, until).await
}

async fn purge_until(ctx: &Ctx, scope: Scope, until: i64) -> Result<Option<Changed>, Failure> {
    let mut all: Option<Changed> = None;
    loop {
        let ids = ctx.stores.library.overdue(scope, until, limits::BATCH_MAX).await?;
        if ids.is_empty() {
            return Ok(all);
        }
        let reads = Reads::none().places(ids.iter().copied());
        let act = all.as_ref().and_then(|all| all.act);
        let decide = move |turn: &mut Turn| {
            if let Some(act) = act {
                turn.continue_act(act);
            }
            purge(turn, &ids)
        };
        let written = ctx.write(scope, None, reads, Box::new(decide)).await?;
        // A turn that moves nothing would be asked for ever.
        let idle = written.done.outcomes.is_empty();
        all = Some(match all {
            Some(all) => all.and(written),
            None => written.into(),
        });
        if idle {
            return Ok(all);
        }
    }
}

fn purge(turn: &mut Turn, ids: &[ItemId]) -> Result<Done, Refused> {
    let mut done = turn.done(Vec::new());
    for id in ids {
        let Some(item) = turn.shelf.item(*id).filter(|item| !item.is_purged()).cloned() else {
            continue;
        };
        if item.kind == Kind::Bookmark && item.is_trashed() {
            let places: Vec<(ItemId, bool)> = turn
                .shelf
                .places_of(item.id)
                .into_iter()
                .filter(|place| !place.is_purged())
                .map(|place| (place.id, place.is_trashed()))
                .collect();
            for (place, trashed) in places {
                if !trashed {
                    turn.trash(place)?;
                }
                turn.purge(place)?;
            }
        }
        done.outcomes.push(turn.purge(item.id)?);
    }
    Ok(done)
}
