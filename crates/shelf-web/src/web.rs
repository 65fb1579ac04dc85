//! What the pages are given to work with.

use axum::http::HeaderMap;
use shelf_bookmarks::{Stores, search::SearchPorts};
use shelf_courier::Courier;
use shelf_identity::{Doors, OAuthDoors, PasswordDoors, PrivacyDoors, SsoDoors, Throttle};
use shelf_ports::machine::Machine;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

use crate::public_url::PublicUrl;

/// The services behind the pages and how this server is reached; cheap to clone.
#[derive(Clone, Debug)]
pub struct Web {
    /// The stores of the Bookmark Service.
    pub stores: Stores,
    /// What finds bookmarks by words and meaning.
    pub search: SearchPorts,
    /// Work that outlives its answer: imports and exports. Waited for when the server stops.
    pub tasks: TaskTracker,
    /// Who is told what happens.
    pub courier: Courier,
    /// The stores of identity.
    pub doors: Doors,
    /// How the server stands, for whoever runs it.
    pub machine: Arc<dyn Machine>,
    /// What bounds requests.
    pub throttle: Throttle,
    /// The same with passwords.
    pub passwords: PasswordDoors,
    /// The same with programs of others.
    pub oauth: OAuthDoors,
    /// The same with identity providers.
    pub sso: SsoDoors,
    /// What people may ask about what is theirs.
    pub privacy: PrivacyDoors,
    /// How browsers reach this server, when that was set; else what the request says is believed.
    pub public_url: Option<PublicUrl>,
    /// Whether the page of components is served.
    pub development: bool,
}

impl Web {
    /// How the browser that sent `headers` reached this server.
    pub(crate) fn reached(&self, headers: &HeaderMap) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::asked(headers))
    }
}
