//! The words of a bookmark as a person sees them: what is analysed, shown and cut into snippets.

use super::Flags;
use crate::Fault;
use async_trait::async_trait;
use shelf_domain::id::{ItemId, Scope};
use std::fmt;

/// A bookmark's texts and places, read from the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookmarkText {
    /// Its address.
    pub url: String,
    /// Its title, perhaps empty.
    pub title: String,
    /// Its description, perhaps empty.
    pub description: String,
    /// Its notes, perhaps empty.
    pub notes: String,
    /// What people said of it, one below the other; perhaps empty.
    pub comments: String,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// The folders it is in, each from the root down.
    pub folders: Vec<Vec<Folder>>,
    /// When it was saved, milliseconds since 1970.
    pub created_at_ms: i64,
    /// Its states; `UNTAGGED` is set by the analysis.
    pub flags: Flags,
}

/// One folder on the way to a bookmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The collection.
    pub id: ItemId,
    /// Its name.
    pub name: String,
}

/// Where an answer's texts come from.
#[async_trait]
pub trait Texts: fmt::Debug + Send + Sync {
    /// The texts of `items`, in their order; `None` for one that is gone or hidden by now.
    async fn texts(
        &self,
        scope: Scope,
        items: &[ItemId],
    ) -> Result<Vec<Option<BookmarkText>>, Fault>;
}
