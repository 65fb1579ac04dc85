//! Importing a file: upload, progress, ledger.

use crate::client::{encoded, read};
use crate::transport::{Chunks, Request};
use crate::{ClientFailure, LibraryClient};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};

/// A file to import.
pub struct ImportFile {
    /// Its name, for people.
    pub name: String,
    /// Its content.
    pub content: Chunks,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

impl std::fmt::Debug for ImportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportFile").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

/// How an import stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The format that was detected.
    #[serde(default)]
    pub format: String,
    /// `running`, `done`, `failed` or `undone`.
    pub state: String,
    /// Bookmarks found in the file.
    pub parsed: u64,
    /// New bookmarks.
    pub stored: u64,
    /// Bookmarks that joined one with the same address.
    pub merged: u64,
    /// Rows that were not taken.
    pub refused: u64,
    /// New folders.
    #[serde(default)]
    pub folders: u64,
    /// Rows in the file, once known.
    #[serde(default)]
    pub total: Option<u64>,
    /// Why it failed.
    #[serde(default)]
    pub problem: Option<String>,
}

/// One row of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its number in the file, from 1.
    pub row: u64,
    /// `stored`, `merged` or `refused`.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// What else the ledger says: address, title, the item it joined.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Rows {
    items: Vec<LedgerRow>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl LibraryClient {
    /// Sends a file; the job goes on after the answer.
    pub async fn import(&self, file: ImportFile) -> Result<Job, ClientFailure> {
        let name = encoded(&file.name);
        let target = self.at(&format!("imports?file_name={name}&dry_run={}", file.dry_run));
        let binary = HeaderValue::from_static("application/octet-stream");
        let mut request = Request::new(Method::POST, target).header(CONTENT_TYPE, binary);
        request.body = Some(file.content);
        read(self.client.send(request).await?).await
    }

    /// How the import `id` stands.
    pub async fn import_job(&self, id: &str) -> Result<Job, ClientFailure> {
        self.client.get(&self.at(&format!("imports/{}", encoded(id)))).await
    }

    /// The ledger of the import `id` after `cursor`: rows that were not plainly stored, and where
    /// the next page begins.
    pub async fn import_rows(
        &self,
        id: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<LedgerRow>, Option<String>), ClientFailure> {
        let after = cursor.map(|at| format!("&cursor={}", encoded(at))).unwrap_or_default();
        let target = format!("imports/{}/rows?limit=200{after}", encoded(id));
        let rows: Rows = self.client.get(&self.at(&target)).await?;
        Ok((rows.items, rows.next_cursor))
    }
}
