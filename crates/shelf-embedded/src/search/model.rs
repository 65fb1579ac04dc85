//! The built-in model: a text's vector is the mean of its pieces' rows; no network, no key.
//!
//! potion-base-8M (MIT), rounded to bytes; where it is from is told in `third_party/potion-base-8m`.

use super::wordpiece::WordPiece;
use async_trait::async_trait;
use safetensors::SafeTensors;
use shelf_ports::Fault;
use shelf_ports::search::{Embedder, Embedding, search_fault};
use std::fmt;
use std::sync::OnceLock;

static WEIGHTS: &[u8] =
    include_bytes!("../../../../third_party/potion-base-8m/model.int8.safetensors");
static TOKENIZER: &[u8] = include_bytes!("../../../../third_party/potion-base-8m/tokenizer.json");

/// Pieces of a text that are read; what follows them does not count.
const PIECES_MAX: usize = 512;
/// The id that stands for unknown pieces.
const UNKNOWN: u16 = 1;

/// The model that comes with the program. Costs nothing until it is first asked.
#[derive(Default)]
pub struct BuiltInModel {
    open: OnceLock<Result<Open, String>>,
}

struct Open {
    pieces: WordPiece,
    rows: &'static [u8],
    scales: Vec<f32>,
}

impl fmt::Debug for BuiltInModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BuiltInModel(..)")
    }
}

impl BuiltInModel {
    /// Its name and version.
    pub const NAME: &'static str = "potion-base-8m-int8/1";

    fn open(&self) -> Result<&Open, Fault> {
        let opened = self.open.get_or_init(|| Open::new().map_err(|fault| fault_text(&fault)));
        opened.as_ref().map_err(|text| search_fault(text.clone()))
    }

    /// The exact vector of `text`, of length 1; `None` where no piece is known.
    pub fn vector(&self, text: &str) -> Result<Option<[f32; Embedding::DIMENSIONS]>, Fault> {
        Ok(self.open()?.vector(text))
    }
}

fn fault_text(fault: &Fault) -> String {
    std::error::Error::source(fault).map_or_else(|| fault.to_string(), ToString::to_string)
}

impl Open {
    fn new() -> Result<Self, Fault> {
        let file = SafeTensors::deserialize(WEIGHTS).map_err(search_fault)?;
        let rows = file.tensor("embeddings").map_err(search_fault)?.data();
        let scales = file.tensor("scales").map_err(search_fault)?.data();
        let scales: Vec<f32> =
            scales.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
        if rows.len() != scales.len() * Embedding::DIMENSIONS {
            return Err(search_fault("the model's rows and scales differ in number"));
        }
        Ok(Self { pieces: WordPiece::read(TOKENIZER)?, rows, scales })
    }

    fn vector(&self, text: &str) -> Option<[f32; Embedding::DIMENSIONS]> {
        let mut sum = [0.0_f32; Embedding::DIMENSIONS];
        for id in self.pieces.ids(text, PIECES_MAX).into_iter().filter(|id| *id != UNKNOWN) {
            let at = usize::from(id);
            let from = at * Embedding::DIMENSIONS;
            let row = self.rows.get(from..from + Embedding::DIMENSIONS)?;
            let scale = *self.scales.get(at)?;
            for (part, byte) in sum.iter_mut().zip(row) {
                *part += f32::from(byte.cast_signed()) * scale;
            }
        }
        let norm = sum.iter().map(|part| part * part).sum::<f32>().sqrt();
        (norm > 0.0).then(|| sum.map(|part| part / norm))
    }
}

#[async_trait]
impl Embedder for BuiltInModel {
    fn model(&self) -> &'static str {
        Self::NAME
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, Fault> {
        let open = self.open()?;
        Ok(texts
            .iter()
            .map(|text| open.vector(text).and_then(|vector| Embedding::round(&vector)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> [f32; 256] {
        BuiltInModel::default().vector(text).unwrap().unwrap()
    }

    fn cosine(a: &str, b: &str) -> f32 {
        vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn vectors_are_those_the_model_was_shipped_with() {
        let golden = [-0.034_101, -0.079_419, -0.143_595, 0.085_096, 0.019_18];
        for (part, expected) in vector("hello world").iter().zip(golden) {
            assert!((part - expected).abs() < 1e-4, "{part} is not {expected}");
        }
        let (bread, loaf) = ("Recipe for sourdough bread", "How to bake a loaf at home");
        let database = "A fast vector database written in Rust";
        assert!((cosine(bread, loaf) - 0.466).abs() < 2e-3);
        assert!((cosine(bread, database) - 0.047).abs() < 2e-3);
        assert!((cosine(loaf, database) + 0.015).abs() < 2e-3);
    }

    #[test]
    fn rounding_to_bytes_keeps_the_direction() {
        let exact = vector("A fast vector database written in Rust");
        let rounded = Embedding::round(&exact).unwrap();
        let dot: f32 =
            rounded.bytes().iter().zip(exact).map(|(byte, part)| f32::from(*byte) * part).sum();
        let norm: f32 =
            rounded.bytes().iter().map(|byte| f32::from(*byte).powi(2)).sum::<f32>().sqrt();
        assert!(dot / norm > 0.999_8);
    }

    #[test]
    fn a_text_without_a_known_piece_has_no_meaning() {
        assert!(BuiltInModel::default().vector("  \u{200b} ").unwrap().is_none());
    }
}
