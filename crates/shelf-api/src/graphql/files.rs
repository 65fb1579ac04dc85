//! Files that are kept with bookmarks. They come in, and their content goes out, by REST alone.

use crate::graphql::ids::Named;
use crate::graphql::scalars::{DateTime, Home};
use async_graphql::{ComplexObject, ID, SimpleObject};
use serde::Deserialize;
use shelf_domain::id::ItemId;

/// A file that is kept with a bookmark.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct BookmarkFile {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    bookmark: ItemId,
    /// A small number for programs that need one; no other file of the bookmark has it.
    number: u32,
    /// `upload` for what somebody brought, `snapshot` for the page as a program saved it.
    kind: String,
    /// Its name.
    name: String,
    /// Its media type, as whoever brought it said.
    content_type: String,
    /// How long it is.
    bytes: u64,
    /// SHA-256 of its content, in hex.
    sha256: String,
    /// When it came.
    created_at: DateTime,
}

impl BookmarkFile {
    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }
}

#[ComplexObject]
impl BookmarkFile {
    /// Its id.
    async fn id(&self) -> ID {
        Named::File.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// The bookmark.
    async fn bookmark(&self) -> ID {
        Named::Bookmark.id(&[self.home.library, self.bookmark])
    }
}
