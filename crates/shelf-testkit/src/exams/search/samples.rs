//! Documents and plans for the search exam: written by hand, or thrown by seeded dice.

use shelf_domain::id::{ItemId, LibraryId, Scope, TenantId};
use shelf_ports::search::{
    Alternative, Embedding, Filter, Flags, Group, Phrase, Plan, Ranking, SearchDoc, Space,
};

/// The scope of the library called `library`.
pub fn scope(library: u8) -> Scope {
    Scope { tenant: TenantId::from_bytes([1; 16]), library: LibraryId::from_bytes([library; 16]) }
}

/// A document whose words and stems are those of `text`, saved at its number in seconds.
pub fn doc(number: u32, text: &str) -> SearchDoc {
    let words: Vec<(u32, String)> = (0..).zip(text.split(' ').map(str::to_owned)).collect();
    let mut stems: Vec<(String, u32)> = Vec::new();
    for (_, word) in &words {
        match stems.iter_mut().find(|(stem, _)| stem == word) {
            Some((_, weight)) => *weight += 1,
            None => stems.push((word.clone(), 1)),
        }
    }
    SearchDoc {
        number,
        item: ItemId::from_bytes(u128::from(number).to_be_bytes()),
        created_at_ms: i64::from(number) * 1_000,
        length: stems.iter().map(|(_, weight)| weight).sum(),
        stems,
        words,
        address: Vec::new(),
        labels: Vec::new(),
        flags: Flags::default(),
        vector: None,
    }
}

/// The plan that ranks by `words` alone.
pub fn plan(words: &[&str]) -> Plan {
    let group = |word: &&str| Group {
        alternatives: vec![Alternative {
            space: Space::Stem,
            term: (*word).to_owned(),
            weight: 1.0,
        }],
    };
    Plan {
        groups: words.iter().map(group).collect(),
        filter: Filter::default(),
        vector: None,
        ranking: Ranking {
            k1: 1.2,
            b: 0.75,
            length_mean: 3.0,
            meaning: 0.0,
            meaning_least: 0.3,
            reach: 0.5,
        },
        limit: 10,
        facets: 0,
    }
}

/// Chance from a seed (xorshift64*).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `most`, which is at least 1.
    pub fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        u32::try_from(high % u64::from(most.max(1))).unwrap_or(0)
    }

    /// A word; low ones are common, as in any language.
    fn word(&mut self) -> String {
        let most = 1 + self.below(120);
        format!("w{}", self.below(most))
    }

    fn label(&mut self) -> String {
        let kind = ["tag", "site", "folder", "lang"][self.below(4) as usize];
        format!("{kind}:{}", self.below(9))
    }

    fn vector(&mut self) -> Option<Embedding> {
        let mut parts = [0.0; Embedding::DIMENSIONS];
        let theme = self.below(5) as usize;
        for (at, part) in parts.iter_mut().enumerate() {
            *part = self.below(200) as f32 - 100.0 + if at % 5 == theme { 90.0 } else { 0.0 };
        }
        Embedding::round(&parts).filter(|_| self.below(10) > 0)
    }

    /// A random document.
    pub fn doc(&mut self, number: u32) -> SearchDoc {
        let words: Vec<String> = (0..=self.below(14)).map(|_| self.word()).collect();
        let mut made = doc(number, &words.join(" "));
        made.created_at_ms = i64::from(self.below(2_000_000_000)) * 1_000;
        made.address = vec![format!("a{}", self.below(6))];
        made.labels = (0..self.below(5)).map(|_| self.label()).collect();
        made.labels.sort();
        made.labels.dedup();
        made.flags = Flags::from_bits(u8::try_from(self.below(32)).unwrap_or(0));
        made.vector = self.vector();
        made
    }

    fn group(&mut self) -> Group {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for _ in 0..=self.below(3) {
            let space = if self.below(5) == 0 { Space::Word } else { Space::Stem };
            let weight = (1 + self.below(10)) as f32 / 10.0;
            alternatives.push(Alternative { space, term: self.word(), weight });
        }
        Group { alternatives }
    }

    /// A random plan.
    pub fn plan(&mut self) -> Plan {
        let mut made = plan(&[]);
        made.groups = (0..self.below(4)).map(|_| self.group()).collect();
        if self.below(3) > 0 {
            made.vector = self.vector();
            made.ranking.meaning = self.below(11) as f32 / 10.0;
        }
        made.facets = 5;
        let filter = &mut made.filter;
        match self.below(11) {
            0 => filter.labels = vec![self.label()],
            1 => filter.without_labels = vec![self.label(), self.label()],
            2 => filter.flags = Flags::UNREAD,
            3 => filter.without_flags = Flags::UNREAD.with(Flags::ARCHIVED),
            4 => filter.from_ms = Some(1_000_000_000_000),
            5 => filter.phrases = vec![Phrase(vec![self.word(), self.word()])],
            6 => filter.without_groups = vec![self.group()],
            7 => filter.any_labels = vec![vec![self.label(), self.label()], vec![self.label()]],
            _ => {}
        }
        made
    }
}
