//! Collections: the tree of folders, and what changes it.

use crate::graphql::asks::Ask;
use crate::graphql::bookmarks::{Bookmark, BookmarkFilter, BookmarkSort, ListArgs, bookmarks_of};
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::Pages;
use crate::graphql::payloads::{ChangedPayload, Written, act_in, head_of};
use crate::graphql::scalars::{DateTime, Home};
use crate::graphql::{asks, write};
use crate::problem::Problem;
use async_graphql::{
    ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject,
};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// A collection: a folder of bookmarks and of other collections.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Collection {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    parent: Option<ItemId>,
    #[graphql(skip)]
    mount: Option<ItemId>,
    /// A small number of its own, never given again.
    number: u32,
    /// Its version, for `ifVersion`.
    version: String,
    /// Its name.
    name: String,
    /// Position among siblings: sorts as text.
    order: String,
    /// What it is for.
    description: String,
    /// Its icon.
    icon: String,
    /// The query that fills it; empty where it is filled by hand.
    query: String,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When its source says it was changed.
    modified_at: Option<DateTime>,
    /// When it was put into the trash.
    trashed_at: Option<DateTime>,
    /// How deep it lies, 0 at the root; null in answers to what changed it.
    depth: Option<u32>,
    /// Bookmarks that stand directly in it; null in answers to what changed it.
    bookmarks: Option<u64>,
    /// Places in it and in all under it; null in answers to what changed it.
    under: Option<u64>,
}

impl Collection {
    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }

    /// The collection `id` among all that `ask` is answered with.
    pub(crate) async fn among(
        ask: Ask<'_>,
        home: Home,
        id: ItemId,
    ) -> std::result::Result<Option<Self>, Problem> {
        let found: Option<Self> = ask.row(id).await?;
        Ok(found.map(|one| one.settled(home)))
    }

    /// An ask of `field` for all collections of its library.
    fn all<'a>(&self, ctx: &Context<'a>, field: &'static str) -> Ask<'a> {
        let ask = asks(ctx).of(field).at("library", self.home.library);
        ask.at_least(self.home.at_least)
    }
}

#[ComplexObject]
impl Collection {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Collection.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// The collection it is in; null is the root.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Collection>> {
        let Some(id) = self.parent else { return Ok(None) };
        Ok(Self::among(self.all(ctx, "Collection.parent"), self.home, id).await?)
    }

    /// The library that is mounted there, which the caller may or may not read.
    async fn mount(&self) -> Option<ID> {
        self.mount.map(|library| Named::Library.id(&[library]))
    }

    /// The collections directly in it, in their order.
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Collection>> {
        let children: Vec<Self> = self.all(ctx, "Collection.children").rows_in(self.id).await?;
        Ok(children.into_iter().map(|one| one.settled(self.home)).collect())
    }

    /// The bookmarks that stand directly in it, in the order of their places where no other is
    /// said.
    async fn placed_bookmarks(
        &self,
        ctx: &Context<'_>,
        sort: Option<BookmarkSort>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Bookmark>> {
        let ID(id) = Named::Collection.id(&[self.home.library, self.id]);
        let filter = BookmarkFilter::within(NodeId::read(&id));
        let sort = Some(sort.unwrap_or(BookmarkSort::Place));
        let ask = self.all(ctx, "Collection.placedBookmarks");
        Ok(bookmarks_of(ask, self.home, ListArgs { filter, sort, first, after }).await?)
    }
}

/// What collection to make.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct CreateCollectionInput {
    /// The library it goes into.
    #[serde(skip_serializing)]
    library: NodeId,
    /// Its name.
    name: String,
    /// The collection it goes into; the root, where it is not said.
    parent: Option<NodeId>,
    /// What it is for.
    description: Option<String>,
    /// Its icon.
    icon: Option<String>,
    /// The query that fills it.
    query: Option<String>,
}

/// What to change; what is absent stays, null empties a field.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct EditCollectionInput {
    /// The collection.
    #[serde(skip_serializing)]
    id: NodeId,
    /// Only where it still has this version.
    #[serde(skip_serializing)]
    if_version: Option<String>,
    /// Its name; never empty.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    name: MaybeUndefined<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    description: MaybeUndefined<String>,
    /// Its icon.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    icon: MaybeUndefined<String>,
    /// The query that fills it.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    query: MaybeUndefined<String>,
    /// The collection to move it into; null is the root.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    parent: MaybeUndefined<NodeId>,
    /// The collection or place it shall stand right after; null is the front.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    after: MaybeUndefined<NodeId>,
}

/// What making or editing a collection is answered with.
#[derive(Debug, SimpleObject)]
pub(crate) struct CollectionPayload {
    /// `applied`, or `noop` where it was so already.
    status: String,
    /// The gesture; undo takes it.
    act: Option<ID>,
    /// A position of the log that has it, for `atLeast`.
    head: Option<u64>,
    /// The collection as it is now.
    collection: Collection,
}

impl CollectionPayload {
    pub(crate) fn of(written: Written<Collection>, library: ItemId) -> Self {
        let home = Home::now(library);
        let Written { status, act, item } = written;
        let head = head_of(&item.version);
        Self { status, act: act_in(home, act), head, collection: item.settled(home) }
    }
}

/// What changes the tree.
#[derive(Debug, Default)]
pub(crate) struct CollectionMutations;

#[Object]
impl CollectionMutations {
    /// Makes a collection, at the end of its parent. Two of one name are legal.
    async fn create_collection(
        &self,
        ctx: &Context<'_>,
        input: CreateCollectionInput,
        idempotency_key: Option<String>,
    ) -> Result<CollectionPayload> {
        let library = input.library.of(Named::Library);
        let ask = write(ctx, "Mutation.createCollection", idempotency_key).at("library", library);
        Ok(CollectionPayload::of(ask.body(&input).done().await?, library))
    }

    /// Edits or moves a collection; it cannot be put under itself.
    async fn edit_collection(
        &self,
        ctx: &Context<'_>,
        input: EditCollectionInput,
        idempotency_key: Option<String>,
    ) -> Result<CollectionPayload> {
        let ask = write(ctx, "Mutation.editCollection", idempotency_key).patch(&input);
        let ask = ask.on(&input.id);
        let written = ask.if_version(input.if_version).done().await?;
        Ok(CollectionPayload::of(written, input.id.home()))
    }

    /// Puts a collection into the trash, with all that is in it and stands nowhere else, as one
    /// act.
    async fn trash_collection(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.trashCollection", idempotency_key);
        Ok(ChangedPayload::on(ask, &id).await?)
    }
}
