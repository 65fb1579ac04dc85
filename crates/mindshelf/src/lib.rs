//! The binary: settings, wiring, the table of followers, telemetry and the commands.
//!
//! The only crate that names everyone, reads the environment, the wall clock and the system's
//! randomness. `main` gathers the outside world once; everything else is given what it needs.

pub mod config;
pub mod system;
mod console;
mod telemetry;
pub mod roles;
pub mod proxies;
mod upkeep;
mod erasing;
mod processing;
mod directory;
mod local_key;
mod root_key;
mod replacing;
mod records;
mod index;
mod pause;
mod limits;
mod presence;
mod machine;
pub mod blobs;
mod archive;
mod contents;
pub mod app;
mod followers;
mod courier;
mod probes;
mod keeper;
mod inside;
mod logins;
mod reach;
mod listening;
mod bound_cookies;
mod serve;
mod commands;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use archive::Restoring;
pub use commands::{Outside, run};
