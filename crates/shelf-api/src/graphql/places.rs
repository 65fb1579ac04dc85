//! Places: the spots of a bookmark in the tree of collections, and what changes them.

use crate::graphql::collections::Collection;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::ChangedPayload;
use crate::graphql::scalars::Home;
use crate::graphql::{asks, write};
use async_graphql::{
    ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject,
};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// One spot of a bookmark in the tree of collections.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Place {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    pub collection: Option<ItemId>,
    /// Position among siblings: sorts as text.
    pub order: String,
    /// A title of its own; empty where it has none.
    title: String,
}

impl Place {
    /// Says in which library it is.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

#[ComplexObject]
impl Place {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Place.id(&[self.home.library, self.id])
    }

    /// The collection; null is the root.
    async fn collection(&self, ctx: &Context<'_>) -> Result<Option<Collection>> {
        let Some(id) = self.collection else { return Ok(None) };
        let ask = asks(ctx).of("Place.collection").at("library", self.home.library);
        Ok(Collection::among(ask.at_least(self.home.at_least), self.home, id).await?)
    }
}

/// One spot for a bookmark.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct PlaceInput {
    /// The collection; the root, where it is not said.
    collection: Option<NodeId>,
    /// A title of its own.
    title: Option<String>,
}

/// Where to move a place; what is absent stays.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct MovePlaceInput {
    /// The place.
    #[serde(skip_serializing)]
    id: NodeId,
    /// The collection to move it into; null is the root.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    collection: MaybeUndefined<NodeId>,
    /// The collection or place it shall stand right after; null is the front; the end, where it
    /// is not said.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    after: MaybeUndefined<NodeId>,
}

/// What changes where bookmarks stand.
#[derive(Debug, Default)]
pub(crate) struct PlaceMutations;

#[Object]
impl PlaceMutations {
    /// Puts a bookmark into one more collection; the place is the first of `items`.
    async fn add_place(
        &self,
        ctx: &Context<'_>,
        bookmark: NodeId,
        input: PlaceInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.addPlace", idempotency_key).body(&input);
        Ok(ChangedPayload::on(ask, &bookmark).await?)
    }

    /// Moves a place.
    async fn move_place(
        &self,
        ctx: &Context<'_>,
        input: MovePlaceInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.movePlace", idempotency_key).patch(&input);
        Ok(ChangedPayload::on(ask, &input.id).await?)
    }

    /// Takes a bookmark out of a collection; the bookmark itself stays.
    async fn remove_place(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.removePlace", idempotency_key);
        Ok(ChangedPayload::on(ask, &id).await?)
    }
}
