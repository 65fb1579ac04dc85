//! Takes in a batch: drafts first, then rows and points in one transaction, then what was replaced
//! is swept.

use super::packed::Packed;
use super::points::Point;
use super::rows::{self, Doc, Head};
use super::words::{self, Key, Keyed};
use super::{QdrantSearch, TAKING_IN};
use crate::postgres::{Within, limit_of};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::search::{APPLY_MAX, SearchBatch, SearchDoc, Space};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::types::Type;

/// How often a batch begins anew because somebody swept its drafts.
const TRIES_MAX: usize = 5;
/// From this many documents on, statements may take minutes.
const LONG: usize = 64;

const DRAFT: &str = "INSERT INTO search_waste
    SELECT $1, nextval('search_points') FROM generate_series(1, $2::bigint) RETURNING point";
const CLAIM: &str = "DELETE FROM search_waste WHERE library = $1 AND point = ANY($2)";
const WASTE: &str = "INSERT INTO search_waste SELECT $1, unnest($2::bigint[])
    ON CONFLICT DO NOTHING";
const WASTED: &str = "SELECT point FROM search_waste WHERE library = $1 ORDER BY point LIMIT $2";
/// Points swept in one transaction.
const SWEEP_MAX: usize = 4_096;

/// A batch, each number in it once.
#[derive(Debug)]
pub(super) struct Batch {
    docs: BTreeMap<u32, SearchDoc>,
    gone: BTreeSet<u32>,
    seq: i64,
    after: Option<i64>,
}

impl Batch {
    /// The batch, if it is within bounds; the later document of a number wins.
    pub(super) fn checked(batch: SearchBatch) -> Result<Self, Fault> {
        if batch.docs.len() > APPLY_MAX {
            return Err(Fault::new(TAKING_IN, "too many documents in one batch"));
        }
        let docs = batch.docs.into_iter().map(|doc| (doc.number, doc)).collect();
        let gone = batch.gone.into_iter().collect();
        let number = |seq| i64::try_from(seq).map_err(|error| Fault::new(TAKING_IN, error));
        let (seq, after) = (number(batch.seq)?, batch.after.map(number).transpose()?);
        Ok(Self { docs, gone, seq, after })
    }

    /// Whether it is for a library that stands at `position`.
    fn fits(&self, position: i64) -> bool {
        self.seq >= position && self.after.is_none_or(|after| after == position)
    }

    /// Every number it says something about.
    fn numbers(&self) -> Vec<i64> {
        let numbers: BTreeSet<u32> = self.docs.keys().chain(&self.gone).copied().collect();
        numbers.into_iter().map(i64::from).collect()
    }
}

/// How a try to take in a batch ended.
enum Taken {
    /// It is in, and there is waste to sweep or not.
    In { wasted: bool },
    /// Somebody swept its drafts.
    Swept,
}

impl QdrantSearch {
    /// Takes in `batch`.
    pub(super) async fn take_in(&self, scope: Scope, batch: &Batch) -> Result<(), Fault> {
        for _ in 0..TRIES_MAX {
            let drafts = self.draft(scope, batch.docs.len()).await?;
            let Taken::In { wasted } = self.try_to(scope, batch, &drafts).await? else {
                continue;
            };
            if wasted && let Err(error) = self.sweep(scope).await {
                // The next batch sweeps it, too.
                tracing::warn!(?error, "points of no row are left in Qdrant for now");
            }
            return Ok(());
        }
        Err(Fault::new(TAKING_IN, "somebody else takes in the same library"))
    }

    /// Draws the numbers of `count` new points. They are waste until their rows are committed, so
    /// that whatever happens to this process, they are swept.
    async fn draft(&self, scope: Scope, count: usize) -> Result<Vec<i64>, Fault> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let count = i64::try_from(count).map_err(|error| Fault::new(TAKING_IN, error))?;
        let of = [(&count as _, Type::INT8)];
        let rows = self.records.query_in(scope, TAKING_IN, DRAFT, &of).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn try_to(&self, scope: Scope, batch: &Batch, drafts: &[i64]) -> Result<Taken, Fault> {
        let mut connection = self.records.connection().await?;
        let mut within = rows::writing(&mut connection, scope).await?;
        if batch.docs.len() + batch.gone.len() >= LONG {
            within.take_time().await?;
        }
        let mut head = rows::lock(&within, &self.version).await?;
        let claimed = within.run(CLAIM, &[(&drafts, Type::INT8_ARRAY)]).await?;
        if claimed != drafts.len() as u64 {
            return Ok(Taken::Swept);
        }
        if !batch.fits(head.seq) {
            within.commit().await?;
            return Ok(Taken::In { wasted: false });
        }
        self.make_whole(&within, scope, &mut head).await?;
        let before = rows::of_numbers(&within, &batch.numbers()).await?;
        let docs = numbered(&within, &mut head, batch, &before, drafts).await?;
        put(&within, &before, &docs).await?;
        head.seq = batch.seq;
        head.edition += 1;
        head.documents += limit_of(docs.len()) - limit_of(before.len());
        head.lengths += lengths_of(&docs) - lengths_of(&before);
        head.highest = docs.iter().map(|doc| doc.number).fold(head.highest, i64::max);
        rows::put_head(&within, &head, &self.version).await?;
        let points: Vec<Point> = docs.iter().map(Doc::point).collect();
        self.points.put(scope.library, &points, Some(head.mark())).await?;
        let wasted = within.rows(WASTED, &[(&1_i64, Type::INT8)]).await?;
        within.commit().await?;
        Ok(Taken::In { wasted: !wasted.is_empty() })
    }

    /// Removes from Qdrant the points that are no row's.
    pub(super) async fn sweep(&self, scope: Scope) -> Result<(), Fault> {
        let mut connection = self.records.connection().await?;
        let mut more = true;
        while more {
            let mut within = rows::writing(&mut connection, scope).await?;
            within.take_time().await?;
            // Locked, so that no batch puts points of these numbers meanwhile.
            rows::lock(&within, &self.version).await?;
            let wasted = within.rows(WASTED, &[(&limit_of(SWEEP_MAX), Type::INT8)]).await?;
            let wasted: Vec<i64> = wasted.iter().map(|row| row.get(0)).collect();
            self.points.remove(&wasted).await?;
            within.run(CLAIM, &[(&wasted, Type::INT8_ARRAY)]).await?;
            within.commit().await?;
            more = wasted.len() == SWEEP_MAX;
        }
        Ok(())
    }

    /// Forgets everything about a library.
    pub(super) async fn forget(&self, scope: Scope) -> Result<(), Fault> {
        {
            let mut connection = self.records.connection().await?;
            let mut within = rows::writing(&mut connection, scope).await?;
            within.take_time().await?;
            let head = rows::lock(&within, &self.version).await?;
            let head = rows::clear(&within, head).await?;
            rows::put_head(&within, &head, &self.version).await?;
            within.commit().await?;
        }
        // Only after the rows are gone: points without rows are passed over, rows without points
        // would be missed.
        self.sweep(scope).await
    }
}

/// The rows of a batch, its terms known by number, and the vocabulary counted anew.
async fn numbered(
    within: &Within<'_>,
    head: &mut Head,
    batch: &Batch,
    before: &[Doc],
    drafts: &[i64],
) -> Result<Vec<Doc>, Fault> {
    let keys: Keyed = batch.docs.values().flat_map(keys_of).collect();
    let (ids, new) = words::numbered(within, head, keys).await?;
    let made = batch.docs.values().zip(drafts).map(|(doc, point)| doc_of(doc, *point, &ids));
    let docs: Vec<Doc> = made.collect();
    let mut more: HashMap<i64, i64> = HashMap::new();
    for (docs, by) in [(docs.as_slice(), 1), (before, -1)] {
        for doc in docs {
            let labels = doc.labels.iter().map(|id| id.cast_unsigned());
            for id in doc.packed.terms().into_keys().chain(labels) {
                *more.entry(id.into()).or_insert(0) += by;
            }
        }
    }
    words::count(within, &new, more).await?;
    Ok(docs)
}

fn keys_of(doc: &SearchDoc) -> impl Iterator<Item = (Key, Option<Vec<u8>>)> {
    let stems = doc.stems.iter().map(|(stem, _)| (words::space_of(Space::Stem), stem));
    let words = doc.words.iter().map(|(_, word)| (words::space_of(Space::Word), word));
    let address = doc.address.iter().map(|word| (words::space_of(Space::Address), word));
    let labels = doc.labels.iter().map(|label| (words::LABELS, label));
    let all = stems.chain(words).chain(address).chain(labels);
    all.map(|(space, term)| words::keyed(space, term))
}

fn doc_of(doc: &SearchDoc, point: i64, ids: &HashMap<Key, u32>) -> Doc {
    let id = |key: Key| ids.get(&key).copied().unwrap_or_default();
    let of = |space, term: &str| id(words::key(space, term));
    let labels: BTreeSet<u32> = doc.labels.iter().map(|label| id(words::label(label))).collect();
    let words = doc.words.iter().map(|(place, word)| (*place, of(Space::Word, word)));
    let packed = Packed {
        stems: doc.stems.iter().map(|(stem, weight)| (of(Space::Stem, stem), *weight)).collect(),
        words: Packed::stepped(words),
        address: doc.address.iter().map(|word| of(Space::Address, word)).collect(),
    };
    Doc {
        number: doc.number.into(),
        point,
        item: doc.item,
        created_at_ms: doc.created_at_ms,
        length: doc.length.into(),
        flags: doc.flags,
        labels: labels.into_iter().map(u32::cast_signed).collect(),
        packed,
        vector: doc.vector.clone(),
    }
}

/// Puts the rows of `docs`, forgets those of `before` that have no successor, and wastes the points
/// of all of `before`.
async fn put(within: &Within<'_>, before: &[Doc], docs: &[Doc]) -> Result<(), Fault> {
    let kept: BTreeSet<i64> = docs.iter().map(|doc| doc.number).collect();
    let gone: Vec<i64> =
        before.iter().map(|doc| doc.number).filter(|number| !kept.contains(number)).collect();
    rows::remove(within, &gone).await?;
    rows::put(within, docs).await?;
    let wasted: Vec<i64> = before.iter().map(|doc| doc.point).collect();
    within.run(WASTE, &[(&wasted, Type::INT8_ARRAY)]).await.map(drop)
}

fn lengths_of(docs: &[Doc]) -> i64 {
    docs.iter().map(|doc| doc.length).sum()
}
