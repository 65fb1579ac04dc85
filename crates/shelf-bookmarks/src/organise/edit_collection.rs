//! Edit a folder: name, description, icon, query, parent.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::edit::{Edit, Version};
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Refused;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Which folder, and what to put; `None` leaves a field, an empty text empties it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditCollection {
    /// The folder.
    pub id: ItemId,
    /// Its name; never empty.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its icon.
    pub icon: Option<String>,
    /// The query that fills it.
    pub query: Option<String>,
    /// The folder to move it into, at the end; `Some(None)` is the root.
    pub parent: Option<Option<ItemId>>,
    /// Refuse `stale` when it is no longer at this version.
    pub version: Option<Version>,
}

impl EditCollection {
    /// An edit of `id` that changes nothing yet.
    pub fn of(id: ItemId) -> Self {
        let (name, description, icon, query) = (None, None, None, None);
        Self { id, name, description, icon, query, parent: None, version: None }
    }

    fn edit(&self) -> Result<Edit, Refused> {
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Refused::invalid(field::NAME, "a folder needs a name"));
        }
        let mut edit = Edit { version: self.version, ..Edit::default() };
        let texts = [
            (field::NAME, self.name.as_deref().map(str::trim)),
            (field::DESCRIPTION, self.description.as_deref()),
            (field::ICON, self.icon.as_deref()),
            (field::QUERY, self.query.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                edit = edit.put(name, (!text.is_empty()).then(|| Value::from(text)));
            }
        }
        edit.checked(&Kind::Collection)
    }
}

/// Edits a folder; refused `cycle` where it would be inside itself.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn edit_collection(
    ctx: &Ctx,
    scope: Scope,
    ask: EditCollection,
) -> Result<Changed, Failure> {
    let (id, parent, edit) = (ask.id, ask.parent, ask.edit()?);
    let mut reads = edit.reads(id);
    if let Some(parent) = parent {
        reads = reads.into_collection(parent);
    }
    let decide = move |turn: &mut Turn| {
        let mut outcomes = vec![turn.edit(id, &Kind::Collection, &edit)?];
        let known = turn.known(id, &Kind::Collection)?;
        if let Some(parent) = parent {
            let parent = parent.map(|parent| turn.shelf.resolve(parent));
            if known.reference(field::PARENT) != parent {
                outcomes.push(turn.move_to(id, parent, Spot::End)?);
            }
        }
        Ok(turn.done(outcomes))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
