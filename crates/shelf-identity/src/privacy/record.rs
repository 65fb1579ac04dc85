//! The record of processing (GDPR, article 30): what is kept, for what, on which ground, how long.

use serde::Serialize;

/// What is kept in one table of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Processing {
    /// The table.
    pub table: String,
    /// What it is for.
    pub purpose: String,
    /// On which ground (article 6).
    pub basis: String,
    /// How long.
    pub retention: String,
    /// Columns that say something about a person.
    pub personal: Vec<String>,
    /// Columns that hold secrets, or what only its owner can open.
    pub sealed: Vec<String>,
}
