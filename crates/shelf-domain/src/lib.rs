//! Words and laws: ids, stamps, changes, the fold and every decision about library content.
//!
//! No I/O, no clock, no randomness: what time it is and what chance said come in as values.
//! Start with [`kind`] (every kind and field), then [`turn`] (the one function that decides).
#![warn(missing_docs)]

pub mod id;
pub mod shard;
pub mod right;
pub mod permit;
pub mod audit;
pub mod login;
pub mod mail;
pub mod privacy;
pub mod stamp;
pub mod value;
pub mod limits;
pub mod rate;
pub mod habit;
pub mod plan;
pub mod refusal;
pub mod kind;
pub mod canon;
mod packed;
pub mod change;
pub mod item;
pub mod shelf;
pub mod sums;
pub mod stated;
pub mod listed;
pub mod order;
pub mod turn;
pub mod save;
pub mod edit;
pub mod organise;
pub mod trash;
pub mod share;
pub mod undo;
pub mod diff;
pub mod words;
pub mod comment;
pub mod conflict;
pub mod event;
pub mod view;
pub mod query;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
