//! The embedded stores, held to what people and ports expect of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod exams;
mod erasing;
mod search;
mod shelf;
