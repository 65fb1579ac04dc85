//! How a document becomes a point, and a filter Qdrant's.

use qdrant_client::Payload;
use qdrant_client::qdrant::{
    Condition, Filter, NamedVectors, PointId, PointStruct, Range, RetrievedPoint, Vector,
};
use shelf_domain::id::LibraryId;
use shelf_ports::search::{Embedding, Flags};

pub(super) const MEANING: &str = "meaning";
pub(super) const WORDS: &str = "words";
pub(super) const LIBRARY: &str = "library";
pub(super) const NUMBER: &str = "number";
pub(super) const CREATED: &str = "created";
pub(super) const FLAGS: &str = "flags";
pub(super) const LABELS: &str = "labels";
pub(super) const EDITION: &str = "edition";
pub(super) const FILLS: &str = "fills";

/// What becomes a point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) id: i64,
    pub(crate) number: i64,
    pub(crate) created_at_ms: i64,
    pub(crate) flags: Flags,
    pub(crate) labels: Vec<i32>,
    /// Numbers of terms with what they weigh, each once.
    pub(crate) terms: Vec<(u32, f32)>,
    pub(crate) vector: Option<Embedding>,
}

/// A point of no document, which says up to which edition a library's points are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) point: i64,
    pub(crate) edition: i64,
    /// How often the points were made anew.
    pub(crate) fills: i64,
}

/// What must hold of what is near: Qdrant's half of a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    pub(crate) labels: Vec<i32>,
    pub(crate) without_labels: Vec<i32>,
    pub(crate) flags: Flags,
    pub(crate) without_flags: Flags,
    pub(crate) from_ms: Option<i64>,
    pub(crate) until_ms: Option<i64>,
    pub(crate) among: Option<Vec<i64>>,
}

impl Point {
    /// The point in `library`.
    pub(super) fn made(&self, library: LibraryId) -> PointStruct {
        let axes = self.terms.iter().map(|(term, weight)| (axis(library, *term), *weight));
        let (terms, weights): (Vec<u32>, Vec<f32>) = axes.unzip();
        let mut vectors = NamedVectors::default();
        if !terms.is_empty() {
            vectors = vectors.add_vector(WORDS, Vector::new_sparse(terms, weights));
        }
        if let Some(vector) = &self.vector {
            vectors = vectors.add_vector(MEANING, Vector::new_dense(floats(vector)));
        }
        let labels: Vec<i64> = self.labels.iter().copied().map(i64::from).collect();
        let payload = Payload::from([
            (LIBRARY, library.to_string().into()),
            (NUMBER, self.number.into()),
            (CREATED, self.created_at_ms.into()),
            (FLAGS, bits(self.flags).collect::<Vec<i64>>().into()),
            (LABELS, labels.into()),
        ]);
        PointStruct::new(self.id.cast_unsigned(), vectors, payload)
    }
}

impl Mark {
    /// The point in `library`.
    pub(super) fn made(self, library: LibraryId) -> PointStruct {
        let payload = Payload::from([
            (LIBRARY, library.to_string().into()),
            (EDITION, self.edition.into()),
            (FILLS, self.fills.into()),
        ]);
        PointStruct::new(self.point.cast_unsigned(), NamedVectors::default(), payload)
    }

    /// What the point of this number says.
    pub(super) fn read(point: i64, got: &RetrievedPoint) -> Option<Self> {
        let number = |field| got.payload.get(field)?.as_integer();
        Some(Self { point, edition: number(EDITION)?, fills: number(FILLS)? })
    }
}

impl Narrow {
    /// The filter.
    pub(super) fn filter(&self) -> Filter {
        let labels = |of: &[i32]| of.iter().map(|id| (LABELS, i64::from(*id))).collect::<Vec<_>>();
        let flags = |of: Flags| bits(of).map(|bit| (FLAGS, bit));
        let is = |(field, value): (&str, i64)| Condition::matches(field, value);
        let must = labels(&self.labels).into_iter().chain(flags(self.flags)).map(is);
        let mut must: Vec<Condition> = must.collect();
        if self.from_ms.is_some() || self.until_ms.is_some() {
            must.push(between(CREATED, self.from_ms, self.until_ms));
        }
        if let Some(among) = &self.among {
            must.push(Condition::has_id(ids(among)));
        }
        let without = labels(&self.without_labels).into_iter().chain(flags(self.without_flags));
        Filter { must, must_not: without.map(is).collect(), ..Filter::default() }
    }
}

/// The dimension of a term in the sparse vectors of `library`. Every library counts its terms from
/// one: each begins elsewhere, so that Qdrant's lists are not shared by all of them.
pub(super) fn axis(library: LibraryId, term: u32) -> u32 {
    let [.., a, b, c, d] = library.to_bytes();
    term ^ u32::from_be_bytes([a, b, c, d])
}

pub(super) fn of(library: LibraryId) -> Condition {
    Condition::matches(LIBRARY, library.to_string())
}

pub(super) fn between(field: &str, from: Option<i64>, before: Option<i64>) -> Condition {
    let bound = |at: Option<i64>| at.map(|at| at as f64);
    Condition::range(field, Range { gte: bound(from), lt: bound(before), ..Range::default() })
}

pub(super) fn ids(points: &[i64]) -> Vec<PointId> {
    points.iter().map(|id| id.cast_unsigned().into()).collect()
}

/// Each flag of `flags` by its own bit.
fn bits(flags: Flags) -> impl Iterator<Item = i64> {
    Flags::NAMED.into_iter().filter(move |(flag, _)| flags.has(*flag)).map(|(f, _)| f.bits().into())
}

pub(super) fn floats(vector: &Embedding) -> Vec<f32> {
    vector.bytes().iter().map(|part| f32::from(*part)).collect()
}
