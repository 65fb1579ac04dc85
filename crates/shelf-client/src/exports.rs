//! Exporting a library, in pieces, at any size.

use crate::client::encoded;
use crate::transport::{Chunks, Request};
use crate::{ClientFailure, LibraryClient};
use reqwest::Method;

impl LibraryClient {
    /// The whole library as `jsonl`, `html` or `csv`.
    pub async fn export(&self, format: &str) -> Result<Chunks, ClientFailure> {
        let target = self.at(&format!("exports/{}", encoded(format)));
        Ok(self.client.send(Request::new(Method::GET, target)).await?.body)
    }
}
