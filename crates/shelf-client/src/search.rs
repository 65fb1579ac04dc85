//! Searching a library.

use crate::client::encoded;
use crate::{ClientFailure, LibraryClient};
use serde::{Deserialize, Serialize};
use std::fmt;

/// By what is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Words and meaning together.
    #[default]
    Hybrid,
    /// Words alone.
    Words,
    /// Meaning alone.
    Meaning,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hybrid => "hybrid",
            Self::Words => "words",
            Self::Meaning => "meaning",
        })
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The best, best first.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: u64,
    /// How long the server took, microseconds.
    pub took_us: u64,
    /// How many changes are not searchable yet.
    #[serde(default)]
    pub behind: u64,
    /// What the answer lacks because an engine is away.
    #[serde(default)]
    pub degraded: Vec<String>,
    /// What else the server said.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// One bookmark that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Where it matched, with `<mark>` around the matches.
    pub snippet: String,
    /// How well it matches; only comparable within one answer.
    pub score: f64,
    /// What else the server said.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl LibraryClient {
    /// The best `limit` bookmarks for `query`.
    pub async fn search(
        &self,
        query: &str,
        mode: Mode,
        limit: u32,
    ) -> Result<Found, ClientFailure> {
        let target = format!("search?q={}&mode={mode}&limit={limit}", encoded(query));
        self.client.get(&self.at(&target)).await
    }
}
