//! History and time machine: who changed what, undo, older versions.

use crate::cursor;
use crate::graphql::account::Person;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::{ChangedPayload, act_in};
use crate::graphql::scalars::{DateTime, Home};
use crate::graphql::write;
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// What one gesture did.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
#[expect(clippy::struct_field_names, reason = "it is called as REST calls it")]
pub(crate) struct Act {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    act: ItemId,
    #[graphql(skip)]
    item: ItemId,
    /// When.
    at: DateTime,
    /// Who: a token, session or device.
    device: String,
    /// What its owner calls that token, session or device.
    device_name: Option<String>,
    /// Who did it; null where they were erased, or it was the server itself.
    person: Option<Person>,
    /// Its first change in the log.
    first: u64,
    /// Its last change in the log.
    last: u64,
    /// How many changes it has.
    changes: u64,
    /// What the item of its first change is.
    kind: Option<String>,
    /// What that item is called now.
    name: Option<String>,
    /// The file, where the gesture is an import.
    import: Option<String>,
}

impl Act {
    /// Says in which library it was.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

/// The cursor after `act`.
pub(crate) fn act_cursor(act: &Act) -> String {
    cursor::seal("acts", &act.last)
}

#[ComplexObject]
impl Act {
    /// The gesture; undo takes it.
    async fn act(&self) -> Option<ID> {
        act_in(self.home, Some(self.act))
    }

    /// The item of its first change.
    async fn item(&self) -> ID {
        let named = self.kind.as_deref().map_or(Named::Item, Named::of_kind);
        named.id(&[self.home.library, self.item])
    }
}

/// What one change did to one field.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct FieldChange {
    /// The field: `title`, `tag/ID`, `notes/copy/DEVICE`.
    field: String,
    /// What it held before.
    from: Option<serde_json::Value>,
    /// What was put.
    to: Option<serde_json::Value>,
    /// Whether the put won; a later edit may have come first.
    won: bool,
    /// The name of the tag or collection this is about, as it is called now.
    name: Option<String>,
}

/// One change of an item.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct HistoryRow {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    act: ItemId,
    #[graphql(skip)]
    item: ItemId,
    #[graphql(skip)]
    joined: Option<ItemId>,
    /// Its position in the log: the version to put back.
    seq: u64,
    /// When.
    at: DateTime,
    /// Who: a token, session or device.
    device: String,
    /// What its owner calls that token, session or device.
    device_name: Option<String>,
    /// Who did it; null where they were erased, or it was the server itself.
    person: Option<Person>,
    /// What the item is.
    kind: String,
    /// Whether this made it.
    created: bool,
    /// What it did; empty where the texts were removed for good.
    changes: Vec<FieldChange>,
}

impl HistoryRow {
    /// Says in which library it was.
    pub(crate) fn settle(&mut self, home: Home) {
        self.home = home;
    }
}

/// The cursor after `row`.
pub(crate) fn row_cursor(row: &HistoryRow) -> String {
    cursor::seal("item", &row.seq)
}

#[ComplexObject]
impl HistoryRow {
    /// The gesture; undo takes it.
    async fn act(&self) -> Option<ID> {
        act_in(self.home, Some(self.act))
    }

    /// The item: the one asked for, or one of its places.
    async fn item(&self) -> ID {
        Named::of_kind(&self.kind).id(&[self.home.library, self.item])
    }

    /// The item that joined through this.
    async fn joined(&self) -> Option<ID> {
        let named = Named::of_kind(&self.kind);
        self.joined.map(|joined| named.id(&[self.home.library, joined]))
    }
}

/// Which version.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct RestoreVersionInput {
    /// The bookmark.
    #[serde(skip_serializing)]
    id: NodeId,
    /// The last change that shall still hold.
    seq: u64,
}

/// Which moment.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct RestoreLibraryInput {
    /// The library.
    #[serde(skip_serializing)]
    library: NodeId,
    /// Everything later is taken back.
    at: DateTime,
}

/// What goes back.
#[derive(Debug, Default)]
pub(crate) struct HistoryMutations;

#[Object]
impl HistoryMutations {
    /// Puts an older version of a bookmark back, as an ordinary act.
    async fn restore_version(
        &self,
        ctx: &Context<'_>,
        input: RestoreVersionInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.restoreVersion", idempotency_key).body(&input);
        Ok(ChangedPayload::on(ask, &input.id).await?)
    }

    /// Undoes a gesture. What others changed since is left and listed.
    async fn undo_act(
        &self,
        ctx: &Context<'_>,
        act: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.undoAct", idempotency_key);
        Ok(ChangedPayload::of(ask.at("act", act.own()), act.home()).await?)
    }

    /// Puts a whole library back to a moment, as an ordinary act.
    async fn restore_library(
        &self,
        ctx: &Context<'_>,
        input: RestoreLibraryInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.restoreLibrary", idempotency_key).body(&input);
        Ok(ChangedPayload::of(ask, input.library.of(Named::Library)).await?)
    }
}
