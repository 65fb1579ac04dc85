//! One library of a server.

use crate::{Client, ClientFailure};
use shelf_domain::id::LibraryId;

/// A client within one library.
#[derive(Clone, Debug)]
pub struct LibraryClient {
    pub(crate) client: Client,
    pub(crate) id: LibraryId,
}

impl Client {
    /// The library `id`.
    pub fn library(&self, id: LibraryId) -> LibraryClient {
        LibraryClient { client: self.clone(), id }
    }

    /// The library called `name` (or with that id); the oldest one, if no name is given.
    pub async fn library_called(&self, name: Option<&str>) -> Result<LibraryClient, ClientFailure> {
        let libraries = self.me().await?.libraries;
        let wanted = libraries.iter().find(|library| {
            name.is_none_or(|name| library.name == name || library.id.to_string() == name)
        });
        match wanted {
            Some(library) => Ok(self.library(library.id)),
            None => Err(ClientFailure::Refused {
                status: 404,
                code: "not_found".to_owned(),
                title: "there is no such library".to_owned(),
                detail: name.unwrap_or_default().to_owned(),
                retry_after: None,
            }),
        }
    }
}

impl LibraryClient {
    /// The library's id.
    pub fn id(&self) -> LibraryId {
        self.id
    }

    /// The client it belongs to.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The address of `what` in this library.
    pub(crate) fn at(&self, what: &str) -> String {
        format!("/v1/libraries/{}/{what}", self.id)
    }
}
