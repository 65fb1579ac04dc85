//! Search inside one process: Tantivy keeps the words, a file the vectors, memory what is fresh.
//!
//! Terms carry their library's prefix, and every statistic is counted over the library alone.
//! Documents are searchable when [`SearchIndex::apply`] returns; they are committed many at a time.

mod candidates;
mod facets;
mod filter;
mod model;
mod room;
mod rows;
mod shelf;
mod store;
mod tail;
mod terms;
mod vectors;
mod vocabulary;
mod wordpiece;

pub use model::BuiltInModel;

use async_trait::async_trait;
use rows::{NUMBER_MAX, Rows};
use shelf::{Shelf, Walk};
use shelf_domain::id::{LibraryId, Scope};
use shelf_ports::Fault;
use shelf_ports::search::{
    APPLY_MAX, CANDIDATES_MAX, Found, Plan, Probe, SearchBatch, SearchIndex, Vocabulary,
    search_fault,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::{Book, Store};
use tantivy::IndexWriter;
use tokio::sync::watch;

/// Documents that wait in memory before they are committed.
const TAIL_MAX: usize = 4_096;
/// Rows of all libraries that stay in memory; beyond them idle libraries are let go.
const RESIDENT_ROWS_MAX: usize = 1_500_000;
/// Libraries up to this many rows are searched without leaving the caller's thread.
const INLINE_ROWS_MAX: usize = 20_000;
/// Batches up to this many documents are taken in without leaving it, where nobody else writes.
const INLINE_DOCS_MAX: usize = 16;

/// The search index of every library, in one directory.
#[derive(Clone, Debug)]
pub struct EmbeddedSearch {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    vectors: PathBuf,
    writing: Mutex<Writing>,
    shelves: RwLock<HashMap<LibraryId, Arc<RwLock<Shelf>>>>,
    moved: watch::Sender<u64>,
}

/// What only the one who writes may touch.
struct Writing {
    writer: Option<IndexWriter>,
    book: Book,
    waiting: usize,
}

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writing({} waiting)", self.waiting)
    }
}

impl EmbeddedSearch {
    /// Opens the index in `dir`. `version` names the analysis and the model: an index made by
    /// another version, or one that cannot be opened, is emptied, and its followers start again.
    pub fn open(dir: &Path, version: &str) -> Result<Self, Fault> {
        let (store, mut book) = match Store::open(&dir.join("words")) {
            Ok((store, book)) if book.version == version || book.version.is_empty() => {
                (store, book)
            }
            other => {
                if let Err(error) = other {
                    tracing::warn!(?error, "the search index could not be opened and starts empty");
                }
                std::fs::remove_dir_all(dir).map_err(search_fault)?;
                Store::open(&dir.join("words"))?
            }
        };
        version.clone_into(&mut book.version);
        let vectors = dir.join("vectors");
        std::fs::create_dir_all(&vectors).map_err(search_fault)?;
        let writing = Mutex::new(Writing { writer: None, book, waiting: 0 });
        let (moved, _) = watch::channel(0);
        Ok(Self {
            inner: Arc::new(Inner { store, vectors, writing, shelves: RwLock::default(), moved }),
        })
    }

    /// The libraries the index holds something of.
    pub async fn libraries(&self) -> Result<Vec<LibraryId>, Fault> {
        self.blocking(|inner| Ok(inner.writing().book.libraries())).await
    }

    /// Forgets everything about a library.
    pub async fn forget(&self, library: LibraryId) -> Result<(), Fault> {
        self.blocking(move |inner| inner.reset(library)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(search_fault)?
    }

    /// Reads from `scope`: small libraries that are in memory at once, others on their own thread.
    async fn reading<T: Send + 'static>(
        &self,
        scope: Scope,
        work: impl FnOnce(&Walk<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        if let Some(shelf) = self.inner.resident(scope.library) {
            let small = shelf.try_read().is_ok_and(|shelf| shelf.rows.len() <= INLINE_ROWS_MAX);
            if small {
                return self.inner.walk(&shelf, work);
            }
        }
        self.blocking(move |inner| inner.walk(&*inner.shelf(scope.library)?, work)).await
    }
}

impl Inner {
    fn resident(&self, library: LibraryId) -> Option<Arc<RwLock<Shelf>>> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner).get(&library).cloned()
    }

    /// The library in memory, loaded if it is not.
    fn shelf(&self, library: LibraryId) -> Result<Arc<RwLock<Shelf>>, Fault> {
        match self.resident(library) {
            Some(shelf) => Ok(shelf),
            None => self.load(library, &mut self.writing()),
        }
    }

    /// Loads under the writer's lock, so that no commit happens between the parts that are read.
    fn load(&self, library: LibraryId, writing: &mut Writing) -> Result<Arc<RwLock<Shelf>>, Fault> {
        if let Some(shelf) = self.resident(library) {
            return Ok(shelf);
        }
        let prefix = writing.book.prefix(library);
        let file = self.vector_file(library);
        let view = self.store.view_of_rows(&prefix)?;
        let rows = Rows::load(&view, &self.store.fields, &prefix, &file)?;
        let shelf = Shelf { prefix, rows, seq: writing.book.seq(library), ..Shelf::default() };
        let shelf = Arc::new(RwLock::new(shelf));
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        let mut resident = 0;
        shelves.retain(|_, other| {
            let other = other.read().unwrap_or_else(PoisonError::into_inner);
            resident += other.rows.len();
            resident <= RESIDENT_ROWS_MAX || other.tail.waiting() > 0
        });
        shelves.insert(library, Arc::clone(&shelf));
        Ok(shelf)
    }

    fn walk<T>(
        &self,
        shelf: &RwLock<Shelf>,
        work: impl FnOnce(&Walk<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        // The view is taken under the lock: a commit shows its view before it empties the tail.
        let shelf = shelf.read().unwrap_or_else(PoisonError::into_inner);
        let view = self.store.view();
        work(&Walk { shelf: &shelf, view: &view, fields: &self.store.fields })
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vector_file(&self, library: LibraryId) -> PathBuf {
        self.vectors.join(format!("{library}.i8"))
    }

    /// Applies a batch that needs no disk, if nobody else writes; `None` where it must wait.
    fn apply_at_once(&self, library: LibraryId, batch: &SearchBatch) -> Option<Result<(), Fault>> {
        let mut writing = self.writing.try_lock().ok()?;
        self.resident(library)?;
        let room = writing.waiting + INLINE_DOCS_MAX < TAIL_MAX;
        room.then(|| self.take_in(&mut writing, library, batch.clone()))
    }

    fn apply(&self, library: LibraryId, batch: SearchBatch) -> Result<(), Fault> {
        self.take_in(&mut self.writing(), library, batch)
    }

    fn take_in(
        &self,
        writing: &mut Writing,
        library: LibraryId,
        batch: SearchBatch,
    ) -> Result<(), Fault> {
        let highest =
            batch.docs.iter().map(|doc| doc.number).chain(batch.gone.iter().copied()).max();
        if highest.is_some_and(|number| number > NUMBER_MAX) {
            return Err(search_fault("a number is too high"));
        }
        if batch.docs.len() > APPLY_MAX {
            return Err(search_fault("too many documents in one batch"));
        }
        let shelf = self.load(library, writing)?;
        {
            let mut shelf = shelf.write().unwrap_or_else(PoisonError::into_inner);
            let shelf = &mut *shelf;
            if !batch.fits(shelf.seq) {
                return Ok(());
            }
            let before = shelf.tail.waiting();
            for number in batch.gone {
                let committed =
                    shelf.rows.get(number as usize).is_some() && shelf.tail.doc(number).is_none();
                shelf.rows.remove(number);
                shelf.tail.remove(number, committed);
            }
            for doc in batch.docs {
                let number = doc.number;
                let committed =
                    shelf.rows.get(number as usize).is_some() && shelf.tail.doc(number).is_none();
                shelf.rows.put(&doc);
                shelf.tail.put(doc, committed);
            }
            shelf.seq = batch.seq;
            shelf.short.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
            writing.waiting += shelf.tail.waiting().saturating_sub(before);
        }
        self.moved.send_modify(|moved| *moved += 1);
        if writing.waiting >= TAIL_MAX { self.commit(writing) } else { Ok(()) }
    }

    /// Makes every tail durable in one commit.
    fn commit(&self, writing: &mut Writing) -> Result<(), Fault> {
        let shelves: Vec<(LibraryId, Arc<RwLock<Shelf>>)> = {
            let all = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
            all.iter().map(|(library, shelf)| (*library, Arc::clone(shelf))).collect()
        };
        let Writing { writer, book, waiting } = writing;
        let writer = match writer {
            Some(writer) => writer,
            None => writer.insert(self.store.writer()?),
        };
        for (library, shelf) in &shelves {
            let shelf = shelf.read().unwrap_or_else(PoisonError::into_inner);
            book.set_seq(*library, shelf.seq);
            if shelf.tail.is_empty() {
                continue;
            }
            shelf.rows.vectors.save(&self.vector_file(*library), &shelf.tail.touched())?;
            for number in shelf.tail.stale() {
                self.store.remove(writer, &shelf.prefix, number);
            }
            for doc in shelf.tail.docs() {
                self.store.put(writer, &shelf.prefix, doc, false)?;
            }
        }
        self.store.commit(writer, book)?;
        for (library, shelf) in &shelves {
            let mut shelf = shelf.write().unwrap_or_else(PoisonError::into_inner);
            if !shelf.tail.is_empty() {
                shelf.rows.vectors.saved(&self.vector_file(*library));
            }
            shelf.tail = tail::Tail::default();
        }
        *waiting = 0;
        Ok(())
    }

    fn settle(&self) -> Result<(), Fault> {
        let mut writing = self.writing();
        if writing.waiting > 0 {
            self.commit(&mut writing)?;
        }
        if let Some(writer) = writing.writer.take() {
            writer.wait_merging_threads().map_err(search_fault)?;
            self.store.refresh()?;
        }
        Ok(())
    }

    /// Writes segments that hold forgotten documents anew, without them.
    fn expunge(&self) -> Result<(), Fault> {
        // Nothing else may merge what is merged here.
        self.settle()?;
        let mut writing = self.writing();
        let stale = self.store.stale()?;
        if stale.is_empty() {
            return Ok(());
        }
        let mut writer = match writing.writer.take() {
            Some(writer) => writer,
            None => self.store.writer()?,
        };
        writer.merge(&stale).wait().map_err(search_fault)?;
        // Files that are still read go when the view that reads them does.
        self.store.refresh()?;
        writer.garbage_collect_files().wait().map_err(search_fault)?;
        writer.wait_merging_threads().map_err(search_fault)?;
        self.store.refresh()
    }

    fn reset(&self, library: LibraryId) -> Result<(), Fault> {
        let mut writing = self.writing();
        let prefix = writing.book.prefix(library);
        self.shelves.write().unwrap_or_else(PoisonError::into_inner).remove(&library);
        let Writing { writer, book, .. } = &mut *writing;
        let writer = match writer {
            Some(writer) => writer,
            None => writer.insert(self.store.writer()?),
        };
        self.store.remove_library(writer, &prefix);
        book.forget(library);
        self.store.commit(writer, book)?;
        match std::fs::remove_file(self.vector_file(library)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(search_fault(error)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl SearchIndex for EmbeddedSearch {
    async fn position(&self, scope: Scope) -> Result<u64, Fault> {
        if let Some(shelf) = self.inner.resident(scope.library) {
            return Ok(shelf.read().unwrap_or_else(PoisonError::into_inner).seq);
        }
        self.blocking(move |inner| Ok(inner.writing().book.seq(scope.library))).await
    }

    async fn apply(&self, scope: Scope, batch: SearchBatch) -> Result<(), Fault> {
        if batch.docs.len() + batch.gone.len() <= INLINE_DOCS_MAX
            && let Some(done) = self.inner.apply_at_once(scope.library, &batch)
        {
            return done;
        }
        self.blocking(move |inner| inner.apply(scope.library, batch)).await
    }

    async fn reached(&self, scope: Scope, seq: u64) -> Result<(), Fault> {
        let mut moved = self.inner.moved.subscribe();
        while self.position(scope).await? < seq {
            moved.changed().await.map_err(search_fault)?;
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Fault> {
        self.blocking(Inner::settle).await
    }

    async fn expunge(&self) -> Result<(), Fault> {
        self.blocking(Inner::expunge).await
    }

    async fn reset(&self, scope: Scope) -> Result<(), Fault> {
        self.forget(scope.library).await
    }

    async fn vocabulary(&self, scope: Scope, probes: &[Probe]) -> Result<Vocabulary, Fault> {
        let probes = probes.to_vec();
        self.reading(scope, move |walk| walk.vocabulary(&probes)).await
    }

    async fn candidates(&self, scope: Scope, plan: &Plan) -> Result<Found, Fault> {
        if plan.limit > CANDIDATES_MAX {
            return Err(search_fault("too many candidates"));
        }
        let plan = plan.clone();
        self.reading(scope, move |walk| walk.run(&plan)).await
    }
}
