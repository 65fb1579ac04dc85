//! Sums that tell whether two sides hold the same, and in which range they do not.

use sha2::{Digest, Sha256};
use shelf_domain::id::ItemId;
use shelf_domain::item::Item;
use shelf_domain::shelf::Shelf;

/// How many ranges ids fall into, by their last byte.
const RANGES: usize = 256;

/// The sum of each range of a library: XOR of eight bytes an item and an id that joined, so that
/// neither order nor repetition of folding changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums([u64; RANGES]);

impl Default for Sums {
    fn default() -> Self {
        Self([0; RANGES])
    }
}

impl Sums {
    /// The sums of `shelf`.
    pub fn of(shelf: &Shelf) -> Self {
        let mut sums = Self::default();
        for item in shelf.items() {
            sums.add_item(item);
        }
        for (younger, older) in shelf.aliases() {
            sums.add_alias(younger, older);
        }
        sums
    }

    /// Adds an item.
    pub(crate) fn add_item(&mut self, item: &Item) {
        self.take(item.id, &item.version().to_be_bytes());
    }

    /// Adds an id that joined.
    pub(crate) fn add_alias(&mut self, younger: ItemId, older: ItemId) {
        self.take(younger, &older.to_bytes());
    }

    fn take(&mut self, id: ItemId, rest: &[u8]) {
        let hash = Sha256::new().chain_update(id.to_bytes()).chain_update(rest).finalize();
        let first = hash.iter().take(8).fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        if let Some(sum) = self.0.get_mut(usize::from(range_of(id))) {
            *sum ^= first;
        }
    }

    /// The sum of the library, 16 hexadecimal digits.
    pub fn total(&self) -> String {
        written(self.0.iter().fold(0, |sum, range| sum ^ range))
    }

    /// The sum of each range.
    pub fn ranges(&self) -> Vec<String> {
        self.0.iter().map(|sum| written(*sum)).collect()
    }

    /// The ranges whose sums are not those of `theirs`.
    pub fn differing(&self, theirs: &[String]) -> Vec<u8> {
        let mine = (0..=u8::MAX).zip(self.ranges());
        let other = mine.filter(|(at, sum)| theirs.get(usize::from(*at)) != Some(sum));
        other.map(|(at, _)| at).collect()
    }
}

/// The range of an id.
pub(crate) fn range_of(id: ItemId) -> u8 {
    let [.., last] = id.to_bytes();
    last
}

fn written(sum: u64) -> String {
    hex::encode(sum.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::DeviceId;
    use shelf_domain::item::Held;
    use shelf_domain::kind::{Kind, Register, field};
    use shelf_domain::stamp::{Hlc, Stamp};

    fn id(text: &str) -> ItemId {
        text.parse().unwrap()
    }

    fn item(id: ItemId, version: u64) -> Item {
        let mut item = Item::new(id, Kind::Note, 1, 1);
        let stamp = Stamp { hlc: Hlc::at(1), device: DeviceId::SEQUENCER };
        let held = Held { stamp, seq: version, value: None };
        item.registers.insert(Register::from(field::BODY), held);
        item
    }

    /// The vectors of `docs/SYNC.md`.
    #[test]
    fn the_sums_are_those_that_were_written_down() {
        let first = id("0193f0a0-0000-7000-8000-00000000000b");
        let second = id("0193f0a0-0000-7000-8000-00000000010b");
        let third = id("0193f0a0-0000-7000-8000-00000000002c");
        let younger = id("0193f0a0-0000-7000-8000-00000000003d");
        let mut shelf = Shelf::default();
        shelf.insert(item(first, 1));
        assert_eq!(Sums::of(&shelf).ranges()[11], "21c4e3044ba90b9a");
        shelf.insert(item(second, 4));
        shelf.insert(item(third, 3));
        shelf.alias(younger, first);
        let sums = Sums::of(&shelf);
        assert_eq!(sums.ranges()[11], "fc83e604e65ef15a");
        assert_eq!(sums.ranges()[44], "d91c60af743318cd");
        assert_eq!(sums.ranges()[61], "3b3b5738d8998507");
        assert_eq!(sums.total(), "1ea4d1934af46c90");
    }

    #[test]
    fn what_differs_is_found_by_its_range() {
        let mut shelf = Shelf::default();
        shelf.insert(item(id("0193f0a0-0000-7000-8000-00000000000b"), 1));
        let before = Sums::of(&shelf);
        assert!(before.differing(&before.ranges()).is_empty());
        shelf.insert(item(id("0193f0a0-0000-7000-8000-00000000002c"), 3));
        assert_eq!(Sums::of(&shelf).differing(&before.ranges()), [44]);
    }
}
