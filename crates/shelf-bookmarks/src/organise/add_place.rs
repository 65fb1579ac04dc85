//! Put a bookmark into one more folder.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::SavePlace;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Which bookmark goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddPlace {
    /// The bookmark.
    pub bookmark: ItemId,
    /// The folder, or the root.
    pub collection: Option<ItemId>,
    /// A title it has only there; empty for none.
    pub title: String,
}

/// Adds a place at the end of the folder; the one it has there already is answered unchanged.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn add_place(ctx: &Ctx, scope: Scope, ask: AddPlace) -> Result<Changed, Failure> {
    let title = Value::from(ask.title.as_str());
    Kind::Place.check(&Register::from(field::TITLE), Some(&title))?;
    let reads = Reads::none().places([ask.bookmark]).into_collection(ask.collection);
    let decide = move |turn: &mut Turn| {
        let known = turn.known(ask.bookmark, &Kind::Bookmark)?;
        if known.is_trashed() {
            return Err(Refused::invalid("bookmark", "it is in the trash: restore it first"));
        }
        let spot =
            SavePlace { parent: ask.collection, title: ask.title.clone(), ..SavePlace::default() };
        let outcome = turn.place(known.id, &spot)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
