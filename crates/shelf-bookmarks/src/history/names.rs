//! Names for what history mentions by id: devices, tags, folders.

use crate::ctx::Ctx;
use shelf_domain::id::{DeviceId, ItemId, PersonId, Scope};
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::view::name_of;
use shelf_ports::Failure;
use shelf_ports::accounts::Person;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Somebody who wrote in a library, as all who may read it know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Who.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
}

/// Who stands behind grants.
pub(crate) struct Writers {
    /// What the person who asks calls their own.
    own: HashMap<DeviceId, String>,
    people: BTreeMap<DeviceId, Person>,
}

impl Writers {
    /// Those behind `grants`, ended ones too.
    pub(crate) async fn of(ctx: &Ctx, grants: BTreeSet<DeviceId>) -> Result<Self, Failure> {
        let accounts = &ctx.stores.accounts;
        // A grant ends at a moment; as of the first moment none has.
        let own = accounts.grants(ctx.person, 0).await?;
        let own = own.into_iter().map(|grant| (grant.id, grant.name)).collect();
        Ok(Self { own, people: accounts.people_of(&grants).await? })
    }

    /// What its owner calls a grant, where the owner is who asks.
    pub(crate) fn device_name(&self, grant: DeviceId) -> Option<String> {
        self.own.get(&grant).cloned()
    }

    /// Who wrote with a grant; unknown where they were erased.
    pub(crate) fn person(&self, grant: DeviceId) -> Option<Writer> {
        let person = self.people.get(&grant)?;
        Some(Writer { id: person.id, name: person.name.clone() })
    }

    /// What to call whoever wrote with a grant: their own device, or somebody else's name.
    pub(crate) fn called(&self, grant: DeviceId) -> Option<String> {
        self.device_name(grant).or_else(|| self.person(grant).map(|writer| writer.name))
    }
}

/// The items with these ids, as of now.
pub(crate) async fn items(
    ctx: &Ctx,
    scope: Scope,
    ids: BTreeSet<ItemId>,
) -> Result<Shelf, Failure> {
    Ok(ctx.stores.library.read(scope, Reads::none().items(ids)).await?)
}

/// The name of the item `id`; none when it has none or was purged.
pub(super) fn of(shelf: &Shelf, id: ItemId) -> Option<String> {
    shelf.item(id).map(name_of).filter(|name| !name.is_empty())
}
