//! What several mutations answer.

use crate::graphql::asks;
use crate::graphql::asks::Ask;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::library::Library;
use crate::graphql::scalars::Home;
use crate::problem::Problem;
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use serde::Deserialize;
use shelf_domain::id::ItemId;

/// What a save or an edit is answered with.
#[derive(Debug, Deserialize)]
pub(crate) struct Written<T> {
    /// What became of it.
    pub status: String,
    /// The gesture.
    pub act: Option<ItemId>,
    /// The item as it is now.
    pub item: T,
}

/// The position of the log in `version`, from which on an item is as it was answered.
pub(crate) fn head_of(version: &str) -> Option<u64> {
    version.split_once('-').and_then(|(_, seq)| seq.parse().ok())
}

/// The id of the gesture `act` in the library of `home`.
pub(crate) fn act_in(home: Home, act: Option<ItemId>) -> Option<ID> {
    act.map(|act| Named::Act.id(&[home.library, act]))
}

/// What a gesture changed.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ChangedPayload {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    act: Option<ItemId>,
    #[graphql(skip)]
    items: Vec<ItemId>,
    #[graphql(skip)]
    left: Vec<ItemId>,
    /// Whether this is the stored answer of an earlier request with the same key.
    replayed: bool,
}

#[ComplexObject]
impl ChangedPayload {
    /// The gesture; undo takes it.
    async fn act(&self) -> Option<ID> {
        act_in(self.home, self.act)
    }

    /// The items that were changed.
    async fn items(&self) -> Vec<ID> {
        self.ids(&self.items)
    }

    /// Items that were left as they are: others changed them since, or there are none.
    async fn left(&self) -> Vec<ID> {
        self.ids(&self.left)
    }

    /// The library, as it is now.
    async fn library(&self, ctx: &Context<'_>) -> Result<Library> {
        let ask = asks(ctx).of("ChangedPayload.library").at("library", self.home.library);
        Ok(ask.read().await?)
    }
}

impl ChangedPayload {
    fn ids(&self, items: &[ItemId]) -> Vec<ID> {
        items.iter().map(|item| Named::Item.id(&[self.home.library, *item])).collect()
    }

    /// What `ask` changes in `library`.
    pub(crate) async fn of(ask: Ask<'_>, library: ItemId) -> Result<Self, Problem> {
        let mut changed: Self = ask.at("library", library).done().await?;
        changed.home = Home::now(library);
        Ok(changed)
    }

    /// What `ask` changes by the item `id` names.
    pub(crate) async fn on(ask: Ask<'_>, id: &NodeId) -> Result<Self, Problem> {
        Self::of(ask.on(id), id.home()).await
    }
}

/// It is done, and there is nothing to say of it.
#[derive(Debug, SimpleObject)]
pub(crate) struct DonePayload {
    /// Always.
    done: bool,
}

impl DonePayload {
    /// What `ask` does.
    pub(crate) async fn of(ask: Ask<'_>) -> Result<Self, Problem> {
        ask.done::<serde_json::Value>().await?;
        Ok(Self { done: true })
    }
}
