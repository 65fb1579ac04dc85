//! The stores on real engines, held to what ports and their owners expect of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stderr, reason = "a test says loudly what it skipped")]

mod ground;
mod exams;
mod locks;
mod plans;
