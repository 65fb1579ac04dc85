//! Sync Service: pull by cursor and push for devices that edit offline, snapshots to begin from,
//! sums to compare by, deletions that wait for a person, and who else is there.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod doors;
pub mod cursor;
pub mod stand;
pub mod pull;
pub mod push;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod holding;
pub mod held;
pub mod checksum;
pub mod repair;
pub mod part;
pub mod snapshot;
pub mod presence;

pub use checksum::{Checksum, checksum};
pub use cursor::{Cursor, Expired, Reset, reset_of};
pub use doors::Doors;
pub use held::{Confirmed, HeldItem, HeldOf, confirm_held, held_items, list_held, refuse_held};
pub use part::{Part, Parted, Start, part};
pub use presence::{Company, PersonHere, PresenceDoors, be_away, be_here, company, named};
pub use pull::{Pull, Pulled, pull};
pub use push::{Push, PushAnswer, Told, push};
pub use repair::{Repair, Repaired, repair};
pub use snapshot::{Snapshot, forget_snapshots, forget_snapshots_of, snapshot};
pub use stand::{PROTOCOL, Standing, stand};
