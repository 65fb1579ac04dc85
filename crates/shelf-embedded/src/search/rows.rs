//! What is known of each bookmark beside its words, by number: for filters, facets and ranking.

use super::store::View;
use super::terms::{CREATED, FLAGS, Fields, ITEM_HIGH, ITEM_LOW, LABELS, LENGTH};
use super::vectors::Vectors;
use shelf_domain::id::ItemId;
use shelf_ports::Fault;
use shelf_ports::search::{Flags, LabelKind, SearchDoc, search_fault, year_of};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, columnar::StrColumn};
use tantivy::{TERMINATED, Term};

/// Highest number an index takes; rows are dense, so a wild number would be a wild allocation.
pub(super) const NUMBER_MAX: u32 = 1 << 25;

/// One bookmark beside its words and its vector. A million of them are in memory, so it is held to
/// half of a line of the processor's cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) item: ItemId,
    labels_from: u32,
    created: Moment,
    labels: u16,
    /// The year (UTC) of when it was saved.
    pub(super) year: i16,
    pub(super) flags: Flags,
    pub(super) living: bool,
}

const _: () = assert!(size_of::<Row>() == 32);

const NO_ROW: Row = Row {
    item: ItemId::from_bytes([0; 16]),
    labels_from: 0,
    created: Moment([0; 6]),
    labels: 0,
    year: 0,
    flags: Flags::from_bits(0),
    living: false,
};

impl Row {
    fn new(item: ItemId, created_at_ms: i64, flags: Flags) -> Self {
        Self { item, created: Moment::of(created_at_ms), flags, ..NO_ROW }
    }

    /// When it was saved, milliseconds since 1970.
    pub(super) fn created_at_ms(&self) -> i64 {
        self.created.ms()
    }
}

/// Milliseconds since 1970 in six bytes, which reach four thousand years either way.
#[derive(Clone, Copy, Debug)]
struct Moment([u8; 6]);

impl Moment {
    /// The last one there is.
    const MAX_MS: i64 = (1 << 47) - 1;

    fn of(ms: i64) -> Self {
        let mut bytes = [0; 6];
        for (to, from) in bytes.iter_mut().zip(ms.clamp(-Self::MAX_MS, Self::MAX_MS).to_le_bytes())
        {
            *to = from;
        }
        Self(bytes)
    }

    fn ms(self) -> i64 {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().skip(2).zip(self.0) {
            *to = from;
        }
        // Shifted down again, the sign comes along.
        i64::from_le_bytes(bytes) >> 16
    }
}

/// All bookmarks of one library, by number.
#[derive(Debug, Default)]
pub(super) struct Rows {
    all: Vec<Row>,
    /// The lengths, side by side: every posting reads one.
    side_lengths: Vec<f32>,
    label_ids: Vec<u32>,
    pub(super) labels: Labels,
    pub(super) vectors: Vectors,
    living: u32,
    /// Their sum; whole numbers, so that what is added can be taken away again.
    lengths: f64,
    wasted: usize,
}

/// The library's labels, each with a small number and how many living bookmarks have it.
#[derive(Debug, Default)]
pub(super) struct Labels {
    ids: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    counts: Vec<u32>,
    kinds: Vec<LabelKind>,
    languages: Vec<u32>,
}

impl Labels {
    fn intern(&mut self, label: &str) -> u32 {
        if let Some(&id) = self.ids.get(label) {
            return id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = label.into();
        self.names.push(Arc::clone(&name));
        self.counts.push(0);
        let kind = LabelKind::of(label);
        self.kinds.push(kind);
        if kind == LabelKind::Language {
            self.languages.push(id);
        }
        self.ids.insert(name, id);
        id
    }

    pub(super) fn id(&self, label: &str) -> Option<u32> {
        self.ids.get(label).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The languages spoken, with how many living bookmarks are in each.
    pub(super) fn languages(&self) -> impl Iterator<Item = (&str, u32)> {
        self.languages.iter().map(|&id| (self.name(id), self.counts[id as usize]))
    }

    /// The label without its kind.
    pub(super) fn name(&self, id: u32) -> &str {
        let name = self.names.get(id as usize).map_or("", |name| name);
        name.get(self.kind(id).start().len()..).unwrap_or_default()
    }

    pub(super) fn kind(&self, id: u32) -> LabelKind {
        self.kinds.get(id as usize).copied().unwrap_or(LabelKind::Other)
    }
}

impl Rows {
    /// Reads the rows of the library whose terms begin with `prefix`.
    pub(super) fn load(
        view: &View,
        fields: &Fields,
        prefix: &str,
        file: &Path,
    ) -> Result<Self, Fault> {
        let mut rows = Self::default();
        for segment in &view.segments {
            rows.load_segment(segment, fields, prefix).map_err(search_fault)?;
        }
        rows.vectors = Vectors::load(file, rows.all.len())?;
        Ok(rows)
    }

    fn load_segment(
        &mut self,
        segment: &super::store::Segment,
        fields: &Fields,
        prefix: &str,
    ) -> tantivy::Result<()> {
        let inverted = segment.reader.inverted_index(fields.library)?;
        let term = Term::from_field_text(fields.library, prefix);
        let Some(mut docs) = inverted.read_postings(&term, IndexRecordOption::Basic)? else {
            return Ok(());
        };
        let columns = segment.reader.fast_fields();
        let high = columns.column_first_or_default::<u64>(ITEM_HIGH)?;
        let low = columns.column_first_or_default::<u64>(ITEM_LOW)?;
        let created = columns.column_first_or_default::<i64>(CREATED)?;
        let length = columns.column_first_or_default::<u64>(LENGTH)?;
        let flags = columns.column_first_or_default::<u64>(FLAGS)?;
        let labels = columns.str(LABELS)?;
        let mut known = LabelCache::new(labels.as_ref());
        let mut ids = Vec::new();
        while docs.doc() != TERMINATED {
            let doc = docs.doc();
            docs.advance();
            if segment.alive().is_some_and(|alive| !alive.is_alive(doc)) {
                continue;
            }
            known.ids_of(doc, &mut self.labels, &mut ids)?;
            let item = (u128::from(high.get_val(doc)) << 64) | u128::from(low.get_val(doc));
            let item = ItemId::from_bytes(item.to_be_bytes());
            let flags = Flags::from_bits(u8::try_from(flags.get_val(doc)).unwrap_or(0));
            let length = u32::try_from(length.get_val(doc)).unwrap_or(u32::MAX);
            let number = segment.number(doc).min(NUMBER_MAX);
            self.place(number as usize, Row::new(item, created.get_val(doc), flags), length, &ids);
        }
        Ok(())
    }

    /// Takes in or replaces a document's row and vector.
    pub(super) fn put(&mut self, doc: &SearchDoc) {
        let ids: Vec<u32> = doc.labels.iter().map(|label| self.labels.intern(label)).collect();
        let number = doc.number as usize;
        let row = Row::new(doc.item, doc.created_at_ms, doc.flags);
        self.place(number, row, doc.length, &ids);
        self.vectors.reach(self.all.len());
        self.vectors.set(number, doc.vector.as_ref().map(shelf_ports::search::Embedding::bytes));
        if self.wasted > 65_536 && self.wasted > self.label_ids.len() / 2 {
            self.repack();
        }
    }

    fn place(&mut self, number: usize, row: Row, length: u32, ids: &[u32]) {
        if self.all.len() <= number {
            self.all.resize(number + 1, NO_ROW);
            self.side_lengths.resize(number + 1, 0.0);
        }
        self.clear(number);
        let labels = u16::try_from(ids.len()).unwrap_or(u16::MAX);
        let labels_from = u32::try_from(self.label_ids.len()).unwrap_or(u32::MAX);
        self.label_ids.extend(ids.iter().take(usize::from(labels)));
        for &id in ids {
            self.labels.counts[id as usize] += 1;
        }
        self.living += 1;
        self.lengths += f64::from(length as f32);
        let year = year_of(row.created_at_ms());
        self.all[number] = Row { labels_from, labels, living: true, year, ..row };
        self.side_lengths[number] = length as f32;
    }

    fn clear(&mut self, number: usize) {
        let Some(row) = self.all.get(number).copied().filter(|row| row.living) else { return };
        self.living -= 1;
        self.lengths -= f64::from(self.side_lengths[number]);
        self.wasted += usize::from(row.labels);
        let from = row.labels_from as usize;
        for &id in &self.label_ids[from..from + usize::from(row.labels)] {
            self.labels.counts[id as usize] -= 1;
        }
        self.all[number] = NO_ROW;
    }

    /// Forgets a number.
    pub(super) fn remove(&mut self, number: u32) {
        let number = number as usize;
        self.clear(number);
        if number < self.all.len() {
            self.vectors.reach(self.all.len());
            self.vectors.set(number, None);
        }
    }

    fn repack(&mut self) {
        let old = std::mem::take(&mut self.label_ids);
        for row in &mut self.all {
            let from = row.labels_from as usize;
            row.labels_from = u32::try_from(self.label_ids.len()).unwrap_or(u32::MAX);
            self.label_ids.extend_from_slice(&old[from..from + usize::from(row.labels)]);
        }
        self.wasted = 0;
    }

    /// One more than the highest number.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many bookmarks there are.
    pub(super) fn living(&self) -> u32 {
        self.living
    }

    /// The mean of their lengths, at least 1.
    pub(super) fn length_mean(&self) -> f32 {
        if self.living == 0 {
            1.0
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "a mean length is small")]
            let mean = (self.lengths / f64::from(self.living)).max(1.0) as f32;
            mean
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<&Row> {
        self.all.get(number).filter(|row| row.living)
    }

    /// The length of each number, for BM25.
    pub(super) fn lengths(&self) -> &[f32] {
        &self.side_lengths
    }

    pub(super) fn all(&self) -> &[Row] {
        &self.all
    }

    pub(super) fn labels_of(&self, row: &Row) -> &[u32] {
        let from = row.labels_from as usize;
        &self.label_ids[from..from + usize::from(row.labels)]
    }
}

/// Turns a segment's label ordinals into the library's numbers, looking each up once.
struct LabelCache<'a> {
    column: Option<&'a StrColumn>,
    known: HashMap<u64, u32>,
    text: String,
}

impl<'a> LabelCache<'a> {
    fn new(column: Option<&'a StrColumn>) -> Self {
        Self { column, known: HashMap::new(), text: String::new() }
    }

    fn ids_of(&mut self, doc: u32, labels: &mut Labels, ids: &mut Vec<u32>) -> std::io::Result<()> {
        ids.clear();
        let Some(column) = self.column else { return Ok(()) };
        for ord in column.ords().values_for_doc(doc) {
            let id = if let Some(&id) = self.known.get(&ord) {
                id
            } else {
                self.text.clear();
                column.ord_to_str(ord, &mut self.text)?;
                let id = labels.intern(&self.text);
                self.known.insert(ord, id);
                id
            };
            ids.push(id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_is_the_same_in_six_bytes() {
        let far = Moment::MAX_MS;
        for ms in [0, 1, -1, 1_767_225_600_000, -62_135_596_800_000, far, -far] {
            assert_eq!(Moment::of(ms).ms(), ms);
        }
        assert_eq!(Moment::of(i64::MAX).ms(), far, "what is farther is as far as can be told");
        assert_eq!(Moment::of(i64::MIN).ms(), -far);
    }
}
