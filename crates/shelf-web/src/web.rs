//! What the pages are given to work with.

use std::path::PathBuf;

use shelf_bookmarks::{Stores, search::SearchPorts};
use shelf_identity::Doors;
use tokio_util::task::TaskTracker;

/// The services behind the pages and how this server is reached; cheap to clone.
#[derive(Clone, Debug)]
pub struct Web {
    /// The stores of the Bookmark Service.
    pub stores: Stores,
    /// What finds bookmarks by words and meaning.
    pub search: SearchPorts,
    /// The directory for files that were sent and not imported yet; made when needed.
    pub spool: PathBuf,
    /// Work that outlives its answer: imports and exports. Waited for when the server stops.
    pub tasks: TaskTracker,
    /// The stores of identity.
    pub doors: Doors,
    /// How browsers reach this server (`https://shelf.example`), when that was set; else what the
    /// request says is believed, without encryption.
    pub origin: Option<String>,
    /// Whether the page of components is served.
    pub development: bool,
}

impl Web {
    /// Whether cookies must travel encrypted.
    pub fn is_secure(&self) -> bool {
        self.origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }
}
