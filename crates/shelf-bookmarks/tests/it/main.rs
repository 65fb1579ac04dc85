//! Readers and writers of bookmark files against real files, hostile ones and each other.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stderr, reason = "a skipped test must say so")]

mod shared;
mod fixtures;
mod wild;
mod oracle;
mod hostile;
mod round_trip;
mod desk;
mod import_jobs;
mod export_jobs;
mod export_oracle;
mod archives;
mod world;
mod saving;
mod quotas;
mod large_folders;
mod organising;
mod captures;
mod sharing;
mod comments;
mod undoing;
