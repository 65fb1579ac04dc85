//! The interface over the embedded stores, asked in process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test may stop at the first surprise, and says when it skips"
)]

mod world;
mod doors;
mod bookmarks;
mod organise;
mod mounts;
mod comments;
mod access;
mod sync;
mod replicas;
mod live;
mod presence;
mod files;
mod kept;
mod limits;
mod usage;
mod search;
mod document;
mod shape;
mod walk;
mod scopes;
mod oauth;
mod sso;
mod dpop;
mod examples;
mod nasty;
mod positions;
mod repeats;
mod graphql;
mod facades;
