//! Tags: what is known of each, and what changes them.

use crate::graphql::bookmarks::{Bookmark, BookmarkFilter, BookmarkSort, ListArgs, bookmarks_of};
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::Pages;
use crate::graphql::payloads::{ChangedPayload, Written, act_in, head_of};
use crate::graphql::scalars::Home;
use crate::graphql::{asks, write};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// A tag as a bookmark names it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TagRef {
    id: ItemId,
    name: String,
}

/// A tag. A bookmark knows its id and name; the rest is asked for once for all tags of a library.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tag {
    #[serde(skip)]
    home: Home,
    id: ItemId,
    name: String,
    #[serde(flatten)]
    rest: Option<Rest>,
}

/// What a bookmark does not know of its tags.
#[derive(Clone, Debug, Deserialize)]
struct Rest {
    number: u32,
    version: String,
    colour: String,
    bookmarks: Option<u64>,
}

impl Tag {
    /// The tag a bookmark in the library of `home` names.
    pub(crate) fn named(home: Home, tag: &TagRef) -> Self {
        Self { home, id: tag.id, name: tag.name.clone(), rest: None }
    }

    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }

    /// What `field` picks of the rest.
    async fn rest<T: Send>(
        &self,
        ctx: &Context<'_>,
        field: &'static str,
        pick: impl Fn(&Rest) -> Option<T> + Send + Sync,
    ) -> Result<Option<T>> {
        if let Some(found) = self.rest.as_ref().and_then(&pick) {
            return Ok(Some(found));
        }
        let ask = asks(ctx).of(field).at("library", self.home.library);
        let found: Option<Self> = ask.at_least(self.home.at_least).row(self.id).await?;
        Ok(found.and_then(|tag| tag.rest).as_ref().and_then(pick))
    }
}

/// A tag.
#[Object]
impl Tag {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Tag.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// A small number of its own, never given again.
    async fn number(&self, ctx: &Context<'_>) -> Result<Option<u32>> {
        self.rest(ctx, "Tag.number", |rest| Some(rest.number)).await
    }

    /// Its version, for `ifVersion`.
    async fn version(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.rest(ctx, "Tag.version", |rest| Some(rest.version.clone())).await
    }

    /// Its colour; empty where it has none.
    async fn colour(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.rest(ctx, "Tag.colour", |rest| Some(rest.colour.clone())).await
    }

    /// How many living bookmarks bear it.
    async fn bookmarks(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        self.rest(ctx, "Tag.bookmarks", |rest| rest.bookmarks).await
    }

    /// The bookmarks that bear it.
    async fn tagged_bookmarks(
        &self,
        ctx: &Context<'_>,
        sort: Option<BookmarkSort>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Bookmark>> {
        let ID(id) = Named::Tag.id(&[self.home.library, self.id]);
        let filter = BookmarkFilter::bearing(NodeId::read(&id));
        let ask = asks(ctx).of("Tag.taggedBookmarks").at("library", self.home.library);
        let ask = ask.at_least(self.home.at_least);
        Ok(bookmarks_of(ask, self.home, ListArgs { filter, sort, first, after }).await?)
    }
}

/// What tag to make.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct CreateTagInput {
    /// The library it goes into.
    #[serde(skip_serializing)]
    library: NodeId,
    /// Its name.
    name: String,
    /// Its colour.
    colour: Option<String>,
}

/// What to change; what is absent stays.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct EditTagInput {
    /// The tag.
    #[serde(skip_serializing)]
    id: NodeId,
    /// Only where it still has this version.
    #[serde(skip_serializing)]
    if_version: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    name: MaybeUndefined<String>,
    /// Its colour; null takes it off.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    colour: MaybeUndefined<String>,
}

/// What making or editing a tag is answered with.
#[derive(Debug, SimpleObject)]
pub(crate) struct TagPayload {
    /// `applied`; `joined` where it was merged into another; `noop` where it was so already.
    status: String,
    /// The gesture; undo takes it.
    act: Option<ID>,
    /// A position of the log that has it, for `atLeast`.
    head: Option<u64>,
    /// The tag as it is now.
    tag: Tag,
}

impl TagPayload {
    fn of(written: Written<Tag>, library: ItemId) -> Self {
        let home = Home::now(library);
        let Written { status, act, item } = written;
        let head = item.rest.as_ref().and_then(|rest| head_of(&rest.version));
        Self { status, act: act_in(home, act), head, tag: item.settled(home) }
    }
}

/// What changes tags.
#[derive(Debug, Default)]
pub(crate) struct TagMutations;

#[Object]
impl TagMutations {
    /// Makes a tag that no bookmark bears yet. Where the name lives already, that tag is the
    /// answer.
    async fn create_tag(
        &self,
        ctx: &Context<'_>,
        input: CreateTagInput,
        idempotency_key: Option<String>,
    ) -> Result<TagPayload> {
        let library = input.library.of(Named::Library);
        let ask = write(ctx, "Mutation.createTag", idempotency_key).at("library", library);
        Ok(TagPayload::of(ask.body(&input).done().await?, library))
    }

    /// Renames or recolours a tag. Renaming it to a name that lives merges the two; the answer is
    /// the tag that stays.
    async fn edit_tag(
        &self,
        ctx: &Context<'_>,
        input: EditTagInput,
        idempotency_key: Option<String>,
    ) -> Result<TagPayload> {
        let ask = write(ctx, "Mutation.editTag", idempotency_key).patch(&input);
        let ask = ask.on(&input.id);
        let written = ask.if_version(input.if_version).done().await?;
        Ok(TagPayload::of(written, input.id.home()))
    }

    /// Puts a tag into the trash. Bookmarks that bear it bear it again when it is restored.
    async fn trash_tag(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.trashTag", idempotency_key);
        Ok(ChangedPayload::on(ask, &id).await?)
    }
}
