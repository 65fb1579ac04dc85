//! Collections that are libraries of their own: sharing one, and mounting a library at one.

use crate::graphql::collections::CollectionPayload;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::act_in;
use crate::graphql::scalars::Home;
use crate::graphql::write;
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// What sharing a collection is answered with.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct SharedCollectionPayload {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    library: ItemId,
    #[graphql(skip)]
    act: Option<ItemId>,
    /// Bookmarks that live there alone now.
    moved: u64,
    /// Bookmarks that stand elsewhere too: each lives on in both libraries, from now on its own.
    copied: u64,
    /// How many of both are marked private: whoever may read the library it is now sees these too.
    private: u64,
}

#[ComplexObject]
impl SharedCollectionPayload {
    /// The library it is now, which the caller manages.
    async fn library(&self) -> ID {
        Named::Library.id(&[self.library])
    }

    /// The gesture in the library it left; null where it was done before.
    async fn act(&self) -> Option<ID> {
        act_in(self.home, self.act)
    }
}

/// Which library to mount.
#[derive(Debug, Serialize)]
struct Mounts {
    library: Option<ItemId>,
}

/// What makes libraries of collections, and puts libraries where collections are.
#[derive(Debug, Default)]
pub(crate) struct MountMutations;

#[Object]
impl MountMutations {
    /// Turns a collection into a library of its own, which is mounted there; for who manages the
    /// library. Asked again it goes on where it stopped.
    async fn share_collection(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<SharedCollectionPayload> {
        let ask = write(ctx, "Mutation.shareCollection", idempotency_key);
        let ask = ask.on(&id);
        let shared: SharedCollectionPayload = ask.done().await?;
        Ok(SharedCollectionPayload { home: Home::now(id.home()), ..shared })
    }

    /// Mounts a library the caller may use at a collection; null takes the mount off. A mount is a
    /// way to a library and gives nobody a right to it.
    async fn mount_library(
        &self,
        ctx: &Context<'_>,
        collection: NodeId,
        library: Option<NodeId>,
        idempotency_key: Option<String>,
    ) -> Result<CollectionPayload> {
        let library = library.map(|library| library.of(Named::Library));
        let ask = write(ctx, "Mutation.mountLibrary", idempotency_key).patch(&Mounts { library });
        let ask = ask.on(&collection);
        Ok(CollectionPayload::of(ask.done().await?, collection.home()))
    }
}
