//! An offline replica of one library: one SQLite file with what the server decided and what waits
//! to be pushed, edited without a connection and kept level by sync.
//!
//! Begin with [`Replica`]; what it needs of a server is [`Server`], which a
//! [`LibraryClient`](shelf_client::LibraryClient) is. The rules are in `docs/LOG.md` ("Being a
//! replica") and `docs/SYNC.md`; no rule about content is here: replicas run the server's own
//! decisions.
#![warn(missing_docs)]

mod failure;
mod server;
mod lines;
mod file;
mod queue;
mod shown;
mod event;
mod backoff;
mod replica;
mod fold;
mod note;
mod sync;
mod heal;
mod restart;
mod verify;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use backoff::Backoff;
pub use event::Event;
pub use failure::ReplicaFailure;
pub use file::{About, Step, Stops};
pub use queue::{Aside, Why};
pub use replica::{Replica, Standing};
pub use server::Server;
pub use shown::canonical;
pub use sync::{Progress, Synced, Way};
