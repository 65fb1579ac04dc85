//! Stories through the whole application, and the command line as people type it.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod program;
mod world;
mod reader;
mod receiver;
mod replica;
mod stories;
mod shell;
mod logins;
mod taken_out;
mod typed;
mod commands;
mod killed;
mod stopping;
mod carried;
mod keys;
mod raw;
mod quiet;
#[cfg(target_os = "linux")]
mod full;
#[cfg(target_os = "linux")]
mod crowd;
