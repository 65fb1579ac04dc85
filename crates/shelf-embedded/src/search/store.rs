//! The durable half: Tantivy's index, its one writer while there is work, and what is open to read.

use super::terms::{self, Cut, Fields, NUMBER};
use serde::{Deserialize, Serialize};
use shelf_domain::id::LibraryId;
use shelf_ports::Fault;
use shelf_ports::search::{SearchDoc, Space, search_fault};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tantivy::fastfield::AliveBitSet;
use tantivy::index::SegmentId;
use tantivy::{
    Index, IndexReader, IndexWriter, InvertedIndexReader, ReloadPolicy, Searcher, SegmentReader,
    Term,
};

/// Memory of the one indexing thread while it works, in bytes.
const WRITER_BYTES: usize = 32 << 20;

/// From so many documents of a library on its rows are read through maps of their own.
const APART_MIN: u32 = 200_000;

/// What a commit carries: each library's number and how far it was followed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Book {
    /// What made the terms: analysis and model; another version starts empty.
    pub(super) version: String,
    next: u32,
    libraries: HashMap<LibraryId, (u32, u64)>,
}

impl Book {
    /// The prefix of the library's terms; a new library gets the next number.
    pub(super) fn prefix(&mut self, library: LibraryId) -> String {
        let next = &mut self.next;
        let (number, _) = self.libraries.entry(library).or_insert_with(|| {
            *next += 1;
            (*next, 0)
        });
        format!("{number:x}:")
    }

    /// How far `library` was followed when this was written.
    pub(super) fn seq(&self, library: LibraryId) -> u64 {
        self.libraries.get(&library).map_or(0, |(_, seq)| *seq)
    }

    pub(super) fn set_seq(&mut self, library: LibraryId, seq: u64) {
        if let Some(entry) = self.libraries.get_mut(&library) {
            entry.1 = seq;
        }
    }

    /// Every library it knows of.
    pub(super) fn libraries(&self) -> Vec<LibraryId> {
        self.libraries.keys().copied().collect()
    }

    /// Forgets the library; its next prefix is a new one.
    pub(super) fn forget(&mut self, library: LibraryId) {
        self.libraries.remove(&library);
    }
}

/// One segment with what every search needs of it, opened once.
pub(super) struct Segment {
    pub(super) reader: SegmentReader,
    /// The number of each document: unpacked once, for every posting reads one.
    numbers: Vec<u32>,
    inverted: [Arc<InvertedIndexReader>; 3],
}

impl Segment {
    pub(super) fn inverted(&self, space: Space) -> &InvertedIndexReader {
        match space {
            Space::Stem => &self.inverted[0],
            Space::Word => &self.inverted[1],
            Space::Address => &self.inverted[2],
        }
    }

    /// The number of the document `doc`.
    pub(super) fn number(&self, doc: u32) -> u32 {
        self.numbers.get(doc as usize).copied().unwrap_or(u32::MAX)
    }

    pub(super) fn alive(&self) -> Option<&AliveBitSet> {
        self.reader.alive_bitset()
    }
}

/// All that is committed, at one moment.
pub(super) struct View {
    pub(super) segments: Vec<Arc<Segment>>,
    _searcher: Searcher,
}

/// The index in its directory.
pub(super) struct Store {
    pub(super) fields: Fields,
    dir: PathBuf,
    index: Index,
    reader: IndexReader,
    view: RwLock<Arc<View>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({} segments)", self.segments.len())
    }
}

impl Store {
    /// Opens the index in `dir`, or makes one.
    pub(super) fn open(dir: &Path) -> Result<(Self, Book), Fault> {
        std::fs::create_dir_all(dir).map_err(search_fault)?;
        let fields = Fields::new();
        let at = tantivy::directory::MmapDirectory::open(dir).map_err(search_fault)?;
        let index = Index::builder()
            .schema(fields.schema.clone())
            .settings(tantivy::IndexSettings {
                docstore_compression: tantivy::store::Compressor::None,
                ..tantivy::IndexSettings::default()
            })
            .open_or_create(at)
            .map_err(search_fault)?;
        index.tokenizers().register("counted", Cut { placed: false });
        index.tokenizers().register("placed", Cut { placed: true });
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader: IndexReader = reader.map_err(search_fault)?;
        let metas = index.load_metas().map_err(search_fault)?;
        let book = metas.payload.as_deref().map(serde_json::from_str).transpose();
        let book = book.map_err(search_fault)?.unwrap_or_default();
        let view = RwLock::new(Arc::new(viewed(&reader, &fields, None)?));
        Ok((Self { fields, dir: dir.to_owned(), index, reader, view }, book))
    }

    /// What is committed now.
    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is committed now, to read all rows of the library whose terms begin with `prefix`.
    ///
    /// Nobody looks at its columns again, and the pages of those of a large library would stay
    /// among the memory of the process: they are mapped once more, and let go with this view.
    pub(super) fn view_of_rows(&self, prefix: &str) -> Result<Arc<View>, Fault> {
        let (view, term) = (self.view(), Term::from_field_text(self.fields.library, prefix));
        let mut documents = 0;
        for segment in &view.segments {
            let inverted = segment.reader.inverted_index(self.fields.library);
            let inverted = inverted.map_err(search_fault)?;
            documents += inverted.doc_freq(&term).map_err(search_fault)?;
        }
        if documents < APART_MIN {
            return Ok(view);
        }
        let at = tantivy::directory::MmapDirectory::open(&self.dir).map_err(search_fault)?;
        let index = Index::open(at).map_err(search_fault)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        Ok(Arc::new(viewed(&reader.map_err(search_fault)?, &self.fields, None)?))
    }

    /// A writer; there is at most one.
    pub(super) fn writer(&self) -> Result<IndexWriter, Fault> {
        self.index.writer_with_num_threads(1, WRITER_BYTES).map_err(search_fault)
    }

    /// The segments that hold documents which were forgotten.
    pub(super) fn stale(&self) -> Result<Vec<SegmentId>, Fault> {
        let metas = self.index.searchable_segment_metas().map_err(search_fault)?;
        Ok(metas.iter().filter(|meta| meta.has_deletes()).map(tantivy::SegmentMeta::id).collect())
    }

    /// Hands `doc` to the writer; `known` if a committed document of that number may exist.
    pub(super) fn put(
        &self,
        writer: &IndexWriter,
        prefix: &str,
        doc: &SearchDoc,
        known: bool,
    ) -> Result<(), Fault> {
        if known {
            self.remove(writer, prefix, doc.number);
        }
        writer.add_document(self.fields.document(prefix, doc)).map_err(search_fault)?;
        Ok(())
    }

    pub(super) fn remove(&self, writer: &IndexWriter, prefix: &str, number: u32) {
        writer.delete_term(Term::from_field_text(self.fields.key, &terms::key(prefix, number)));
    }

    pub(super) fn remove_library(&self, writer: &IndexWriter, prefix: &str) {
        writer.delete_term(Term::from_field_text(self.fields.library, prefix));
    }

    /// Commits with `book`, and shows the result to every later [`view`](Self::view).
    pub(super) fn commit(&self, writer: &mut IndexWriter, book: &Book) -> Result<(), Fault> {
        let payload = serde_json::to_string(book).map_err(search_fault)?;
        let mut prepared = writer.prepare_commit().map_err(search_fault)?;
        prepared.set_payload(&payload);
        prepared.commit().map_err(search_fault)?;
        self.refresh()
    }

    /// Shows what is committed, merged segments included.
    pub(super) fn refresh(&self) -> Result<(), Fault> {
        self.reader.reload().map_err(search_fault)?;
        let before = self.view();
        let now = viewed(&self.reader, &self.fields, Some(&before))?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
        Ok(())
    }
}

/// Opens what the reader sees; unchanged segments keep what was opened of them.
fn viewed(reader: &IndexReader, fields: &Fields, before: Option<&View>) -> Result<View, Fault> {
    let searcher = reader.searcher();
    let identity = |reader: &SegmentReader| (reader.segment_id(), reader.delete_opstamp());
    let known: HashMap<(SegmentId, Option<u64>), &Arc<Segment>> = before
        .iter()
        .flat_map(|view| &view.segments)
        .map(|one| (identity(&one.reader), one))
        .collect();
    let mut segments = Vec::new();
    for reader in searcher.segment_readers() {
        if let Some(segment) = known.get(&identity(reader)) {
            segments.push(Arc::clone(segment));
            continue;
        }
        let inverted = |space| reader.inverted_index(fields.of(space)).map_err(search_fault);
        segments.push(Arc::new(Segment {
            reader: reader.clone(),
            numbers: numbers(reader).map_err(search_fault)?,
            inverted: [inverted(Space::Stem)?, inverted(Space::Word)?, inverted(Space::Address)?],
        }));
    }
    Ok(View { segments, _searcher: searcher })
}

/// The numbers of a segment's documents, in the order of the documents.
fn numbers(reader: &SegmentReader) -> tantivy::Result<Vec<u32>> {
    let column = reader.fast_fields().column_first_or_default::<u64>(NUMBER)?;
    let number = |doc| u32::try_from(column.get_val(doc)).unwrap_or(u32::MAX);
    Ok((0..reader.max_doc()).map(number).collect())
}
