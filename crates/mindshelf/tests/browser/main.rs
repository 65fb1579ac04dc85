//! Stories that a real Chromium walks through the built program, as a person would.
//!
//! `cargo xtask browser` names the browser and the outside judges; without it the stories say that
//! they were skipped.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::expect_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::panic, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stderr, reason = "what is skipped is said loudly")]

mod driver;
mod stage;
mod judge;
mod walk;

mod coming_in;
mod importing;
mod finding;
mod arranging;
mod taking_out;
mod by_keys;
mod at_phone_width;
mod without_scripts;
mod looking_back;
mod sharing;
mod together;
mod letting_in;
mod leaving;
mod governing;
mod apart;
mod saying;
mod parting;
mod passkeys;
mod extending;
mod served;
mod pictures;
