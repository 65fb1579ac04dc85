//! The built program on real engines, in several processes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

#[path = "../it/program.rs"]
#[expect(dead_code, reason = "shared with the tests of one process")]
mod program;
#[path = "../it/typed.rs"]
mod typed;
#[path = "../chaos/caller.rs"]
mod caller;
#[path = "../chaos/stage.rs"]
mod stage;
#[path = "../chaos/folded.rs"]
mod folded;
#[path = "../chaos/writer.rs"]
mod writer;
#[path = "../chaos/device.rs"]
mod device;
#[path = "../chaos/frames.rs"]
mod frames;
#[path = "../chaos/follower.rs"]
mod follower;
#[path = "../chaos/verdict.rs"]
mod verdict;
mod deployment;
mod hand;
mod limits;
mod several;
mod away;
mod shared;
mod sharing;
mod storm;
mod syncing;
mod certificate;
mod single_sign_on;
mod cache;
mod proxy;
mod replica;
mod carried;
mod chaos;
