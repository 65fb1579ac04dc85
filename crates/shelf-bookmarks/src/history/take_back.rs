//! One gesture over many turns that takes back rows of many items: the engine of undo.
//!
//! Whatever refers to others goes first: places, then bookmarks, then tags, then folders from the
//! bottom up. So a tag or folder only stays where something refers to it that stays itself.

use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::change::Change;
use shelf_domain::comment::Comment;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::limits;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::undo::rank;
use shelf_ports::Failure;
use shelf_ports::library::Touched;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rows of the log looked through at once.
const ROWS_MAX: usize = 5_000;

/// Takes back the rows `picked` of all items `touched`, [`limits::BATCH_MAX`] items a turn. Only
/// ids are held in memory.
pub(super) async fn all_touched(
    ctx: &Ctx,
    scope: Scope,
    touched: Touched,
    picked: impl Fn(&Change) -> bool + Clone + Send + Sync + 'static,
) -> Result<Option<Changed>, Failure> {
    let mut gesture = Gesture::begin(ctx, scope);
    for ids in in_order(ctx, scope, touched).await?.chunks(limits::BATCH_MAX) {
        these(&mut gesture, ids.to_vec(), picked.clone()).await?;
    }
    Ok(gesture.ended())
}

/// The items `touched` names, each once, those that refer to others before those.
async fn in_order(ctx: &Ctx, scope: Scope, touched: Touched) -> Result<Vec<ItemId>, Failure> {
    let (mut rows, mut after) = (BTreeMap::new(), 0);
    loop {
        let page = ctx.stores.library.touched(scope, touched, after, ROWS_MAX).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        rows.extend(page.into_iter().map(|touch| (touch.item, rank(&touch.kind))));
    }
    // Ids rise with time: what was made last lies deepest, unless it was moved.
    let mut ids: Vec<(u8, Reverse<ItemId>)> =
        rows.into_iter().map(|(id, rank)| (rank, Reverse(id))).collect();
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(_, Reverse(id))| id).collect())
}

/// Takes back the rows `picked` of `ids` in one turn of `gesture`. Comments of others stay and are
/// listed as left, unless who asks manages the library: to undo is no way around who may change one.
pub(super) async fn these(
    gesture: &mut Gesture<'_>,
    ids: Vec<ItemId>,
    picked: impl Fn(&Change) -> bool + Send + Sync + 'static,
) -> Result<(), Failure> {
    let (reads, me) = (Reads::none().history(ids.iter().copied()), gesture.by());
    let decide = move |turn: &mut Turn| {
        let this = turn.act();
        let of_another = |id: &ItemId| {
            let item = turn.shelf.item(*id);
            item.is_some_and(|item| Comment::is_of_another(&turn.shelf, item, me))
        };
        let (others, own): (Vec<ItemId>, Vec<ItemId>) = ids.iter().copied().partition(of_another);
        let mut done = turn.take_back(&own, |row| row.act != this && picked(row))?;
        done.left.extend(others);
        done.left.sort_unstable();
        Ok(done)
    };
    gesture.turn(reads, decide).await.map(drop)
}
