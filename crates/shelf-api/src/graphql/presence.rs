//! Presence: who else is in a library now, and whether the caller is seen.

use crate::graphql::ids::Named;
use crate::graphql::scalars::Home;
use crate::graphql::write;
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// Somebody who is in a library now.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct PersonHere {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    person: ItemId,
    #[graphql(skip)]
    items: Vec<ItemId>,
    /// What they are called.
    name: String,
    /// What they do: `reading` or `writing`.
    state: String,
}

impl PersonHere {
    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }
}

#[ComplexObject]
impl PersonHere {
    /// Who.
    async fn person(&self) -> ID {
        Named::Person.id(&[self.person])
    }

    /// The items they are at.
    async fn items(&self) -> Vec<ID> {
        self.items.iter().map(|item| Named::Item.id(&[self.home.library, *item])).collect()
    }
}

/// Whether others see where the caller is.
#[derive(Debug, Serialize, Deserialize, SimpleObject)]
pub(crate) struct PresenceSwitch {
    /// Whether they do.
    pub on: bool,
}

/// What changes whether somebody is seen.
#[derive(Debug, Default)]
pub(crate) struct PresenceMutations;

#[Object]
impl PresenceMutations {
    /// Shows or hides the caller in libraries they share. Who is hidden still sees others.
    async fn switch_presence(
        &self,
        ctx: &Context<'_>,
        on: bool,
        idempotency_key: Option<String>,
    ) -> Result<PresenceSwitch> {
        let ask = write(ctx, "Mutation.switchPresence", idempotency_key);
        Ok(ask.body(&PresenceSwitch { on }).done().await?)
    }
}
