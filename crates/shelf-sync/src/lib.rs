//! Sync Service: pull by cursor and push for devices that edit offline.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod doors;
pub mod cursor;
pub mod pull;
pub mod push;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use cursor::Cursor;
pub use doors::Doors;
pub use pull::{Pull, Pulled, pull};
pub use push::{Push, PushAnswer, Told, push};
