//! The door out as it is shipped: the system's resolver, real connections, nothing replaced.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod shipped;
