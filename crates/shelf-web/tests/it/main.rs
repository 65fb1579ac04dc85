//! The pages over real stores: who gets in, what forms may do, what hostile text becomes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::future_not_send,
    reason = "a test may stop at the first surprise"
)]

mod room;
mod coming_in;
mod passwords;
mod sso;
mod passkeys;
mod forms;
mod people;
mod company;
mod crossing;
mod mounts;
mod offline;
mod waiting;
mod comments;
mod files;
mod webhooks;
mod walk;
mod imports;
mod keys;
mod consent;
mod privacy;
mod limits;
mod usage;
