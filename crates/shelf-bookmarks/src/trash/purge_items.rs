//! Remove for good what is in the trash: its texts are blanked everywhere.

use super::in_turns::{folders_of, goes_with, parts};
use crate::answer::Changed;
use crate::captures::sweep_files;
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Register, field};
use shelf_domain::limits;
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::{Done, Turn};
use shelf_ports::blobs::BlobKind;
use shelf_ports::{Failure, Fault};
use std::collections::BTreeSet;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Purges `ids`, which must be in the trash: bookmarks with their places and comments, folders with what went
/// into the trash together with them. What was purged before stays as it is; refused `not_found`
/// where one never was.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn purge_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    let reads = Reads::none().places(ids.iter().copied()).notes(ids.iter().copied());
    let shelf = ctx.stores.library.read(scope, reads.clone()).await?;
    check(&shelf, &ids)?;
    let mut gesture = Gesture::begin(ctx, scope);
    for folder in folders_of(ctx, scope, &ids, Item::is_trashed).await? {
        let plan = goes_with(ctx, scope, &folder).await?;
        parts(&mut gesture, &plan, Turn::purge_part).await?;
    }
    let decide = move |turn: &mut Turn| {
        check(&turn.shelf, &ids)?;
        purge(turn, &ids)
    };
    gesture.turn(reads, decide).await?;
    forget_beside(ctx, scope).await?;
    gesture.ended().ok_or_else(|| Refused::not_found("such items").into())
}

/// All of `ids` are there, and in the trash or gone already.
fn check(shelf: &Shelf, ids: &[ItemId]) -> Result<(), Refused> {
    for id in ids {
        let Some(item) = shelf.item(*id) else {
            return Err(Refused::not_found(format!("item {id}")));
        };
        if !item.is_purged() && !item.is_trashed() {
            let detail = "only what is in the trash can be removed for good";
            return Err(Refused::invalid(id.to_string(), detail));
        }
    }
    Ok(())
}

/// Purges all that is in the trash, as one act over as many turns as it takes.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn empty_trash(ctx: &Ctx, scope: Scope) -> Result<Option<Changed>, Failure> {
    let due = Due { trashed: ctx.stores.clock.now_ms(), heard: None };
    purge_until(ctx, scope, due).await
}

/// Purges what has been in the trash for [`limits::TRASH_DAYS`], as whoever put it there says and as
/// this server knows; for the keeper.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn purge_overdue(ctx: &Ctx, scope: Scope) -> Result<Option<Changed>, Failure> {
    let until = ctx.stores.clock.now_ms() - limits::TRASH_DAYS * DAY_MS;
    purge_until(ctx, scope, Due { trashed: until, heard: Some(until) }).await
}

/// What goes, in milliseconds.
struct Due {
    /// What was put into the trash until then, by the clock of whoever did.
    trashed: i64,
    /// Of that, what the server heard of until then: the clock of a device may be years behind, and it
    /// may have been away for long.
    heard: Option<i64>,
}

/// A snapshot for replicas holds what was purged no longer than the log does, and files go with their
/// bookmark.
async fn forget_beside(ctx: &Ctx, scope: Scope) -> Result<(), Failure> {
    ctx.stores.blobs.forget_library(BlobKind::Snapshot, scope).await?;
    sweep_files(&ctx.stores, scope).await?;
    Ok(())
}

async fn purge_until(ctx: &Ctx, scope: Scope, due: Due) -> Result<Option<Changed>, Failure> {
    let mut gesture = Gesture::begin(ctx, scope);
    loop {
        let mut ids = ctx.stores.library.overdue(scope, due.trashed, limits::BATCH_MAX).await?;
        if let Some(until) = due.heard {
            ids = heard_until(ctx, scope, ids, until).await?;
        }
        if ids.is_empty() {
            break;
        }
        let reads = Reads::none().places(ids.iter().copied()).notes(ids.iter().copied());
        // A turn that moves nothing would be asked for ever.
        if gesture.turn(reads, move |turn| purge(turn, &ids)).await? == 0 {
            break;
        }
    }
    let ended = gesture.ended();
    if ended.is_some() {
        forget_beside(ctx, scope).await?;
    }
    Ok(ended)
}

/// Those of `ids` that went into the trash by a row of the log from `until` or before.
async fn heard_until(
    ctx: &Ctx,
    scope: Scope,
    ids: Vec<ItemId>,
    until: i64,
) -> Result<Vec<ItemId>, Fault> {
    let reads = Reads::none().items(ids.iter().copied());
    let shelf = ctx.stores.library.read(scope, reads).await?;
    let trashed = Register::from(field::TRASHED_AT);
    let row_of = |id: &ItemId| shelf.item(*id)?.registers.get(&trashed).map(|held| held.seq);
    let rows: BTreeSet<Seq> = ids.iter().filter_map(row_of).collect();
    let (mut young, mut next) = (BTreeSet::new(), rows.first().copied());
    while let Some(seq) = next {
        let after = seq.saturating_sub(1);
        let read = ctx.stores.library.changes(scope, after, limits::BATCH_MAX).await?;
        young.extend(read.iter().filter(|row| row.at > until).map(|row| row.seq));
        let last = read.last().map_or(seq, |row| row.seq.max(seq));
        next = rows.range(last.saturating_add(1)..).next().copied();
    }
    let is_young = |id: &ItemId| row_of(id).is_some_and(|seq| young.contains(&seq));
    Ok(ids.into_iter().filter(|id| !is_young(id)).collect())
}

fn purge(turn: &mut Turn, ids: &[ItemId]) -> Result<Done, Refused> {
    let mut done = turn.done(Vec::new());
    for id in ids {
        done.outcomes.extend(turn.purge_whole(*id)?);
    }
    Ok(done)
}
