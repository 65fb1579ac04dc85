//! What an item stands for in a library's lists and look-ups: stores keep it beside the item.

use crate::id::ItemId;
use crate::item::Item;
use crate::kind::{Kind, field};
use crate::shelf::{canon_of, tag_name_of};
use crate::view::has_copies;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Bits of [`Shown::flags`].
pub mod flag {
    /// Still to be read.
    pub const UNREAD: i64 = 1;
    /// A favourite.
    pub const FAVOURITE: i64 = 2;
    /// Archived.
    pub const ARCHIVED: i64 = 4;
    /// Stands in a collection that lives. Not of the item but of its places: the store sets it.
    pub const PLACED: i64 = 8;
}

/// What one item stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The canonical address a bookmark owns, as [`hash64`].
    pub url: Option<i64>,
    /// The folded name a living tag owns, as [`hash64`].
    pub name: Option<i64>,
    /// Where a place or a collection stands, trashed or not.
    pub child: Option<Child>,
    /// How a living bookmark is listed.
    pub shown: Option<Shown>,
    /// The tags a living bookmark bears.
    pub tags: BTreeSet<ItemId>,
    /// When it was trashed, milliseconds.
    pub trashed_at: Option<i64>,
    /// What a note is about, trashed or not.
    pub note: Option<NoteOf>,
    /// Whether it lives and holds a text that lost against a blind edit.
    pub has_copies: bool,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteOf {
    /// The bookmark.
    pub bookmark: ItemId,
    /// Whether people see it.
    pub is_living: bool,
}

/// Where a place or a collection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The collection it stands in, or the root.
    pub parent: Option<ItemId>,
    /// Position among siblings.
    pub order: String,
    /// What a place is a place of.
    pub bookmark: Option<ItemId>,
    /// Whether people see it.
    pub is_living: bool,
}

/// How a living bookmark is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When it was first saved, milliseconds.
    pub created_at: i64,
    /// Its small number.
    pub number: u32,
    /// What it is, in bits of [`flag`].
    pub flags: i64,
}

impl Listed {
    /// What `item` stands for; `resolve` gives the id an id goes by.
    pub fn of<E>(
        item: &Item,
        mut resolve: impl FnMut(ItemId) -> Result<ItemId, E>,
    ) -> Result<Self, E> {
        let mut listed = Self::default();
        if item.has_moved() {
            // It lives in another library: here it stands for nothing, in the trash neither.
            return Ok(listed);
        }
        match item.kind {
            Kind::Bookmark => {
                listed.url = canon_of(item).map(|url| hash64(&url));
                if item.is_living() {
                    listed.shown = Some(Shown::of(item));
                    listed.tags = item.tags().map(resolve).collect::<Result<_, E>>()?;
                }
            }
            Kind::Tag => listed.name = tag_name_of(item).map(|name| hash64(&name)),
            Kind::Place | Kind::Collection if !item.is_purged() => {
                let mut resolved = |name| item.reference(name).map(&mut resolve).transpose();
                listed.child = Some(Child {
                    parent: resolved(field::PARENT)?,
                    bookmark: resolved(field::BOOKMARK)?,
                    order: item.text(field::ORDER).to_owned(),
                    is_living: item.is_living(),
                });
            }
            Kind::Note if !item.is_purged() => {
                let bookmark = item.reference(field::BOOKMARK).map(&mut resolve).transpose()?;
                listed.note =
                    bookmark.map(|bookmark| NoteOf { bookmark, is_living: item.is_living() });
            }
            _ => {}
        }
        listed.has_copies = item.is_living() && has_copies(item);
        if !item.is_purged() {
            listed.trashed_at = item.int(field::TRASHED_AT);
        }
        Ok(listed)
    }
}

impl Shown {
    fn of(bookmark: &Item) -> Self {
        let flags = i64::from(bookmark.flag(field::UNREAD)) * flag::UNREAD
            + i64::from(bookmark.flag(field::FAVOURITE)) * flag::FAVOURITE
            + i64::from(bookmark.get(field::ARCHIVED_AT).is_some()) * flag::ARCHIVED;
        let created_at = bookmark.int(field::CREATED_AT).unwrap_or_default();
        Self { created_at, number: bookmark.number, flags }
    }
}

/// The first 64 bits of SHA-256, under which stores look up a canonical address or a folded name.
/// Two texts may share one: whoever looks up compares the text itself.
pub fn hash64(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
