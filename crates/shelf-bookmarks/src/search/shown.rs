//! The texts of bookmarks for analysis and snippets, read from the lists and the folders above.

use async_trait::async_trait;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::field;
use shelf_domain::shelf::{Reads, Shelf};
use shelf_domain::view::Bookmark;
use shelf_ports::Fault;
use shelf_ports::library::Library;
use shelf_ports::search::{BookmarkText, Flags, Folder, Texts};
use shelf_ports::views::Views;
use std::collections::HashMap;
use std::sync::Arc;

/// Comments of one bookmark whose words are found, the first ones.
const COMMENTS_READ: usize = 200;

/// Texts as the lists show them now.
#[derive(Clone, Debug)]
pub struct ShownTexts {
    /// The lists.
    pub views: Arc<dyn Views>,
    /// Folders by id.
    pub library: Arc<dyn Library>,
}

impl ShownTexts {
    /// Each of these bookmarks that is there, with its texts; trashed ones without.
    pub async fn of(
        &self,
        scope: Scope,
        items: &[ItemId],
    ) -> Result<Vec<(Bookmark, Option<BookmarkText>)>, Fault> {
        let bookmarks = self.views.bookmarks_by_id(scope, items).await?;
        let placed = bookmarks.iter().flat_map(|bookmark| &bookmark.places);
        let above = placed.filter_map(|place| place.collection).collect();
        let folders = self.library.read(scope, Reads { above, ..Reads::none() }).await?;
        let mut said = self.said(scope, &bookmarks).await?;
        let with_text = |bookmark: Bookmark| {
            let living = bookmark.trashed_at.is_none();
            let comments = said.remove(&bookmark.id).unwrap_or_default();
            let text = living.then(|| BookmarkText { comments, ..text_of(&bookmark, &folders) });
            (bookmark, text)
        };
        Ok(bookmarks.into_iter().map(with_text).collect())
    }

    /// What people said of each of `bookmarks`; those nobody commented on are left out.
    async fn said(
        &self,
        scope: Scope,
        bookmarks: &[Bookmark],
    ) -> Result<HashMap<ItemId, String>, Fault> {
        let ids: Vec<ItemId> = bookmarks.iter().map(|bookmark| bookmark.id).collect();
        let mut said = HashMap::new();
        for id in self.views.comment_counts(scope, &ids).await?.into_keys() {
            let comments = self.views.comments(scope, id, None, COMMENTS_READ).await?;
            let bodies: Vec<String> = comments.into_iter().map(|one| one.body).collect();
            said.insert(id, bodies.join("\n"));
        }
        Ok(said)
    }
}

#[async_trait]
impl Texts for ShownTexts {
    async fn texts(
        &self,
        scope: Scope,
        items: &[ItemId],
    ) -> Result<Vec<Option<BookmarkText>>, Fault> {
        let found = self.of(scope, items).await?;
        let mut texts: HashMap<ItemId, BookmarkText> =
            found.into_iter().filter_map(|(bookmark, text)| Some((bookmark.id, text?))).collect();
        Ok(items.iter().map(|id| texts.remove(id)).collect())
    }
}

fn text_of(bookmark: &Bookmark, folders: &Shelf) -> BookmarkText {
    let flags = Flags::when(bookmark.unread, Flags::UNREAD)
        .with(Flags::when(bookmark.archived_at.is_some(), Flags::ARCHIVED))
        .with(Flags::when(bookmark.favourite, Flags::FAVOURITE))
        .with(Flags::when(bookmark.private, Flags::PRIVATE));
    let collections = bookmark.places.iter().filter_map(|place| place.collection);
    BookmarkText {
        url: bookmark.url.clone(),
        title: bookmark.title.clone(),
        description: bookmark.description.clone(),
        notes: bookmark.notes.clone(),
        comments: String::new(),
        tags: bookmark.tags.iter().map(|tag| tag.name.clone()).collect(),
        folders: collections.map(|id| path_of(id, folders)).collect(),
        created_at_ms: bookmark.created_at.unwrap_or_default(),
        flags,
    }
}

/// The folders from the root down to `id`.
fn path_of(id: ItemId, folders: &Shelf) -> Vec<Folder> {
    let mut path: Vec<Folder> = std::iter::once(id)
        .chain(folders.ancestors(id))
        .filter_map(|id| {
            folders.item(id).map(|item| Folder { id, name: item.text(field::NAME).to_owned() })
        })
        .collect();
    path.reverse();
    path
}
