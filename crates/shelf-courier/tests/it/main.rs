//! The courier over a real store, with a door out that a test answers for.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod office;
mod rounds;
mod events;
mod erased;
mod keys;
