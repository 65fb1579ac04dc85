//! Privacy: everything out as one archive, the server's key, and having all of it erased.

use crate::transport::{Chunks, Request};
use crate::{Client, ClientFailure};
use reqwest::Method;
use serde::{Deserialize, Serialize};

/// An erasure that waits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WaitingErasure {
    /// When it begins, RFC 3339.
    pub due_at: String,
    /// Under which id its receipt will be found.
    pub receipt: String,
}

/// Somebody who was given something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecipientInfo {
    /// What they are.
    pub kind: String,
    /// What they are called, or where they are.
    pub name: String,
}

/// An erasure that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AskedErasure {
    /// The erasure.
    pub erasure: WaitingErasure,
    /// Who was given something before.
    pub recipients: Vec<RecipientInfo>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Serialize)]
struct Proof<'a> {
    password: &'a str,
}

impl Client {
    /// Everything of the person as one signed archive, in pieces.
    pub async fn everything(&self) -> Result<Chunks, ClientFailure> {
        Ok(self.send(Request::new(Method::GET, "/v1/privacy/export")).await?.body)
    }

    /// The same without the files that are kept with bookmarks.
    pub async fn everything_without_files(&self) -> Result<Chunks, ClientFailure> {
        Ok(self.send(Request::new(Method::GET, "/v1/privacy/export?files=none")).await?.body)
    }

    /// The public half of the key the server signs with, base64.
    pub async fn server_key(&self) -> Result<String, ClientFailure> {
        self.get::<Key>("/v1/privacy/key").await.map(|key| key.key)
    }

    /// Asks to be erased; the password is looked at where there is one.
    pub async fn ask_erasure(&self, password: &str) -> Result<AskedErasure, ClientFailure> {
        self.post("/v1/privacy/erasures", &Proof { password }).await
    }

    /// Takes that back.
    pub async fn take_back_erasure(&self) -> Result<(), ClientFailure> {
        self.delete("/v1/privacy/erasures").await
    }
}
