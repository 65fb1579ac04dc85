//! What a collection is made of, and what it is called.

use super::made::{CREATED, FLAGS, LABELS, LIBRARY, MEANING, NUMBER, WORDS};
use qdrant_client::qdrant::payload_index_params::IndexParams;
use qdrant_client::qdrant::quantization_config::Quantization;
use qdrant_client::qdrant::{
    CreateCollectionBuilder, Distance, FieldType, HnswConfigDiffBuilder, IntegerIndexParamsBuilder,
    KeywordIndexParamsBuilder, Memory, ScalarQuantizationBuilder, SparseVectorParamsBuilder,
    SparseVectorsConfigBuilder, VectorParamsBuilder, VectorsConfigBuilder,
};
use shelf_ports::Fault;
use shelf_ports::search::Embedding;
use std::fmt::Write;

/// Longest name of a collection.
const NAME_MAX: usize = 120;

/// The collection of a database's `place` and what made its terms. Whatever is no letter of ASCII
/// or digit is written as its number, so that two versions never share one.
pub(crate) fn collection(place: &str, version: &str) -> Result<String, Fault> {
    let mut name = String::from("mindshelf_");
    name.extend(place.chars().filter(char::is_ascii_alphanumeric));
    name.push('_');
    for byte in version.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(name, "_{byte:02x}");
        }
    }
    if name.len() > NAME_MAX {
        return Err(Fault::new("naming the collection", "the name of the version is too long"));
    }
    Ok(name)
}

/// What a collection is made of: vectors on the disk and small in memory, a graph a library.
pub(super) fn shape(collection: &str) -> CreateCollectionBuilder {
    let graph = HnswConfigDiffBuilder::default().m(0).payload_m(16);
    let small = ScalarQuantizationBuilder::default().memory(Memory::Pinned);
    let meaning = VectorParamsBuilder::new(Embedding::DIMENSIONS as u64, Distance::Cosine)
        .hnsw_config(graph)
        .quantization_config(Quantization::Scalar(small.into()));
    let mut dense = VectorsConfigBuilder::default();
    dense.add_named_vector_params(MEANING, meaning);
    let mut sparse = SparseVectorsConfigBuilder::default();
    sparse.add_named_vector_params(WORDS, SparseVectorParamsBuilder::default());
    // One copy of each point: a second one could lag behind, and the rows make lost ones anew.
    CreateCollectionBuilder::new(collection)
        .replication_factor(1)
        .vectors_config(dense)
        .sparse_vectors_config(sparse)
}

/// What is looked up by value, and how.
pub(super) fn indexes() -> [(&'static str, FieldType, IndexParams); 5] {
    let whole = |lookup, range| {
        IndexParams::IntegerIndexParams(IntegerIndexParamsBuilder::new(lookup, range).build())
    };
    let tenant = KeywordIndexParamsBuilder::default().is_tenant(true).build();
    [
        (LIBRARY, FieldType::Keyword, IndexParams::KeywordIndexParams(tenant)),
        (NUMBER, FieldType::Integer, whole(false, true)),
        (CREATED, FieldType::Integer, whole(false, true)),
        (FLAGS, FieldType::Integer, whole(true, false)),
        (LABELS, FieldType::Integer, whole(true, false)),
    ]
}
