//! Saving bookmarks, and finding or making the folders they go into.

use crate::{ClientFailure, LibraryClient};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// What to save.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Save {
    /// The address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What its owner thinks of it; Markdown.
    pub notes: String,
    /// Names of tags; missing ones are made.
    pub tags: Vec<String>,
    /// Where it goes; nowhere is "Unsorted".
    pub places: Vec<SavePlace>,
}

/// One spot for a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavePlace {
    /// The collection.
    pub collection: ItemId,
}

/// A bookmark, as far as a command shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Bookmark {
    /// Its id.
    pub id: ItemId,
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Saved {
    /// `applied`, `joined` or `noop`.
    pub status: String,
    /// The bookmark as it is now.
    pub item: Bookmark,
}

#[derive(Deserialize)]
struct Collections {
    items: Vec<Collection>,
}

#[derive(Deserialize)]
struct Collection {
    id: ItemId,
    name: String,
    parent: Option<ItemId>,
}

#[derive(Serialize)]
struct CreateCollection<'a> {
    name: &'a str,
    parent: Option<ItemId>,
}

#[derive(Deserialize)]
struct Created {
    item: Collection,
}

impl LibraryClient {
    /// Saves a bookmark.
    pub async fn save(&self, save: &Save) -> Result<Saved, ClientFailure> {
        self.client.post(&self.at("bookmarks"), save).await
    }

    /// The spot in the folder `path` (names with `/` between); missing folders are made.
    pub async fn folder(&self, path: &str) -> Result<Option<SavePlace>, ClientFailure> {
        let known: Collections = self.client.get(&self.at("collections")).await?;
        let mut at = None;
        for name in path.split('/').map(str::trim).filter(|name| !name.is_empty()) {
            let here = known.items.iter().find(|one| one.parent == at && one.name == name);
            at = match here {
                Some(one) => Some(one.id),
                None => Some(self.create_folder(name, at).await?),
            };
        }
        Ok(at.map(|collection| SavePlace { collection }))
    }

    async fn create_folder(
        &self,
        name: &str,
        parent: Option<ItemId>,
    ) -> Result<ItemId, ClientFailure> {
        let ask = CreateCollection { name, parent };
        let created: Created = self.client.post(&self.at("collections"), &ask).await?;
        Ok(created.item.id)
    }
}
