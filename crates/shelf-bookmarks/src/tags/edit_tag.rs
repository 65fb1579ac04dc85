//! Rename or recolour a tag; renaming it to a name that lives merges the two.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::edit::{Edit, Version};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::checked_tags;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Which tag, and what to put; `None` leaves a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditTag {
    /// The tag.
    pub id: ItemId,
    /// Its new name.
    pub name: Option<String>,
    /// Its colour; empty for none.
    pub colour: Option<String>,
    /// Refuse `stale` when it is no longer at this version.
    pub version: Option<Version>,
}

impl EditTag {
    /// Renaming `id` to `name`.
    pub fn rename(id: ItemId, name: impl Into<String>) -> Self {
        Self { id, name: Some(name.into()), colour: None, version: None }
    }

    fn edit(self) -> Result<Edit, Refused> {
        let mut edit = Edit { version: self.version, ..Edit::default() };
        if let Some(name) = self.name {
            let Some(name) = checked_tags(vec![name])?.pop() else {
                return Err(Refused::invalid(field::NAME, "a tag needs a name"));
            };
            edit = edit.put(field::NAME, Some(Value::from(name)));
        }
        if let Some(colour) = self.colour {
            let colour = (!colour.is_empty()).then(|| Value::from(colour));
            edit = edit.put(field::COLOUR, colour);
        }
        edit.checked(&Kind::Tag)
    }
}

/// Edits a tag. Where it was merged, the outcome says `Joined` and names the tag that stays.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn edit_tag(ctx: &Ctx, scope: Scope, ask: EditTag) -> Result<Changed, Failure> {
    let id = ask.id;
    let edit = ask.edit()?;
    let reads = edit.reads(id);
    let decide = move |turn: &mut Turn| {
        if turn.known(id, &Kind::Tag)?.is_trashed() {
            return Err(Refused::not_found(format!("tag {id}")));
        }
        let outcome = turn.edit(id, &Kind::Tag, &edit)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
