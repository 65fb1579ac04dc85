//! Lists of a library's content, answered from the state folded from its log.

use crate::Fault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::comment::Comment;
use shelf_domain::conflict::Conflict;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, field};
use shelf_domain::listed::flag;
use shelf_domain::view::{Bookmark, Collection, Tag, name_of};
use std::collections::HashMap;
use std::fmt;

/// Which bookmarks a list holds. All that is said must hold; the trash is only in
/// [`Views::trash`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Bearing all of these tags.
    pub tags: Vec<ItemId>,
    /// In this collection itself.
    pub collection: Option<ItemId>,
    /// In no collection that lives.
    pub unsorted: bool,
    /// With or without this flag.
    pub unread: Option<bool>,
    /// With or without this flag.
    pub favourite: Option<bool>,
    /// Archived or not.
    pub archived: Option<bool>,
}

impl Filter {
    /// The bits of [`flag`] it asks for, each with whether it shall be set.
    pub fn flags(&self) -> impl Iterator<Item = (bool, i64)> {
        let flags = [
            (self.unread, flag::UNREAD),
            (self.favourite, flag::FAVOURITE),
            (self.archived, flag::ARCHIVED),
            (self.unsorted.then_some(false), flag::PLACED),
        ];
        flags.into_iter().filter_map(|(wanted, bit)| Some((wanted?, bit)))
    }
}

/// In which order. All orders end with the id, so that a position is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Latest saved first.
    #[default]
    Newest,
    /// Earliest saved first.
    Oldest,
    /// By the order of places; only with [`Filter::collection`]. A bookmark with two places there
    /// stands at the first.
    Place,
    /// By small number: stable for exports.
    Number,
}

/// A position in a list: the sort key and id of the last row that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The sort key as text: a number in decimal, or an order key.
    pub key: String,
    /// The last bookmark.
    pub id: ItemId,
}

/// One page of bookmarks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub bookmarks: Vec<Bookmark>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Something in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// The item.
    pub id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// The name it goes by.
    pub name: String,
    /// The address, for bookmarks.
    pub url: String,
    /// When it was trashed, milliseconds.
    pub trashed_at: i64,
    /// How many bookmarks went with it, for collections.
    pub beneath: u64,
}

impl Trashed {
    /// How the trash lists `item`, with which `beneath` bookmarks went.
    pub fn of(item: &Item, beneath: u64) -> Self {
        Self {
            id: item.id,
            kind: item.kind.clone(),
            name: name_of(item),
            url: item.text(field::URL).to_owned(),
            trashed_at: item.int(field::TRASHED_AT).unwrap_or_default(),
            beneath,
        }
    }
}

/// One page of texts of which two versions stand beside each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// The texts, those of one item together.
    pub conflicts: Vec<Conflict>,
    /// The item after which the next page begins, if there is one.
    pub next: Option<ItemId>,
}

/// How many living bookmarks there are, in all and by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All, archived ones included.
    pub bookmarks: u64,
    /// In no collection that lives.
    pub unsorted: u64,
    /// Still to be read.
    pub unread: u64,
    /// Favourites.
    pub favourite: u64,
    /// Archived.
    pub archived: u64,
    /// Living collections.
    pub collections: u64,
    /// Living tags.
    pub tags: u64,
    /// Items in the trash, places aside.
    pub trashed: u64,
    /// Living items that hold two versions of a text.
    #[serde(default)]
    pub conflicts: u64,
}

/// Lists over the folded state. What [`crate::library::Library::write`] has answered is seen by
/// the next call. An item of another scope is as absent as one that never was.
#[async_trait]
pub trait Views: fmt::Debug + Send + Sync {
    /// Living bookmarks by `filter`, after `after`, at most `limit`.
    async fn bookmarks(
        &self,
        scope: Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page, Fault>;

    /// These bookmarks in this order, trashed ones too; unknown, purged and moved ones are left
    /// out.
    async fn bookmarks_by_id(&self, scope: Scope, ids: &[ItemId]) -> Result<Vec<Bookmark>, Fault>;

    /// Every living collection, with how many bookmarks stand directly in it; by the parent they
    /// name, order and id. One in a collection that does not live stands at the top.
    async fn collections(&self, scope: Scope) -> Result<Vec<(Collection, u64)>, Fault>;

    /// Every living tag with how many living bookmarks bear it, by name.
    async fn tags(&self, scope: Scope) -> Result<Vec<(Tag, u64)>, Fault>;

    /// Bookmarks (living or not) that bear one of `tags` or stand in one of `collections`, with
    /// an id above `after`, rising, at most `limit`; for followers.
    async fn bearing(
        &self,
        scope: Scope,
        tags: &[ItemId],
        collections: &[ItemId],
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, Fault>;

    /// What is in the trash, latest first, after (`trashed_at`, id), at most `limit`. Places are
    /// not listed: they come and go with their folder or bookmark. Nor is what went with a folder:
    /// the folder stands for it.
    async fn trash(
        &self,
        scope: Scope,
        after: Option<(i64, ItemId)>,
        limit: usize,
    ) -> Result<Vec<Trashed>, Fault>;

    /// Living comments of the bookmark that goes by the id `bookmark`, those of what joined it
    /// included, by id, which is the order they were made in, after `after`, at most `limit`.
    async fn comments(
        &self,
        scope: Scope,
        bookmark: ItemId,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<Comment>, Fault>;

    /// How many living comments each of `bookmarks` has; those without one are left out.
    async fn comment_counts(
        &self,
        scope: Scope,
        bookmarks: &[ItemId],
    ) -> Result<HashMap<ItemId, u64>, Fault>;

    /// Texts of which two versions stand beside each other, of living items with an id above `after`,
    /// rising, of at most `limit` items. Found without looking through the library.
    async fn conflicts(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Apart, Fault>;

    /// How many there are.
    async fn counts(&self, scope: Scope) -> Result<Counts, Fault>;
}
