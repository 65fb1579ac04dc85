//! What a row keeps of a document's words, packed: numbers of the library's own terms.

use super::points::Point;
use super::rows::Doc;
use serde::{Deserialize, Serialize};
use shelf_ports::Fault;
use shelf_ports::search::side_by_side;
use std::collections::BTreeMap;

/// A document's terms, each by its number in the library's vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packed {
    /// Stems with their weights.
    pub(super) stems: Vec<(u32, u32)>,
    /// Words as written, each with its distance from the place of the one before.
    pub(super) words: Vec<(u32, u32)>,
    /// Words of the address.
    pub(super) address: Vec<u32>,
}

impl Packed {
    /// The bytes to keep.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Fault> {
        postcard::to_stdvec(self).map_err(|error| Fault::new("packing words", error))
    }

    /// What [`bytes`](Self::bytes) packed.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        postcard::from_bytes(bytes).map_err(|error| Fault::new("reading packed words", error))
    }

    /// Words with their places, as distances from one to the next.
    pub(super) fn stepped(words: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
        let mut last = 0_u32;
        words
            .map(|(place, id)| (place.wrapping_sub(std::mem::replace(&mut last, place)), id))
            .collect()
    }

    /// Every term with what it weighs, each once: stems by their weight, all others 1.
    pub(super) fn terms(&self) -> BTreeMap<u32, u32> {
        let once = self.words.iter().map(|(_, id)| *id).chain(self.address.iter().copied());
        once.map(|id| (id, 1)).chain(self.stems.iter().copied()).collect()
    }

    /// Whether the words `phrase` stand side by side, in this order.
    pub(super) fn holds(&self, phrase: &[u32]) -> bool {
        let places = |asked: &u32| {
            let mut place = 0_u32;
            let mut all = Vec::new();
            for (step, id) in &self.words {
                place = place.wrapping_add(*step);
                if id == asked {
                    all.push(place);
                }
            }
            all
        };
        side_by_side(phrase.iter().map(places))
    }
}

impl Doc {
    /// The point this row is found by.
    pub(super) fn point(&self) -> Point {
        let weighed = |(id, weight): (u32, u32)| (id, weight as f32);
        Point {
            id: self.point,
            number: self.number,
            created_at_ms: self.created_at_ms,
            flags: self.flags,
            labels: self.labels.clone(),
            terms: self.packed.terms().into_iter().map(weighed).collect(),
            vector: self.vector.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_packing() {
        let words = Packed::stepped([(3, 7), (4, 9), (1_000, 7)].into_iter());
        let packed = Packed { words, stems: vec![(1, 12)], address: vec![5] };
        let read = Packed::read(&packed.bytes().unwrap()).unwrap();
        assert_eq!(read, packed);
        assert!(read.holds(&[7, 9]) && !read.holds(&[9, 7]) && !read.holds(&[7, 7]));
        let terms: Vec<_> = read.terms().into_iter().collect();
        assert_eq!(terms, [(1, 12), (5, 1), (7, 1), (9, 1)]);
    }
}
