//! A follower among planted faults: crashes, lost hints, poison libraries, other processes.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod fakes;
mod faults;
mod sharing;
mod table;
mod waiting;
