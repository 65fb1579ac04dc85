//! What the use cases of sync are given.

use shelf_ports::accounts::Accounts;
use shelf_ports::blobs::Blobs;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::Library;
use shelf_ports::replicas::Replicas;
use shelf_ports::usage::Rooms;
use shelf_ports::views::Views;
use std::sync::Arc;

/// The stores and sources sync works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct Doors {
    /// The log and the one door.
    pub library: Arc<dyn Library>,
    /// The folded state, sums, and what waits for a person.
    pub replicas: Arc<dyn Replicas>,
    /// How much there is.
    pub views: Arc<dyn Views>,
    /// Snapshots, while they are kept.
    pub blobs: Arc<dyn Blobs>,
    /// Which device is whose.
    pub accounts: Arc<dyn Accounts>,
    /// How much more tenants may keep.
    pub rooms: Arc<dyn Rooms>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}
