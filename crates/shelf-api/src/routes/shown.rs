//! How a bookmark is shown, with its tags, places and kept copies.

use crate::moment::Moment;
use crate::wire::Id;
use serde::Serialize;
use shelf_domain::change::Head;
use shelf_domain::view::{Bookmark, Place, TagRef};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A tag on a bookmark.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagRef)]
pub(crate) struct TagRefOut {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
}

impl From<TagRef> for TagRefOut {
    fn from(tag: TagRef) -> Self {
        Self { id: Id(tag.id), name: tag.name }
    }
}

/// One spot of a bookmark in the tree of collections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
pub(crate) struct PlaceOut {
    /// The place's own id.
    pub id: Id,
    /// The collection; null is the root.
    pub collection: Option<Id>,
    /// Position among siblings: sorts as text.
    pub order: String,
    /// A title of its own; empty where it has none.
    pub title: String,
}

impl From<Place> for PlaceOut {
    fn from(place: Place) -> Self {
        let collection = place.collection.map(Id);
        Self { id: Id(place.id), collection, order: place.order, title: place.title }
    }
}

/// A text that lost against an edit made without having seen it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextCopy)]
pub(crate) struct CopyOut {
    /// The field it was typed into.
    pub field: String,
    /// The device it was typed on.
    pub device: String,
    /// The text.
    pub text: String,
}

/// A bookmark.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bookmark)]
pub(crate) struct BookmarkOut {
    /// Its id.
    pub id: Id,
    /// A small number of its own, never given again.
    pub number: u32,
    /// Its version: the text in `ETag`.
    pub version: String,
    /// The address as typed.
    pub url: String,
    /// Title as typed.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What its owner thinks of it; Markdown.
    pub notes: String,
    /// Its tags, by name.
    pub tags: Vec<TagRefOut>,
    /// Where it stands; empty is "Unsorted".
    pub places: Vec<PlaceOut>,
    /// When it was first saved.
    pub created_at: Option<Moment>,
    /// When its source says it was changed.
    pub modified_at: Option<Moment>,
    /// When it was last changed here, its tags included.
    pub changed_at: Moment,
    /// When it was archived.
    pub archived_at: Option<Moment>,
    /// When it was put into the trash.
    pub trashed_at: Option<Moment>,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is still to be read.
    pub unread: bool,
    /// Whether it is marked private; whoever may read the library sees it.
    pub private: bool,
    /// Fields of its source that nothing here has a place for.
    pub raw: BTreeMap<String, String>,
    /// Texts that lost against a blind edit and wait for their owner.
    pub copies: Vec<CopyOut>,
}

impl BookmarkOut {
    /// How `bookmark`, read at `head`, stands on the wire.
    pub(crate) fn of(bookmark: Bookmark, head: &Head) -> Self {
        let copies = bookmark.copies.into_iter();
        Self {
            id: Id(bookmark.id),
            number: bookmark.number,
            version: format!("{}-{}", head.epoch, bookmark.version),
            url: bookmark.url,
            title: bookmark.title,
            description: bookmark.description,
            notes: bookmark.notes,
            tags: bookmark.tags.into_iter().map(TagRefOut::from).collect(),
            places: bookmark.places.into_iter().map(PlaceOut::from).collect(),
            created_at: bookmark.created_at.map(Moment),
            modified_at: bookmark.modified_at.map(Moment),
            changed_at: Moment(bookmark.changed_at),
            archived_at: bookmark.archived_at.map(Moment),
            trashed_at: bookmark.trashed_at.map(Moment),
            favourite: bookmark.favourite,
            unread: bookmark.unread,
            private: bookmark.private,
            raw: bookmark.raw,
            copies: copies
                .map(|(field, device, text)| CopyOut { field, device: device.to_string(), text })
                .collect(),
        }
    }
}
