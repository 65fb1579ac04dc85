//! Export a library, streamed in chunks: its living bookmarks, folders and tags.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use shelf_domain::id::{ItemId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::view::{Bookmark, Collection, Place, Tag};
use shelf_ports::views::{Filter, Sort};
use shelf_ports::{Failure, Fault};
use tokio::sync::mpsc::{self, error::SendTimeoutError};

use super::{
    ExportBookmark, ExportFolder, ExportLibrary, ExportPlace, ExportTag, Role, comments, csv,
    html_pages, jsonl,
};
use crate::ctx::Ctx;

/// Bookmarks read at once.
pub(super) const PAGE: usize = 500;
/// How long a chunk waits to be read: an export under way takes a turn from others.
const PATIENCE: Duration = Duration::from_mins(2);

/// A kind of file that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExportFormat {
    /// JSON Lines; loses nothing.
    #[default]
    Jsonl,
    /// The bookmark file browsers import.
    Html,
    /// One row a bookmark.
    Csv,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Html, Self::Csv];

    /// Its name in commands and addresses, which is also the extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Html => "html",
            Self::Csv => "csv",
        }
    }

    /// The format of that name. Refused `unknown_format` if there is none.
    pub fn named(name: &str) -> Result<Self, Refused> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            Refused::new(Code::UnknownFormat, "format", "exports are jsonl, html or csv")
        })
    }

    /// The media type of its files.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Bookmarks.
    pub bookmarks: u64,
    /// Folders.
    pub folders: u64,
}

/// Writes the library into `chunks`, whose receiver sets the pace; when it is dropped the export
/// ends early, and when it takes nothing for two minutes it fails. The trash is not exported. One page of bookmarks is held in memory at a time, and
/// of all others only where they stand.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn export_library(
    ctx: &Ctx,
    scope: Scope,
    format: ExportFormat,
    chunks: mpsc::Sender<Vec<u8>>,
) -> Result<Exported, Failure> {
    let collections = ctx.stores.views.collections(scope).await?;
    let collections = collections.into_iter().map(|(collection, _)| collection).collect();
    let tags = ctx.stores.views.tags(scope).await?;
    let order = Order::of(ctx, scope, collections).await?;
    let folders = order.folders();
    let exported = Exported { bookmarks: order.bookmarks, folders: folders.len() as u64 };
    let tags = tags.into_iter().filter(needs_line).map(|(tag, _)| tag_of(tag)).collect();
    if format == ExportFormat::Html {
        html_pages::stream(ctx, scope, (&order, &folders), &chunks).await?;
        return Ok(exported);
    }
    let library = ExportLibrary { folders, tags, bookmarks: Vec::new() };
    stream(ctx, scope, format, &order, library, &chunks).await?;
    Ok(exported)
}

/// Writes the head of a file, then the bookmarks page by page.
async fn stream(
    ctx: &Ctx,
    scope: Scope,
    format: ExportFormat,
    order: &Order,
    mut library: ExportLibrary,
    chunks: &mpsc::Sender<Vec<u8>>,
) -> Result<(), Failure> {
    let mut pages = Pages::new(ctx, scope);
    let mut is_first = true;
    loop {
        let page = pages.next().await?;
        if page.is_none() && !is_first {
            return Ok(());
        }
        let page = page.unwrap_or_default();
        library.bookmarks = page.iter().map(|bookmark| order.bookmark(bookmark)).collect();
        let mut bytes = Vec::new();
        match (format, is_first) {
            (ExportFormat::Csv, true) => csv::write(&library, &mut bytes),
            (ExportFormat::Csv, false) => csv::write_rows(&library, &mut bytes),
            (_, true) => jsonl::write(&library, &mut bytes),
            (_, false) => library
                .bookmarks
                .iter()
                .try_for_each(|bookmark| jsonl::write_bookmark(bookmark, &mut bytes)),
        }
        .map_err(rendering)?;
        if format == ExportFormat::Jsonl {
            for comment in &comments::on(ctx, scope, &page).await? {
                jsonl::write_comment(comment, &mut bytes).map_err(rendering)?;
            }
        }
        is_first = false;
        if !give(chunks, bytes).await? {
            return Ok(());
        }
    }
}

/// Gives `bytes` to whoever reads; whether somebody does. Fails where somebody only seems to.
pub(crate) async fn give(chunks: &mpsc::Sender<Vec<u8>>, bytes: Vec<u8>) -> Result<bool, Fault> {
    match chunks.send_timeout(bytes, PATIENCE).await {
        Ok(()) => Ok(true),
        Err(SendTimeoutError::Closed(_)) => Ok(false),
        Err(SendTimeoutError::Timeout(_)) => {
            Err(Fault::new("handing out an export", "nobody read on for two minutes"))
        }
    }
}

pub(super) fn rendering(error: std::io::Error) -> Fault {
    Fault::new("rendering an export", error)
}

/// A tag needs a line of its own where no bookmark can tell of it.
fn needs_line((tag, bookmarks): &(Tag, u64)) -> bool {
    *bookmarks == 0 || !tag.colour.is_empty()
}

fn tag_of(tag: Tag) -> ExportTag {
    ExportTag { name: tag.name, colour: tag.colour }
}

/// All living bookmarks, page by page, by number.
pub(super) struct Pages<'c> {
    ctx: &'c Ctx,
    scope: Scope,
    after: Option<shelf_ports::views::Position>,
    is_done: bool,
}

impl<'c> Pages<'c> {
    pub(super) fn new(ctx: &'c Ctx, scope: Scope) -> Self {
        Self { ctx, scope, after: None, is_done: false }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Vec<Bookmark>>, Fault> {
        if self.is_done {
            return Ok(None);
        }
        let (views, filter) = (&self.ctx.stores.views, Filter::default());
        let after = self.after.as_ref();
        let page = views.bookmarks(self.scope, &filter, Sort::Number, after, PAGE).await?;
        self.is_done = page.next.is_none();
        self.after = page.next;
        Ok((!page.bookmarks.is_empty()).then_some(page.bookmarks))
    }
}

/// The positions that the order keys of siblings amount to.
pub(super) struct Order {
    collections: Vec<Collection>,
    positions: HashMap<ItemId, u64>,
    known: HashSet<ItemId>,
    bookmarks: u64,
}

impl Order {
    /// Reads all order keys once; only they are held, not the bookmarks.
    async fn of(ctx: &Ctx, scope: Scope, collections: Vec<Collection>) -> Result<Self, Fault> {
        let known: HashSet<ItemId> = collections.iter().map(|c| c.id).collect();
        let mut siblings: HashMap<Option<ItemId>, Vec<(String, ItemId)>> = HashMap::new();
        for collection in &collections {
            let parent = collection.parent.filter(|parent| known.contains(parent));
            let key = (collection.order.clone(), collection.id);
            siblings.entry(parent).or_default().push(key);
        }
        let mut bookmarks = 0;
        let mut pages = Pages::new(ctx, scope);
        while let Some(page) = pages.next().await? {
            bookmarks += page.len() as u64;
            for place in page.into_iter().flat_map(|bookmark| bookmark.places) {
                let list = siblings.entry(place.collection).or_default();
                list.push((place.order, place.id));
            }
        }
        let mut positions = HashMap::new();
        for list in siblings.values_mut() {
            list.sort();
            positions.extend(list.iter().zip(0..).map(|((_, id), at)| (*id, at)));
        }
        Ok(Self { collections, positions, known, bookmarks })
    }

    fn position(&self, id: ItemId) -> u64 {
        // What came in between the two readings goes to the end.
        self.positions.get(&id).copied().unwrap_or(u64::from(u32::MAX))
    }

    fn folders(&self) -> Vec<ExportFolder> {
        let folder = |collection: &Collection| ExportFolder {
            id: collection.id.to_string(),
            parent: collection.parent.map(|parent| parent.to_string()),
            name: collection.name.clone(),
            description: collection.description.clone(),
            icon: collection.icon.clone(),
            query: collection.query.clone(),
            mount: collection.mount.map(|library| library.to_string()).unwrap_or_default(),
            role: Role::None,
            order: self.position(collection.id),
            created_at: collection.created_at,
            modified_at: collection.modified_at,
        };
        self.collections.iter().map(folder).collect()
    }

    /// A place whose folder is not exported (trashed, or made meanwhile) is left out.
    fn place(&self, place: &Place) -> Option<ExportPlace> {
        if place.collection.is_some_and(|folder| !self.known.contains(&folder)) {
            return None;
        }
        Some(ExportPlace {
            folder: place.collection.map(|folder| folder.to_string()),
            order: self.position(place.id),
            title: place.title.clone(),
        })
    }

    /// Where a bookmark stands.
    pub(super) fn places(&self, bookmark: &Bookmark) -> Vec<ExportPlace> {
        bookmark.places.iter().filter_map(|place| self.place(place)).collect()
    }

    pub(super) fn bookmark(&self, bookmark: &Bookmark) -> ExportBookmark {
        ExportBookmark {
            url: bookmark.url.clone(),
            title: bookmark.title.clone(),
            description: bookmark.description.clone(),
            notes: bookmark.notes.clone(),
            tags: bookmark.tags.iter().map(|tag| tag.name.clone()).collect(),
            places: self.places(bookmark),
            created_at: bookmark.created_at,
            modified_at: bookmark.modified_at,
            archived_at: bookmark.archived_at,
            favourite: bookmark.favourite,
            unread: bookmark.unread,
            private: Some(bookmark.private),
            raw: bookmark.raw.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_reading_gives_up_their_turn() {
        let (chunks, mut read) = mpsc::channel(1);
        assert!(give(&chunks, vec![1]).await.unwrap());
        give(&chunks, vec![2]).await.expect_err("nobody took the first one");
        assert_eq!(read.recv().await, Some(vec![1]));
        assert!(give(&chunks, vec![3]).await.unwrap());
        drop(read);
        assert!(!give(&chunks, vec![4]).await.unwrap(), "nobody is there any more");
    }
}
