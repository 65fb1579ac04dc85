//! Put items of any kind into the trash, as one act.

use super::beneath::beneath;
use super::in_turns::{fits_one_turn, folders_of, trash_beneath};
use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::comment::Comment;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Trashes `ids`; folders take along what stands nowhere else, in several turns where it is much.
/// What is in the trash already stays as it is; refused `not_found` where one is not there, and
/// `forbidden` where one is a comment of somebody else's that is not theirs to take away.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn trash_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    let (named, shelf) = super::there(ctx, scope, &ids).await?;
    // Whatever way it is named: a comment is taken away by who wrote it, or manages the library.
    let me = (ctx.person, ctx.right);
    let mut items = ids.iter().filter_map(|id| shelf.item(*id));
    if items.any(|item| Comment::is_of_another(&shelf, item, me)) {
        let detail = "only who wrote a comment, or manages the library, removes it";
        return Err(Refused::new(Code::Forbidden, "", detail).into());
    }
    let folders = folders_of(ctx, scope, &ids, Item::is_living).await?;
    let folders: Vec<ItemId> = folders.iter().map(|folder| folder.id).collect();
    let plan = beneath(ctx, scope, &folders, Item::is_living, |item| !item.is_purged()).await?;
    let mut gesture = Gesture::begin(ctx, scope);
    let reads = if fits_one_turn(&plan, ids.len()) {
        // The whole subtree with every place of its bookmarks: only so is it known which of them
        // stand nowhere else.
        folders.iter().fold(named.places(ids.iter().copied()), |all, id| all.under(*id))
    } else {
        trash_beneath(&mut gesture, (ctx, scope), &folders).await?;
        named
    };
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            if turn.shelf.item(*id).is_some_and(|item| !item.is_purged() && item.is_trashed()) {
                continue;
            }
            done.outcomes.extend(turn.trash(*id)?);
        }
        Ok(done)
    };
    gesture.turn(reads, decide).await?;
    gesture.ended().ok_or_else(|| Refused::not_found("such items").into())
}
