//! The checksum of a folded library: by it a replica finds that it went another way, and where.

use crate::id::ItemId;
use crate::shelf::Shelf;
use crate::stamp::Seq;
use sha2::{Digest, Sha256};
use std::fmt;

/// How many ranges a library is summed up in: one for each last byte of an id.
pub const RANGES: usize = 256;

/// The range an id belongs to: its last byte, which is drawn at random.
pub fn range_of(id: ItemId) -> u8 {
    let [.., last] = id.to_bytes();
    last
}

/// A sum as it stands on the wire: sixteen hexadecimal digits.
pub fn written(sum: u64) -> String {
    format!("{sum:016x}")
}

/// The sum that is written there; `None` where none is.
fn read(text: &str) -> Option<u64> {
    let is_sum = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_sum.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// The sums of a library, range by range. Adding is XOR: neither order nor grouping changes them,
/// and adding again takes out.
#[derive(Clone, PartialEq, Eq)]
pub struct Sums(Vec<u64>);

impl Default for Sums {
    fn default() -> Self {
        Self(vec![0; RANGES])
    }
}

impl fmt::Debug for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sums({:016x})", self.whole())
    }
}

impl Sums {
    /// The sums of a whole library.
    pub fn of(shelf: &Shelf) -> Self {
        let mut sums = Self::default();
        for item in shelf.items() {
            sums.add_item(item.id, item.version());
        }
        for (younger, older) in shelf.aliases() {
            sums.add_alias(younger, older);
        }
        sums
    }

    /// The sums that are written there, one for each range; `None` where they are not.
    pub fn read(ranges: &[String]) -> Option<Self> {
        let sums: Option<Vec<u64>> = ranges.iter().map(|sum| read(sum)).collect();
        sums.filter(|sums| sums.len() == RANGES).map(Self)
    }

    /// Adds an item at the version it has.
    pub fn add_item(&mut self, id: ItemId, version: Seq) {
        self.add(id, &version.to_be_bytes());
    }

    /// Adds that `younger` joined `older`; it is no item then.
    pub fn add_alias(&mut self, younger: ItemId, older: ItemId) {
        self.add(younger, &older.to_bytes());
    }

    fn add(&mut self, id: ItemId, with: &[u8]) {
        let digest: [u8; 32] =
            Sha256::new().chain_update(id.to_bytes()).chain_update(with).finalize().into();
        let first = digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
        if let Some(sum) = self.0.get_mut(usize::from(range_of(id))) {
            *sum ^= first;
        }
    }

    /// The sum of each range, in their order.
    pub fn ranges(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// The sum of the library.
    pub fn whole(&self) -> u64 {
        self.0.iter().fold(0, |whole, sum| whole ^ sum)
    }

    /// The ranges in which `other` is another.
    pub fn differing(&self, other: &Self) -> Vec<u8> {
        let pairs = (0..=u8::MAX).zip(self.0.iter().zip(&other.0));
        pairs.filter(|(_, (own, other))| own != other).map(|(range, _)| range).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ItemId {
        text.parse().unwrap()
    }

    #[test]
    fn sums_are_those_of_the_description() {
        let mut sums = Sums::default();
        let of = |sums: &Sums, range: usize| written(sums.ranges().nth(range).unwrap());
        sums.add_item(id("0193f0a0-0000-7000-8000-00000000000b"), 1);
        assert_eq!(of(&sums, 11), "21c4e3044ba90b9a");
        sums.add_item(id("0193f0a0-0000-7000-8000-00000000010b"), 4);
        assert_eq!(of(&sums, 11), "fc83e604e65ef15a");
        sums.add_item(id("0193f0a0-0000-7000-8000-00000000002c"), 3);
        assert_eq!(of(&sums, 44), "d91c60af743318cd");
        let older = id("0193f0a0-0000-7000-8000-00000000000b");
        sums.add_alias(id("0193f0a0-0000-7000-8000-00000000003d"), older);
        assert_eq!(of(&sums, 61), "3b3b5738d8998507");
        assert_eq!(written(sums.whole()), "1ea4d1934af46c90");
        assert_eq!(sums.differing(&Sums::default()), [11, 44, 61]);
        assert_eq!(Sums::default().whole(), 0);
    }

    #[test]
    fn a_difference_is_found_in_the_first_range_as_in_the_last() {
        for range in [0, u8::MAX] {
            let mut sums = Sums::default();
            sums.add_item(ItemId::from_bytes([range; 16]), 1);
            assert_eq!(sums.differing(&Sums::default()), [range]);
        }
    }

    #[test]
    fn sums_are_read_as_they_were_written_and_nothing_else_is() {
        let mut sums = Sums::default();
        sums.add_item(id("0193f0a0-0000-7000-8000-00000000000b"), 1);
        let ranges: Vec<String> = sums.ranges().map(written).collect();
        assert_eq!(Sums::read(&ranges), Some(sums));
        assert_eq!(Sums::read(&ranges[1..]), None, "one is missing");
        for wrong in ["", "+000000000000000", "21c4e3044ba90b9", "21c4e3044ba90b9ag"] {
            let mut ranges = ranges.clone();
            ranges[7] = wrong.to_owned();
            assert_eq!(Sums::read(&ranges), None, "{wrong:?}");
        }
    }
}
