//! What people and programs are shown of an item: typed, aliases followed, names filled in.

use crate::id::{DeviceId, ItemId, LibraryId};
use crate::item::Item;
use crate::kind::{Kind, field};
use crate::shelf::Shelf;
use crate::stamp::Seq;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// A tag on a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagRef {
    /// Its name as typed.
    pub name: String,
    /// Its id.
    pub id: ItemId,
}

/// One spot of a bookmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place's own id.
    pub id: ItemId,
    /// The collection, or the root.
    pub collection: Option<ItemId>,
    /// Position among siblings.
    pub order: String,
    /// A title of its own.
    pub title: String,
}

/// A bookmark as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// Its id.
    pub id: ItemId,
    /// Its small number.
    pub number: u32,
    /// Highest winning seq: the version of its fields and tags.
    pub version: Seq,
    /// The address as typed.
    pub url: String,
    /// Title as typed.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What its owner thinks of it.
    pub notes: String,
    /// Its tags, by name.
    pub tags: Vec<TagRef>,
    /// Where it stands; empty is "Unsorted".
    pub places: Vec<Place>,
    /// When it was first saved, milliseconds.
    pub created_at: Option<i64>,
    /// When its source says it was changed, milliseconds.
    pub modified_at: Option<i64>,
    /// When it was last changed here, its tags included, milliseconds.
    pub changed_at: i64,
    /// When it was archived, milliseconds.
    pub archived_at: Option<i64>,
    /// When it was trashed, milliseconds.
    pub trashed_at: Option<i64>,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Whether it is still to be read.
    pub unread: bool,
    /// Whether it is marked private, which hides it from nobody who reads the library.
    pub private: bool,
    /// Fields of its source that nothing here has a place for.
    pub raw: BTreeMap<String, String>,
    /// Texts that lost against a blind edit: field, device, text.
    pub copies: Vec<(String, DeviceId, String)>,
}

impl Bookmark {
    /// How `shelf` shows the bookmark `item`; its tags and places must be in view.
    pub fn of(shelf: &Shelf, item: &Item) -> Self {
        let mut tags: Vec<TagRef> = shelf
            .tags_of(item)
            .into_iter()
            .filter_map(|id| {
                shelf.item(id).map(|tag| TagRef { name: tag.text(field::NAME).to_owned(), id })
            })
            .collect();
        tags.sort();
        let mut places: Vec<Place> = Vec::new();
        for place in shelf.places_of(item.id).into_iter().filter(|place| place.is_living()) {
            let collection = place.reference(field::PARENT).map(|id| shelf.resolve(id));
            if places.iter().all(|known| known.collection != collection) {
                let order = place.text(field::ORDER).to_owned();
                let title = place.text(field::TITLE).to_owned();
                places.push(Place { id: place.id, collection, order, title });
            }
        }
        let text = |name| item.text(name).to_owned();
        Self {
            id: item.id,
            number: item.number,
            version: item.version(),
            url: text(field::URL),
            title: text(field::TITLE),
            description: text(field::DESCRIPTION),
            notes: text(field::NOTES),
            tags,
            places,
            created_at: item.int(field::CREATED_AT),
            modified_at: item.int(field::MODIFIED_AT),
            changed_at: item.changed_at(),
            archived_at: item.int(field::ARCHIVED_AT),
            trashed_at: item.int(field::TRASHED_AT),
            favourite: item.flag(field::FAVOURITE),
            unread: item.flag(field::UNREAD),
            private: item.flag(field::PRIVATE),
            raw: raw_of(item),
            copies: copies_of(item),
        }
    }
}

/// A folder as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id.
    pub id: ItemId,
    /// Its small number.
    pub number: u32,
    /// Highest winning seq.
    pub version: Seq,
    /// Its name.
    pub name: String,
    /// The folder it is in, or the root.
    pub parent: Option<ItemId>,
    /// Position among siblings.
    pub order: String,
    /// What it is for.
    pub description: String,
    /// Its icon.
    pub icon: String,
    /// The query of a smart folder.
    pub query: String,
    /// The library that is mounted there.
    #[serde(default)]
    pub mount: Option<LibraryId>,
    /// When it was made, milliseconds.
    pub created_at: Option<i64>,
    /// When its source says it was changed, milliseconds.
    pub modified_at: Option<i64>,
    /// When it was trashed, milliseconds.
    pub trashed_at: Option<i64>,
}

impl Collection {
    /// How the collection `item` of `shelf` is shown; what it stands in must be in view.
    pub fn shown(shelf: &Shelf, item: &Item) -> Self {
        Self { parent: shelf.shown_in(item), ..Self::of(item) }
    }

    /// What the collection `item` says of itself, be the folder it names gone.
    pub fn of(item: &Item) -> Self {
        let text = |name| item.text(name).to_owned();
        Self {
            id: item.id,
            number: item.number,
            version: item.version(),
            name: text(field::NAME),
            parent: item.reference(field::PARENT),
            order: text(field::ORDER),
            description: text(field::DESCRIPTION),
            icon: text(field::ICON),
            query: text(field::QUERY),
            mount: item.mounted(),
            created_at: item.int(field::CREATED_AT),
            modified_at: item.int(field::MODIFIED_AT),
            trashed_at: item.int(field::TRASHED_AT),
        }
    }
}

/// A tag as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its id.
    pub id: ItemId,
    /// Its small number.
    pub number: u32,
    /// Highest winning seq.
    pub version: Seq,
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: String,
}

impl Tag {
    /// How the tag `item` is shown.
    pub fn of(item: &Item) -> Self {
        Self {
            id: item.id,
            number: item.number,
            version: item.version(),
            name: item.text(field::NAME).to_owned(),
            colour: item.text(field::COLOUR).to_owned(),
        }
    }
}

/// Lost and found: a folder whose parent is not among `all`, the living ones, stands at the top.
/// Each comes with how many it holds.
pub fn lost_at_the_top(mut all: Vec<(Collection, u64)>) -> Vec<(Collection, u64)> {
    let living: HashSet<ItemId> = all.iter().map(|(collection, _)| collection.id).collect();
    for (collection, _) in &mut all {
        collection.parent = collection.parent.filter(|parent| living.contains(parent));
    }
    all
}

/// Tags with how many bookmarks bear each, by name.
pub fn by_name(mut all: Vec<(Tag, u64)>) -> Vec<(Tag, u64)> {
    all.sort_by_cached_key(|(tag, _)| (tag.name.to_lowercase(), tag.id));
    all
}

/// The name an item of any kind goes by in lists that mix kinds.
pub fn name_of(item: &Item) -> String {
    let name = match item.kind {
        Kind::Bookmark if item.text(field::TITLE).is_empty() => field::URL,
        Kind::Bookmark | Kind::Place => field::TITLE,
        Kind::Highlight => field::QUOTE,
        Kind::Note => field::BODY,
        _ => field::NAME,
    };
    item.text(name).to_owned()
}

fn raw_of(item: &Item) -> BTreeMap<String, String> {
    item.registers
        .iter()
        .filter_map(|(register, held)| {
            let key = register.as_str().strip_prefix("raw/")?;
            Some((key.to_owned(), held.value.as_ref()?.as_text()?.to_owned()))
        })
        .collect()
}

/// Whether `item` holds a text that lost against a blind edit.
pub fn has_copies(item: &Item) -> bool {
    !copies_of(item).is_empty()
}

/// The texts of `item` that lost against a blind edit: field, device, text.
pub fn copies_of(item: &Item) -> Vec<(String, DeviceId, String)> {
    item.registers
        .iter()
        .filter_map(|(register, held)| {
            let (name, device) = register.as_str().split_once("/copy/")?;
            let device: DeviceId = device.parse().ok()?;
            let text = held.value.as_ref().and_then(Value::as_text)?;
            // Whatever else is called so by a device could never be settled.
            let is_one =
                field::LONG.contains(&name) && register.as_str().ends_with(&format!("/{device}"));
            is_one.then(|| (name.to_owned(), device, text.to_owned()))
        })
        .collect()
}
