//! Take items out of the trash, with what the same gesture put there.

use super::in_turns::{fits_one_turn, folders_of, parts, went_with};
use crate::answer::Changed;
use crate::ctx::Ctx;
use crate::gesture::Gesture;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::turn::Turn;
use shelf_ports::Failure;

/// Restores `ids`; a folder brings back what went with it, in several turns where it is much. A
/// tag whose name lives again joins that tag; refused `not_found` where one is not there.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn restore_items(ctx: &Ctx, scope: Scope, ids: Vec<ItemId>) -> Result<Changed, Failure> {
    let ids = super::checked_ids(ids)?;
    let (named, shelf) = super::there(ctx, scope, &ids).await?;
    // A tag that comes back may meet another of its name; which name, only the tag itself says.
    let tags = ids.iter().filter_map(|id| shelf.item(*id)).filter(|item| item.kind == Kind::Tag);
    let mut reads = named.tags(tags.map(|tag| tag.text(field::NAME)));
    let mut gesture = Gesture::begin(ctx, scope);
    for folder in folders_of(ctx, scope, &ids, Item::is_trashed).await? {
        let plan = went_with(ctx, scope, &folder).await?;
        if fits_one_turn(&plan, ids.len()) {
            reads = reads.under(folder.id);
        } else {
            parts(&mut gesture, &plan, Turn::restore_part).await?;
        }
    }
    let decide = move |turn: &mut Turn| {
        let mut done = turn.done(Vec::new());
        for id in &ids {
            done.outcomes.extend(turn.restore(*id)?);
        }
        Ok(done)
    };
    gesture.turn(reads, decide).await?;
    gesture.ended().ok_or_else(|| Refused::not_found("such items").into())
}
