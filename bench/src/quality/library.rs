//! A library of texts in the embedded index, asked through the product's own plan.

use anyhow::Result;
use shelf_bookmarks::search::plan::{Draft, Mode, Tuning};
use shelf_bookmarks::search::{Analyser, meaning_text};
use shelf_domain::id::{ItemId, LibraryId, Scope, TenantId};
use shelf_domain::query::Query;
use shelf_embedded::search::{BuiltInModel, EmbeddedSearch};
use shelf_ports::search::{BookmarkText, Embedder, Folder, SearchBatch, SearchDoc, SearchIndex};

/// Documents of one batch.
const BATCH: usize = 500;
/// Ranks that count.
const RANKS: usize = 10;

/// One bookmark to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) folders: Vec<String>,
}

/// An index of one library.
pub(crate) struct Library {
    index: EmbeddedSearch,
    model: BuiltInModel,
    scope: Scope,
    _dir: tempfile::TempDir,
}

impl Library {
    /// Indexes `lines`; a line's number is its place.
    pub(crate) async fn of(lines: &[Line]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let scope = Scope {
            tenant: TenantId::from_bytes([1; 16]),
            library: LibraryId::from_bytes([2; 16]),
        };
        let index = EmbeddedSearch::open(dir.path(), "quality")?;
        let library = Self { index, model: BuiltInModel::default(), scope, _dir: dir };
        let mut analyser = Analyser::default();
        let mut number = 0;
        for (seq, lines) in (1_u64..).zip(lines.chunks(BATCH)) {
            let texts: Vec<BookmarkText> = lines.iter().map(text).collect();
            let about: Vec<String> = texts.iter().map(meaning_text).collect();
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            let mut docs = Vec::new();
            for (text, vector) in texts.iter().zip(library.model.embed(&about).await?) {
                let item = ItemId::from_bytes(u128::from(number).to_be_bytes());
                docs.push(SearchDoc { vector, ..analyser.document(number, item, text) });
                number += 1;
            }
            library
                .index
                .apply(scope, SearchBatch { docs, gone: Vec::new(), seq, after: None })
                .await?;
        }
        library.index.settle().await?;
        Ok(library)
    }

    /// The numbers found for `asked`, best first.
    pub(crate) async fn ask(
        &self,
        asked: &str,
        mode: Mode,
        tuning: &Tuning,
        limit: usize,
    ) -> Result<Vec<u32>> {
        let query = Query::read(asked);
        let draft = Draft::of(&query, mode);
        let vocabulary = self.index.vocabulary(self.scope, &draft.probes).await?;
        let about = query.about();
        let vector = match mode {
            Mode::Words => None,
            _ => self.model.embed(&[&about]).await?.pop().flatten(),
        };
        let mut plan = draft.draw(&vocabulary, tuning, mode, vector).plan;
        plan.limit = limit;
        let found = self.index.candidates(self.scope, &plan).await?;
        Ok(found.candidates.into_iter().map(|candidate| candidate.number).collect())
    }

    /// One over the rank of `target`, 0 beyond the first ten.
    pub(crate) async fn reciprocal(
        &self,
        asked: &str,
        mode: Mode,
        tuning: &Tuning,
        target: u32,
    ) -> Result<f64> {
        let found = self.ask(asked, mode, tuning, RANKS).await?;
        Ok(found
            .iter()
            .position(|number| *number == target)
            .map_or(0.0, |at| 1.0 / (at as f64 + 1.0)))
    }
}

fn text(line: &Line) -> BookmarkText {
    let folder = |name: &String| Folder { id: ItemId::from_bytes([7; 16]), name: name.clone() };
    BookmarkText {
        url: line.url.clone(),
        title: line.title.clone(),
        description: line.description.clone(),
        folders: vec![line.folders.iter().map(folder).collect()],
        ..BookmarkText::default()
    }
}
