//! Bookmarks: lists of them, and what changes them.

use crate::cursor;
use crate::graphql::asks::{Ask, Page};
use crate::graphql::comments::{Comment, comment_cursor};
use crate::graphql::files::BookmarkFile;
use crate::graphql::history::{HistoryRow, row_cursor};
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::{Pages, page, pages};
use crate::graphql::payloads::{ChangedPayload, Written, act_in, head_of};
use crate::graphql::places::{Place, PlaceInput};
use crate::graphql::scalars::{DateTime, Home, word};
use crate::graphql::tags::{Tag, TagRef};
use crate::graphql::{asks, write};
use crate::problem::Problem;
use crate::wire::Id;
use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Json, MaybeUndefined, Object, Result,
    SimpleObject,
};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;
use std::collections::BTreeMap;

/// A bookmark.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Bookmark {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    tags: Vec<TagRef>,
    #[graphql(skip)]
    places: Vec<Place>,
    /// A small number of its own, never given again.
    number: u32,
    /// Its version, for `ifVersion`.
    version: String,
    /// The address as typed.
    url: String,
    /// Title as typed.
    title: String,
    /// What it is about.
    description: String,
    /// What its owner thinks of it; Markdown.
    notes: String,
    /// When it was first saved.
    created_at: Option<DateTime>,
    /// When its source says it was changed.
    modified_at: Option<DateTime>,
    /// When it was last changed here.
    changed_at: DateTime,
    /// When it was archived.
    archived_at: Option<DateTime>,
    /// When it was put into the trash.
    trashed_at: Option<DateTime>,
    /// Whether it is a favourite.
    favourite: bool,
    /// Whether it is still to be read.
    unread: bool,
    /// Whether it is marked private; whoever may read the library sees it.
    private: bool,
    /// Fields of its source that nothing here has a place for.
    raw: Json<BTreeMap<String, String>>,
    /// Texts that lost against a blind edit and wait for their owner.
    copies: Vec<TextCopy>,
}

/// A text that lost against an edit made without having seen it.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
pub(crate) struct TextCopy {
    /// The field it was typed into.
    field: String,
    /// The device it was typed on.
    device: String,
    /// The text.
    text: String,
}

impl Bookmark {
    /// Which item it is.
    pub(crate) fn item(&self) -> ItemId {
        self.id
    }

    /// The same, in the library of `home`.
    pub(crate) fn settled(mut self, home: Home) -> Self {
        self.home = home;
        self.places.iter_mut().for_each(|place| place.settle(home));
        self
    }
}

#[ComplexObject]
impl Bookmark {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Bookmark.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// Its tags, by name.
    async fn tags(&self) -> Vec<Tag> {
        self.tags.iter().map(|tag| Tag::named(self.home, tag)).collect()
    }

    /// Where it stands; empty is "Unsorted".
    async fn places(&self) -> &[Place] {
        &self.places
    }

    /// What people say of it, in the order they said it.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Comment>> {
        let ask = asks(ctx).of("Bookmark.comments").at("library", self.home.library);
        let ask = ask.at("item", self.id).at_least(self.home.at_least);
        let mut told = page::<Comment>(ask, first, after.as_deref()).await?;
        told.items.iter_mut().for_each(|comment| comment.settle(self.home));
        Ok(pages(told, after.as_deref(), comment_cursor))
    }

    /// The files that are kept with it, oldest first; none where it is in the trash.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<BookmarkFile>> {
        if self.trashed_at.is_some() {
            return Ok(Vec::new());
        }
        let ask = asks(ctx).of("Bookmark.files").at("library", self.home.library);
        let told: Page<BookmarkFile> =
            ask.at("item", self.id).at_least(self.home.at_least).read().await?;
        Ok(told.items.into_iter().map(|file| file.settled(self.home)).collect())
    }

    /// What was done to it and its places, latest first.
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<HistoryRow>> {
        let ask = asks(ctx).of("Bookmark.history").at("library", self.home.library);
        let ask = ask.at("item", self.id).at_least(self.home.at_least);
        let mut told = page::<HistoryRow>(ask, first, after.as_deref()).await?;
        told.items.iter_mut().for_each(|row| row.settle(self.home));
        Ok(pages(told, after.as_deref(), row_cursor))
    }
}

/// Which bookmarks; all that is said must hold.
#[derive(Debug, Default, InputObject)]
pub(crate) struct BookmarkFilter {
    /// Bearing these tags.
    tags: Option<Vec<NodeId>>,
    /// Bearing the tag of this name.
    tag_named: Option<String>,
    /// In this collection itself.
    collection: Option<NodeId>,
    /// Only those in no collection.
    unsorted: Option<bool>,
    /// Still to be read, or not.
    unread: Option<bool>,
    /// Favourites, or others.
    favourite: Option<bool>,
    /// Archived, or not.
    archived: Option<bool>,
}

impl BookmarkFilter {
    /// Bearing the tag `tag`.
    pub(crate) fn bearing(tag: NodeId) -> Self {
        Self { tags: Some(vec![tag]), ..Self::default() }
    }

    /// In `collection` itself.
    pub(crate) fn within(collection: NodeId) -> Self {
        Self { collection: Some(collection), ..Self::default() }
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BookmarkSort {
    /// Latest saved first.
    #[default]
    Newest,
    /// Earliest saved first.
    Oldest,
    /// By the order of places; only within a collection.
    Place,
    /// By small number.
    Number,
}

/// Which bookmarks, in which order, from where on.
#[derive(Debug, Default)]
pub(crate) struct ListArgs {
    /// What must hold.
    pub filter: BookmarkFilter,
    /// The order.
    pub sort: Option<BookmarkSort>,
    /// Rows.
    pub first: Option<u32>,
    /// Where the page begins.
    pub after: Option<String>,
}

/// A page of the bookmarks `args` name, by `ask`, in the library of `home`.
pub(crate) async fn bookmarks_of(
    ask: Ask<'_>,
    home: Home,
    args: ListArgs,
) -> std::result::Result<Pages<Bookmark>, Problem> {
    let ListArgs { filter, sort, first, after } = args;
    let collection = filter.collection.map(|id| id.own());
    let ids =
        |ids: Vec<NodeId>| ids.iter().map(|id| id.own().to_string()).collect::<Vec<_>>().join(",");
    let tags = filter.tags.filter(|tags| !tags.is_empty()).map(ids);
    let ask = ask
        .with("tag", tags.or(filter.tag_named))
        .with("collection", collection)
        .with("unsorted", filter.unsorted)
        .with("unread", filter.unread)
        .with("favourite", filter.favourite)
        .with("archived", filter.archived)
        .with("sort", sort.and_then(word));
    let mut told = page::<Bookmark>(ask, first, after.as_deref()).await?;
    told.items = told.items.into_iter().map(|one| one.settled(home)).collect();
    let sort = sort.unwrap_or_default();
    Ok(pages(told, after.as_deref(), |one| position(one, sort, collection)))
}

/// The cursor after `bookmark` in a list in this order.
fn position(bookmark: &Bookmark, sort: BookmarkSort, collection: Option<ItemId>) -> String {
    let key = match sort {
        BookmarkSort::Newest | BookmarkSort::Oldest => {
            bookmark.created_at.map_or(0, |DateTime(at)| at.0).to_string()
        }
        BookmarkSort::Number => bookmark.number.to_string(),
        BookmarkSort::Place => {
            let here = bookmark.places.iter().filter(|place| place.collection == collection);
            here.map(|place| place.order.clone()).min().unwrap_or_default()
        }
    };
    cursor::seal("bookmarks", &(key, Id(bookmark.id)))
}

/// What to save.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct SaveBookmarkInput {
    /// The library it goes into.
    #[serde(skip_serializing)]
    library: NodeId,
    /// The address, absolute.
    url: String,
    /// Its title.
    title: Option<String>,
    /// What it is about.
    description: Option<String>,
    /// What its owner thinks of it; Markdown.
    notes: Option<String>,
    /// Names of tags; missing ones are made.
    tags: Option<Vec<String>>,
    /// Where it goes; nowhere is "Unsorted".
    places: Option<Vec<PlaceInput>>,
    /// When it was first saved; now, where it is not said.
    created_at: Option<DateTime>,
    /// When its source says it was changed.
    modified_at: Option<DateTime>,
    /// When it was archived.
    archived_at: Option<DateTime>,
    /// Whether it is a favourite.
    favourite: Option<bool>,
    /// Whether it is still to be read.
    unread: Option<bool>,
    /// Whether it is marked private; whoever may read the library sees it.
    private: Option<bool>,
    /// Fields of a source that nothing here has a place for.
    raw: Option<Json<BTreeMap<String, String>>>,
}

/// What to change; what is absent stays, null empties a field.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct EditBookmarkInput {
    /// The bookmark.
    #[serde(skip_serializing)]
    id: NodeId,
    /// Only where it still has this version.
    #[serde(skip_serializing)]
    if_version: Option<String>,
    /// The address; never empty.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    url: MaybeUndefined<String>,
    /// Its title.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    title: MaybeUndefined<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    description: MaybeUndefined<String>,
    /// What its owner thinks of it; Markdown.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    notes: MaybeUndefined<String>,
    /// The tags it shall have, by name; null takes all off.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    tags: MaybeUndefined<Vec<String>>,
    /// When it was first saved.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    created_at: MaybeUndefined<DateTime>,
    /// When it was archived; null takes it out of the archive.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    archived_at: MaybeUndefined<DateTime>,
    /// Whether it is a favourite.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    favourite: MaybeUndefined<bool>,
    /// Whether it is still to be read.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    unread: MaybeUndefined<bool>,
    /// Whether it is marked private; whoever may read the library sees it.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    private: MaybeUndefined<bool>,
    /// Fields of a source: those named are put or, by null, removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Json<BTreeMap<String, Option<String>>>>,
}

/// What a save or an edit of a bookmark is answered with.
#[derive(Debug, SimpleObject)]
pub(crate) struct BookmarkPayload {
    /// `applied`; `joined` where the address was there before; `noop` where it was so already.
    status: String,
    /// The gesture; undo takes it.
    act: Option<ID>,
    /// A position of the log that has it, for `atLeast`.
    head: Option<u64>,
    /// The bookmark as it is now.
    bookmark: Bookmark,
}

impl BookmarkPayload {
    fn of(written: Written<Bookmark>, library: ItemId) -> Self {
        let home = Home::now(library);
        let Written { status, act, item } = written;
        let head = head_of(&item.version);
        Self { status, act: act_in(home, act), head, bookmark: item.settled(home) }
    }
}

/// Where bookmarks are moved to.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct MoveToInput {
    /// The collection; null is the root.
    collection: Option<NodeId>,
    /// Out of all collections.
    unsorted: Option<bool>,
}

/// What to do to every one of `ids`.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct BulkEditInput {
    /// The library they are in.
    #[serde(skip_serializing)]
    library: NodeId,
    /// The bookmarks, 1 to 500.
    ids: Vec<NodeId>,
    /// Names of tags to add; missing ones are made.
    add_tags: Option<Vec<String>>,
    /// Names of tags to take off.
    remove_tags: Option<Vec<String>>,
    /// Archive, or take out of the archive.
    archive: Option<bool>,
    /// Make favourites, or not.
    favourite: Option<bool>,
    /// Mark as still to be read, or as read.
    unread: Option<bool>,
    /// Where to move them.
    move_to: Option<MoveToInput>,
    /// Put them into the trash.
    trash: Option<bool>,
}

/// What changes bookmarks.
#[derive(Debug, Default)]
pub(crate) struct BookmarkMutations;

#[Object]
impl BookmarkMutations {
    /// Saves a bookmark. Where the address is saved already, what is new is added to that one.
    async fn save_bookmark(
        &self,
        ctx: &Context<'_>,
        input: SaveBookmarkInput,
        idempotency_key: Option<String>,
    ) -> Result<BookmarkPayload> {
        let library = input.library.of(Named::Library);
        let ask = write(ctx, "Mutation.saveBookmark", idempotency_key).at("library", library);
        Ok(BookmarkPayload::of(ask.body(&input).done().await?, library))
    }

    /// Edits a bookmark: different fields of two edits never collide.
    async fn edit_bookmark(
        &self,
        ctx: &Context<'_>,
        input: EditBookmarkInput,
        idempotency_key: Option<String>,
    ) -> Result<BookmarkPayload> {
        let ask = write(ctx, "Mutation.editBookmark", idempotency_key).patch(&input);
        let ask = ask.on(&input.id);
        let written = ask.if_version(input.if_version).done().await?;
        Ok(BookmarkPayload::of(written, input.id.home()))
    }

    /// Puts a bookmark into the trash, where it can be restored for thirty days.
    async fn trash_bookmark(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.trashBookmark", idempotency_key);
        Ok(ChangedPayload::on(ask, &id).await?)
    }

    /// Remembers that a bookmark is being opened, unless the person switched that off.
    async fn open_bookmark(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<Bookmark> {
        let ask = write(ctx, "Mutation.openBookmark", idempotency_key);
        let ask = ask.on(&id);
        Ok(ask.done::<Bookmark>().await?.settled(Home::now(id.home())))
    }

    /// Edits many bookmarks at once, as one act. Those that are not there are answered in `left`.
    async fn bulk_edit(
        &self,
        ctx: &Context<'_>,
        input: BulkEditInput,
        idempotency_key: Option<String>,
    ) -> Result<ChangedPayload> {
        let ask = write(ctx, "Mutation.bulkEdit", idempotency_key).body(&input);
        Ok(ChangedPayload::of(ask, input.library.of(Named::Library)).await?)
    }
}
