//! What an index keeps of one bookmark: weighted words, words in order, labels, a vector.

use shelf_domain::id::ItemId;
use std::fmt;

/// Most distinct terms, and most words in order, kept of one bookmark.
pub const DOC_TERMS_MAX: usize = 20_000;

/// One bookmark as an index sees it; made by the Bookmark Service's analysis.
#[derive(Clone, Debug)]
pub struct SearchDoc {
    /// The bookmark's number: dense per library, never reused.
    pub number: u32,
    /// The bookmark.
    pub item: ItemId,
    /// When it was saved, milliseconds since 1970.
    pub created_at_ms: i64,
    /// Stems with their weight summed over the fields; each stem once.
    pub stems: Vec<(String, u32)>,
    /// Words as written (folded) with their positions, rising; fields are far apart.
    pub words: Vec<(u32, String)>,
    /// Words of the address, each once.
    pub address: Vec<String>,
    /// Sum of all weights in `stems`: the length BM25 divides by.
    pub length: u32,
    /// What filters and facets read: `tag:rust`, `site:github.com`, `in:read later`, `lang:de`.
    pub labels: Vec<String>,
    /// States that are yes or no.
    pub flags: Flags,
    /// Its meaning, where the model sees one.
    pub vector: Option<Embedding>,
}

/// States a bookmark has or has not, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Marked to be read.
    pub const UNREAD: Self = Self(1);
    /// Put into the archive.
    pub const ARCHIVED: Self = Self(2);
    /// Marked as a favourite.
    pub const FAVOURITE: Self = Self(4);
    /// Not shared.
    pub const PRIVATE: Self = Self(8);
    /// Has no tag.
    pub const UNTAGGED: Self = Self(16);
    /// Every flag with its name, in the order facets list them.
    pub const NAMED: [(Self, &'static str); 5] = [
        (Self::UNREAD, "unread"),
        (Self::ARCHIVED, "archived"),
        (Self::FAVOURITE, "favourite"),
        (Self::PRIVATE, "private"),
        (Self::UNTAGGED, "untagged"),
    ];

    /// These flags and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `flag` if `yes`, none otherwise.
    #[must_use]
    pub const fn when(yes: bool, flag: Self) -> Self {
        if yes { flag } else { Self(0) }
    }

    /// Whether every flag of `other` is here.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is here.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits, for storage.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The flags of stored `bits`.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// A direction of 256 dimensions, rounded to one byte each. Its length carries no meaning.
#[derive(Clone, PartialEq, Eq)]
pub struct Embedding(Box<[i8; Self::DIMENSIONS]>);

impl Embedding {
    /// Dimensions of every vector.
    pub const DIMENSIONS: usize = 256;

    /// Rounds `vector` so that its largest part becomes 127; `None` for the zero vector.
    pub fn round(vector: &[f32; Self::DIMENSIONS]) -> Option<Self> {
        let largest = vector.iter().fold(0.0_f32, |most, part| most.max(part.abs()));
        if !(largest > 0.0 && largest.is_finite()) {
            return None;
        }
        let scale = 127.0 / largest;
        let mut bytes = Box::new([0_i8; Self::DIMENSIONS]);
        for (byte, part) in bytes.iter_mut().zip(vector) {
            #[expect(clippy::cast_possible_truncation, reason = "within -127..=127 by the scale")]
            {
                *byte = (part * scale).round() as i8;
            }
        }
        Some(Self(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[i8; Self::DIMENSIONS] {
        &self.0
    }

    /// The vector of stored bytes.
    pub fn from_bytes(bytes: [i8; Self::DIMENSIONS]) -> Self {
        Self(Box::new(bytes))
    }

    /// The cosine of the angle between the two, -1 to 1.
    pub fn cosine(&self, other: &Self) -> f32 {
        let (a, b) = (self.bytes(), other.bytes());
        let dot = |x: &[i8; 256], y: &[i8; 256]| -> i32 {
            x.iter().zip(y).map(|(p, q)| i32::from(*p) * i32::from(*q)).sum()
        };
        let norms = (dot(a, a) as f32).sqrt() * (dot(b, b) as f32).sqrt();
        if norms > 0.0 { dot(a, b) as f32 / norms } else { 0.0 }
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedding(..)")
    }
}
