//! Keys: the root key, the keys of owners it seals, and what is sealed with those.
//!
//! Secrets, files and backups are sealed; what people search is not. Whoever destroys the key of an
//! owner makes all that was sealed for them unreadable, wherever copies of it lie.
#![warn(missing_docs)]

mod key;
mod root;
mod vault;
mod blobs;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use blobs::SealedBlobs;
pub use key::{Broken, Key};
pub use root::{NoRootKey, RootKey};
pub use vault::{RootVault, Roots};
