//! Replicas of a server in memory: laws over random stories, crashes between any two steps, and
//! what each answer leads to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod memory;
mod device;
mod deeds;
mod laws;
mod crashes;
mod answers;
mod restarts;
mod verifying;
mod waits;
