//! Sealing and opening, over a real store and over files.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod blobs;
mod laws;
mod vault;
