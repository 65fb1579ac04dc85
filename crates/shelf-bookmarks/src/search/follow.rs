//! The text follower: keeps the search index at the log. Follows the log only, and decides nothing.

use super::document::{Analyser, meaning_text};
use super::shown::ShownTexts;
use async_trait::async_trait;
use shelf_domain::change::Change;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::stamp::Seq;
use shelf_ports::Fault;
use shelf_ports::library::Library;
use shelf_ports::projection::Projection;
use shelf_ports::search::{APPLY_MAX, Embedder, SearchBatch, SearchDoc, SearchIndex};
use shelf_ports::views::Views;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Bookmarks read, analysed and embedded at once.
const CHUNK: usize = 500;
/// Rows read to find the number of a bookmark that joined another.
const ROWS_MAX: usize = 1_000;

/// Keeps the search index at the log: what a change touches is read as it is now and indexed
/// again, so a batch that comes twice changes nothing.
#[derive(Debug)]
pub struct TextFollower {
    library: Arc<dyn Library>,
    views: Arc<dyn Views>,
    index: Arc<dyn SearchIndex>,
    embedder: Arc<dyn Embedder>,
    texts: ShownTexts,
    analyser: Mutex<Analyser>,
}

impl TextFollower {
    /// A follower of `library` that keeps `index`.
    pub fn new(
        library: Arc<dyn Library>,
        views: Arc<dyn Views>,
        index: Arc<dyn SearchIndex>,
        embedder: Arc<dyn Embedder>,
    ) -> Self {
        let texts = ShownTexts { views: Arc::clone(&views), library: Arc::clone(&library) };
        Self { library, views, index, embedder, texts, analyser: Mutex::default() }
    }

    async fn index(
        &self,
        scope: Scope,
        ids: &[ItemId],
        batch: &mut SearchBatch,
    ) -> Result<(), Fault> {
        let mut found = Vec::new();
        let mut about = Vec::new();
        let mut missing: BTreeSet<ItemId> = ids.iter().copied().collect();
        for (bookmark, text) in self.texts.of(scope, ids).await? {
            missing.remove(&bookmark.id);
            match text {
                Some(text) => {
                    about.push(meaning_text(&text));
                    found.push((bookmark, text));
                }
                None => batch.gone.push(bookmark.number),
            }
        }
        batch.gone.extend(self.moved_away(scope, missing).await?);
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        let vectors = self.embedder.embed(&about).await?;
        let mut analyser = self.analyser.lock().unwrap_or_else(PoisonError::into_inner);
        for ((bookmark, text), vector) in found.into_iter().zip(vectors) {
            let doc = analyser.document(bookmark.number, bookmark.id, &text);
            batch.docs.push(SearchDoc { vector, ..doc });
        }
        Ok(())
    }

    /// The numbers of those of `missing` that live in another library now: no list has them.
    async fn moved_away(&self, scope: Scope, missing: BTreeSet<ItemId>) -> Result<Vec<u32>, Fault> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let shelf = self.library.read(scope, Reads::none().items(missing.iter().copied())).await?;
        let found = missing.iter().filter_map(|id| shelf.item(*id));
        Ok(found.filter(|item| item.has_moved()).map(|item| item.number).collect())
    }

    /// Bookmarks whose place in the index these changes touch.
    async fn touched(&self, scope: Scope, batch: &[Change]) -> Result<Touched, Fault> {
        let mut touched = Touched::default();
        let mut places = BTreeSet::new();
        for row in batch {
            match row.kind {
                Kind::Bookmark => {
                    touched.bookmarks.insert(row.item);
                    touched.joined.extend(row.joined);
                }
                Kind::Place | Kind::Note => match reference(row, field::BOOKMARK) {
                    Some(bookmark) => drop(touched.bookmarks.insert(bookmark)),
                    None => drop(places.insert(row.item)),
                },
                // A new tag or folder reaches bookmarks only through changes of their own.
                Kind::Tag if row.number.is_none() => drop(touched.tags.insert(row.item)),
                Kind::Collection if row.number.is_none() => {
                    touched.collections.insert(row.item);
                }
                _ => {}
            }
        }
        let moved = self.library.read(scope, Reads::none().items(places.iter().copied())).await?;
        let places = places.iter().filter_map(|id| moved.item(*id)?.reference(field::BOOKMARK));
        touched.bookmarks.extend(places);
        self.add_below(scope, &mut touched).await?;
        Ok(touched)
    }

    /// A folder that was renamed or moved touches all below it.
    async fn add_below(&self, scope: Scope, touched: &mut Touched) -> Result<(), Fault> {
        let under = std::mem::take(&mut touched.collections);
        if under.is_empty() {
            return Ok(());
        }
        let reads = Reads { under: under.clone(), ..Reads::none() };
        let shelf = self.library.read(scope, reads).await?;
        touched.collections = under;
        for item in shelf.items() {
            match item.kind {
                Kind::Collection => drop(touched.collections.insert(item.id)),
                Kind::Bookmark => drop(touched.bookmarks.insert(item.id)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The number under which a bookmark stood before it joined another one.
    async fn number_of_joined(&self, scope: Scope, id: ItemId) -> Result<Option<u32>, Fault> {
        let rows = self.library.history(scope, id, None, ROWS_MAX).await?;
        Ok(rows.iter().filter(|row| row.item == id).find_map(|row| row.number))
    }
}

#[derive(Default)]
struct Touched {
    bookmarks: BTreeSet<ItemId>,
    joined: BTreeSet<ItemId>,
    tags: BTreeSet<ItemId>,
    collections: BTreeSet<ItemId>,
}

fn reference(row: &Change, name: &'static str) -> Option<ItemId> {
    let mut puts = row.puts().filter(|(register, ..)| register.as_str() == name);
    puts.find_map(|(_, value, _)| value.as_ref()?.as_text()?.parse().ok())
}

#[async_trait]
impl Projection for TextFollower {
    fn name(&self) -> &'static str {
        "text"
    }

    async fn position(&self, scope: Scope) -> Result<Seq, Fault> {
        self.index.position(scope).await
    }

    async fn apply(&self, scope: Scope, after: Seq, batch: &[Change]) -> Result<(), Fault> {
        let Some(last) = batch.last() else { return Ok(()) };
        let touched = self.touched(scope, batch).await?;
        let empty = || SearchBatch { seq: after, after: Some(after), ..SearchBatch::default() };
        let mut indexed = empty();
        for id in &touched.joined {
            indexed.gone.extend(self.number_of_joined(scope, *id).await?);
        }
        let bookmarks: Vec<ItemId> = touched.bookmarks.iter().copied().collect();
        for ids in bookmarks.chunks(CHUNK) {
            self.index(scope, ids, &mut indexed).await?;
            if indexed.docs.len() + CHUNK > APPLY_MAX {
                self.index.apply(scope, std::mem::replace(&mut indexed, empty())).await?;
            }
        }
        let tags: Vec<ItemId> = touched.tags.iter().copied().collect();
        let mut page = None;
        while !tags.is_empty() {
            let ids = self.views.bearing(scope, &tags, &[], page, CHUNK).await?;
            let Some(at) = ids.last() else { break };
            page = Some(*at);
            self.index(scope, &ids, &mut indexed).await?;
            self.index.apply(scope, std::mem::replace(&mut indexed, empty())).await?;
        }
        indexed.seq = last.seq;
        self.index.apply(scope, indexed).await
    }

    async fn rest(&self) -> Result<(), Fault> {
        self.index.settle().await
    }

    async fn reset(&self, scope: Scope) -> Result<(), Fault> {
        self.index.reset(scope).await
    }
}
