//! Decisions by a seed: the same seed decides the same.

use crate::deeds::Deed;
use shelf_testkit::SeededChance;

/// A source of decisions.
#[derive(Debug)]
pub(crate) struct Dice(SeededChance);

impl Dice {
    /// Decisions by `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededChance::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)))
    }

    /// 64 bits.
    pub(crate) fn bits(&self) -> u64 {
        self.0.next()
    }

    /// A number below `most`; 0 where `most` is 0.
    pub(crate) fn below(&self, most: usize) -> usize {
        let most = u64::try_from(most.max(1)).unwrap();
        usize::try_from(self.bits() % most).unwrap()
    }

    /// Whether what happens once in `times` happens now.
    pub(crate) fn one_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A number below `most`, or none.
    fn maybe(&self, most: usize) -> Option<usize> {
        if self.one_in(2) { None } else { Some(self.below(most)) }
    }

    /// How many milliseconds go by: `least` to twice that.
    pub(crate) fn wait(&self, least: u32) -> u32 {
        let more = self.bits() % u64::from(least);
        least.saturating_add(u32::try_from(more).unwrap())
    }

    /// How wrong a clock is, milliseconds: right, by seconds, by days, or by years.
    pub(crate) fn skew(&self) -> i64 {
        const SPANS: [i64; 4] = [1, 90_000, 2 * 86_400_000, 3_652 * 86_400_000];
        let span = SPANS[self.below(SPANS.len())];
        let span = u64::try_from(span).unwrap();
        let skew = i64::try_from(self.bits() % span).unwrap();
        if self.one_in(2) { skew } else { -skew }
    }

    /// Something a person does.
    pub(crate) fn deed(&self) -> Deed {
        let (pick, folder) = (self.below(8), self.maybe(4));
        match self.below(21) {
            0..=5 => {
                let (url, tag, notes) = (self.below(4), self.maybe(3), self.one_in(2));
                Deed::Save { url, tag, folder, notes }
            }
            6..=9 => Deed::Note { pick },
            10..=11 => Deed::Folder { inside: folder },
            12 => Deed::Rename { pick },
            13..=15 => Deed::Move { pick, into: folder },
            16..=17 => Deed::Tag { pick, tag: self.below(3), on: self.one_in(2) },
            18..=19 => Deed::Trash { pick },
            _ => Deed::Restore { pick },
        }
    }
}
