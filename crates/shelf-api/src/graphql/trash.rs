//! The trash: what is in it, restoring and removing for good; and what the person remembers.

use crate::cursor;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::{ChangedPayload, DonePayload};
use crate::graphql::scalars::{DateTime, Home};
use crate::graphql::write;
use crate::wire::Id;
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// Something in the trash.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
#[expect(clippy::struct_field_names, reason = "it is called as REST calls it")]
pub(crate) struct Trashed {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    /// What it is: `bookmark`, `collection`, `tag`, ….
    kind: String,
    /// The name it goes by.
    name: String,
    /// The address, for bookmarks.
    url: String,
    /// When it was put into the trash.
    trashed_at: DateTime,
}

impl Trashed {
    /// Says in which library it is.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

/// The cursor after `trashed`.
pub(crate) fn trashed_cursor(trashed: &Trashed) -> String {
    let DateTime(at) = trashed.trashed_at;
    cursor::seal("trash", &(at.0, Id(trashed.id)))
}

#[ComplexObject]
impl Trashed {
    /// Its id.
    async fn id(&self) -> ID {
        Named::of_kind(&self.kind).id(&[self.home.library, self.id])
    }
}

/// Which items.
#[derive(Debug, Serialize)]
struct Ids {
    ids: Vec<NodeId>,
}

/// Whether what the person opens is remembered.
#[derive(Debug, Serialize, Deserialize, SimpleObject)]
pub(crate) struct ActivitySwitch {
    /// Whether it is.
    on: bool,
}

/// What changes the trash and the memory of what was opened.
#[derive(Debug, Default)]
pub(crate) struct TrashMutations;

#[Object]
impl TrashMutations {
    /// Takes items, 1 to 500, out of the trash, with what the same gesture put there.
    async fn restore_items(
        &self,
        ctx: &Context<'_>,
        library: NodeId,
        ids: Vec<NodeId>,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.restoreItems", idempotency_key).body(&Ids { ids });
        Ok(ChangedPayload::of(ask, library.of(Named::Library)).await?)
    }

    /// Removes for good what is in the trash; everything, where no `ids` are said. Its texts are
    /// blanked everywhere; this cannot be undone.
    async fn purge_trash(
        &self,
        ctx: &Context<'_>,
        library: NodeId,
        ids: Option<Vec<NodeId>>,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ids =
            ids.map(|ids| ids.iter().map(|id| id.own().to_string()).collect::<Vec<_>>().join(","));
        let ask = write(ctx, "Mutation.purgeTrash", idempotency_key).with("ids", ids);
        Ok(ChangedPayload::of(ask, library.of(Named::Library)).await?)
    }

    /// Switches the memory of what is opened on or off. Switching off keeps what was remembered
    /// until it is forgotten.
    async fn switch_activity(
        &self,
        ctx: &Context<'_>,
        on: bool,
        idempotency_key: Option<String>,
    ) -> Result<ActivitySwitch> {
        let ask = write(ctx, "Mutation.switchActivity", idempotency_key);
        Ok(ask.body(&ActivitySwitch { on }).done().await?)
    }

    /// Forgets what the person did in a library.
    async fn forget_activity(
        &self,
        ctx: &Context<'_>,
        library: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.forgetActivity", idempotency_key);
        Ok(DonePayload::of(ask.at("library", library.of(Named::Library))).await?)
    }
}
