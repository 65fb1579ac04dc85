//! Programs of others: register one, list them, remove one.

use crate::{Client, ClientFailure};
use serde::{Deserialize, Serialize};

/// What program to register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProgramAsk {
    /// What it is called.
    pub name: String,
    /// Where browsers may be sent back to.
    pub redirects: Vec<String>,
    /// The most it may ask for; all any may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Whether it gets a secret.
    pub has_secret: bool,
    /// Whether it may act for who registers it, by its secret alone.
    pub acts_alone: bool,
}

/// A program as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProgramInfo {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The most it may ask for.
    pub scopes: Vec<String>,
}

/// A program that was registered.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewProgram {
    /// The program.
    pub client: ProgramInfo,
    /// Its secret, where it has one; the only time it is seen.
    pub client_secret: Option<String>,
}

impl std::fmt::Debug for NewProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewProgram").field("client", &self.client).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Programs {
    items: Vec<ProgramInfo>,
}

impl Client {
    /// Registers a program.
    pub async fn register_program(&self, ask: &ProgramAsk) -> Result<NewProgram, ClientFailure> {
        self.post("/v1/clients", ask).await
    }

    /// The programs this person registered.
    pub async fn programs(&self) -> Result<Vec<ProgramInfo>, ClientFailure> {
        self.get::<Programs>("/v1/clients").await.map(|programs| programs.items)
    }

    /// Removes the program `id`, and shuts it out wherever it was let in.
    pub async fn remove_program(&self, id: &str) -> Result<(), ClientFailure> {
        self.delete(&format!("/v1/clients/{}", crate::client::encoded(id))).await
    }
}
