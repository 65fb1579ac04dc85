//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::search::BuiltInModel;
use std::sync::LazyLock;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[(
    "word pieces",
    word_pieces,
    &["C++ don't \u{6771}\u{4eac} e\u{301}t\u{e9} unaffable ##ing [UNK] \u{130}".as_bytes()],
)];

static MODEL: LazyLock<BuiltInModel> = LazyLock::new(BuiltInModel::default);

fn word_pieces(bytes: &[u8]) {
    let vector = MODEL.vector(&String::from_utf8_lossy(bytes));
    assert!(vector.is_ok(), "the model opens");
    let length = vector.ok().flatten().map(|all| all.iter().map(|one| one * one).sum::<f32>());
    assert!(length.is_none_or(|length| (length - 1.0).abs() < 0.01), "{length:?}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
