//! Save a bookmark: a new one, or what it adds to the one that has its address already.

use crate::ctx::Ctx;
use crate::get_bookmark::get_bookmark;
use shelf_domain::change::Head;
use shelf_domain::id::{ActId, Scope};
use shelf_domain::refusal::Refused;
use shelf_domain::turn::{Status, Turn};
use shelf_domain::view::Bookmark;
use shelf_ports::Failure;
use shelf_ports::library::IdempotencyKey;
use std::sync::{Arc, Mutex, PoisonError};

pub use shelf_domain::save::{SaveBookmark, SavePlace};

/// What became of a save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The bookmark as it is now.
    pub bookmark: Bookmark,
    /// `Applied` for a new one, `Joined` where the address was saved before.
    pub status: Status,
    /// Where the log stood after the save.
    pub head: Head,
    /// The gesture, for undo.
    pub act: Option<ActId>,
    /// Whether this is the stored answer of an earlier request with the same key.
    pub replayed: bool,
}

/// Saves `ask`. The same `key` with the same request saves once and answers twice.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn save_bookmark(
    ctx: &Ctx,
    scope: Scope,
    ask: SaveBookmark,
    key: Option<IdempotencyKey>,
) -> Result<Saved, Failure> {
    let ask = ask.checked()?;
    let reads = ask.reads();
    let made = Arc::new(Mutex::new(None));
    let decide = {
        let made = Arc::clone(&made);
        move |turn: &mut Turn| {
            let outcome = turn.save(&ask)?;
            // All of a new bookmark is in view; of one that was there, only what decides is.
            let new = turn.shelf.item(outcome.item).filter(|_| outcome.status == Status::Applied);
            *made.lock().unwrap_or_else(PoisonError::into_inner) =
                new.map(|item| Bookmark::of(&turn.shelf, item));
            Ok(turn.done(vec![outcome]))
        }
    };
    let written = ctx.write(scope, key, reads, Box::new(decide)).await?;
    let Some(outcome) = written.done.outcomes.first() else {
        return Err(Refused::not_found("bookmark that was saved").into());
    };
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    let bookmark = match made {
        Some(bookmark) => bookmark,
        None => get_bookmark(ctx, scope, outcome.item).await?.bookmark,
    };
    Ok(Saved {
        bookmark,
        status: outcome.status,
        head: written.head,
        act: written.done.act,
        replayed: written.replayed,
    })
}
