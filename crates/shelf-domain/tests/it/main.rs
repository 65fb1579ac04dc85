//! The laws of the log, held against random libraries, and the frozen encoding.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod steps;
mod server;
mod replica;
mod world;
mod oracle;
mod valid;
mod laws;
mod queue;
mod texts;
mod settled;
mod replicas;
mod many;
mod every;
mod undo;
mod views;
mod joins;
mod trash;
mod sharing;
mod frozen;
mod samples;
mod golden;
mod errors;
mod sums;
